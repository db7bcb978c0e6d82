#include "experiments/budget/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/budget/dotted_leaves.hpp"
#include "experiments/budget/noisy_layers.hpp"
#include "experiments/study/configure.hpp"
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

void put(BudgetCard& card, CardEntry entry) {
  const auto same = std::ranges::find_if(
      card.entries, [&](const CardEntry& old) { return old.is_same_question(entry); });
  if (same != card.entries.end())
    *same = std::move(entry);
  else
    card.entries.push_back(std::move(entry));
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
                      place, key));
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
    throw DataError(fmt::format("{}: cannot be applied: {}: {}", place, first.key, first.message));
  }
}

void add_entries(BudgetCard& card, const std::vector<FoundBudget>& budgets,
                 const BudgetSettings& s) {
  for (const FoundBudget& b : budgets) {
    if (!b.result.tolerated) continue;
    CardEntry entry = entry_of(b.point->experiment, b.allowance, s);
    entry.knob = s.find->knob;
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
}

void add_entries(BudgetCard& card, const std::vector<FoundAllocation>& allocations,
                 const BudgetSettings& s) {
  for (const FoundAllocation& a : allocations) {
    if (!a.allocated.scale) continue;
    CardEntry entry = entry_of(a.point->experiment, a.allowance, s);
    entry.knob = {"device.eta"};
    entry.tolerated = *a.allocated.scale;
    for (std::size_t l = 0; l < a.layers.size(); ++l)
      entry.layers.push_back({a.layers[l], a.allocated.etas[l]});
    entry.limit = a.limit;
    entry.baseline = a.baseline;
    entry.value = mean_estimate(a.allocated.fresh, s.confidence);
    entry.draws = a.allocated.fresh.count();
    entry.settings = card_settings(with_tolerance(a.point->experiment, entry, "card"));
    put(card, std::move(entry));
  }
}

}  // namespace ohmic
