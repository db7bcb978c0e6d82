#include "nn/metrics/measure.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "nn/metrics/label_error.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;

std::int64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Shape without_ones(const Shape& shape) {
  Shape rest;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(rest),
               [](std::int64_t side) { return side != 1; });
  return rest;
}

std::string text(const Shape& shape) {
  const Shape rest = without_ones(shape);
  std::string words;
  for (const std::int64_t side : rest) words += (words.empty() ? "" : " x ") + std::to_string(side);
  return rest.empty() ? "1 number" : words + " numbers";
}

[[noreturn]] void refuse(const MetricChoice& choice, const std::string& message) {
  throw DataError("evaluation.metric = \"" + choice.name + "\": " + message);
}

[[noreturn]] void refuse_label(const MetricChoice& choice, std::size_t sample,
                               const std::string& message) {
  throw LabelError("evaluation.metric = \"" + choice.name + "\": " + message,
                   static_cast<std::int64_t>(sample));
}

/// Of each sample one number is 1 and the others are 0.
bool are_one_hot(const ImageSet& set, std::int64_t each) {
  if (each < 2) return false;
  for (auto at = set.targets.begin(); at != set.targets.end(); at += each) {
    if (std::count(at, at + each, 1.0f) != 1 || std::count(at, at + each, 0.0f) != each - 1)
      return false;
  }
  return !set.targets.empty();
}

/// Of classes that count, how many are the most common one.
double most_common_share(const std::vector<float>& classes) {
  std::map<float, double> counts;
  double all = 0, most = 0;
  for (const float label : classes) {
    if (label < 0) continue;
    ++all;
    most = std::max(most, ++counts[label]);
  }
  return all > 0 ? most / all : 0;
}

std::string number(float value) {
  std::string s = std::to_string(value);
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s;
}

/// Which axes may be the classes beside labels of this shape.
struct FittingAxes {
  bool first = false, last = false;
};

FittingAxes fitting_axes(const Shape& answer, const Shape& labels) {
  if (answer.size() != labels.size() + 1) return {};
  return {std::equal(labels.begin(), labels.end(), answer.begin() + 1),
          std::equal(labels.begin(), labels.end(), answer.begin())};
}

}  // namespace

bool MetricChoice::uses_answers() const {
  const Metric& m = metric();
  return m.of_own_answers || (m.compares == Compares::numbers && against == Against::answers);
}

bool MetricChoice::needs_labels() const {
  const Metric& m = metric();
  return m.compares == Compares::numbers ? against == Against::labels : !m.of_own_answers;
}

std::string MetricChoice::title() const {
  return name == "top_k" ? "top-" + std::to_string(top_k) + " accuracy" : metric().title;
}

Measure::Measure(int classes) : metric_(&metric_named("accuracy")), size_(classes) {
  form_.classes = classes;
}

Measure::Measure(const MetricChoice& choice, const AnswerShape& answer, const ImageSet& set)
    : metric_(&choice.metric()), choice_(choice), size_(product(answer.shape)) {
  const ScoreKind scores = choice.scores;
  form_.probabilities =
      scores == ScoreKind::found ? answer.probabilities : scores != ScoreKind::logits;
  scores_are_known_ = scores == ScoreKind::logits || scores == ScoreKind::least_squares ||
                      (scores == ScoreKind::found && answer.probabilities && !metric_->of_shares);
  form_.k = choice.top_k;
  if (metric_->compares == Compares::classes) take_classes(answer, set);
  if (scores == ScoreKind::found && answer.probabilities && form_.classes == 1)
    scores_are_known_ = true;  // there is no sum to look at
  if (metric_->compares == Compares::kinds) take_kinds(answer, set);
  if (metric_->compares == Compares::numbers) take_numbers(answer, set);
}

/// Labels fit both ways: what was taken is said.
void Measure::take_axis_of_two(const Shape& shape, bool last) {
  form_.classes_first = !last;
  remarks_.push_back("labels fit an answer of " + text(shape) +
                     " with classes on its first axis and on its last, and the " +
                     (last ? "last" : "first") + " one is taken, as in " +
                     (last ? "Keras" : "PyTorch's losses") + "; evaluation.class_axis = \"" +
                     (last ? "first" : "last") + "\" says otherwise");
}

