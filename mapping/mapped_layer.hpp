// One layer's weight matrix on its devices: from weights to target conductances, through a device
// model to programmed ones, and back to the matrix that the layer will compute with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mapping/settings.hpp"
#include "simulator/device_model.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

class MappedLayer {
 public:
  /// `weights`: K x N, element (k, n) at n*K + k (LibTorch's [out, in, kh, kw] flattened).
  /// [g_min, g_max] is the device's. Throws DataError when a weight is not finite.
  MappedLayer(std::string name, std::uint16_t layer, ConvGeometry geometry,
              std::span<const float> weights, const MappingSettings& settings, double g_min_S,
              double g_max_S);

  const std::string& name() const { return name_; }
  const LayerScale& scale() const { return scale_; }
  const ConvGeometry& geometry() const { return geometry_; }
  /// Weights beyond +-w_max, clipped at the mapping (none when the percentile is 100).
  std::int64_t clipped_weights() const { return clipped_weights_; }
  /// Devices of one cell; role r of cell i has target conductance target_S(r, ...).
  int roles() const;
  /// Target conductances of cells [first, first + out.size()) of one role.
  void target_S(int role, std::uint64_t first, std::span<double> out) const;

  /// Programs every device at (key), ages it to device.time_s, and returns the planes.
  LayerOnTiles program(const DeviceModel& device, NoiseKey key, const Periphery& periphery) const;
  /// Conductances of one role's devices at device.time_s, without wires (export, tests); the same
  /// bits that program() uses.
  std::vector<double> programmed_S(int role, const DeviceModel& device, NoiseKey key) const;

 private:
  /// One role's devices as K*N effective conductances, and their read noise (empty when quiet).
  struct RoleMatrix {
    std::vector<double> G_S, read_sigma_S;
  };
  RoleMatrix role_matrix(int role, const DeviceModel& device, NoiseKey key,
                         const Periphery& periphery) const;
  template <class Done>
  void for_each_block(int role, const DeviceModel& device, NoiseKey key, const Done& done) const;
  void wire(RoleMatrix& matrix, const Wires& wires) const;

  std::string name_;
  std::uint16_t layer_;
  ConvGeometry geometry_;
  std::vector<float> weights_;  ///< as mapped: within +-w_max
  MappingSettings settings_;
  double g_min_S_, g_max_S_;
  LayerScale scale_;
  std::int64_t clipped_weights_ = 0;
};

}  // namespace ohmic
