// [sweep]: from one file to its points.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <span>
#include <tuple>

#include "experiments/study/experiment.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

/// What one element of an axis sets: dotted keys and values.
using Settings = std::vector<std::pair<std::string, Value>>;

struct Axis {
  std::string key;                ///< as swept
  std::string prefix;             ///< of what its tables set: the key and a dot, nothing for cases
  Position where;                 ///< of the key
  std::vector<std::string> keys;  ///< reported: the key itself, or the leaves of merged tables
  std::vector<Settings> elements;
};

bool is_override(const Value& value) { return value.where.file == "--set"; }

/// What --set gives, and its key.
struct Override {
  std::string key;
  const Value* value = nullptr;
};

/// The value that --set gives a key, or in place of a table that would hold it; null: none.
Override override_around(const Value& base, const std::string& key) {
  for (std::size_t dot = key.find('.');; dot = key.find('.', dot + 1)) {
    const std::string part = key.substr(0, dot);
    const Value* given = base.at(part);
    if (given && !given->is_table()) return {part, is_override(*given) ? given : nullptr};
    if (dot == std::string::npos) return {};
  }
}

/// That, or the first value that --set gives of a key in this one's table; null: none.
Override override_within(const Value& base, const std::string& key) {
  const Value* table = base.at(key);
  if (!table || !table->is_table()) return override_around(base, key);
  for (const auto& entry : table->table().entries())
    if (Override found = override_within(base, key + "." + entry.key); found.value) return found;
  return {};
}

/// Leaves of a table as settings below `key`.
void flatten(const std::string& key, const Value& value, Settings& settings) {
  if (!value.is_table() || value.table().empty()) return settings.push_back({key, value});
  for (const auto& entry : value.table().entries())
    flatten(key + "." + entry.key, entry.value, settings);
}

bool same(const Settings& a, const Settings& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.text() == y.second.text();
  });
}

const Value* name_of(const Value& one) {
  return one.is_table() ? one.table().find("name") : nullptr;
}

/// Whole settings under names of their own: every key but `name` is one of the file.
Axis make_cases(const Position& where, const Array& values) {
  Axis axis{kCaseKey, "", where, {kCaseKey}, {}};
  for (const Value& value : values) {
    Settings settings{{kCaseKey, *name_of(value)}};
    for (const auto& entry : value.table().entries())
      if (entry.key != "name") flatten(entry.key, entry.value, settings);
    axis.elements.push_back(std::move(settings));
  }
  return axis;
}

Axis make_axis(const std::string& key, const Position& where, const Array& values) {
  if (key == kCaseKey) return make_cases(where, values);
  Axis axis{key, key + ".", where, {}, {}};
  const bool merges =
      std::all_of(values.begin(), values.end(), [](const Value& v) { return v.is_table(); });
  for (const Value& value : values) {
    Settings settings;
    flatten(key, value, settings);
    if (merges)
      for (const auto& [leaf, v] : settings)
        if (!v.is_table() && std::count(axis.keys.begin(), axis.keys.end(), leaf) == 0)
          axis.keys.push_back(leaf);
    axis.elements.push_back(std::move(settings));
  }
  if (!merges) axis.keys = {key};
  return axis;
}

/// Keys that change no result of a point.
bool keeps_numbers(const std::string& dotted_key) {
  return dotted_key.starts_with("budget") ||
         !Experiment::schema().stages_of(dotted_key).has(Stage::point);
}

class SweepReader {
 public:
  SweepReader(const Value& base, std::vector<Fault>& faults) : base_(base), faults_(faults) {}

  std::vector<Axis> read(const Value& sweep) {
    if (!sweep.is_table())
      fault(sweep.where, "sweep", "expected a table of axes, as in \"device.eta\" = [0.1, 0.2]");
    else
      add_entries(sweep.table(), "");
    std::stable_sort(axes_.begin(), axes_.end(), is_before);
    check_overlaps();
    return std::move(axes_);
  }

