#include "experiments/budget/knob_settings.hpp"

namespace ohmic {
namespace {

/// Appends the keys of a table, which may be dotted or tables of their own.
void read_shares(const Table& table, const std::string& prefix, const std::string& above,
                 KeyShares& shares, std::vector<Fault>& faults) {
  for (const auto& entry : table.entries()) {
    const std::string key = above + entry.key;
    if (entry.value.is_table()) {
      read_shares(entry.value.table(), prefix, key + ".", shares, faults);
      continue;
    }
    const auto* whole = std::get_if<std::int64_t>(&entry.value.data);
    const auto* real = std::get_if<double>(&entry.value.data);
    const double share = whole ? static_cast<double>(*whole) : real ? *real : 0.0;
    if (share > 0 && share <= 1)
      shares.emplace_back(key, share);
    else
      faults.push_back({entry.value.where, prefix + "." + key,
                        "expected the share of its value that it may be off by, above 0 and at "
                        "most 1, got " +
                            entry.value.text()});
  }
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
  read_shares(v.table(), key, "", settings.corners, faults);
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
            "Share of its value that a number is moved by, up and down. What counts bits moves by "
            "one, and so does a whole number of which the share is less than one.");
    s.add("draws", &K::draws)
        .at_least(2)
        .doc("Draws of every configuration; draw d has the same noise in all of them.");
    s.add_custom("corners", "table of shares by dotted key", read_corners, write_corners)
        .doc(
            "How far numbers may be off, as shares of their values: the worst combination of ends "
            "is looked for, { \"device.eta\" = 0.1, \"periphery.adc.bits\" = 0.2 }.");
    s.add("verify_draws", &K::verify_draws)
        .at_least(2)
        .doc("Draws, not used by the search, on which the worst corner is measured.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