/// Positions are usually more than the classes of an image.
void Measure::take_own_classes(const AnswerShape& answer, const ImageSet& set) {
  const Shape shape = without_ones(answer.shape);
  const FittingAxes fits =
      set.targets.empty() ? FittingAxes() : fitting_axes(shape, without_ones(set.target_shape));
  if (choice_.class_axis != ClassAxis::found)
    form_.classes_first = choice_.class_axis == ClassAxis::first;
  else if (fits.first && fits.last && shape.size() > 1)
    take_axis_of_two(shape, answer.classes_last);
  else if (fits.first != fits.last)
    form_.classes_first = fits.first;
  else
    form_.classes_first = shape.size() > 2 && shape.front() <= shape.back();
  form_.classes_first = form_.classes_first && shape.size() > 1;
  form_.classes = shape.size() < 2 ? size_ : form_.classes_first ? shape.front() : shape.back();
  if (form_.classes == 1 && size_ == 1)
    remarks_.push_back(
        "an answer is one number, of which agreement compares on which side of 0 (of a probability "
        "1/2) it lies; evaluation.metric = \"mse\" with against = \"answers\" compares numbers");
  if (size_ > 1 && size_ == set.values())
    remarks_.push_back(
        "an answer has as many numbers as a sample, and agreement compares which one is the "
        "largest; of an auto-encoder evaluation.metric = \"mse\" with against = \"samples\" says "
        "how well it rebuilds them");
}

/// The axis of classes is the one that labels do not have.
void Measure::take_labelled_classes(const AnswerShape& answer, const ImageSet& set) {
  const Shape shape = without_ones(answer.shape), labels = without_ones(set.target_shape);
  if (!set.has_labels() && set.targets.empty())
    refuse(choice_,
           "compares answers with labels, and data.test has none; expected labels, or metric = "
           "\"agreement\", which compares with the network's own answers without noise");
  if (set.targets.empty() && shape.size() > 1)
    refuse(choice_, "a sample has one label and an answer of " + text(shape) +
                        "; expected a label for each position, or a network that gives a score "
                        "per class");
  form_.classes = size_;
  if (set.targets.empty()) return;
  const bool one_each = shape == labels;
  const FittingAxes fits = fitting_axes(shape, labels);
  const ClassAxis asked = choice_.class_axis;
  const bool is_fit = asked == ClassAxis::first  ? fits.first
                      : asked == ClassAxis::last ? fits.last
                                                 : fits.first || fits.last;
  if (!one_each && !is_fit)
    refuse(choice_, "a sample has labels of " + text(labels) + " and an answer of " + text(shape) +
                        "; expected a class per sample, or one for each position of the answer, "
                        "whose other axis is the classes" +
                        (asked == ClassAxis::first  ? ": the first (evaluation.class_axis)"
                         : asked == ClassAxis::last ? ": the last (evaluation.class_axis)"
                                                    : ""));
  if (one_each && are_one_hot(set, product(shape)))
    refuse(choice_, "labels are one-hot, " + text(labels) +
                        " with a 1 for the class; expected the class itself, a whole number "
                        "per sample (in NumPy: labels.argmax(1))");
  form_.classes = 1;
  if (one_each) return;
  form_.classes_first = fits.first && (!fits.last || asked == ClassAxis::first);
  if (fits.first && fits.last && asked == ClassAxis::found && shape.size() > 1)
    take_axis_of_two(shape, answer.classes_last);
  form_.classes = form_.classes_first ? shape.front() : shape.back();
}

void Measure::take_classes(const AnswerShape& answer, const ImageSet& set) {
  if (answer.chosen)
    refuse(choice_,
           "compares scores, and the network ends in ArgMax, which gives a class alone; "
           "expected one that gives a score per class (model.output can name what ArgMax "
           "reads)");
  if (metric_->of_own_answers)
    take_own_classes(answer, set);
  else
    take_labelled_classes(answer, set);
  form_.positions = size_ / form_.classes;
  if (choice_.scores == ScoreKind::least_squares && (form_.classes > 1 || metric_->of_shares))
    refuse(
        choice_,
        "takes answers for numbers trained on 0 and 1 (evaluation.scores = \"least_squares\"), " +
            (form_.classes > 1
                 ? "and the network gives " + std::to_string(form_.classes) + " of them each"
                 : std::string("and needs probabilities")) +
            "; expected \"logits\", \"probabilities\" or \"found\"");
  if (choice_.name == "top_k" && choice_.top_k >= form_.kinds())
    refuse(choice_, "evaluation.top_k = " + std::to_string(choice_.top_k) + " of " +
                        std::to_string(form_.kinds()) +
                        " classes are always right; expected 1 to " +
                        std::to_string(form_.kinds() - 1));
  if (!metric_->of_own_answers) check_classes(set);
}

