#include "experiments/budget/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/budget/dotted_leaves.hpp"
#include "experiments/budget/noisy_layers.hpp"
#include "experiments/study/configure.hpp"
#include "experiments/text/quoting.hpp"
#include "simulator/error.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

constexpr char kHardware[][12] = {"mapping", "device", "periphery", "noise", "evaluation"};

/// What both kinds of answers have.
CardEntry entry_of(const Experiment& e, const Allowance& allowance, const BudgetSettings& s) {
  CardEntry entry;
  const MetricWords words(e);
  entry.allowed = s.phrase(allowance, words);
  entry.metric = words.metric().name;
  entry.max_draws = s.max_draws;
  entry.confidence = s.confidence;
  entry.seed = e.seed;
  entry.commit = commit();
  return entry;
}

/// In place of the older answer to its question.
void put(BudgetCard& card, CardEntry entry) {
  const auto same = std::ranges::find_if(
      card.entries, [&](const CardEntry& old) { return old.is_same_question(entry); });
  if (same != card.entries.end())
    *same = std::move(entry);
  else
    card.entries.push_back(std::move(entry));
}

/// Where nothing is shown to be tolerated now: an older answer goes if what was found contradicts
/// it, else it stays. What is to be said of it; empty where there is none.
template <class Contradicts>
std::string review(BudgetCard& card, const CardEntry& entry, const Contradicts& contradicts) {
  const auto old = std::ranges::find_if(
      card.entries, [&](const CardEntry& other) { return other.is_same_question(entry); });
  if (old == card.entries.end()) return "";
  const std::string answer =
      fmt::format("the card's older answer to a {}, {:g},", one_line(old->allowed), old->tolerated);
  if (!contradicts(*old))
    return fmt::format("Nothing is tolerated here: {} is not contradicted and stays.", answer);
  card.entries.erase(old);
  return fmt::format("Nothing is tolerated any more: {} is contradicted and removed.", answer);
}

/// Whether a value that the older answer tolerates, or a milder one, is shown not to be.
bool contradicts(const FoundBudget& b, const CardEntry& old, Tolerate tolerate) {
  return std::ranges::any_of(b.result.probes, [&](const Probe& probe) {
    const double value = b.value_at(probe.index);
    const bool is_milder =
        tolerate == Tolerate::largest ? value <= old.tolerated : value >= old.tolerated;
    return is_milder && probe.verdict == Tolerance::not_tolerated;
  });
}

/// Whether layers with no more noise than the older answer gives each are shown to miss the limit.
bool contradicts(const FoundAllocation& a, const CardEntry& old, const BudgetSettings& s) {
  const auto is_milder = [&](const std::vector<double>& etas) {
    if (etas.empty() || etas.size() != old.layers.size()) return false;
    for (std::size_t l = 0; l < etas.size(); ++l)
      if (a.layers[l] != old.layers[l].first || etas[l] > old.layers[l].second) return false;
    return true;
  };
  return is_milder(a.uniform.missed) || is_milder(a.allocated.missed) ||
         (is_milder(a.allocated.etas) &&
          verify(a.allocated.fresh, a.limit, s.confidence) == Verification::failed);
}

CardEntry question_of(const FoundBudget& b, const BudgetSettings& s) {
  CardEntry entry = entry_of(b.point->experiment, b.allowance, s);
  entry.knob = s.find->knob;
  return entry;
}

CardEntry question_of(const FoundAllocation& a, const BudgetSettings& s) {
  CardEntry entry = entry_of(a.point->experiment, a.allowance, s);
  entry.knob = {"device.eta"};
  for (const std::string& layer : a.layers) entry.layers.push_back({layer, Estimate::kNone});
  return entry;
}

bool is_shown(const FoundAllocation& a, const BudgetSettings& s) {
  return a.allocated.scale &&
         verify(a.allocated.fresh, a.limit, s.confidence) == Verification::passed;
}

/// A value as the knob has it: whole numbers where it counts.
Value value_for(const Parameter& knob, const CardEntry& entry, const std::string& key,
                const std::string& place) {
  if (knob.type == "real") return Value{entry.tolerated};
  if (entry.tolerated != std::floor(entry.tolerated) || std::abs(entry.tolerated) > 1e9)
    throw DataError(fmt::format("{}: tolerated is {:g}; expected a whole number, as {} has", place,
                                entry.tolerated, key));
  return Value{static_cast<std::int64_t>(entry.tolerated)};
}

Experiment with_knobs(const Experiment& e, const CardEntry& entry, const std::string& place) {
  KeyValues keys;
  for (const std::string& key : entry.knob) {
    const Parameter* p = parameter_of(e, key);
    if (!no_hardware_text(key).empty() || !p || (p->type != "real" && p->type != "integer"))
      throw DataError(
          fmt::format("{}: knob is \"{}\", no number of this file's hardware; expected "
                      "a number of mapping, device, periphery or noise",
                      place, one_line(key)));
    keys.push_back({key, value_for(*p, entry, key, place)});
  }
  return with_keys(e, keys);
}

