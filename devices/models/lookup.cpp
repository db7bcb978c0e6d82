// lookup - devices as measured, from a table
//
// Theory. A lab's own array: for some targets, and some times after programming, the mean and std
// of the conductances found. Between them the table is bilinear in the target and in $\ln t$.
// Beyond its ends nothing is known: g_min_S and g_max_S are the table's first and last target
// unless given and, like time_s, may lie outside only where `extrapolate` says what holds there,
// the nearest entry or the line through the last two (in $\ln t$ for ages). A device keeps its
// place in the spread: one $\xi$ for all times.
//
// Equation. With $p$ the key programming_scale,
//
// ```math
// G(t) = \mathrm{clip}(\mathrm{mean}(G_T, t) + p\,\mathrm{std}(G_T, t)\,\xi)
// ```
//
// Source. The file; `ohmic describe lookup` has its columns.
//
// Limits. Normal spread. Right after programming (time_s = 0) the earliest time holds. What the
// entries of a stack before it push beyond the targets takes the nearest entry.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

#include "devices/csv.hpp"
#include "devices/fitted.hpp"
#include "devices/given_range.hpp"

namespace ohmic {
namespace {

/// Mean and std over the targets at one time.
struct Curve {
  std::vector<double> mean_S, std_S;
};

struct Measured {
  std::vector<double> target_S;
  std::vector<double> time_s, log_time;
  std::vector<Curve> curves;  ///< by time
  bool has_time = false;
};

const char* const kLookupManual =
    "The file is a table of measurements: comma-separated, a header line first, then a row for "
    "each\n"
    "target and time. Blanks around cells, cells in quotes, lines that start with # and a byte "
    "order\n"
    "mark are understood. Columns, in any order, each with its unit as in g_mean_uS, \"g_mean "
    "(uS)\"\n"
    "or \"g_mean [uS]\":\n"
    "\n"
    "  g_target  what was asked for        S, mS, uS, nS\n"
    "  g_mean    mean of what was found    S, mS, uS, nS\n"
    "  g_std     its standard deviation    S, mS, uS, nS\n"
    "  time      after programming         s, min, h, day, year; without it the table has no age\n"
    "\n"
    "Every time lists the same targets. A complete file:\n"
    "\n"
    "  # 64 devices per target, read at 0.2 V\n"
    "  g_target_uS, g_mean_uS, g_std_uS, time_h\n"
    "  1,  1.1,  0.3, 0.1\n"
    "  10, 9.8,  0.6, 0.1\n"
    "  25, 24.5, 0.9, 0.1\n"
    "  1,  1.0,  0.4, 24\n"
    "  10, 9.1,  0.8, 24\n"
    "  25, 22.9, 1.3, 24\n"
    "\n"
    "and what uses it, with devices between 1 and 25 uS:\n"
    "\n"
    "  [device]\n"
    "  model = \"lookup\"\n"
    "  file = \"measured.csv\"\n"
    "  time_s = 3600\n";

struct Column {
  int index = -1;
  double unit = 1;
};

using Units = std::vector<std::pair<const char*, double>>;
const Units kSiemens{{"S", 1},     {"mS", 1e-3}, {"uS", 1e-6},
                     {"µS", 1e-6}, {"μS", 1e-6}, {"nS", 1e-9}};
const Units kSeconds{{"s", 1},           {"min", 60},        {"h", 3600},    {"hour", 3600},
                     {"hours", 3600},    {"d", 86400},       {"day", 86400}, {"days", 86400},
                     {"year", 31557600}, {"years", 31557600}};
const char* const kExpectedSiemens = "S, mS, uS or nS";
const char* const kExpectedSeconds = "s, min, h, day or year";

std::vector<std::string> names_of(const Units& units) {
  std::vector<std::string> names;
  for (const auto& [name, factor] : units) names.push_back(name);
  return names;
}

/// As a message shows it: 2.5e-05, not 2.4999999999999998e-05.
std::string rounded(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", x);
  return text;
}

/// The column of a quantity, with the siemens or seconds in its unit; index -1: there is none.
Column find_column(const CsvTable& table, const std::string& quantity, const Units& units,
                   const char* expected) {
  Column found;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    const auto [name, unit] = name_and_unit(table.header[i], names_of(units));
    if (name != quantity) continue;
    const auto known = std::find_if(units.begin(), units.end(),
                                    [&, &u = unit](const auto& other) { return u == other.first; });
    if (known == units.end())
      throw DataError(table.file + ": column \"" + table.header[i] +
                      "\": expected a unit, one of " + expected + ", as in " + quantity + "_" +
                      units.front().first);
    if (found.index >= 0)
      throw DataError(table.file + ": has two columns of " + quantity + ", \"" +
                      table.header[static_cast<std::size_t>(found.index)] + "\" and \"" +
                      table.header[i] + "\"");
    found = {static_cast<int>(i), known->second};
  }
  return found;
}

Column require_column(const CsvTable& table, const std::string& quantity) {
  const Column column = find_column(table, quantity, kSiemens, kExpectedSiemens);
  if (column.index < 0)
    throw DataError(table.file + ": has no column " + quantity + "_S, " + quantity + "_mS, " +
                    quantity + "_uS or " + quantity + "_nS");
  return column;
}

/// Columns that are none of the four may say what they like, unless one of them seems meant.
void check_names(const CsvTable& table) {
  static const std::vector<std::string> kQuantities{"g_target", "g_mean", "g_std", "time"};
  std::vector<std::string> units = names_of(kSiemens), times = names_of(kSeconds);
  units.insert(units.end(), times.begin(), times.end());
  for (const std::string& column : table.header) {
    const std::string name = name_and_unit(column, units).first;
    const std::string near =
        name == "t" || name == "age" ? "time" : did_you_mean(name, kQuantities);
    if (!near.empty() && near != name)
      throw DataError(table.file + ": column \"" + column + "\" is not known; did you mean \"" +
                      near + "\"?");
  }
}

struct Point {
  double mean_S, std_S;
};

/// Points by time and target; throws where two rows speak of the same point or the time is not one.
std::map<double, std::map<double, Point>> read_points(const CsvTable& table) {
  const Column target = require_column(table, "g_target"), mean = require_column(table, "g_mean"),
               std = require_column(table, "g_std"),
               time = find_column(table, "time", kSeconds, kExpectedSeconds);
  check_names(table);
  std::map<double, std::map<double, Point>> points;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto value = [&](const Column& c) { return table.number(row, c.index) * c.unit; };
    const double t_s = time.index < 0 ? 1.0 : value(time);
    if (!(t_s > 0)) table.fail(row, "time: expected more than 0");
    for (const Column& c : {target, mean, std})
      if (!(value(c) >= 0))
        table.fail(row, table.header[static_cast<std::size_t>(c.index)] + ": expected at least 0");
    if (!points[t_s].emplace(value(target), Point{value(mean), value(std)}).second)
      table.fail(row, "this target and time were given before");
  }
  if (points.empty()) throw DataError(table.file + ": has no rows");
  return points;
}