 private:
  void fault(const Position& where, const std::string& key, const std::string& message) {
    faults_.push_back({where, key, message});
  }

  /// Two axes that set one key, or a table and a key in it: the later one would silently win.
  void check_overlaps() {
    for (std::size_t b = 0; b < axes_.size(); ++b)
      for (std::size_t a = 0; a < b; ++a)
        if (const std::string key = common_key(axes_[a], axes_[b]); !key.empty())
          fault(axes_[b].where, "sweep." + axes_[b].key,
                "sets " + key + ", and so does the axis " + axes_[a].key);
  }

  static std::string common_key(const Axis& a, const Axis& b) {
    const auto keys_of = [](const Axis& axis) {
      std::set<std::string> keys;
      for (const Settings& settings : axis.elements)
        for (const auto& [key, value] : settings)
          if (!value.is_table()) keys.insert(key);
      return keys;
    };
    for (const std::string& x : keys_of(a))
      for (const std::string& y : keys_of(b)) {
        if (x == y || x.starts_with(y + ".")) return x;
        if (y.starts_with(x + ".")) return y;
      }
    return "";
  }

  /// In the order of the file; axes that only --set gives come last.
  static bool is_before(const Axis& a, const Axis& b) {
    const auto place = [](const Position& p) { return std::tuple(p.line == 0, p.line, p.column); };
    return place(a.where) < place(b.where);
  }

  /// `device.eta = [..]` without quotes is a table of TOML's making: its path is the key.
  void add_entries(const Table& table, const std::string& prefix) {
    for (const auto& entry : table.entries()) {
      const std::string key = prefix + entry.key;
      if (entry.value.is_table())
        add_entries(entry.value.table(), key + ".");
      else
        add_axis(key, entry);
    }
  }

  /// Whether a dotted key can be one of the file outside [sweep]; if not, a fault says why.
  bool is_key(const std::string& key, const Position& where) {
    const std::string name = "sweep." + key;
    if (key_parts(key) > kMostKeyParts)
      fault(where, "sweep", "a key has more than " + std::to_string(kMostKeyParts) + " parts");
    else if (key.empty() || key.front() == '.' || key.back() == '.' ||
             key.find("..") != std::string::npos)
      fault(where, name, "is no key; expected one as in device.eta");
    else if (key.starts_with("sweep."))
      fault(where, name, "unknown key; did you mean \"" + key.substr(6) + "\"?");
    else
      return true;
    return false;
  }

  void add_axis(const std::string& key, const Table::Entry& entry) {
    if (!is_key(key, entry.where)) return;
    const Value& values = entry.value;
    if (!values.is_array() || values.array().empty())
      return fault(values.where, "sweep." + key,
                   "expected an array of values, got " + values.text());
    if (key == kCaseKey && !are_cases(entry.where, values.array())) return;
    if (key != "preset" && key != kCaseKey && keeps_numbers(key))
      return fault(entry.where, "sweep." + key, "cannot be swept: it does not change results");
    const auto present = std::find_if(axes_.begin(), axes_.end(),
                                      [&](const Axis& other) { return other.key == key; });
    const bool is_new = present == axes_.end();
    Axis axis = make_axis(key, is_new ? entry.where : present->where, values.array());
    if (key == kCaseKey) {
      choose_case(axis);
      if (axis.elements.empty()) return;
      check_keys_of(axis);
    }
    pin_overrides(axis);
    if (is_new)
      axes_.push_back(std::move(axis));
    else if (is_override(values))
      *present = std::move(axis);
    else
      fault(entry.where, "sweep." + key, "is swept twice");
  }