void Measure::check_classes(const ImageSet& set) const {
  if (!set.class_names.empty() && std::ssize(set.class_names) != form_.kinds())
    throw DataError("the data have " + std::to_string(set.class_names.size()) + " classes (" +
                    set.class_names.front() + " to " + set.class_names.back() +
                    "), the network answers with " + std::to_string(form_.classes) +
                    " numbers; expected classes = [...] beside samples: the name of every answer's "
                    "folder, in the order of the answers");
  const auto check = [&](float label, std::size_t sample, bool may_be_left_out) {
    const bool is_whole = label == std::floor(label);
    if (is_whole && label < static_cast<float>(form_.kinds()) && (label >= 0 || may_be_left_out))
      return;
    if (is_whole && label >= 0)
      throw LabelError(
          "label " + number(label) + " of sample " + std::to_string(sample) +
              " is no class: the network answers with " + std::to_string(form_.classes) +
              (form_.classes == 1 ? " number" : " numbers") +
              "; expected whole numbers from 0 to " + std::to_string(form_.kinds() - 1),
          static_cast<std::int64_t>(sample));
    refuse_label(choice_, sample,
                 "compares answers with classes, and the label of sample " +
                     std::to_string(sample) + " of data.test is " + number(label) +
                     "; expected whole numbers from 0 on" +
                     (may_be_left_out ? " (below 0: the position does not count)" : "") +
                     ", or a metric that compares numbers (mse, mae, snr, cosine_similarity)");
  };
  if (set.targets.empty())
    for (std::size_t i = 0; i < set.labels.size(); ++i)
      check(static_cast<float>(set.labels[i]), i, false);
  const auto each = static_cast<std::size_t>(form_.positions);
  for (std::size_t i = 0; i < set.targets.size(); ++i) check(set.targets[i], i / each, each > 1);
  if (set.size() > 0 && answers(set, 0, set.size()) == 0)
    refuse(choice_, "no position of data.test has a label of 0 or more");
}

void Measure::take_kinds(const AnswerShape& answer, const ImageSet& set) {
  if (!set.has_labels() || !set.targets.empty())
    refuse(choice_,
           "needs one label per sample, 0 or 1 for what is to be found, and data.test has " +
               std::string(set.targets.empty() ? "none" : "others"));
  const auto count = [&](std::int32_t kind) {
    return std::count(set.labels.begin(), set.labels.end(), kind);
  };
  for (std::size_t i = 0; i < set.labels.size(); ++i)
    if (set.labels[i] > 1)
      refuse_label(choice_, i,
                   "sample " + std::to_string(i) + " of data.test has the label " +
                       std::to_string(set.labels[i]) +
                       "; expected 0, or 1 for what is to be "
                       "found");
  if (count(0) == 0 || count(1) == 0)
    refuse(choice_, "all samples of data.test have the label " +
                        std::to_string(count(0) == 0 ? 1 : 0) + "; expected some of 0 and of 1");
  if (size_ > 2 && size_ != set.values())
    refuse(choice_, "an answer has " + text(answer.shape) +
                        "; expected one number, two, or as many as a sample, which it rebuilds (" +
                        std::to_string(set.values()) + ")");
}

void Measure::take_numbers(const AnswerShape& answer, const ImageSet& set) {
  if (choice_.against == Against::answers) return;
  if (choice_.against == Against::samples) {
    if (size_ != set.values())
      refuse(choice_, "compares answers with samples (evaluation.against), and an answer has " +
                          text(answer.shape) + ", a sample " + text(set.shape) +
                          "; expected as many");
    return;
  }
  const bool one_each = set.targets.empty() && set.has_labels();
  if (!one_each && set.targets.empty())
    refuse(choice_,
           "compares answers with the numbers that labels give, and data.test has no labels; "
           "expected some, or evaluation.against = \"answers\" (of the network without noise) or "
           "\"samples\" (for an auto-encoder)");
  const Shape wanted = without_ones(one_each ? Shape{} : set.target_shape);
  if (wanted != without_ones(answer.shape))
    refuse(choice_, "an answer has " + text(answer.shape) + " and a sample's label " +
                        text(wanted) + "; expected as many, or evaluation.against = \"answers\"" +
                        (size_ == set.values() ? " or \"samples\"" : "") +
                        (one_each ? ", or a metric that compares classes" : ""));
}