Measured read_measured(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  Measured m;
  m.has_time = find_column(table, "time", kSeconds, kExpectedSeconds).index >= 0;
  for (const auto& [t_s, by_target] : read_points(table)) {
    std::vector<double> targets;
    Curve curve;
    for (const auto& [target_S, point] : by_target) {
      targets.push_back(target_S);
      curve.mean_S.push_back(point.mean_S);
      curve.std_S.push_back(point.std_S);
    }
    if (!m.curves.empty() && targets != m.target_S)
      throw DataError(table.file + ": the targets at time " + rounded(t_s) +
                      " s are not those of the first time");
    m.target_S = std::move(targets);
    m.time_s.push_back(t_s);
    m.log_time.push_back(std::log(t_s));
    m.curves.push_back(std::move(curve));
  }
  return m;
}

constexpr double kFarOff = 0.75;  ///< of a mean from its target, in spans of the targets

/// What an unusual table probably is, of another unit than its header says or with columns or rows
/// mixed up; else empty.
std::string doubt(const Measured& m) {
  if (m.target_S.back() > kUsualConductance_S)
    return "targets reach " + rounded(m.target_S.back()) + " S, more than the usual " +
           rounded(kUsualConductance_S) + " S; is the column in uS (g_target_uS)?";
  const double mean_S = m.curves.front().mean_S.back(), target_S = m.target_S.back();
  if (mean_S > 100 * target_S || 100 * mean_S < target_S)
    return "a target of " + rounded(target_S) + " S has a mean of " + rounded(mean_S) +
           " S; are both columns in the units that the header gives?";
  const bool falls = m.curves.front().mean_S.front() > m.curves.front().mean_S.back();
  const double span_S = falls ? 0 : m.target_S.back() - m.target_S.front();
  for (std::size_t k = 0; k < m.target_S.size() && span_S > 0; ++k) {
    const double off_S = m.curves.front().mean_S[k] - m.target_S[k];
    if (std::abs(off_S) > kFarOff * span_S)
      return "a target of " + rounded(m.target_S[k]) + " S has a mean of " +
             rounded(m.curves.front().mean_S[k]) + " S, and all targets lie within " +
             rounded(span_S) + " S; is it g_mean that this column holds, and the row right?";
    if (m.curves.front().std_S[k] > span_S)
      return "a target of " + rounded(m.target_S[k]) + " S has a std of " +
             rounded(m.curves.front().std_S[k]) +
             " S, more than lies between all targets; is it "
             "g_std that this column holds, in the unit that the header gives?";
  }
  return "";
}