Experiment with_layers(const Experiment& e, const CardEntry& entry) {
  std::vector<std::string> names;
  std::vector<double> etas;
  for (const auto& [name, eta] : entry.layers) {
    names.push_back(name);
    etas.push_back(eta);
  }
  return with_etas(e, names, etas);
}

}  // namespace

bool CardEntry::is_same_question(const CardEntry& other) const {
  return knob == other.knob && layers.empty() == other.layers.empty() && allowed == other.allowed &&
         metric == other.metric;
}

BudgetCard card_of(const TrainedNetwork& network) {
  BudgetCard card;
  card.network = network.label;
  card.weights_sha256 = network.weights_hash;
  card.data = network.data_name;
  card.test_sha256 = network.data->test.hash();
  card.train_sha256 = network.data->train.hash();
  card.images = network.data->test.size();
  return card;
}

std::map<std::string, std::string> card_settings(const Experiment& e) {
  std::map<std::string, std::string> settings;
  const Value part = e.part(Stage::draw);
  for (const char* table : kHardware)
    if (const Value* value = part.at(table); value && value->is_table())
      for_each_leaf(
          value->table(), [&](const std::string& key, const Value& v) { settings[key] = v.text(); },
          std::string(table) + ".");
  settings.erase("evaluation.first_draw");
  return settings;
}

Experiment with_tolerance(const Experiment& e, const CardEntry& entry, const std::string& place) {
  try {
    return entry.layers.empty() ? with_knobs(e, entry, place) : with_layers(e, entry);
  } catch (const ConfigError& error) {
    const Fault& first = error.faults().front();
    throw DataError(fmt::format("{}: cannot be applied: {}: {}", place, one_line(first.key),
                                one_line(first.message)));
  }
}

std::vector<std::string> add_entries(BudgetCard& card, const std::vector<FoundBudget>& budgets,
                                     const BudgetSettings& s) {
  std::vector<std::string> said;
  for (const FoundBudget& b : budgets) {
    CardEntry entry = question_of(b, s);
    if (!b.result.tolerated) {
      said.push_back(review(card, entry, [&](const CardEntry& old) {
        return contradicts(b, old, s.find->tolerate);
      }));
      continue;
    }
    entry.tolerated = b.value_at(b.result.tolerated);
    entry.not_tolerated = b.value_at(b.result.not_tolerated);
    if (const auto about = crossing_estimate(b.result, b.search))
      entry.about = b.grid.between(*about, s.find->scale);
    entry.limit = b.search.limit;
    entry.baseline = b.start.baseline();
    const Replicates& there = b.result.probes[b.probe_at(b.result.tolerated)].replicates;
    entry.value = mean_estimate(there, s.confidence);
    entry.draws = there.count();
    entry.settings = card_settings(with_tolerance(b.point->experiment, entry, "card"));
    put(card, std::move(entry));
  }
  std::erase(said, "");
  return said;
}

std::vector<std::string> add_entries(BudgetCard& card,
                                     const std::vector<FoundAllocation>& allocations,
                                     const BudgetSettings& s) {
  std::vector<std::string> said;
  for (const FoundAllocation& a : allocations) {
    CardEntry entry = question_of(a, s);
    if (!is_shown(a, s)) {
      said.push_back(
          review(card, entry, [&](const CardEntry& old) { return contradicts(a, old, s); }));
      continue;
    }
    entry.tolerated = *a.allocated.scale;
    for (std::size_t l = 0; l < a.layers.size(); ++l) entry.layers[l].second = a.allocated.etas[l];
    entry.limit = a.limit;
    entry.baseline = a.baseline;
    entry.value = mean_estimate(a.allocated.fresh, s.confidence);
    entry.draws = a.allocated.fresh.count();
    entry.settings = card_settings(with_tolerance(a.point->experiment, entry, "card"));
    put(card, std::move(entry));
  }
  std::erase(said, "");
  return said;
}

std::optional<CardDifference> other_chip(const CardEntry& entry, const Experiment& e,
                                         const std::string& place) {
  const auto own = card_settings(with_tolerance(e, entry, place));
  const std::string missing = "nothing of it";
  for (const auto& [key, value] : entry.settings) {
    const auto found = own.find(key);
    if (found == own.end() || found->second != value)
      return CardDifference{"settings." + key, value, found == own.end() ? missing : found->second,
                            fmt::format("{} = {}", key, value)};
  }
  for (const auto& [key, value] : own)
    if (!entry.settings.contains(key))
      return CardDifference{"settings." + key, missing, value, "a file without it"};
  return std::nullopt;
}

std::optional<CardDifference> other_samples(const BudgetCard& card, const BudgetCard& of_file) {
  const auto differ = [](const char* key, const std::string& a, const std::string& b,
                         const std::string& expected) {
    return CardDifference{key, a.substr(0, 12) + "...", b.substr(0, 12) + "...", expected};
  };
  if (of_file.test_sha256 != card.test_sha256)
    return differ("data.test_sha256", card.test_sha256, of_file.test_sha256,
                  fmt::format("the same {} test samples, of which its limits are", card.images));
  if (of_file.train_sha256 != card.train_sha256)
    return differ("data.train_sha256", card.train_sha256, of_file.train_sha256,
                  "the same training samples, from which converters have their ranges");
  return std::nullopt;
}

}  // namespace ohmic
