// The chips that forward passes of training go through. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>

#include "nn/torch/torch_graph.hpp"
#include "nn/train/hardware_settings.hpp"

namespace ohmic {

/// Number of the first draw that is trained through: none that chips are measured on, unless they
/// begin beyond it.
inline constexpr std::uint64_t kFirstTrainingDraw = std::uint64_t{1} << 47;

class HardwarePass {
 public:
  /// Graph, of which no matrix is used twice, and settings must outlive it. What MappedNetwork
  /// throws, program() does.
  HardwarePass(const Graph&, const TrainingHardware&, std::uint64_t seed);
  ~HardwarePass();
  HardwarePass(HardwarePass&&) noexcept;

  struct Update {
    std::int64_t number = 0;  ///< from 0
    double epochs = 0;        ///< done, with their fractions
    bool begins_epoch = false;
    std::int64_t batch = 1;  ///< images of an update
  };
  /// Programs the chip of an update with the network's weights, and gives the network those that
  /// its devices hold; running statistics stay.
  void program(TorchGraph&, const at::Tensor& images, const Update&);
  /// The same of Update::batch images on the host, N x H x W x C.
  void program(TorchGraph&, const float* nhwc, const Update&);
  /// Of a chip in the loop that was programmed before: gives the network again what devices hold,
  /// and the chip the network's biases.
  void hold(TorchGraph&);
  /// What the programmed chip computes in place of the network, as autograd follows it.
  const TorchGraph::Layers& layers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
