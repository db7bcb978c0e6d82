#include "experiments/budget/lifetime_settings.hpp"

#include <algorithm>

#include "experiments/budget/dotted_leaves.hpp"

namespace ohmic {
namespace {

void read_remedies(const Value& v, const std::string& key, LifetimeSettings& settings,
                   std::vector<Fault>& faults) {
  if (!v.is_array() || !std::ranges::all_of(v.array(), &Value::is_table)) {
    faults.push_back({v.where, key,
                      "expected a list of tables of what each remedy sets, as [{}, { "
                      "\"mapping.compensation\" = \"column\" }], got " +
                          v.text()});
    return;
  }
  settings.remedies.clear();
  for (const Value& table : v.array()) {
    Remedy& remedy = settings.remedies.emplace_back();
    for_each_leaf(table.table(), [&](const std::string& set, const Value& value) {
      remedy.emplace_back(set, value);
    });
  }
}

Value write_remedies(const LifetimeSettings& settings) {
  Array list;
  for (const Remedy& remedy : settings.remedies) {
    Table table;
    for (const auto& [key, value] : remedy) table[key] = value;
    list.push_back({std::move(table)});
  }
  return {std::move(list)};
}

}  // namespace

const Schema<LifetimeSettings>& LifetimeSettings::schema() {
  static const Schema<LifetimeSettings> schema = [] {
    using L = LifetimeSettings;
    Schema<L> s{"lifetime",
                "Until when chips stay good: the same chips at one age after the other."};
    s.add("times_s", &L::times_s)
        .unit("s")
        .above(0)
        .required()
        .doc("Ages after programming, ascending: device.time_s takes each.");
    s.add("share", &L::share)
        .unit("1")
        .range(0.01, 0.9999)
        .doc("Share of the chips that are promised to stay good.");
    s.add("draws", &L::draws).at_least(2).doc("Chips, each followed over all ages.");
    s.add_custom("remedies", "list of tables of values by dotted key", read_remedies,
                 write_remedies)
        .doc(
            "What is tried against ageing, a row of the answer for each: [{}, { "
            "\"mapping.compensation\" = \"column\" }, { \"evaluation.batch_norm_images\" = 256 }]; "
            "{} is the file as it is, which is the only one where none are given. What a remedy "
            "measures (factors against drift, statistics of BatchNorm), it measures again at every "
            "age.");
    s.add("recalibrate", &L::recalibrate)
        .doc(
            "Whether to look for the ages at which factors against drift (mapping.compensation) "
            "have to be read again, where they stay until then; the schedule is followed by as "
            "many chips that the search has not seen.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
