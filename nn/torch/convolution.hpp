// A node's convolution in LibTorch, with gradients that stay within their memory.
#pragma once

#include "simulator/layer.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// As at::conv2d, with the geometry's padding. Gradients are those of convolution_gradients.
at::Tensor convolve(const ConvGeometry&, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias);

/// Where gradients go; null: not wanted.
struct ConvolutionGradients {
  at::Tensor* x;
  at::Tensor* weight;
  at::Tensor* bias;
};

/// From the gradient of the answer. On a processor, kernels of 1 x 1 that step over places get
/// theirs from the places that they see: oneDNN (2.6 of Debian's LibTorch 1.13 from three threads
/// on, that of PyTorch 2.11 from two) writes beyond its memory where it picks them itself and
/// channels are few.
void convolution_gradients(const ConvGeometry&, const at::Tensor& of_answer, const at::Tensor& x,
                           const at::Tensor& weight, const ConvolutionGradients& to);

}  // namespace ohmic