bool Measure::wants_to_look() const {
  return metric_->compares == Compares::classes && !scores_are_known_ &&
         (form_.classes == 1 || metric_->of_shares);
}

bool Measure::look_at(const float* answer) {
  constexpr double kRounding = 1e-3;
  Answer a = form_;
  a.numbers = {answer, static_cast<std::size_t>(size_)};
  if (seen_.positions == 0) seen_.first = answer[0];
  constexpr float kBeyond = 1e-5f;  // means of several probabilities round
  const auto is_share = [](float x) { return x >= -kBeyond && x <= 1 + kBeyond; };
  seen_.are_between = seen_.are_between && std::ranges::all_of(a.numbers, is_share);
  seen_.are_shares = seen_.are_shares && seen_.are_between;
  seen_.differ =
      seen_.differ || std::ranges::any_of(a.numbers, [&](float x) { return x != seen_.first; });
  for (std::int64_t p = 0; p < a.positions && a.classes > 1 && seen_.are_shares; ++p) {
    double sum = 0;
    for (std::int64_t c = 0; c < a.classes; ++c) sum += a.of(p, c);
    seen_.are_shares = std::abs(sum - 1) < kRounding;
  }
  seen_.positions += a.positions;
  return choice_.scores == ScoreKind::probabilities ? seen_.are_between : seen_.are_shares;
}

/// Logits of a single number are hardly ever all between 0 and 1, those of several never add up to
/// 1 besides.
void Measure::settle() {
  constexpr std::int64_t kEnough = 20;
  scores_are_known_ = true;
  if (choice_.scores == ScoreKind::probabilities) {
    if (seen_.are_between) return;
    refuse(choice_,
           "takes answers for probabilities (evaluation.scores), and without noise the network "
           "answers with numbers below 0 or above 1; expected \"logits\", or \"found\"");
  }
  if (form_.probabilities) {
    if (!seen_.are_shares && form_.classes > 1)
      remarks_.push_back("the " + std::to_string(form_.classes) +
                         " numbers of an answer are probabilities of their own, which do not add "
                         "up to 1: " +
                         metric_->title + " takes the label's alone, whatever the others are");
    return;
  }
  if (seen_.positions == 0 || !seen_.are_shares) return;
  const bool one = form_.classes == 1;
  form_.probabilities = !one || (seen_.differ && seen_.positions >= kEnough);
  if (!one)
    remarks_.push_back(
        "what the network answers without noise is from 0 to 1 and adds up to 1, so its answers "
        "are taken for probabilities; evaluation.scores = \"logits\" says otherwise");
  else if (form_.probabilities)
    remarks_.push_back(
        "what the network answers without noise is from 0 to 1, so its one number is taken for a "
        "probability, and above 1/2 for class 1; evaluation.scores = \"logits\" says otherwise");
  else
    remarks_.push_back(
        "what the network answers without noise is from 0 to 1, " +
        std::string(seen_.differ ? "but of few samples" : "but always the same") +
        ", so its one number is taken for a logit, and above 0 for class 1; evaluation.scores = "
        "\"probabilities\" says otherwise");
}

Answer Measure::answer_to(const float* answer, const ImageSet& set, std::int64_t sample) const {
  Answer a = form_;
  a.numbers = {answer, static_cast<std::size_t>(size_)};
  a.label = static_cast<float>(set.labels[static_cast<std::size_t>(sample)]);
  if (!set.targets.empty()) {
    const std::size_t each = set.targets.size() / set.labels.size();
    a.wanted = {set.targets.data() + static_cast<std::size_t>(sample) * each, each};
  }
  return a;
}

Score Measure::score(const float* answer, const ImageSet& set, std::int64_t sample) const {
  Answer a = answer_to(answer, set, sample);
  if (metric_->compares == Compares::numbers && a.wanted.empty()) a.wanted = {&a.label, 1};
  return metric_->score(a);
}

