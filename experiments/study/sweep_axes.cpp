// [sweep]: from one file to its axes.
#include "experiments/study/sweep_axes.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include "experiments/study/experiment.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

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
    if (given && is_override(*given) && !given->is_table()) return {part, given};
    if (given && !given->is_table() && !given->is_array()) return {};
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
void flatten(const std::string& key, const Value& value, SweptSettings& settings) {
  if (!value.is_table() || value.table().empty()) return settings.push_back({key, value});
  for (const auto& entry : value.table().entries())
    flatten(key + "." + entry.key, entry.value, settings);
}

/// One text for settings that are the same.
std::string settings_text(const SweptSettings& settings) {
  std::string text;
  for (const auto& [key, value] : settings)
    for (const std::string& part : {key, value.text()})
      text += std::to_string(part.size()) + " " + part;
  return text;
}

const Value* name_of(const Value& one) {
  return one.is_table() ? one.table().find("name") : nullptr;
}

/// Whole settings under names of their own: every key but `name` is one of the file.
SweepAxis make_cases(const Position& where, const Array& values) {
  SweepAxis axis{kCaseKey, "", where, {kCaseKey}, {}};
  for (const Value& value : values) {
    SweptSettings settings{{kCaseKey, *name_of(value)}};
    for (const auto& entry : value.table().entries())
      if (entry.key != "name") flatten(entry.key, entry.value, settings);
    axis.elements.push_back(std::move(settings));
  }
  return axis;
}

SweepAxis make_axis(const std::string& key, const Position& where, const Array& values) {
  if (key == kCaseKey) return make_cases(where, values);
  SweepAxis axis{key, key + ".", where, {}, {}};
  const bool merges =
      std::all_of(values.begin(), values.end(), [](const Value& v) { return v.is_table(); });
  for (const Value& value : values) {
    SweptSettings settings;
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

  std::vector<SweepAxis> read(const Value& sweep) {
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

  static std::string common_key(const SweepAxis& a, const SweepAxis& b) {
    const auto keys_of = [](const SweepAxis& axis) {
      std::set<std::string> keys;
      for (const SweptSettings& settings : axis.elements)
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
  static bool is_before(const SweepAxis& a, const SweepAxis& b) {
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
                                      [&](const SweepAxis& other) { return other.key == key; });
    const bool is_new = present == axes_.end();
    SweepAxis axis = make_axis(key, is_new ? entry.where : present->where, values.array());
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
  void check_keys_of(const SweepAxis& cases) {
    const Value* chosen = base_.at(kCaseKey);
    const bool is_chosen = chosen && is_override(*chosen);
    for (const SweptSettings& settings : cases.elements)
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
  void choose_case(SweepAxis& axis) {
    const Value* name = base_.at(kCaseKey);
    if (!name || !is_override(*name)) return;
    std::string names;
    for (const SweptSettings& settings : axis.elements)
      names += (names.empty() ? "" : ", ") + settings.front().second.text();
    std::erase_if(axis.elements, [&](const SweptSettings& settings) {
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
  SweptSettings pinned(const SweepAxis& axis, const SweptSettings& element) {
    const bool is_case = axis.key == kCaseKey;
    SweptSettings settings;
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
  void pin_overrides(SweepAxis& axis) {
    std::vector<SweptSettings> elements;
    std::set<std::string> seen;
    for (const SweptSettings& element : axis.elements) {
      SweptSettings settings = pinned(axis, element);
      if (seen.insert(settings_text(settings)).second) elements.push_back(std::move(settings));
    }
    axis.elements = std::move(elements);
  }

  const Value& base_;
  std::vector<Fault>& faults_;
  std::vector<SweepAxis> axes_;
};

}  // namespace

std::vector<SweepAxis> read_axes(const Value& root, const Value& base, std::vector<Fault>& faults) {
  const Value* sweep = root.at("sweep");
  return sweep ? SweepReader(base, faults).read(*sweep) : std::vector<SweepAxis>{};
}

}  // namespace ohmic
