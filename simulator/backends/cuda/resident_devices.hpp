// A network's devices in a machine's memory: programmed there, draw by draw, into the effective
// weights of an ideal periphery.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "simulator/backends/cuda/machine.hpp"
#include "simulator/backends/cuda/wired_matrices.hpp"
#include "simulator/programming_plan.hpp"

namespace ohmic::cuda {

/// Where one layer's effective weights go: K*N of them, [column][ky][kx][channel], times scale[n]
/// (N factors; null: 1). Both in the machine's memory.
struct WeightsPlace {
  float* weights;
  const float* scale;
};

class ResidentDevices {
 public:
  /// A place per plan. All layers have wires of one kind, or none.
  ResidentDevices(std::shared_ptr<Machine>, const std::vector<ProgrammingPlan>&,
                  const std::vector<WeightsPlace>&);
  ~ResidentDevices();

  /// Programs and ages every device at `key`, to the bits that MappedLayer::program gives there; on
  /// `stream` (see Machine::run). On wires to twelve digits, and when it returns everything is
  /// done; throws UnsupportedError where a circuit has no solution.
  void program(NoiseKey key, void* stream = nullptr);

 private:
  class Layer;
  void solve_wires();

  std::shared_ptr<Machine> machine_;
  std::vector<std::unique_ptr<Layer>> layers_;
  Array<DeviceArguments> table_;
  ProgrammingArguments arguments_{};
  std::optional<WireConductances> wires_;
  WiredMatrices matrices_;
  Array<std::uint64_t> unsolved_;
};

}  // namespace ohmic::cuda
