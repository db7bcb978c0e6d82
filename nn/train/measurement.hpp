// What theory says about a training, measured while it runs: the noise of its mini-batch gradients
// and what becomes of its layers. Free of LibTorch.
//
// A mini-batch of |B| images has the gradient g_B = grad L_D + (1/|B|) sum_{i in B} (grad L_i -
// grad L_D), so that an update of plain SGD at rate alpha carries noise of power alpha^2 C/|B|, C =
// E ||grad L_i - grad L_D||^2 (Fagbohungbe and Qian 2022, eqs 1-3). Both C and ||grad L_D||^2 are
// estimated without bias from m batches, as by McCandlish et al. 2018 (An Empirical Model of
// Large-Batch Training, appendix A.1) with batches of |B| and of m |B| images:
//
//   C = |B| m/(m - 1) (mean_j ||g_j||^2 - ||mean_j g_j||^2)
//   ||G||^2 = (m ||mean_j g_j||^2 - mean_j ||g_j||^2)/(m - 1),  B_noise = C/||G||^2
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {

/// train.measure. Gradients are those of the cross-entropy alone (no L2, no teacher, no weight
/// noise), of the batches that the next
/// epoch begins with, augmented and normalised by their own statistics as training does it; with
/// BatchNorm the noise is therefore that of training's batch size, and C is |B| times it.
struct MeasureSettings {
  int every = 1;               ///< epochs; the last one is measured in any case
  std::int64_t images = 1024;  ///< in whole batches
  static const Schema<MeasureSettings>& schema();
};

class GradientNoise {
 public:
  /// Of batches of so many images.
  explicit GradientNoise(std::int64_t batch) : batch_(batch) {}

  /// The gradient of the mean loss of one batch; all have the same length.
  void add(std::span<const float> gradient);

  // From two batches on.
  double C() const;
  /// Unbiased, hence negative at times where the gradient is small.
  double squared_gradient() const;
  /// alpha^2 C/|B|.
  double power(double learning_rate) const;
  /// B_noise, images: the batch size at which noise and gradient are equal. NaN where the estimate
  /// of the squared gradient is not positive.
  double noise_scale() const;
  std::int64_t images() const { return batch_ * batches_; }

 private:
  double mean_square() const;
  double square_of_mean() const;

  std::int64_t batch_, batches_ = 0;
  double squares_ = 0;
  std::vector<double> sum_;
};

/// Files of a training folder, a row per measured epoch, and one per measured epoch and kernel.
inline constexpr char kTheoryHeader[] =
    "epoch,learning_rate,batch,images,C,squared_gradient,noise_power,noise_scale\n";
std::string theory_row(const GradientNoise&, std::int64_t epoch, double learning_rate,
                       std::int64_t batch);

/// batch_norm and what follows it are empty for kernels without one. A gain is what BatchNorm
/// multiplies a channel by, |gamma|/sqrt(variance + epsilon).
inline constexpr char kTheoryLayersHeader[] =
    "epoch,layer,weight_norm,sigma_w,batch_norm,filters,dead_filters,smallest_variance,mean_gain,"
    "largest_gain\n";
std::string theory_layer_rows(const Graph&, const Weights&, std::int64_t epoch);

}  // namespace ohmic
