#include "experiments/budget/limit_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace ohmic {
namespace {

/// What a question holds chips against.
struct Asked {
  Allowance allowance;
  std::string phrase;  ///< "loss of at most 1 %"
  double limit;
};

std::vector<Asked> asked(const BudgetSettings& settings, const MetricWords& words,
                         double baseline) {
  std::vector<Asked> all;
  const auto add = [&](const Allowance& a, const char* key) {
    all.push_back(
        {a, settings.phrase(a, words) + key, settings.limit_of(a, words.metric(), baseline)});
  };
  const auto target_of = [](const auto& question) {
    return question ? question->target : std::optional<double>();
  };
  const std::optional<double> good = target_of(settings.yield), rare = target_of(settings.rare);
  if (settings.find || settings.allocation || settings.lifetime || (settings.yield && !good) ||
      (settings.rare && !rare))
    for (const Allowance& a : settings.allowances(words.metric())) add(a, "");
  if (good) add({Estimate::kNone, *good}, " (budget.yield.target)");
  if (rare) add({Estimate::kNone, *rare}, " (budget.rare.target)");
  return all;
}

/// At the beginning of a sentence.
std::string with_article(const std::string& noun) {
  const bool is_vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (is_vowel ? "An " : "A ") + noun;
}

std::string single_samples_note(const std::vector<Asked>& all, const MetricWords& words,
                                double baseline, const TrainedNetwork& network) {
  const std::int64_t samples = network.data->test.size();
  const std::int64_t answers = network.measure.answers(network.data->test, 0, samples);
  if (!words.metric().counts || answers == 0) return {};
  const double one = 1 / static_cast<double>(answers);
  const Asked* least = nullptr;
  for (const Asked& a : all)
    if (!a.allowance.is_limit() && (!least || a.allowance.change < least->allowance.change))
      least = &a;
  if (!least || baseline - least->limit >= one) return {};
  return fmt::format(
      "{} is less than one of {} test answers weighs ({:.2g} points): what is tolerated hangs on "
      "single answers of single chips; more samples tell so little.",
      with_article(least->phrase), answers, 100 * one);
}

std::string below_guessing_note(const std::vector<Asked>& all, const MetricWords& words,
                                const TrainedNetwork& network) {
  const Metric& metric = words.metric();
  const auto guessed = network.measure.guessed(network.data->test);
  if (!guessed) return {};
  const auto is_below = [&](const Asked& a) { return !(metric.sign() * (a.limit - *guessed) > 0); };
  const auto found = std::ranges::find_if(all, is_below);
  if (found == all.end()) return {};
  return fmt::format(
      "{} {}, and {} gives {}: chips that tell nothing of their samples are good enough for it.",
      with_article(found->phrase),
      found->allowance.is_limit() ? "is asked for"
                                  : "ends at " + words.text_with_unit(found->limit),
      metric.compares == Compares::numbers ? "one answer for all samples, their mean," : "guessing",
      words.text_with_unit(*guessed));
}

std::string beyond_baseline_note(const std::vector<Asked>& all, const MetricWords& words,
                                 double baseline) {
  const auto is_beyond = [&](const Asked& a) {
    return a.allowance.is_limit() && words.metric().sign() * (a.limit - baseline) > 0;
  };
  const auto found = std::ranges::find_if(all, is_beyond);
  if (found == all.end()) return {};
  return fmt::format("{} is asked for, and without noise it is {}: noise would have to help.",
                     with_article(found->phrase), words.text_with_unit(baseline));
}

}  // namespace

std::vector<std::string> limit_notes(const BudgetSettings& settings, const MetricWords& words,
                                     double baseline, const TrainedNetwork& network) {
  const std::vector<Asked> all = asked(settings, words, baseline);
  std::vector<std::string> notes{single_samples_note(all, words, baseline, network),
                                 below_guessing_note(all, words, network),
                                 beyond_baseline_note(all, words, baseline)};
  std::erase(notes, "");
  return notes;
}

}  // namespace ohmic
