// A Graph as LibTorch runs it, eagerly, in inference and in training. Private to nn/: tensors
// appear by name only, so that the header stays free of LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// What products are computed in. bf16 rounds the inputs of convolutions to 8 bits of significand;
/// parameters, their gradients and BatchNorm's statistics stay float.
enum class Precision { f32, bf16 };

class TorchGraph {
 public:
  /// On "cpu" or "cuda:i". Throws DataError when the weights do not fit.
  TorchGraph(const Graph&, const Weights&, const std::string& device,
             Precision precision = Precision::f32);
  /// For inference alone, on the host: computes with the given weights themselves; only kernels of
  /// convolutions are copied, channels last. Nothing below that writes or shows parameters is for
  /// such a graph.
  TorchGraph(const Graph&, std::shared_ptr<const Weights> weights);
  ~TorchGraph();

  void set_weights(const Weights&);
  Weights weights() const;
  void set_tensor(const std::string& name, const HostTensor&);
  /// Where a tensor lies on the device; [out, height, width, in] where it has four axes.
  float* memory_of(const std::string& name);

  /// Images x H x W x C on the host -> channels-last on the device; keeps no reference.
  at::Tensor images(const float* nhwc, std::int64_t count) const;
  /// One product with a node's matrix, at a time step of a recurrent node.
  struct Product {
    std::size_t node;
    std::int64_t step;
    const at::Tensor &x, &weight, &bias;  ///< bias undefined where the node has none
  };
  /// What gives products, with their biases, in place of LibTorch's operations; an undefined tensor
  /// leaves one to these.
  using Layers = std::function<at::Tensor(const Product&)>;
  /// Logits (images x classes, float). Training uses the batch's statistics and moves the running
  /// ones, whose variance takes the batch's with Bessel's correction (as Keras's fused BatchNorm).
  at::Tensor forward(const at::Tensor& images, bool training, const Layers& layers = {});
  /// The input and the output of node `node`, as autograd follows them.
  using Observer = std::function<void(std::size_t node, const at::Tensor& x, const at::Tensor& y)>;
  /// forward() in inference, which shows every node to the observer and overwrites no value, but
  /// holds none that has no reader left. Of a
  /// recurrent node it shows each time step: what meets the recurrent matrix and its product.
  at::Tensor observed(const at::Tensor& images, const Observer&);
  /// The same from and to the host, without gradients.
  std::vector<float> logits(const float* nhwc, std::int64_t images, bool training = false);

  /// All trainable parameters in one buffer, every tensor a view of it; gradients alike.
  at::Tensor& parameters();
  at::Tensor& gradients();
  /// A parameter's place in a buffer like these; by name, or given as a view of parameters().
  at::Tensor place_of(const std::string& name, const at::Tensor& like_parameters) const;
  static at::Tensor at_place(const at::Tensor& like_parameters, const at::Tensor& parameter);
  /// Kernels of convolutions and dense layers, as views of parameters(), in the order of nodes.
  std::vector<at::Tensor> kernels() const;
  /// 1 at convolution kernels, 0 elsewhere: what L2 acts on.
  at::Tensor convolution_kernels() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
