#include "experiments/budget/design_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/budget/dotted_leaves.hpp"

namespace ohmic {
namespace {

struct CostTerm {
  const char* name;  ///< of the term alone
  const char* key;   ///< of its weight
  double DesignCost::*weight;
};
constexpr CostTerm kTerms[] = {{"energy", "energy_nJ", &DesignCost::energy_nJ},
                               {"latency", "latency_us", &DesignCost::latency_us},
                               {"area", "area_mm2", &DesignCost::area_mm2},
                               {"devices", "devices", &DesignCost::devices}};

constexpr char kCosts[] =
    "expected \"energy\", \"latency\", \"area\", \"devices\", or weights of a sum, as "
    "{ energy_nJ = 1.0, area_mm2 = 50.0 }";

DesignCost nothing() { return {"", 0, 0, 0, 0}; }

/// Whether a weight could be read.
bool read_weight(const Table::Entry& entry, DesignCost& cost) {
  const auto* whole = std::get_if<std::int64_t>(&entry.value.data);
  const auto* real = std::get_if<double>(&entry.value.data);
  const double weight = whole ? static_cast<double>(*whole) : real ? *real : -1;
  for (const CostTerm& term : kTerms)
    if (entry.key == term.key && weight >= 0) {
      cost.*term.weight = weight;
      return true;
    }
  return false;
}

void read_cost(const Value& v, const std::string& key, DesignSettings& settings,
               std::vector<Fault>& faults) {
  DesignCost cost = nothing();
  if (const auto* name = std::get_if<std::string>(&v.data))
    for (const CostTerm& term : kTerms)
      if (*name == term.name) {
        cost.name = *name;
        cost.*term.weight = 1;
      }
  bool is_right = !v.is_table();
  if (v.is_table())
    is_right = std::ranges::all_of(v.table().entries(),
                                   [&](const auto& entry) { return read_weight(entry, cost); });
  const bool costs_something =
      std::ranges::any_of(kTerms, [&](const CostTerm& term) { return cost.*term.weight > 0; });
  if (is_right && costs_something)
    settings.cost = cost;
  else
    faults.push_back({v.where, key, fmt::format("{}, got {}", kCosts, v.text())});
}

Value write_cost(const DesignSettings& settings) {
  if (!settings.cost.name.empty()) return {settings.cost.name};
  Table weights;
  for (const CostTerm& term : kTerms)
    if (settings.cost.*term.weight > 0) weights[term.key] = {settings.cost.*term.weight};
  return {std::move(weights)};
}

/// The same for a whole number and for it as a real one.
std::string plain_number(const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value.data);
  return whole ? Value{static_cast<double>(*whole)}.text() : value.text();
}

/// A value that stands further ahead too; null without one.
const Value* repeated(const Array& values) {
  std::set<std::string> texts;
  for (const Value& value : values)
    if (!texts.insert(plain_number(value)).second) return &value;
  return nullptr;
}

void read_choices(const Value& v, const std::string& key, DesignSettings& settings,
                  std::vector<Fault>& faults) {
  if (!v.is_table()) {
    faults.push_back({v.where, key,
                      "expected a table of keys, each with the values that it may have, as { "
                      "\"periphery.adc.bits\" = [4, 6, 8] }, got " +
                          v.text()});
    return;
  }
  settings.choices.clear();
  for_each_leaf(v.table(), [&](const std::string& chosen, const Value& values) {
    const auto is_same = [&](const DesignChoice& other) { return other.key == chosen; };
    if (!values.is_array() || values.array().empty())
      faults.push_back({values.where, key + "." + chosen,
                        "expected a list of values to choose from, got " + values.text()});
    else if (std::ranges::any_of(settings.choices, is_same))
      faults.push_back({values.where, key + "." + chosen, "is given twice"});
    else if (const Value* twice = repeated(values.array()))
      faults.push_back({twice->where, key + "." + chosen,
                        "has " + twice->text() + " twice; expected every value once"});
    else
      settings.choices.push_back({chosen, values.array()});
  });
}

Value write_choices(const DesignSettings& settings) {
  Table table;
  for (const DesignChoice& choice : settings.choices) table[choice.key] = {choice.values};
  return {std::move(table)};
}

void declare_effort(Schema<DesignSettings>& s) {
  using D = DesignSettings;
  s.add("evaluations", &D::evaluations)
      .at_least(1)
      .doc(
          "Draws that the search may spend, of all designs and ages together: where designs are "
          "predicted, up to a quarter for that, half of what is left for first looks. Verification "
          "and random designs come on top, and are counted too.");
  s.add("priced", &D::priced)
      .range(1, 100000)
      .doc(
          "Most designs whose cost is found. Of more combinations a random sample, and what "
          "differs "
          "in one choice from the best of those found so far.");
  s.add("verify", &D::verify)
      .range(1, 100)
      .doc("Most designs that are measured again, on draws that the search has not seen.");
  s.add("verify_draws", &D::verify_draws).at_least(2).doc("Draws of each of them, at every age.");
  s.add("compare_random", &D::compare_random)
      .doc("Whether the answer is set beside the best of random designs of as many evaluations.");
}

}  // namespace

const Schema<DesignSettings>& DesignSettings::schema() {
  static const Schema<DesignSettings> schema = [] {
    using D = DesignSettings;
    Schema<D> s{"design",
                "The cheapest chip that keeps what is asked for, and what accuracy costs around "
                "it; `ohmic design` answers this question alone."};
    s.add_custom("cost", "energy, latency, area, devices or a table of weights", read_cost,
                 write_cost)
        .doc(
            "What is to be small, for one sample, by [cost]: energy (nJ), latency (us), area "
            "(mm2), devices (their number), or a sum with weights: { energy_nJ = 1.0, area_mm2 = "
            "50.0 }.");
    s.add_custom("choices", "table of lists of values by dotted key", read_choices, write_choices)
        .doc(
            "What may be chosen: keys of mapping, device, periphery and noise, each with its "
            "values: { \"periphery.adc.bits\" = [4, 6, 8], \"mapping.tile\" = [[64, 64], [128, "
            "128]] }. A list of tables moves keys together: { mapping = [{}, { replicas = 2, "
            "writes "
            "= 3 }] }; {} is the file as it is. Combinations that no file may have are skipped.");
    s.add("layer_adc_bits", &D::layer_adc_bits)
        .unit("bit")
        .range(1, 16)
        .doc(
            "Bits of which the ADC of each layer may have its own, beside the other choices. What "
            "a layer's ADC does to the network's outputs by itself is measured with exact devices; "
            "from the most bits down, the bit that costs most for what it does goes first. Of that "
            "order, and of the same bits in all layers, designs are made. None: no such choice.");
    s.add("share", &D::share)
        .absent("none")
        .unit("1")
        .range(0.01, 0.9999)
        .doc(
            "Share of the chips that have to reach what is asked for, each by itself; \"none\": "
            "the mean of all chips has to.");
    s.add("times_s", &D::times_s)
        .unit("s")
        .above(0)
        .doc("Ages at every one of which it has to hold, each once; none: device.time_s alone.");
    declare_effort(s);
    return s;
  }();
  return schema;
}

}  // namespace ohmic
