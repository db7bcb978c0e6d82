// The [noise] table: which tensors are perturbed, and what a negative variance means.
#pragma once

#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// "All the model weights" in the paper can mean several things; an experiment says which.
enum class Semantics {
  kernels,           ///< convolution and dense weights: what lives on crossbars
  trainable,         ///< + biases, BatchNorm gamma and beta (digital)
  keras_get_weights, ///< + BatchNorm moving mean and variance (digital)
  folded,            ///< BatchNorm folded first, then the folded kernels on crossbars
};

/// A moving variance that noise pushed below -epsilon has no square root.
enum class NegativeVariance {
  nan,     ///< NaN reaches the output, argmax gives class 0 (Keras today)
  dead,    ///< ReLU turns NaN into 0: only that channel dies (TensorFlow on GPU up to 2.3)
  clamp0,  ///< taken as 0
  abs,     ///< absolute value
};

struct NoiseSettings {
  Semantics semantics = Semantics::kernels;
  /// Explicit kinds instead of semantics: any of kernel, bias, gamma, beta, moving_mean, moving_variance.
  std::vector<std::string> tensors;
  NegativeVariance negative_variance = NegativeVariance::dead;
  static const Schema<NoiseSettings>& schema();
};

}  // namespace ohmic
