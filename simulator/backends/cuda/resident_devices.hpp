// A network's devices in a machine's memory: programmed there, draw by draw, into the effective
// weights of an ideal periphery.
#pragma once

#include <memory>
#include <vector>

#include "simulator/backends/cuda/machine.hpp"
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
  /// A place per plan.
  ResidentDevices(std::shared_ptr<Machine>, const std::vector<ProgrammingPlan>&,
                  const std::vector<WeightsPlace>&);
  ~ResidentDevices();

  /// Programs and ages every device at `key`, to the bits that MappedLayer::program gives there; on
  /// `stream` (see Machine::run).
  void program(NoiseKey key, void* stream = nullptr);

 private:
  class Layer;
  std::shared_ptr<Machine> machine_;
  std::vector<std::unique_ptr<Layer>> layers_;
  Array<DeviceArguments> table_;
  ProgrammingArguments arguments_{};
};

}  // namespace ohmic::cuda
