#include "experiments/budget/knob_settings.hpp"

#include <algorithm>
#include <limits>

#include "experiments/budget/dotted_leaves.hpp"

namespace ohmic {
namespace {

/// NaN for what is no number.
double number_of(const Value& v) {
  const auto* whole = std::get_if<std::int64_t>(&v.data);
  const auto* real = std::get_if<double>(&v.data);
  return whole  ? static_cast<double>(*whole)
         : real ? *real
                : std::numeric_limits<double>::quiet_NaN();
}

void read_corners(const Value& v, const std::string& key, KnobsSettings& settings,
                  std::vector<Fault>& faults) {
  if (!v.is_table()) {
    faults.push_back({v.where, key,
                      "expected a table of keys, each with the share of its value that it may be "
                      "off by, as { \"device.eta\" = 0.1 }, got " +
                          v.text()});
    return;
  }
  settings.corners.clear();
  for_each_leaf(v.table(), [&](const std::string& number, const Value& value) {
    const double share = number_of(value);
    if (std::ranges::count(settings.corners, number, &KeyShares::value_type::first) > 0)
      faults.push_back({value.where, key + "." + number, "is given twice"});
    else if (share > 0 && share <= 1)
      settings.corners.emplace_back(number, share);
    else
      faults.push_back({value.where, key + "." + number,
                        "expected the share of its value that it may be off by, above 0 and at "
                        "most 1, got " +
                            value.text()});
  });
}

Value write_corners(const KnobsSettings& settings) {
  Table table;
  for (const auto& [key, share] : settings.corners) table[key] = {share};
  return {std::move(table)};
}

}  // namespace

const Schema<KnobsSettings>& KnobsSettings::schema() {
  static const Schema<KnobsSettings> schema = [] {
    using K = KnobsSettings;
    Schema<K> s{"knobs", "What the metric changes by with every number of the hardware."};
    s.add("keys", &K::keys)
        .doc(
            "Dotted keys of numbers of [mapping], [device] and [periphery]; * and ? stand for any "
            "characters and for one: [\"device.*\"]. Entries of lists have their number, from 0. "
            "Empty: all numbers that these tables have.");
    s.add("step", &K::step)
        .unit("1")
        .range(0.001, 0.5)
        .doc(
            "Share of its value that a number is moved by, up and down; of a percentile, the share "
            "of what it leaves to 100. What counts bits moves by one, and so does a whole number "
            "of which the share is less than one.");
    s.add("draws", &K::draws)
        .at_least(2)
        .doc("Draws of every configuration; draw d has the same noise in all of them.");
    s.add_custom("corners", "table of shares by dotted key", read_corners, write_corners)
        .doc(
            "How far numbers may be off, as shares of their values: the worst combination of ends "
            "is looked for, { \"device.eta\" = 0.1, \"periphery.adc.bits\" = 0.2 }. Of four or "
            "fewer all combinations are measured. Of more the search begins at the worst one to "
            "first order, measures those that differ in one number, and goes on from the worst of "
            "them, until none is worse.");
    s.add("most_corners", &K::most_corners)
        .range(1, 1000000)
        .doc(
            "Combinations of ends that are measured at most; where this ends the search, the "
            "answer says so.");
    s.add("verify_draws", &K::verify_draws)
        .at_least(2)
        .doc(
            "Draws, not used by the search, on which the worst corner that it found and the one to "
            "first order are measured.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
