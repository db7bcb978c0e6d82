// BatchNorm of a training on the host, with the sum and the ReLU that follow it in a residual
// network, as one function of autograd. LibTorch takes seven passes over the values forward and
// eight backward for what takes two and two (nn/channel_passes.hpp); what it gives is the same
// within rounding, and does not depend on the number of threads.
#pragma once

namespace at {
class Tensor;
}

namespace ohmic {

struct NormTensors {
  const at::Tensor &weight, &bias, &running_mean, &running_var;  ///< the running ones are moved
};

struct NormSettings {
  double momentum, epsilon;
  bool relu;
};

/// As at::batch_norm(x, ..., training), then added to `residual` (undefined: none), then a ReLU.
/// Floats, images or rows; the answer of images is channels-last.
at::Tensor fused_norm(const at::Tensor& x, const NormTensors&, const at::Tensor& residual,
                      const NormSettings&);

}  // namespace ohmic
