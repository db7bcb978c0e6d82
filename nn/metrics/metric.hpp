// How good a network's answers are. One Metric per name, in files of this folder that register
// themselves: adding one is one file and one test. Needs neither LibTorch nor experiment files.
//
// Every sample gets a Score, a pair of numbers; the scores of a set of samples, as one chip answers
// them, make one value. For most metrics that is the sum of the first numbers over the sum of the
// second: right answers over answers, squared errors over numbers. Where every sample weighs by its
// second number so, the metric is a mean, and batches of samples may be measured on chips of their
// own; others (areas, ratios of sums) want all samples from one chip. Either way a chip has one
// value, and what is said of many chips is the mean of their values with its t interval over draws
// (experiments/statistics/estimate.hpp).
//
// Answers that are not numbers are the worst that the metric knows, never left out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace ohmic {

enum class Better { higher, lower };

/// What an answer is compared with.
enum class Compares {
  classes,  ///< a class per sample, or per position of the answer
  kinds,    ///< per sample 0, or 1 for what is to be found
  numbers,  ///< a number for every number of the answer
};

/// One sample's answer and what it is compared with.
struct Answer {
  std::span<const float> numbers;   ///< the network's, as its file orders them
  std::int64_t positions = 1;       ///< of a sequence or image that are answered one by one
  std::int64_t classes = 1;         ///< per position; one number stands for two classes
  bool classes_first = false;       ///< classes x positions rather than positions x classes
  bool probabilities = false;       ///< rather than logits
  float label = 0;                  ///< the sample's class or kind
  std::span<const float> wanted{};  ///< numbers, or classes by position; empty: `label` says it
  int k = 1;                        ///< of top_k

  /// Score of a class at a position. A single number x per position stands for two classes: 0 and
  /// x, or 1 - x and x where it is a probability.
  double of(std::int64_t position, std::int64_t cls) const;
  /// Two for a single number.
  std::int64_t kinds() const { return classes == 1 ? 2 : classes; }
  /// The class that is right at a position; below 0: the position does not count.
  std::int64_t label_at(std::int64_t position) const {
    return static_cast<std::int64_t>(wanted.empty() ? label : wanted[std::size_t(position)]);
  }
  /// The first of the largest scores, 0 when the first is no number.
  std::int64_t answered(std::int64_t position) const;
};

/// The most likely class of one image: the first of the largest logits, 0 when the first is NaN.
int predicted_class(const float* logits, int classes);

/// What one sample contributes.
struct Score {
  double part = 0, whole = 0;
  bool operator==(const Score&) const = default;
};

/// Sum of the parts over sum of the wholes; NaN for no whole.
double mean_of_scores(std::span<const Score>);

struct Metric {
  std::string name;   ///< "mse": in files, and of columns
  std::string title;  ///< "mean squared error": in tables and on axes
  std::string unit;   ///< in which a person reads it: "%", "dB"; empty: none
  Better better = Better::higher;
  double least = -std::numeric_limits<double>::infinity();  ///< of all values
  double most = std::numeric_limits<double>::infinity();
  Compares compares = Compares::classes;
  Score (*score)(const Answer&) = nullptr;
  double (*value)(std::span<const Score>) = mean_of_scores;
  std::string doc;  ///< the equation, and what happens at its ends
  std::string source{};
  bool of_own_answers = false;  ///< right is what the network answers without noise
  bool of_shares = false;       ///< of the classes' probabilities, not of which is the largest
  /// Answers are right or wrong: values are counts over counts, which draws may have in common.
  bool counts = false;
  /// A mean over samples (see above).
  bool is_mean = true;
  /// value / value without noise is the paper's normalised accuracy A.
  bool has_normalized = false;
  /// What guessing gives, whatever the samples, to answers of this form; null: not known.
  double (*guessed)(const Answer& form) = nullptr;

  /// A person's number is `value * factor()`: 100 for per cents.
  double factor() const { return unit == "%" ? 100 : 1; }
  /// 1, or -1 where lower is better: `sign() * value` is better the higher it is.
  double sign() const { return better == Better::higher ? 1 : -1; }
  /// The worst value there is.
  double worst() const { return better == Better::higher ? least : most; }
};

/// Null where there is none of that name.
const Metric* find_metric(const std::string& name);
/// Of a name that is known to be there.
const Metric& metric_named(const std::string& name);
/// All of them, as they are listed: by what they compare, then by name.
std::vector<const Metric*> all_metrics();

/// At namespace scope: registers metrics when the library is loaded.
struct RegisterMetric {
  RegisterMetric(std::initializer_list<Metric>);
};

}  // namespace ohmic