/// Where x lies among sorted knots: between i and i + 1, at `part` of the way; outside 0 to 1 on
/// the line through the last two.
struct Between {
  std::size_t i = 0;
  double part = 0;
};

Between locate(const std::vector<double>& knots, double x, bool on_the_line) {
  if (knots.size() == 1) return {};
  const auto above = std::upper_bound(knots.begin() + 1, knots.end() - 1, x);
  const auto i = static_cast<std::size_t>(above - knots.begin()) - 1;
  const double part = (x - knots[i]) / (knots[i + 1] - knots[i]);
  return {i, on_the_line ? part : std::clamp(part, 0.0, 1.0)};
}

double interpolate(const std::vector<double>& values, const Between& b) {
  if (b.part == 0) return values[b.i];
  return values[b.i] + b.part * (values[b.i + 1] - values[b.i]);
}

class Lookup final : public DeviceModel {
 public:
  enum class Extrapolate { none, nearest, linear };

  std::filesystem::path file;
  bool has_g_min = false, has_g_max = false;
  Extrapolate extrapolate = Extrapolate::none;
  double programming_scale = 1.0;
  Clip clip = Clip::positive;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    drift(block, 0.0, target_S, G_S);
  }

  void drift(const DeviceBlock& block, double age_s, std::span<const double> target_S,
             std::span<double> G_S) const override {
    block.normals(Stream::programming, 0, G_S);
    const Curve curve = curve_at(age_s);
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const Between b = locate(measured_.target_S, target_S[i], is_linear());
      const double std_S = std::max(interpolate(curve.std_S, b), 0.0);
      G_S[i] = interpolate(curve.mean_S, b) + programming_scale * std_S * G_S[i];
    }
    apply_clip(clip, g_min_S, g_max_S, G_S);
  }

  /// From the file's own reader, as its ends are defaults of other parameters.
  void read(const Value& value, const std::string& key, std::vector<Fault>& faults) {
    std::vector<Fault> wrong;
    Parameter path;
    path.type = "path";
    schema_detail::Access<std::filesystem::path>::read(value, key, path, file, wrong);
    faults.insert(faults.end(), wrong.begin(), wrong.end());
    if (!wrong.empty()) return;
    measured_ = read_measured(file);
    if (const std::string why = doubt(measured_); !why.empty())
      schema_detail::refuse_unusual(value, key, file.string() + ": " + why, faults);
    if (!has_g_min) g_min_S = measured_.target_S.front();
    if (!has_g_max) g_max_S = measured_.target_S.back();
  }

  MeasuredRange measured() const override {
    MeasuredRange range;
    if (measured_.curves.empty()) return range;
    range.g_min_S = measured_.target_S.front();
    range.g_max_S = measured_.target_S.back();
    range.until_s = measured_.has_time ? measured_.time_s.back() : 0;
    range.is_left_knowingly = extrapolate != Extrapolate::none;
    return range;
  }

  void validate() const override {
    if (measured_.curves.empty()) return;  // no file; said already
    check_range();
    DeviceModel::validate();
    check_age();
  }

  static const Schema<Lookup>& schema() {
    static const Schema<Lookup> schema = [] {
      Schema<Lookup> s{"lookup", "Devices as measured, from a table."};
      s.manual = kLookupManual;
      declare_given_range(s, "the table's first target", "the table's last target");
      s.add("time_s", &Lookup::time_s)
          .unit("s")
          .at_least(0)
          .doc("Age at which the arrays are read; 0: as at the table's earliest time.");
      s.add_custom(
           "file", "path",
           [](const Value& v, const std::string& key, Lookup& l, std::vector<Fault>& faults) {
             l.read(v, key, faults);
           },
           [](const Lookup& l) { return Value{l.file.string()}; })
          .required()
          .doc("CSV with g_target, g_mean, g_std and optionally time, units in the header.");
      s.add_choice("extrapolate", &Lookup::extrapolate,
                   {{"none", Extrapolate::none},
                    {"nearest", Extrapolate::nearest},
                    {"linear", Extrapolate::linear}})
          .doc(
              "What holds for targets and ages outside the table: they are refused, have the "
              "nearest entry, or lie on the line through the last two (in ln t for ages).");
      declare_programming_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }

 private:
  bool is_linear() const { return extrapolate == Extrapolate::linear; }

  Curve curve_at(double age_s) const {
    const double log_age = age_s > 0 ? std::log(age_s) : measured_.log_time.front();
    const Between b = locate(measured_.log_time, log_age, is_linear());
    if (b.part == 0) return measured_.curves[b.i];
    Curve curve = measured_.curves[b.i];
    const Curve& later = measured_.curves[b.i + 1];
    for (std::size_t k = 0; k < curve.mean_S.size(); ++k) {
      curve.mean_S[k] += b.part * (later.mean_S[k] - curve.mean_S[k]);
      curve.std_S[k] += b.part * (later.std_S[k] - curve.std_S[k]);
    }
    return curve;
  }

  /// Refuses a value outside [first, last] of the table's `what` unless extrapolation is asked for
  /// and possible.
  void check_within(const char* key, double value, const std::vector<double>& knots,
                    const char* unit, const char* what) const {
    const double first = knots.front(), last = knots.back();
    if (value >= first * (1 - kRounding) && value <= last * (1 + kRounding)) return;
    const bool has_line = knots.size() > 1;
    if (extrapolate == Extrapolate::nearest || (is_linear() && has_line)) return;
    const std::string ends = has_line ? rounded(first) + " to " + rounded(last) + " " + unit
                                      : "only " + rounded(first) + " " + unit;
    throw ConfigError(
        {{{},
          key,
          rounded(value) + " " + unit + " is outside the " + what + " of " + file.string() + ", " +
              ends + "; expected one within, or extrapolate = " +
              (has_line ? "\"nearest\" or \"linear\"" : "\"nearest\"")}});
  }

  void check_range() const {
    check_within("g_min_S", g_min_S, measured_.target_S, "S", "targets");
    check_within("g_max_S", g_max_S, measured_.target_S, "S", "targets");
  }

  void check_age() const {
    if (time_s == 0) return;
    if (measured_.has_time) return check_within("time_s", time_s, measured_.time_s, "s", "times");
    if (extrapolate == Extrapolate::nearest) return;
    throw ConfigError(
        {{{},
          "time_s",
          file.string() + " has no column time, so that nothing is known at " + rounded(time_s) +
              " s; expected 0, or extrapolate = \"nearest\" to hold it for all ages"}});
  }

  static constexpr double kRounding = 1e-9;  ///< of products with units

  Measured measured_;
};

OHMIC_REGISTER_DEVICE("lookup", Lookup);

}  // namespace
}  // namespace ohmic