  /// Whether every one is a table with a name that no other has; if not, faults say so.
  bool are_cases(const Position& where, const Array& values) {
    constexpr std::size_t kLongestName = 100;
    std::set<std::string> names;
    const std::size_t before = faults_.size();
    for (const Value& value : values) {
      const Value* name = name_of(value);
      const auto* text = name ? std::get_if<std::string>(&name->data) : nullptr;
      if (text && (one_line(*text) != *text || length_of(*text) > kLongestName))
        fault(name->where, "sweep.case",
              "expected a name on one line, of at most " + std::to_string(kLongestName) +
                  " characters");
      else if (!text || text->empty())
        fault(value.where.line > 0 ? value.where : where, "sweep.case",
              "expected tables with a name and keys of the file, as in { name = \"two replicas\", "
              "mapping = { replicas = 2 } }, got " +
                  value.text());
      else if (!names.insert(*text).second)
        fault(name->where, "sweep.case", "two cases have the name " + name->text());
    }
    return faults_.size() == before;
  }

  /// Keys that a case sets and that --set gives to all would make its name a lie; keys that change
  /// no result would be of one point alone.
  void check_keys_of(const Axis& cases) {
    const Value* chosen = base_.at(kCaseKey);
    const bool is_chosen = chosen && is_override(*chosen);
    for (const Settings& settings : cases.elements)
      for (const auto& [key, value] : std::span(settings).subspan(1)) {
        if (key == "preset") continue;
        if (key == "sweep" || key.starts_with("sweep."))
          fault(value.where, "sweep.case",
                "a case has no sweep of its own; expected the axes beside case");
        else if (keeps_numbers(key))
          fault(value.where, "sweep.case",
                key + " cannot be of a case: it does not change results");
        else if (const Override given = given_of(key, value); given.value && !is_chosen)
          fault(given.value->where, given.key,
                "is what the case " + settings.front().second.text() +
                    " sets; --set case=NAME chooses one case, whose keys can be changed");
      }
  }

  /// --set case=NAME leaves that one.
  void choose_case(Axis& axis) {
    const Value* name = base_.at(kCaseKey);
    if (!name || !is_override(*name)) return;
    std::string names;
    for (const Settings& settings : axis.elements)
      names += (names.empty() ? "" : ", ") + settings.front().second.text();
    std::erase_if(axis.elements, [&](const Settings& settings) {
      return settings.front().second.text() != name->text();
    });
    if (axis.elements.empty())
      fault(name->where, kCaseKey, name->text() + " is none of [sweep]'s cases; expected " + names);
  }

  /// What --set gives of a case's key, of a table that it is in, or of a key in its table.
  Override given_of(const std::string& key, const Value& value) const {
    return value.is_table() ? override_around(base_, key) : override_within(base_, key);
  }

  /// An element with what --set gives in place of its own.
  Settings pinned(const Axis& axis, const Settings& element) {
    const bool is_case = axis.key == kCaseKey;
    Settings settings;
    for (const auto& [key, value] : element) {
      const Override given = is_case ? given_of(key, value) : override_around(base_, key);
      const bool is_lost = !is_case && given.value && given.key.size() < axis.key.size();
      if (is_lost)
        fault(given.value->where, given.key,
              "would be lost: the axis sweep." + axis.key +
                  " sets a key in it; expected a file without that axis");
      const bool is_given = given.value && !is_lost && !is_override(value);
      const std::string& own = is_given ? given.key : key;
      if (std::ranges::count(settings, own, [](const auto& s) { return s.first; }) == 0)
        settings.push_back({own, is_given ? *given.value : value});
    }
    return settings;
  }

  /// Keys given with --set keep that value; elements that no longer differ become one.
  void pin_overrides(Axis& axis) {
    std::vector<Settings> elements;
    for (const Settings& element : axis.elements) {
      Settings settings = pinned(axis, element);
      const auto is_same = [&](const Settings& other) { return same(other, settings); };
      if (std::none_of(elements.begin(), elements.end(), is_same))
        elements.push_back(std::move(settings));
    }
    axis.elements = std::move(elements);
  }

