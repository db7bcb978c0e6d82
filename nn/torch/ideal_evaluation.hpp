// Networks behind an ideal periphery on LibTorch: each MVM is one product with effective weights,
// so that a layer is a convolution into which its BatchNorm is folded, after the noise was drawn
// (BN(conv(x, W + N)), exact up to rounding). The road to a GPU. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nn/analog/analog_network.hpp"
#include "nn/data/dataset.hpp"
#include "nn/torch/torch_graph.hpp"

namespace ohmic {

namespace cuda {
class Machine;
}

class IdealEvaluation {
 public:
  /// The images stay on `device`, "cpu" or "cuda:i". `batch` of them are computed together.
  IdealEvaluation(const Graph&, const ImageSet&, const Normalization&, const std::string& device,
                  Precision, std::int64_t batch);
  ~IdealEvaluation();

  /// A network of its own, with devices of its own where this one has some, on the same images in
  /// the same memory: on a GPU both compute at the same time, each on a stream of its own.
  std::unique_ptr<IdealEvaluation> another() const;

  /// Of the graph, as AnalogNetwork::effective_weights gives them.
  void set_weights(const Weights&);
  /// From now on draws of `network`, which must outlive this, are programmed in the memory of
  /// `machine`, which is `device`. False where they cannot be: see programming_plans().
  bool take_devices(const AnalogNetwork& network, std::shared_ptr<cuda::Machine> machine);
  bool has_devices() const;
  /// set_weights(network.effective_weights(seed, draw)) of the network whose devices these are.
  void program(std::uint64_t seed, std::uint64_t draw);
  /// Of the graph without its BatchNorms (fold_norms), as the device has them.
  Weights weights() const;
  /// Hands images [first, first + count) to the device; the host may go on meanwhile.
  void start(std::int64_t first, std::int64_t count);
  /// Right answers among them with the last weights.
  std::int64_t finish();
  std::int64_t count_correct(std::int64_t first, std::int64_t count) {
    start(first, count);
    return finish();
  }

 private:
  class Devices;
  struct State;
  explicit IdealEvaluation(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
