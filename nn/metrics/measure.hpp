// A metric for the answers of one network to one set of samples: what fits is found, and what does
// not is refused, before anything is computed. Needs neither LibTorch nor experiment files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/metrics/answer_shape.hpp"
#include "nn/metrics/metric.hpp"

namespace ohmic {

/// Where what is wanted comes from, for metrics that compare numbers.
enum class Against {
  labels,   ///< the numbers that the data give as labels
  samples,  ///< the samples themselves, as the network sees them: an auto-encoder's task
  answers,  ///< what the network answers without noise
};

/// Which axis of an answer to many positions is its classes.
enum class ClassAxis {
  found,  ///< the one that labels do not have
  first,
  last,
};

/// What the numbers of an answer are, for metrics that compare classes.
enum class ScoreKind {
  found,  ///< by the network's last operator, else by what it answers without noise
  logits,
  probabilities,
  least_squares,  ///< one number, trained on the labels 0 and 1: class 1 above 1/2
};

/// Which metric is asked for.
struct MetricChoice {
  std::string name = "accuracy";
  int top_k = 5;                      ///< of top_k
  Against against = Against::labels;  ///< of metrics that compare numbers
  ClassAxis class_axis = ClassAxis::found;
  ScoreKind scores = ScoreKind::found;
  const Metric& metric() const { return metric_named(name); }
  /// Whether what is wanted is what the network answers without noise.
  bool uses_answers() const;
  /// Whether the data must have labels.
  bool needs_labels() const;
  /// "accuracy", "top-5 accuracy", "mean squared error".
  std::string title() const;
};

/// What answers that were looked at are.
struct ScoreEvidence {
  std::int64_t positions = 0;
  bool are_between = true;  ///< from 0 to 1
  bool are_shares = true;   ///< and of several classes with the sum 1
  bool differ = false;      ///< not all are the same number
  float first = 0;
};

class Measure {
 public:
  /// Accuracy of one class per sample, of as many as the network has numbers.
  explicit Measure(int classes);
  /// Throws DataError that names evaluation.metric, what the answers and labels are and what would
  /// be accepted. What comes of the network's own answers, or of samples, need not be in the set
  /// yet: with_answers, with_samples.
  Measure(const MetricChoice&, const AnswerShape&, const ImageSet&);

  /// Whether values depend on what answers are, logits or probabilities, and it is not known yet or
  /// only said by evaluation.scores: then the answers of the network without noise to samples go to
  /// look_at(), each once and as long as it returns that another one may matter, and settle() ends
  /// it. Noise then changes nothing of what answers are taken for. settle() throws DataError for
  /// what is said to be probabilities and is not.
  bool wants_to_look() const;
  bool look_at(const float* answer);
  void settle();
  bool gives_probabilities() const { return form_.probabilities; }
  /// What was assumed of answers, a clause each, with the key that says otherwise.
  const std::vector<std::string>& remarks() const { return remarks_; }

  /// Of sample i, whose answer has AnswerShape's size.
  Score score(const float* answer, const ImageSet&, std::int64_t sample) const;
  double value(std::span<const Score> scores) const { return metric_->value(scores); }
  const Metric& metric() const { return *metric_; }
  const MetricChoice& choice() const { return choice_; }
  /// What guessing gives to samples of this set, or, where numbers are compared, the best answer
  /// that is the same to all of them, their mean; none where that is not known.
  std::optional<double> guessed(const ImageSet&) const;
  /// What the network's own probabilities promise of sample i: the sum of the largest at each
  /// position that counts, and how many these are. Of metrics that compare classes.
  Score promised(const float* answer, const ImageSet&, std::int64_t sample) const;
  /// The same with a single number decided at 1/2; none where answers are not such a number or are
  /// decided so already.
  std::optional<Measure> at_half() const;
  /// Answers that count among the samples: all positions but those without a label.
  std::int64_t answers(const ImageSet&, std::int64_t first, std::int64_t count) const;
  /// Whether a sample's answer is one class; a single number stands for two.
  bool answers_classes() const;
  /// Accuracy of one class per sample, which GPUs count by themselves.
  bool is_plain_accuracy() const;
  /// Whether the set must go through with_samples before it is scored.
  bool wants_samples() const;
  /// The set with what the network answers without noise as what is wanted: classes where the
  /// metric compares classes, else the numbers. `outputs`: samples x numbers of an answer.
  ImageSet with_answers(const ImageSet&, std::vector<float> outputs) const;

 private:
  /// Of sample i, with what is wanted of it where the set has more than a label.
  Answer answer_to(const float* answer, const ImageSet&, std::int64_t sample) const;
  void take_classes(const AnswerShape&, const ImageSet&);
  void take_own_classes(const AnswerShape&, const ImageSet&);
  void take_labelled_classes(const AnswerShape&, const ImageSet&);
  void take_axis_of_two(const std::vector<std::int64_t>& shape, bool last);
  void take_kinds(const AnswerShape&, const ImageSet&);
  void take_numbers(const AnswerShape&, const ImageSet&);
  void check_classes(const ImageSet&) const;

  const Metric* metric_;
  MetricChoice choice_;
  Answer form_;
  std::int64_t size_ = 0;
  bool scores_are_known_ = true;
  std::vector<std::string> remarks_;
  ScoreEvidence seen_;
};

/// The set with its own samples, normalised and ordered as the network's file has them, wanted.
ImageSet with_samples(const ImageSet&, const Normalization&);

}  // namespace ohmic
