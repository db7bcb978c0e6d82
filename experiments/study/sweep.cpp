// [sweep]: from its axes to points.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "experiments/study/experiment.hpp"
#include "experiments/study/sweep_axes.hpp"

namespace ohmic {
namespace {

/// Up to 10^18.
std::size_t count_points(const std::vector<SweepAxis>& axes) {
  constexpr std::size_t kMany = 1'000'000'000'000'000'000;
  std::size_t points = 1;
  for (const SweepAxis& axis : axes) {
    const std::size_t elements = std::max<std::size_t>(axis.elements.size(), 1);
    points = points > kMany / elements ? kMany : points * elements;
  }
  return points;
}

/// Keys that the file allows to be unusual and that no point has.
void check_allowed(const Value& root, const std::vector<Point>& points,
                   std::vector<Fault>& faults) {
  constexpr std::size_t kMostNames = 1000;
  const Value* allow = root.at("allow");
  if (!allow || !allow->is_array()) return;
  if (allow->array().size() > kMostNames)
    return faults.push_back({allow->where, "allow",
                             std::to_string(allow->array().size()) + " names; expected at most " +
                                 std::to_string(kMostNames)});
  std::map<std::string, const Value*> nowhere;
  for (const Value& name : allow->array())
    if (const auto* text = std::get_if<std::string>(&name.data)) nowhere[*text] = &name;
  for (const Point& point : points) {
    if (nowhere.empty()) break;
    const Value resolved = point.experiment.resolved();
    std::erase_if(nowhere, [&](const auto& name) {
      return resolved.at(name.first.substr(0, name.first.find('['))) != nullptr;
    });
  }
  for (const auto& [text, name] : nowhere)
    faults.push_back({name->where, "allow", name->text() + " is no key of this experiment"});
}

/// Keys that nothing reads, because every network is that of model.file.
void check_used(const Value& base, const std::vector<SweepAxis>& axes,
                const std::vector<Point>& points, std::vector<Fault>& faults) {
  const auto has_file = [](const Point& p) { return !p.experiment.model.file.empty(); };
  if (points.empty() || !std::all_of(points.begin(), points.end(), has_file)) return;
  const auto refuse = [&](const Position& where, const std::string& key) {
    faults.push_back({where, key,
                      key.starts_with("train")
                          ? "has no effect: the network is that of model.file, which is not "
                            "trained; train.start = \"given\" goes on training it"
                          : "has no effect: the network is that of model.file, which says all of "
                            "itself"});
  };
  const auto is_trained = [](const Point& p) { return p.experiment.trains(); };
  std::vector<std::string> unused{"model.name", "model.layout", "model.width", "model.norm",
                                  "model.norm_k"};
  if (std::none_of(points.begin(), points.end(), is_trained)) unused.push_back("train");
  for (const std::string& key : unused)
    if (const Value* given = base.at(key)) refuse(given->where, key);
  for (const SweepAxis& axis : axes)
    for (const std::string& key : axis.keys)
      for (const std::string& name : unused)
        if (key == name || key.starts_with(name + ".")) refuse(axis.where, "sweep." + key);
}

/// Which element of each axis makes point `index`: the last axis is fastest.
std::vector<std::size_t> elements_of(std::size_t index, const std::vector<SweepAxis>& axes) {
  std::vector<std::size_t> elements(axes.size());
  for (std::size_t a = axes.size(); a-- > 0; index /= axes[a].elements.size())
    elements[a] = index % axes[a].elements.size();
  return elements;
}

/// The kind of [device], or null.
const DeviceKind* device_kind(const Value& root) {
  const Value* model = root.at("device.model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  return name ? find_device_kind(*name) : nullptr;
}

/// Where the sweep changed the device model, parameters that [device] gives for its own model alone
/// do not apply.
void drop_other_models_parameters(Value& root, const Value& base, const SweptSettings& swept) {
  const DeviceKind *from = device_kind(base), *to = device_kind(root);
  if (!from || !to || from == to) return;
  for (const auto& entry : base.at("device")->table().entries()) {
    const std::string& key = entry.key;
    const bool is_swept = std::any_of(swept.begin(), swept.end(), [&](const auto& setting) {
      return setting.first == "device." + key;
    });
    if (!is_swept && from->schema->find(key) && !to->schema->find(key))
      root.table().find("device")->table().erase(key);
  }
}

void apply(Value& root, const SweptSettings& settings, const Position& where) {
  for (const auto& [key, value] : settings) {
    const Value* present = root.at(key);
    const bool is_merged = value.is_table() && present && present->is_table();  // {}: as it is
    if (!is_merged) root.set(key, value, where);
  }
}

/// One element as it stands in [sweep]: a value, or a table of what it sets.
Value element_value(const SweepAxis& axis, const SweptSettings& settings) {
  const bool is_value = settings.size() == 1 && settings[0].first == axis.key;
  if (is_value && axis.key != kCaseKey) return settings[0].second;
  Value table{Table{}};
  for (const auto& [key, value] : settings)
    table.set(key == kCaseKey ? "name" : key.substr(axis.prefix.size()), value);
  return table;
}

/// Of tables in `resolved` the keys that `given` has, so that a value is known by what makes it.
Value only_given(Value resolved, const Value& given) {
  if (resolved.is_table() && given.is_table() && !given.table().empty()) {
    Value kept{Table{}, resolved.where};
    for (const auto& entry : resolved.table().entries())
      if (const Value* own = given.table().find(entry.key))
        kept.table()[entry.key] = only_given(entry.value, *own);
    return kept;
  }
  auto* values = std::get_if<Array>(&resolved.data);
  const auto* own = std::get_if<Array>(&given.data);
  if (values && own && values->size() == own->size())
    for (std::size_t i = 0; i < values->size(); ++i)
      (*values)[i] = only_given((*values)[i], (*own)[i]);
  return resolved;
}

/// Swept keys with the values that they have in this experiment, as far as the elements give them.
std::vector<std::pair<std::string, Value>> reported(const std::vector<SweepAxis>& axes,
                                                    const std::vector<std::size_t>& elements,
                                                    const Experiment& experiment) {
  std::vector<std::pair<std::string, Value>> values;
  const Value resolved = experiment.resolved();
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (const std::string& key : axes[a].keys) {
      const Value* value = resolved.at(key);
      const Value given = element_value(axes[a], axes[a].elements[elements[a]]);
      const Value* part = key == axes[a].key ? &given : given.at(key.substr(axes[a].prefix.size()));
      values.push_back({key, !value ? Value{} : part ? only_given(*value, *part) : *value});
    }
  return values;
}

Point make_point(const Value& base, const std::vector<SweepAxis>& axes, std::size_t index,
                 std::vector<Fault>& faults) {
  Value root = base;
  SweptSettings swept;
  const auto elements = elements_of(index, axes);
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const SweptSettings& settings = axes[a].elements[elements[a]];
    apply(root, settings, axes[a].where);
    swept.insert(swept.end(), settings.begin(), settings.end());
  }
  drop_other_models_parameters(root, base, swept);
  Point point;
  point.experiment = Experiment::read(root, faults);
  point.axes = reported(axes, elements, point.experiment);
  return point;
}

Value without_sweep(const Value& root) {
  Value base = root;
  base.table().erase("sweep");
  return base;
}

/// In the order of the file, each once.
std::vector<Fault> sorted_once(std::vector<Fault> faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
  std::set<std::string> seen;
  std::erase_if(faults, [&](const Fault& fault) { return !seen.insert(fault.text()).second; });
  return faults;
}

/// Tables and figures are of one metric.
void check_metrics(const Value& root, const std::vector<Point>& points,
                   std::vector<Fault>& faults) {
  const auto title = [](const Point& p) { return p.experiment.evaluation.choice().title(); };
  for (const Point& point : points)
    if (title(point) != title(points.front()))
      return faults.push_back({root.where, "evaluation.metric",
                               "the points of the sweep have " + title(points.front()) + " and " +
                                   title(point) +
                                   "; expected one metric, and a run of its own for each"});
}

}  // namespace

Value resolved_sweep(const Value& root) {
  std::vector<Fault> faults;
  const std::vector<SweepAxis> axes = read_axes(root, without_sweep(root), faults);
  if (!faults.empty()) throw ConfigError(sorted_once(std::move(faults)));
  Value sweep{Table{}};
  for (const SweepAxis& axis : axes) {
    Array elements;
    for (const SweptSettings& settings : axis.elements)
      elements.push_back(element_value(axis, settings));
    sweep.table()[axis.key] = {std::move(elements)};
  }
  return sweep;
}

std::vector<Point> expand(const Value& root) {
  std::vector<Fault> faults;
  const Value base = without_sweep(root);
  const std::vector<SweepAxis> axes = read_axes(root, base, faults);
  const std::size_t count = count_points(axes);
  if (count > kMostPoints)
    throw ConfigError(
        {{root.at("sweep")->where, "sweep",
          "makes " + std::to_string(count) + " points; expected at most " +
              std::to_string(kMostPoints) + ": give each part of the study a file of its own"}});
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) points.push_back(make_point(base, axes, i, faults));
  if (faults.empty()) check_allowed(root, points, faults);
  if (faults.empty()) check_used(base, axes, points, faults);
  if (faults.empty()) check_metrics(root, points, faults);
  if (!faults.empty()) throw ConfigError(sorted_once(std::move(faults)));
  return points;
}

}  // namespace ohmic