std::int64_t Measure::answers(const ImageSet& set, std::int64_t first, std::int64_t count) const {
  if (metric_->compares != Compares::classes) return count;
  if (set.targets.empty()) return count * form_.positions;
  const auto begin = set.targets.begin() + first * form_.positions;
  return std::count_if(begin, begin + count * form_.positions,
                       [](float label) { return label >= 0; });
}

std::optional<double> Measure::guessed(const ImageSet& set) const {
  constexpr std::int64_t kEnough = 16;  // samples, whose own mean is no guess of few
  if (metric_->name == "accuracy" && !set.targets.empty())
    return std::max(metric_->guessed(form_), most_common_share(set.targets));
  if (metric_->guessed) return metric_->guessed(form_);
  if (metric_->compares != Compares::numbers || choice_.uses_answers() || set.size() < kEnough)
    return std::nullopt;
  std::vector<double> sums(static_cast<std::size_t>(size_));
  for (std::size_t i = 0; i < static_cast<std::size_t>(set.size()); ++i)
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] += set.targets.empty() ? static_cast<double>(set.labels[i])
                                     : static_cast<double>(set.targets[i * sums.size() + k]);
  std::vector<float> mean(sums.size());
  std::ranges::transform(sums, mean.begin(), [&](double sum) {
    return static_cast<float>(sum / static_cast<double>(set.size()));
  });
  std::vector<Score> scores;
  for (std::int64_t i = 0; i < set.size(); ++i) scores.push_back(score(mean.data(), set, i));
  const double value = metric_->value(scores);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Score Measure::promised(const float* answer, const ImageSet& set, std::int64_t sample) const {
  const Answer a = answer_to(answer, set, sample);
  Score score;
  for (std::int64_t p = 0; p < a.positions; ++p) {
    if (a.label_at(p) < 0) continue;
    const double largest = a.of(p, a.answered(p));
    double sum = 0;
    for (std::int64_t c = 0; c < a.kinds(); ++c)
      sum += a.probabilities ? a.of(p, c) : std::exp(a.of(p, c) - largest);
    score.part += (a.probabilities ? largest : 1) / sum;
    ++score.whole;
  }
  return score;
}

std::optional<Measure> Measure::at_half() const {
  if (metric_->compares != Compares::classes || form_.classes > 1 || form_.probabilities)
    return std::nullopt;
  Measure other = *this;
  other.form_.probabilities = true;
  return other;
}

bool Measure::answers_classes() const {
  return metric_->compares == Compares::classes && form_.positions == 1;
}

bool Measure::is_plain_accuracy() const {
  return answers_classes() && form_.classes > 1 &&
         (metric_->name == "accuracy" || metric_->name == "agreement");
}

bool Measure::wants_samples() const {
  return metric_->compares == Compares::kinds
             ? size_ > 2
             : metric_->compares == Compares::numbers && choice_.against == Against::samples;
}

ImageSet Measure::with_answers(const ImageSet& set, std::vector<float> outputs) const {
  ImageSet out = set;
  out.targets.clear();
  if (metric_->compares == Compares::numbers) {
    out.targets = std::move(outputs);
    return out;
  }
  Answer a = form_;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    a.numbers = {outputs.data() + i * size_, static_cast<std::size_t>(size_)};
    for (std::int64_t p = 0; p < a.positions; ++p)
      if (a.positions == 1)
        out.labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(a.answered(p));
      else
        out.targets.push_back(static_cast<float>(a.answered(p)));
  }
  return out;
}

ImageSet with_samples(const ImageSet& set, const Normalization& normalization) {
  ImageSet out = set;
  const std::int64_t values = set.values();
  std::vector<float> last(static_cast<std::size_t>(set.size() * values));
  normalized_batch(set, normalization, 0, set.size(), last.data());
  if (set.shape.size() == 3) {  // channels last in memory
    const std::int64_t channels = set.shape[0], area = set.shape[1] * set.shape[2];
    out.targets.resize(last.size());
    for (std::int64_t i = 0; i < set.size(); ++i)
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t p = 0; p < area; ++p)
          out.targets[static_cast<std::size_t>(i * values + c * area + p)] =
              last[static_cast<std::size_t>(i * values + p * channels + c)];
  } else {
    out.targets = std::move(last);
  }
  return out;
}

}  // namespace ohmic
