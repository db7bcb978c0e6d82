#include "experiments/measure/doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/statistics/share.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

constexpr double kOneClass = 0.95;  ///< of answers
constexpr double kKnown = 0.1;      ///< of test images: a few doublets are in most sets
constexpr double kHardly = 0.05;    ///< better than a constant answer, of what there is to gain
constexpr double kPixels = 100;     ///< reached by bytes, hardly by what was normalised
constexpr double kCommon = 1.3;     ///< of a label, times its part of fair data
constexpr double kHardlyInDecibel = 0.5;
constexpr double kPromised = 0.2;  ///< more than is right
constexpr double kGood = 0.8, kBetter = 0.05;
constexpr double kRenamed = 0.5;  ///< of answers that are right once classes are renamed
constexpr double kTurned = 0.1;   ///< below what guessing gives, of an area
constexpr char kNothingToTake[] =
    ": noise has nothing to take from such a network, so that its numbers say nothing";
constexpr double kSameReading = 0.02;  ///< readings as good as the best, in accuracy

std::string percent(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

class Doubts {
 public:
  explicit Doubts(const Plausibility& facts) : p_(facts) {}

  std::vector<std::string> all() {
    about_images();
    about_test_set();
    about_training_samples();
    about_weights();
    about_answers();
    about_metric();
    about_threshold();
    about_labels();
    about_scale();
    about_norms();
    about_readings();
    return std::move(texts_);
  }

 private:
  void say(std::string text) { texts_.push_back(std::move(text)); }

  void about_images() {
    if (p_.same_image) say(fmt::format("all {} test images examined are the same", p_.images));
    if (p_.images > 1 && p_.labelled == p_.images)
      say(p_.correct == p_.images
              ? fmt::format(
                    "all {} test images examined have the label {}, and all are answered so",
                    p_.images, p_.label)
              : fmt::format("all {} test images examined have the label {}", p_.images, p_.label));
    if (share(p_.known, p_.images) > kKnown)
      say(fmt::format("{} of {} test images examined are among the training images: {}", p_.known,
                      p_.images,
                      p_.foreign ? "ranges of converters that are found on these are tested on "
                                   "themselves"
                                 : "right answers to them promise nothing for others"));
  }

  void about_test_set() {
    if (share(p_.repeated, p_.tested) > kKnown && !p_.same_image)
      say(fmt::format(
          "{} of {} test samples repeat an earlier one value by value: they say nothing "
          "new, and intervals take them for samples of their own",
          p_.repeated, p_.tested));
    if (lacks_classes(p_) && p_.labelled < p_.images)
      say(
          fmt::format("the {} test samples have labels of {} of the network's {} classes only, and "
                      "numbers are for these; data.test_images takes the first samples of a set, "
                      "which stand for all classes where it is shuffled, not sorted",
                      p_.tested, p_.labels, p_.classes));
  }

  void about_training_samples() {
    if (p_.unlike == 0 || lacks_classes(p_)) return;  // which explains it
    const LayerDistance& d = p_.first_unlike;
    say(fmt::format(
        "samples of data.train are not like those of data.test: {} of them give {} "
        "inputs of {:.2g} times the size (root mean square), whose means lie {:.2g} "
        "standard deviations away: they are prepared otherwise, or show other things; {}",
        p_.compared, d.layer, d.size, d.shift,
        p_.foreign
            ? fmt::format("ranges of converters{} and means that are found on data.train are "
                          "for other samples than those measured",
                          p_.norms > 0 ? ", statistics of BatchNorm" : "")
            : "the network is measured on other samples than it was trained on"));
  }

  static std::string listed(const std::vector<std::string>& names) {
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
      list += (i > 0 ? ", " : "") + names[i];
    return list + (names.size() > 3 ? ", ..." : "");
  }

  void about_weights() {
    if (!p_.constant_kernels.empty())
      say(fmt::format("{} of {} kernels hold one value throughout ({})", p_.constant_kernels.size(),
                      p_.kernels, listed(p_.constant_kernels)));
    if (!p_.dominated_kernels.empty())
      say(fmt::format(
          "{} of {} kernels have one weight that outweighs all others together ({}): it "
          "sets their scale, and the others drown in noise; mapping.weight_percentile "
          "clips it, if it is meant",
          p_.dominated_kernels.size(), p_.kernels, listed(p_.dominated_kernels)));
  }

  /// The most common label is more common than in fair data, and hardly more answers are right.
  bool is_as_good_as_one_class() const {
    const std::int64_t rest = p_.images - p_.labelled;
    return rest > 0 && p_.classes > 0 && share(p_.labelled, p_.images) > kCommon / p_.classes &&
           static_cast<double>(p_.correct - p_.labelled) <= kHardly * static_cast<double>(rest);
  }

  void about_answers() {
    if (p_.infinite > 0)
      say(fmt::format("{} of {} test images get logits that are infinite or not numbers",
                      p_.infinite, p_.images));
    if (p_.constant && p_.infinite < p_.images && !p_.same_image)
      say("every image gets the same logits: no answer depends on what the network sees");
    else if (share(p_.favoured, p_.images) > kOneClass && 2 * p_.labelled < p_.favoured)
      say(fmt::format("{} of {} test images are answered with class {}",
                      percent(share(p_.favoured, p_.images)), p_.images, p_.favourite));
    if (is_near_chance(p_))
      say(
          fmt::format("{} of {} test images are answered right, and guessing gives {:g} %: noise "
                      "has nothing to take from such a network, so that normalised accuracies say "
                      "nothing",
                      percent(p_.accuracy()), p_.images, 100.0 / p_.classes));
    else if (is_as_good_as_one_class())
      say(fmt::format(
          "{} of {} test images are answered right, and {} of them have the label {}, so "
          "that answering it always is as good: accuracy says nothing of such a network "
          "on these labels (auc, of a number per image, would)",
          percent(p_.accuracy()), p_.images, percent(share(p_.labelled, p_.images)), p_.label));
    else if (is_too_sure(p_))
      say(
          fmt::format("{} of {} test images are answered right, and the network's own "
                      "probabilities promise {}",
                      percent(p_.accuracy()), p_.images, percent(p_.confidence)));
    else if (is_misled(p_))
      say(fmt::format(
          "{} of {} test images are answered right, and their labels are less likely to "
          "the network (a mean cross-entropy of {:.2g}) than to one that guesses "
          "({:.2g}): it is surest where it is wrong, as on samples that are prepared "
          "otherwise than in training",
          percent(p_.accuracy()), p_.images, p_.loss, std::log(p_.classes)));
  }

  /// Answers that are numbers against their mean.
  void about_numbers(const MetricWords& words) {
    const Metric& metric = words.metric();
    const double room = metric.better == Better::lower ? p_.guessed - metric.least
                        : std::isfinite(metric.most)   ? metric.most - p_.guessed
                                                       : kHardlyInDecibel / kHardly;
    if (metric.sign() * (p_.value - p_.guessed) > kHardly * room) return;
    say(
        fmt::format("{} is {} on {} test samples without noise, and one answer for all of them, "
                    "their mean, gives {}: {} are not in the order, units or normalisation that "
                    "the network was trained for, or it has learnt nothing",
                    words.title(), words.text_with_unit(p_.value), p_.images,
                    words.text_with_unit(p_.guessed), p_.wants_samples ? "samples" : "labels"));
  }

  /// The metric that was asked for against guessing.
  void about_metric() {
    if (p_.metric.empty()) return;
    const MetricWords words(MetricChoice{p_.metric, p_.top_k});
    const Metric& metric = words.metric();
    if (metric.compares == Compares::numbers) return about_numbers(words);
    const std::string facts =
        fmt::format("{} is {} on {} test samples, and guessing gives {}", words.title(),
                    words.text_with_unit(p_.value), p_.images, words.text_with_unit(p_.guessed));
    if (p_.promised - p_.value > kPromised)
      say(fmt::format(
          "{} is {} on {} test samples, and the network's own probabilities promise "
          "{}: labels lie otherwise than answers do (order of axes and classes), or "
          "positions that do not count have labels of 0 or more",
          words.title(), words.text_with_unit(p_.value), p_.images, percent(p_.promised)));
    if (metric.better == Better::lower) {
      if (p_.value >= p_.guessed) say(facts + kNothingToTake);
    } else if (metric.compares == Compares::kinds && p_.value < p_.guessed - kTurned) {
      say(fmt::format(
          "{}: what is to be found scores lower than the rest, so labels or answers are "
          "the wrong way round",
          facts));
    } else if (is_near_guessing(p_.value, p_.guessed)) {
      say(facts + kNothingToTake);
    } else if (p_.guessed > 0.5 && metric.name == "top_k") {
      say(
          fmt::format("{}: only what is above that is the network's; a smaller evaluation.top_k "
                      "leaves more of it",
                      facts));
    }
  }

  /// Renaming makes a network right that was wrong, or good that was less so.
  bool is_renamed(std::int64_t correct) const {
    const double renamed = share(correct, p_.images), given = share(p_.correct, p_.images);
    return (renamed > kRenamed && given < kRenamed / 2) ||
           (renamed > kGood && renamed - given > kBetter);
  }

  void about_threshold() {
    if (share(p_.correct_at_half - p_.correct, p_.images) > kBetter)
      say(
          fmt::format("one number per image is class 1 above 0, and {} are right; above 1/2, for "
                      "networks trained on 0 and 1 without a sigmoid (evaluation.scores = "
                      "\"least_squares\"), {} would be",
                      percent(p_.accuracy()), percent(share(p_.correct_at_half, p_.images))));
  }

  void about_labels() {
    if (p_.labelled == p_.images) return;
    if (is_renamed(p_.correct_shifted))
      say(
          fmt::format("labels are off by {}: answer k goes with label k + {} (modulo {}), and "
                      "{} of the answers would be right by that",
                      std::min(p_.label_shift, p_.classes - p_.label_shift), p_.label_shift,
                      p_.classes, percent(share(p_.correct_shifted, p_.images))));
    else if (is_renamed(p_.correct_renamed))
      say(
          fmt::format("labels name classes in another order: with classes renamed one to one, {} "
                      "of the answers would be right",
                      percent(share(p_.correct_renamed, p_.images))));
  }

  /// Without labels nothing shows whether numbers fit.
  bool may_be_unscaled() const {
    return p_.foreign && p_.compares_own && p_.largest_input >= kPixels && p_.largest_input <= 255;
  }

  void about_scale() {
    if (may_be_unscaled())
      say(
          fmt::format("the network is fed numbers up to {:g}, and where answers are compared with "
                      "its own nothing shows whether it was trained on such; data.normalize = {{ "
                      "scale = 0.00392157 }} divides them by 255",
                      p_.largest_input));
    if (!is_unscaled(p_)) return;
    say(
        fmt::format("the network is fed numbers up to {:g}; divided by 255 (data.normalize.scale) "
                    "they make its labels far likelier: a mean cross-entropy of {:.2g} instead of "
                    "{:.2g}, where guessing has {:.2g}",
                    p_.largest_input, *p_.loss_scaled, p_.loss, std::log(p_.classes)));
  }

  static std::string text(const NormFit& fit) {
    return fmt::format(
        "{} (means off by {:.2g} standard deviations, variances by a factor of "
        "{:.2g})",
        fit.norm, fit.shift, std::exp(fit.spread));
  }

  void about_norms() {
    if (p_.misfits == 0) return;
    if (p_.untouched_norms == p_.norms)
      return say(fmt::format(
          "the statistics of all {} BatchNorms are those of a network before training, mean 0 and "
          "variance 1, and not those that these images give: they were left out when the weights "
          "were saved or never updated; evaluation.batch_norm_images measures them",
          p_.norms));
    std::string words = fmt::format(
        "the statistics of {} of {} BatchNorms are not those that these images give; the first is "
        "{}",
        p_.misfits, p_.norms, text(p_.first));
    if (p_.worst.norm != p_.first.norm)
      words += fmt::format(", the furthest off {}", text(p_.worst));
    if (!p_.foreign)
      words += "; after a short training they lag behind, and weight noise in training moves them";
    else if (p_.from_the_first)
      words +=
          "; images that are prepared otherwise than in training do that from the first "
          "BatchNorm on";
    else if (p_.readings.empty())
      words += "; what is before it fits, so look at the weights of " + p_.first.layer +
               (p_.readable ? ""
                            : ", and at the order of the samples' values (channels, rows, "
                              "columns), which what is before it need not show");
    say(std::move(words));
  }

  void about_readings() {
    std::string names;
    for (const BetterReading& r : p_.readings)
      if (p_.readings.front().accuracy - r.accuracy < kSameReading)
        names +=
            fmt::format("{}{}, {} right", names.empty() ? "" : "; ", r.name, percent(r.accuracy));
    if (!names.empty()) say("other ways to read images would fit: " + names);
  }

  const Plausibility& p_;
  std::vector<std::string> texts_;
};

}  // namespace

std::vector<std::string> doubts_of(const Plausibility& facts) {
  return facts.images == 0 ? std::vector<std::string>() : Doubts(facts).all();
}

std::string doubts_text(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text = "\nBefore believing these numbers:\n";
  for (const std::string& sentence : sentences) text += "  " + sentence + "\n";
  return text;
}

}  // namespace ohmic
