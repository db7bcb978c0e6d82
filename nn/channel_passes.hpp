// Passes over values x channels as BatchNorm takes them in training, together with the sum and the
// ReLU that follow it: an array goes through the processor once, not once for every operation. Sums
// are of blocks of a fixed size, added in their order: the number of threads changes no bit.
// Nothing here needs LibTorch.
#pragma once

#include <cstdint>
#include <vector>

namespace ohmic {

struct ChannelMoments {
  std::vector<float> mean, variance;
};

/// Mean and population variance of each channel of x, values x channels, at least one value.
ChannelMoments channel_moments(const float* x, std::int64_t values, std::int64_t channels);

/// y = gamma (x - mean) rate + beta, with a residual r: + r, with a ReLU: max(0, that); by channel,
/// rate = 1/sqrt(variance + epsilon) with the mean and the variance of x itself.
struct NormOfBatch {
  std::int64_t values, channels;
  const float *mean, *rate, *gamma, *beta;
  bool relu;
};

/// r: null where there is none.
void normalize(const NormOfBatch&, const float* x, const float* r, float* y);

/// Gradients of a function of y, from that at y.
struct NormGradients {
  float *of_x, *of_gamma, *of_beta;
  float* of_r = nullptr;  ///< of a residual before a ReLU; of another it is that at y
};

/// y: what normalize() gave where there are both a residual and a ReLU, else null. A ReLU passes
/// NaN.
void normalize_backward(const NormOfBatch&, const float* x, const float* y, const float* of_y,
                        const NormGradients&);

}  // namespace ohmic
