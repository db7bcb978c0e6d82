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
  float* of_r;  ///< that at y where the ReLU passes it; may be the memory of of_y. Without: of_y
  float* of_x;  ///< may be the memory of of_r
  float *of_gamma, *of_beta;
};

/// y: null without a ReLU. A ReLU passes NaN.
void normalize_backward(const NormOfBatch&, const float* x, const float* y, const float* of_y,
                        const NormGradients&);

}  // namespace ohmic
