// A layer's devices and what happens to them, for a back end that programs them itself. For ohmic
// cells, whose weights are sums over planes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/device_effect.hpp"
#include "simulator/device_read.hpp"
#include "simulator/layer.hpp"
#include "simulator/wire_conductances.hpp"

namespace ohmic {

struct ProgrammingPlan {
  /// Devices of one role.
  struct Role {
    /// Of cell n*K + k; of a reference column's devices [column tile]*K + k.
    std::vector<double> target_S;
    bool is_reference = false;  ///< one device per row and tile, seen from every cell of its row
    double sign = 1.0;          ///< of their currents in the plane
  };
  /// Roles [first_role, end_role) in order; together they hold
  /// weight_per_S (sum of sign G - reference_S).
  struct Plane {
    double weight_per_S = 1.0, reference_S = 0.0;
    int first_role = 0, end_role = 0;
  };

  std::string name;  ///< of the layer
  std::uint16_t layer = 0;
  ConvGeometry geometry;
  TileShape tile;
  std::vector<Role> roles;  ///< as DeviceBlock::role counts them
  std::vector<Plane> planes;
  std::vector<double> gain;               ///< of each weight, by [row tile][column]; empty: 1
  std::optional<WireConductances> wires;  ///< of the arrays of each role; no reference columns then
  std::vector<bool> spared;               ///< columns whose devices hold their targets; empty: none
  std::vector<DeviceEffect> effects;      ///< in this order
  std::vector<DeviceRead> reads;          ///< in this order; empty: reads are quiet
};

}  // namespace ohmic
