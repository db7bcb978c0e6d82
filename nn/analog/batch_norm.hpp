// BatchNorm at inference as arithmetic per channel: y = gamma (x - mean)/sqrt(var + epsilon) +
// beta. Its statistics are constants of a draw, so it joins the epilogue of the layer before it,
// exactly and after the noise: BN(conv(x, W + N)) is scale * conv(x, W + N) + shift.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/analog/noise_settings.hpp"
#include "nn/channel_passes.hpp"
#include "nn/data/dataset.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/network/graph.hpp"

namespace ohmic {

/// y = scale * x + shift per channel.
struct ChannelAffine {
  std::vector<float> scale, shift;
};

/// The arithmetic of `norm` (null: none) after a layer with `bias` (null: none).
ChannelAffine channel_affine(const Weights&, int channels, const Node* norm,
                             const HostTensor* bias);

/// Images on which the mean and the variance of every BatchNorm of a programmed network are
/// measured again, behind layers that were measured before: moved by the change against the digital
/// network on the same images (follow_moments), or replaced by what is measured (take_moments).
/// While a draw is measured activations of all of them are held, 64 KB per image and buffer in a
/// ResNet of width 16.
struct BatchNormImages : NormalizedImages {
  BatchNormImages(const ImageSet& set, const Normalization& normalization, std::int64_t images,
                  BatchNormStatistics which = BatchNormStatistics::moved)
      : NormalizedImages(set, normalization, images), statistics(which) {}

  BatchNormStatistics statistics;
};

/// Changes the statistics of `norm` as its inputs have changed, channel by channel: mean by the
/// difference of the means, variance + epsilon by the ratio of the variances + epsilon. Inputs that
/// have not changed leave it as trained: stored statistics are those of augmented images, which the
/// images at hand need not have. Not for l1.
void follow_moments(const ChannelMoments& before, const ChannelMoments& now, const Node& norm,
                    Weights&);

/// Replaces the statistics of `norm`. Not for l1.
void take_moments(const ChannelMoments& now, const Node& norm, Weights&);

/// Applies a rule to every BatchNorm of `weights`, in place, so that they can be computed as they
/// stand: clamp0 and abs mend variances; dead makes a channel without a square root 0 * x - 1e30,
/// which is 0 after the ReLU that must follow, with or without a residual sum before it (as
/// ReLU(NaN + shortcut) = 0); nan leaves it. An l1 BatchNorm takes no root and is left. Returns
/// whether a channel without a root remains.
bool apply_negative_variance(const Graph&, NegativeVariance, Weights& weights);

/// Whether every BatchNorm's output meets a ReLU before anything but sums: what `dead` relies on.
bool every_norm_meets_relu(const Graph&);

/// The same network with each BatchNorm after a convolution folded into kernel and shift: the norm
/// that remains is y = x + beta (gamma 1, mean 0, spread 1 - epsilon), the convolution's bias 0.
Weights fold_batch_norm(const Graph&, const Weights&);

}  // namespace ohmic
