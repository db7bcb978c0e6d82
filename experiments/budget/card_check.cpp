#include "experiments/budget/card_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "experiments/measure/recorded.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/quoting.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

void refuse(const std::optional<CardDifference>& other, const std::string& place) {
  if (other)
    throw DataError(fmt::format("{}: {}: the card is of {}, this file of {}; expected {}", place,
                                one_line(other->key), one_line(other->of_card),
                                one_line(other->of_file), one_line(other->expected)));
}

/// Whether the words of what may be lost give this limit: it stands in them, or they are the way
/// to it from the baseline, in one of the units that ways have.
bool is_limit_in_words(const CardEntry& entry, const MetricWords& words) {
  const auto says = [&](const BudgetSettings& s, const Allowance& a) {
    return entry.allowed == s.phrase(a, words);
  };
  BudgetSettings s;
  Allowance way;
  way.limit = entry.limit;
  if (says(s, way)) return true;
  if (std::isnan(entry.baseline)) return false;
  for (const DropUnit unit : {DropUnit::percent_of_baseline, DropUnit::points, DropUnit::unit}) {
    s.drop = unit;
    way.change = 1;
    const double one = entry.baseline - s.limit_of(way, words.metric(), entry.baseline);
    if (one == 0) {
      if (entry.limit == entry.baseline) return true;
      continue;
    }
    way.change =
        std::strtod(fmt::format("{:g}", (entry.baseline - entry.limit) / one).c_str(), nullptr);
    if (says(s, way)) return true;
  }
  return false;
}

/// Throws where an entry's limit is not that of its own words, or its own value misses it.
void refuse_contradictions(const CardEntry& entry, const std::string& place, const Experiment& e) {
  const MetricWords words(e);
  const Metric& metric = words.metric();
  if (metric.sign() * (entry.value.mean - entry.limit) < -kMarginRounding)
    say_damaged(place,
                fmt::format("value is {:g}; expected at {} limit, {:g}", entry.value.mean,
                            metric.better == Better::higher ? "least" : "most", entry.limit));
  if (!is_limit_in_words(entry, words))
    say_damaged(place, fmt::format("limit is {:g}; expected what \"{}\" makes of baseline, {:g}",
                                   entry.limit, one_line(entry.allowed), entry.baseline));
}

void check_metric(const CardEntry& entry, const std::string& place, const Experiment& e) {
  const Metric& metric = e.evaluation.choice().metric();
  if (metric.name != entry.metric)
    refuse(
        CardDifference{"metric", entry.metric, metric.name, "evaluation.metric = " + entry.metric},
        place);
  if (entry.limit < metric.least || entry.limit > metric.most)
    say_damaged(place, fmt::format("limit is {:g}; expected a value of {}, from {:g} to {:g}",
                                   entry.limit, metric.name, metric.least, metric.most));
}

std::string place_of(const std::string& file, std::size_t entry) {
  return fmt::format("{}: tolerances[{}]", file, entry);
}

std::string knob_text(const CardEntry& entry) {
  const std::string source = key_words(entry.knob.front());
  return entry.layers.empty()
             ? fmt::format("{} = {:g}", source, entry.tolerated)
             : fmt::format("{} of each layer, {:g} on average", source, entry.tolerated);
}

}  // namespace

SearchSettings card_search(const CardEntry& entry) {
  constexpr std::int64_t kMoreDraws = 4;
  SearchSettings s;
  s.limit = entry.limit;
  s.better = metric_named(entry.metric).better;
  s.confidence = entry.confidence;
  s.max_draws = entry.max_draws == 1 ? 1 : kMoreDraws * entry.max_draws;
  return s;
}

std::vector<CheckedEntry> check_card(const BudgetCard& card, const std::string& file,
                                     const Experiment& experiment, Networks& networks,
                                     Evaluations& evaluations) {
  if (experiment.is_trained())
    throw DataError(fmt::format(
        "{}: weights are asked, and this file trains its own; expected --set model.weights=FILE",
        file));
  std::vector<Experiment> chips;
  for (std::size_t i = 0; i < card.entries.size(); ++i) {
    const std::string place = place_of(file, i);
    check_metric(card.entries[i], place, experiment);
    refuse(other_chip(card.entries[i], experiment, place), place);
    refuse_contradictions(card.entries[i], place, experiment);
    chips.push_back(with_tolerance(experiment, card.entries[i], place));
  }
  const BudgetCard of_file = card_of(networks.get(experiment));
  refuse(other_samples(card, of_file), file);
  if (card.images != of_file.images)
    say_damaged(file + ": data",
                fmt::format("images is {}; expected {}, as many as the samples of its test_sha256",
                            card.images, of_file.images));
  std::vector<CheckedEntry> checked;
  for (std::size_t i = 0; i < card.entries.size(); ++i) {
    const CardEntry& entry = card.entries[i];
    const Experiment chip = on_fresh_draws(chips[i]);
    CheckedEntry result{&entry, {}};
    result.probe = decide_at(
        0, card_search(entry), 1 - entry.confidence, [&](std::size_t, std::int64_t draws) {
          const PointResult measured = evaluations.measure(chip, draws, knob_text(entry));
          result.baseline = measured.baseline();
          return measured.replicates();
        });
    checked.push_back(std::move(result));
  }
  return checked;
}

std::string text_of(const CheckedEntry& c, const Experiment& e) {
  const MetricWords words(e);
  const char* verdict = c.fits()                                      ? "fits"
                        : c.probe.verdict == Tolerance::not_tolerated ? "does not fit"
                                                                      : "not shown to fit";
  const std::int64_t chips = c.probe.replicates.count();
  return fmt::format("{}: {}: {} {}, {} {} asked; {} {} without noise, {} chip{}", verdict,
                     knob_text(*c.entry), words.title(),
                     words.text(mean_estimate(c.probe.replicates, c.entry->confidence)),
                     words.metric().better == Better::higher ? "at least" : "at most",
                     words.text_with_unit(c.entry->limit), words.title(),
                     words.text_with_unit(c.baseline), chips, chips == 1 ? "" : "s");
}

}  // namespace ohmic
