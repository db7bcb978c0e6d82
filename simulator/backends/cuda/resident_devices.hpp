// Devices in a machine's memory: programmed there, draw by draw, into the weights that a layer's
// products read.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "simulator/backends/cuda/machine.hpp"
#include "simulator/backends/cuda/wired_matrices.hpp"
#include "simulator/programming_plan.hpp"

namespace ohmic::cuda {

/// Where one layer's weights go, and what a conductance counts for in them: the weight of row k and
/// column n in matrix m is a sum over planes, as is the variance of its reads,
///
///   weights[rows[m][k] + n column_stride + draw draw_stride]
///       = float(sum factors[plane][k's row tile][n] G[plane]) * scale[n],
///   variances[the same] = float(sum factors^2 sigma^2).
struct WeightsPlace {
  float* weights = nullptr;             ///< in the machine's memory
  float* variances = nullptr;           ///< likewise, or null for none
  const float* scale = nullptr;         ///< N factors in the machine's memory; null: 1
  std::vector<double> factors = {};     ///< [plane][row tile][column], once for all draws or for
                                        ///< each of them
  bool by_plane = false;                ///< a matrix for each plane, else one for their sum
  std::vector<std::int32_t> rows = {};  ///< [matrix][row]
  std::int64_t column_stride = 1, draw_stride = 0;
};

/// The effective weights of an ideal periphery as [column][ky][kx][channel].
WeightsPlace kernel_place(const ProgrammingPlan&, float* weights, const float* scale = nullptr);

class ResidentDevices {
 public:
  /// A place per plan. All layers have wires of one kind, or none. Up to `draws` at once.
  ResidentDevices(std::shared_ptr<Machine>, const std::vector<ProgrammingPlan>&,
                  const std::vector<WeightsPlace>&, int draws = 1);
  ~ResidentDevices();

  /// Other factors for a layer, as many as before or a set for each draw.
  void set_factors(std::size_t layer, const std::vector<double>& factors);

  /// Programs and ages every device at each key, to the bits that MappedLayer::program gives there;
  /// on `stream` (see Machine::run). On wires to twelve digits, and when it returns everything is
  /// done; throws UnsupportedError where a circuit has no solution.
  void program(std::span<const NoiseKey> keys, void* stream = nullptr);

 private:
  class Layer;
  void upload_table();
  void solve_wires();

  std::shared_ptr<Machine> machine_;
  std::vector<std::unique_ptr<Layer>> layers_;
  Array<DeviceArguments> table_;
  ProgrammingArguments arguments_{};
  std::optional<WireConductances> wires_;
  WiredMatrices matrices_;
  std::int32_t wired_draws_ = 0;  ///< whose arrays these are
  Array<std::uint64_t> unsolved_;
};

}  // namespace ohmic::cuda
