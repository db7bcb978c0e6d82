#include "experiments/python/options.hpp"

#include <pybind11/stl.h>

#include <limits>
#include <optional>
#include <type_traits>

#include "experiments/python/call.hpp"

namespace py = pybind11;

namespace ohmic {
namespace {

/// The largest integer that a file can hold.
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

template <class T>
std::string expected() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>) return "True or False";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, double>) return "a number";
  if constexpr (std::is_same_v<T, std::vector<double>>) return "a list of numbers";
  if constexpr (std::is_unsigned_v<T>)
    return "an integer in [0, " + std::to_string(kLargest) + "]";
  else if constexpr (std::is_integral_v<T>)
    return "an integer in [" + std::to_string(Limits::min()) + ", " +
           std::to_string(Limits::max()) + "]";
  return {};
}

template <class T>
T value_as(const py::handle& value, const std::string& key) {
  const auto fault = [&] {
    return ConfigError(
        {{{},
          key,
          "expected " + expected<T>() + ", got " + py::cast<std::string>(py::repr(value))}});
  };
  try {
    const T taken = py::cast<T>(value);
    if constexpr (std::is_same_v<T, std::uint64_t>)
      if (taken > static_cast<std::uint64_t>(kLargest)) throw fault();
    return taken;
  } catch (const py::cast_error&) {
    throw fault();
  }
}

/// Sets a member where its key was given.
template <class T>
void take(const py::dict& given, const char* key, T& member) {
  if (given.contains(key)) member = value_as<T>(given[key], key);
}

/// The same, where None says that it was not given.
template <class T>
void take(const py::dict& given, const char* key, std::optional<T>& member) {
  if (given.contains(key) && !given[key].is_none()) member = value_as<T>(given[key], key);
}

std::function<void(const std::string&, double)> speaking(const py::object& progress) {
  return [progress](const std::string& what, double fraction) {
    let_python_speak();
    if (progress.is_none()) return;
    const py::gil_scoped_acquire gil;
    progress(what, fraction);
  };
}

/// As the file's budget.drop.
DropUnit drop_of(const std::string& word) {
  Value table{Table{}};
  table.set("drop", {word});
  std::vector<Fault> faults;
  BudgetSettings settings;
  BudgetSettings::schema().read_into(table, "budget", settings, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return settings.drop;
}

}  // namespace

MeasureOptions measure_options(const py::dict& given, const py::object& progress) {
  MeasureOptions o;
  take(given, "draws", o.draws);
  take(given, "confidence", o.confidence);
  take(given, "metric", o.metric);
  take(given, "top_k", o.top_k);
  take(given, "against", o.against);
  take(given, "class_axis", o.class_axis);
  take(given, "scores", o.scores);
  take(given, "batch", o.batch);
  take(given, "calibration_samples", o.calibration_samples);
  take(given, "seed", o.seed);
  take(given, "first_draw", o.first_draw);
  take(given, "backend", o.backend);
  take(given, "threads", o.threads);
  bool per_batch = false;
  take(given, "per_batch", per_batch);
  o.estimator = per_batch ? Estimator::per_batch : Estimator::per_draw;
  o.progress = speaking(progress);
  return o;
}

BudgetOptions budget_options(const py::dict& search, const py::dict& given,
                             const py::object& progress) {
  BudgetOptions o;
  o.measure = measure_options(given, progress);
  take(search, "max_drop", o.max_drop);
  take(search, "max_rise", o.max_rise);
  take(search, "range", o.range);
  take(search, "steps", o.steps);
  take(search, "draws", o.draws);
  take(search, "max_draws", o.max_draws);
  bool log = true, fewest = false;
  take(search, "log", log);
  take(search, "fewest", fewest);
  o.scale = log ? KnobScale::log : KnobScale::linear;
  o.tolerate = fewest ? Tolerate::fewest : Tolerate::largest;
  std::string drop = BudgetSettings().drop_name();
  take(search, "drop", drop);
  o.drop = drop_of(drop);
  return o;
}

ChipOptions chip_options(const py::dict& given) {
  ChipOptions o;
  take(given, "seed", o.seed);
  take(given, "draw", o.draw);
  take(given, "batch", o.batch);
  take(given, "backend", o.backend);
  take(given, "threads", o.threads);
  o.progress = let_python_speak;
  return o;
}

std::uint64_t draw_of(const py::handle& draw) { return value_as<std::uint64_t>(draw, "draw"); }

}  // namespace ohmic
