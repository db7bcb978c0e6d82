// How good a network's answers are on noisy hardware, with an interval over chips: what one point
// of `ohmic run` measures, bit for bit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/interface/chip.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

struct MeasureOptions {
  std::int64_t draws = 10;   ///< chips, or passes over the samples (estimator per_batch)
  double confidence = 0.95;  ///< coverage of every interval
  std::string metric =
      {};         ///< of `ohmic describe metric`; empty: accuracy, agreement without labels
  int top_k = 5;  ///< of metric top_k
  std::string against = {};     ///< of metrics that compare numbers: labels | samples | answers
  std::string class_axis = {};  ///< of metrics that compare classes: found | first | last
  std::string scores = {};      ///< likewise: found | logits | probabilities
  Estimator estimator = Estimator::per_draw;
  std::int64_t batch = 100;
  std::int64_t calibration_samples = 256;  ///< another number has to be there
  std::uint64_t seed = 1;
  std::int64_t first_draw = 0;  ///< another range of draws is fresh noise
  std::string backend = "cpu";  ///< reference | cpu | cuda
  int threads = 0;              ///< 0: all
  /// Called often with what is computed and how much of all is done, in [0, 1]; what it throws
  /// stops the measurement and reaches the caller.
  std::function<void(const std::string& what, double fraction)> progress = {};
};

/// In the metric's own numbers: accuracies are fractions of 1.
struct Measurement {
  std::string metric;
  double baseline = 0;        ///< with digital weights
  double noise_free = 0;      ///< mapped and converted, every device exact
  double value = 0;           ///< mean over draws
  double lo = 0, hi = 0;      ///< its interval; NaN with one draw
  Estimate normalized;        ///< value / baseline; NaN where the metric has no such thing
  std::vector<double> draws;  ///< the value of each
  std::vector<LayerResult> layers;
  std::vector<std::string> warnings;  ///< what the chip says of itself
};

/// Throws ConfigError, DataError or UnsupportedError before anything is computed.
Measurement measure(const Network&, const Samples&, const Hardware&, const MeasureOptions& = {});

}  // namespace ohmic
