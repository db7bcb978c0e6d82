// Right answers on images that stay on the device: nothing but a number comes back, and on a GPU
// whole batches are launched as one CUDA graph. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nn/data/dataset.hpp"
#include "nn/torch/torch_graph.hpp"

namespace ohmic {

class ResidentEvaluation {
 public:
  /// `batch` images are computed together. The network, on `device`, must outlive this; its weights
  /// may change between two calls. Normalised images take 12 KB each.
  ResidentEvaluation(TorchGraph& network, const ImageSet&, const Normalization&,
                     const std::string& device, std::int64_t batch);
  /// Of another network on the same device, with the images of `other` in the same memory.
  ResidentEvaluation(TorchGraph& network, const ResidentEvaluation& other);
  ~ResidentEvaluation();

  /// Hands images [first, first + count) to the device, whose host may then do other things but
  /// change no weights.
  void start(std::int64_t first, std::int64_t count);
  /// Right answers among them: an answer is predicted_class(), so that logits which are not numbers
  /// answer class 0.
  std::int64_t finish();
  std::int64_t count_correct(std::int64_t first, std::int64_t count) {
    start(first, count);
    return finish();
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
