// The [noise] table: which tensors are perturbed, and what a negative variance means.
#pragma once

#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// "All the model weights" in the paper can mean several things; an experiment says which.
enum class Semantics {
  kernels,            ///< convolution and dense weights: what lives on crossbars
  trainable,          ///< + biases, BatchNorm gamma and beta (digital)
  keras_get_weights,  ///< + BatchNorm moving mean and variance (digital)
  folded,             ///< BatchNorm folded first, then the folded kernels on crossbars
};

/// What becomes of BatchNorm's statistics when a programmed network sees images again.
enum class BatchNormStatistics {
  moved,     ///< as trained, changed by what the hardware changes on these images
  measured,  ///< replaced by what these images give
};

/// The kinds of tensor a network has. Kernels are on crossbars, all others in digital memory.
enum class TensorKind { kernel, bias, gamma, beta, moving_mean, moving_variance };

/// A moving variance that noise pushed to -epsilon or below has no square root. The first two rules
/// act on such channels only; the last two keep the stored variance non-negative, so that they act
/// on every negative one.
enum class NegativeVariance {
  nan,     ///< NaN reaches the output, argmax gives class 0 (Keras today)
  dead,    ///< ReLU turns NaN into 0: only that channel dies (TensorFlow on GPU up to 2.3)
  clamp0,  ///< taken as 0
  abs,     ///< absolute value
};

struct NoiseSettings {
  Semantics semantics = Semantics::kernels;
  /// Explicit kinds instead of semantics: any of kernel, bias, gamma, beta, moving_mean,
  /// moving_variance. Kernels that are not named are held exactly.
  std::vector<std::string> tensors;
  NegativeVariance negative_variance = NegativeVariance::dead;
  /// Filters that are dead (dead_filters.hpp) keep all their tensors exact: kernel, bias,
  /// BatchNorm.
  bool spare_dead_filters = false;

  bool perturbs(TensorKind) const;
  /// Whether any tensor outside the crossbars is perturbed, which needs DeviceModel::form_factor.
  bool perturbs_digital() const;
  /// Whether BatchNorm keeps statistics of its own that no noise changes: neither folded into
  /// kernels nor perturbed.
  bool leaves_statistics() const;
  /// Throws ConfigError when `tensors` names an unknown kind or contradicts `semantics`.
  void validate() const;
  static const Schema<NoiseSettings>& schema();
};

const std::vector<std::pair<std::string, TensorKind>>& tensor_kinds();  ///< by name

}  // namespace ohmic
