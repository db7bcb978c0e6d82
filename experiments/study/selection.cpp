#include "experiments/study/selection.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "experiments/study/experiment_file.hpp"
#include "experiments/study/words.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {
namespace {

[[noreturn]] void refuse(const std::string& condition, const std::string& message) {
  throw ConfigError("--only " + condition + ": " + message);
}

/// Whole numbers as the real ones that they are, in lists and tables too: 10 is 10.0.
Value with_reals(Value value) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data);
      whole && *whole <= kExact && *whole >= -kExact)
    return {static_cast<double>(*whole)};
  if (value.is_array())
    for (Value& element : std::get<Array>(value.data)) element = with_reals(std::move(element));
  if (value.is_table())
    for (auto& entry : value.table().entries()) entry.value = with_reals(std::move(entry.value));
  return value;
}

/// A value in the form in which values are compared.
std::string form_of(const Value& value) { return plain_text(with_reals(value)); }

/// The value of a condition in that form: 1e-1 is 0.1.
std::string value_text(const std::string& condition, const std::string& key) {
  Value root{Table{}};
  try {
    apply_assignment(root, condition);
  } catch (const ConfigError&) {
    return condition.substr(key.size() + 1);
  }
  const Value* value = root.at(key);
  return value ? form_of(*value) : condition.substr(key.size() + 1);
}

/// Values of an axis in the order of the sweep, each once.
std::vector<std::string> values_of(const std::vector<Point>& points, std::size_t axis) {
  std::vector<std::string> values;
  for (const Point& point : points) {
    const std::string value = plain_text(point.axes[axis].second);
    if (std::count(values.begin(), values.end(), value) == 0) values.push_back(value);
  }
  return values;
}

std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::size_t axis_of(const std::vector<Point>& points, const std::string& key,
                    const std::string& condition) {
  std::vector<std::string> keys;
  for (const auto& axis : points.front().axes) keys.push_back(axis.first);
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
  if (keys.empty())
    refuse(condition, "the file has no [sweep], so there is nothing to choose from");
  const std::string near = did_you_mean(key, keys);
  refuse(condition, "\"" + key + "\" is not swept; " +
                        (near.empty() ? "" : "did you mean \"" + near + "\"? ") + "The axes are " +
                        list(keys));
}

}  // namespace

std::vector<bool> select_points(const std::vector<Point>& points,
                                const std::vector<std::string>& only) {
  std::map<std::size_t, std::set<std::string>> wanted;
  for (const std::string& condition : only) {
    const auto equals = condition.find('=');
    if (equals == std::string::npos)
      refuse(condition, "expected KEY=VALUE, such as device.eta=0.1");
    const std::string key = condition.substr(0, equals), value = value_text(condition, key);
    const std::size_t axis = axis_of(points, key, condition);
    if (std::ranges::none_of(
            points, [&](const Point& point) { return form_of(point.axes[axis].second) == value; }))
      refuse(condition, "the sweep does not have this value; " + key + " is one of " +
                            list(values_of(points, axis)));
    wanted[axis].insert(value);
  }
  std::vector<bool> chosen;
  for (const Point& point : points)
    chosen.push_back(std::all_of(wanted.begin(), wanted.end(), [&](const auto& condition) {
      return condition.second.count(form_of(point.axes[condition.first].second)) > 0;
    }));
  return chosen;
}

}  // namespace ohmic