  const Value& base_;
  std::vector<Fault>& faults_;
  std::vector<Axis> axes_;
};

/// Up to 10^18.
std::size_t count_points(const std::vector<Axis>& axes) {
  constexpr std::size_t kMany = 1'000'000'000'000'000'000;
  std::size_t points = 1;
  for (const Axis& axis : axes) {
    const std::size_t elements = std::max<std::size_t>(axis.elements.size(), 1);
    points = points > kMany / elements ? kMany : points * elements;
  }
  return points;
}

/// Keys that the file allows to be unusual and that no point has.
void check_allowed(const Value& root, const std::vector<Point>& points,
                   std::vector<Fault>& faults) {
  const Value* allow = root.at("allow");
  if (!allow || !allow->is_array()) return;
  const auto has = [](const std::string& name) {
    return [name](const Point& point) {
      return point.experiment.resolved().at(name.substr(0, name.find('[')));
    };
  };
  for (const Value& name : allow->array())
    if (const auto* text = std::get_if<std::string>(&name.data);
        text && std::none_of(points.begin(), points.end(), has(*text)))
      faults.push_back({name.where, "allow", name.text() + " is no key of this experiment"});
}

/// Keys that nothing reads, because every network is that of model.file.
void check_used(const Value& base, const std::vector<Axis>& axes, const std::vector<Point>& points,
                std::vector<Fault>& faults) {
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
  const auto is_trained = [](const Point& p) { return p.experiment.is_trained(); };
  std::vector<std::string> unused{"model.name", "model.layout", "model.width", "model.norm"};
  if (std::none_of(points.begin(), points.end(), is_trained)) unused.push_back("train");
  for (const std::string& key : unused)
    if (const Value* given = base.at(key)) refuse(given->where, key);
  for (const Axis& axis : axes)
    for (const std::string& key : axis.keys)
      for (const std::string& name : unused)
        if (key == name || key.starts_with(name + ".")) refuse(axis.where, "sweep." + key);
}

/// Which element of each axis makes point `index`: the last axis is fastest.
std::vector<std::size_t> elements_of(std::size_t index, const std::vector<Axis>& axes) {
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
void drop_other_models_parameters(Value& root, const Value& base, const Settings& swept) {
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

void apply(Value& root, const Settings& settings, const Position& where) {
  for (const auto& [key, value] : settings) {
    const Value* present = root.at(key);
    const bool is_merged = value.is_table() && present && present->is_table();  // {}: as it is
    if (!is_merged) root.set(key, value, where);
  }
}

/// One element as it stands in [sweep]: a value, or a table of what it sets.
Value element_value(const Axis& axis, const Settings& settings) {
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
std::vector<std::pair<std::string, Value>> reported(const std::vector<Axis>& axes,
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

Point make_point(const Value& base, const std::vector<Axis>& axes, std::size_t index,
                 std::vector<Fault>& faults) {
  Value root = base;
  Settings swept;
  const auto elements = elements_of(index, axes);
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const Settings& settings = axes[a].elements[elements[a]];
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

std::vector<Axis> read_axes(const Value& root, const Value& base, std::vector<Fault>& faults) {
  const Value* sweep = root.at("sweep");
  return sweep ? SweepReader(base, faults).read(*sweep) : std::vector<Axis>{};
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
  const std::vector<Axis> axes = read_axes(root, without_sweep(root), faults);
  if (!faults.empty()) throw ConfigError(sorted_once(std::move(faults)));
  Value sweep{Table{}};
  for (const Axis& axis : axes) {
    Array elements;
    for (const Settings& settings : axis.elements)
      elements.push_back(element_value(axis, settings));
    sweep.table()[axis.key] = {std::move(elements)};
  }
  return sweep;
}

std::vector<Point> expand(const Value& root) {
  std::vector<Fault> faults;
  const Value base = without_sweep(root);
  const std::vector<Axis> axes = read_axes(root, base, faults);
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
