// From spread of logits to accuracy: what linear noise propagation predicts, without drawing a
// chip.
//
// With weight noise of std sigma_l in layer l the logits of an image are taken as normal with mean
// z (no noise) and covariance sum_l sigma_l^2 A_l (nn/torch/noise_propagation.hpp).
//   accuracy     mean over images of P(the label's logit is the largest), from `samples` addressed
//                normals through the Cholesky factor: competitors keep their correlations. Standard
//                error at most 0.5 / sqrt(images samples).
//   sensitivity  -d accuracy / d sigma_l^2 by the sum over competitors c of P(z_c > z_label), each
//                a normal tail Q(m_c / s_c) with margin m_c and s_c^2 = sum_l sigma_l^2 a_lc,
//                a_lc = A_l(y,y) + A_l(c,c) - 2 A_l(y,c): smooth, and exact for two classes. Images
//                that are right without noise count.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/torch/noise_propagation.hpp"

namespace ohmic {

/// `sigma_w`: std of the weight noise of every layer of the spread, in units of weights. Without
/// noise it is the share of images that are right. The same (seed, samples) give the same normals
/// for every sigma.
double predicted_accuracy(const LogitSpread&, std::span<const std::int32_t> labels,
                          std::span<const double> sigma_w, std::uint64_t seed,
                          std::int64_t samples);

/// Accuracy lost per unit of each layer's noise variance, at the given noise (> 0 in some layer).
std::vector<double> loss_per_variance(const LogitSpread&, std::span<const std::int32_t> labels,
                                      std::span<const double> sigma_w);

/// Shares with sum d_l / e_l^2 least for a given sum s_l e_l^2: e_l^2 proportional to
/// sqrt(d_l / s_l). `cost` d > 0, `loss` s >= 0; a layer whose loss is below 1e-6 of the mean's is
/// taken as having that. Scaled so that the mean of ln e is 0.
std::vector<double> cheapest_shares(std::span<const double> cost, std::span<const double> loss);

}  // namespace ohmic
