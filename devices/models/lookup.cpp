// lookup - devices as measured, from a table
//
// Theory. A lab's own array: for some targets, and some times after programming, the mean and std
// of the conductances found. Between them the table is bilinear in the target and in ln t; beyond
// its ends the nearest entry holds. A device keeps its place in the spread: one xi for all times.
//
// Equation.  G(t) = clip(mean(G_T, t) + programming_scale std(G_T, t) xi)
//
// Source. The file: comma-separated, with a header line of g_target, g_mean, g_std and, optionally,
// time, each followed by its unit: _S, _mS, _uS, _nS; _s, _min, _h, _day. For example
//   g_target_uS, g_mean_uS, g_std_uS, time_s
//   0,           0.1,       0.3,      1
// Every time lists the same targets. Lines that start with # are comments.
// Limits. Normal spread. Right after programming (time_s = 0) the earliest time holds.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "devices/csv.hpp"
#include "devices/fitted.hpp"

namespace ohmic {
namespace {

/// Mean and std over the targets at one time.
struct Curve {
  std::vector<double> mean_S, std_S;
};

struct Measured {
  std::vector<double> target_S;
  std::vector<double> log_time;
  std::vector<Curve> curves;  ///< by time
};

struct Column {
  int index = -1;
  double unit = 1;
};

using Units = std::vector<std::pair<const char*, double>>;
const Units kSiemens{{"_S", 1}, {"_mS", 1e-3}, {"_uS", 1e-6}, {"_nS", 1e-9}};
const Units kSeconds{{"_s", 1}, {"_min", 60}, {"_h", 3600}, {"_day", 86400}};

Column find_column(const CsvTable& table, const std::string& quantity, const Units& units) {
  for (const auto& [suffix, unit] : units)
    if (const int index = table.find(quantity + suffix); index >= 0) return {index, unit};
  return {};
}

Column require_column(const CsvTable& table, const std::string& quantity) {
  const Column column = find_column(table, quantity, kSiemens);
  if (column.index < 0)
    throw DataError(table.file + ": has no column " + quantity + "_S, " + quantity + "_mS, " +
                    quantity + "_uS or " + quantity + "_nS");
  return column;
}

struct Point {
  double mean_S, std_S;
};

// Points by time and target; throws where two rows speak of the same point or the time is not one.
std::map<double, std::map<double, Point>> read_points(const CsvTable& table) {
  const Column target = require_column(table, "g_target"), mean = require_column(table, "g_mean"),
               std = require_column(table, "g_std"), time = find_column(table, "time", kSeconds);
  std::map<double, std::map<double, Point>> points;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto value = [&](const Column& c) { return table.number(row, c.index) * c.unit; };
    const double t_s = time.index < 0 ? 1.0 : value(time);
    if (!(t_s > 0)) table.fail(row, "time: expected more than 0");
    if (!(value(std) >= 0)) table.fail(row, "g_std: expected at least 0");
    if (!points[t_s].emplace(value(target), Point{value(mean), value(std)}).second)
      table.fail(row, "this target and time were given before");
  }
  if (points.empty()) throw DataError(table.file + ": has no rows");
  return points;
}

Measured read_measured(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  Measured m;
  for (const auto& [t_s, by_target] : read_points(table)) {
    std::vector<double> targets;
    Curve curve;
    for (const auto& [target_S, point] : by_target) {
      targets.push_back(target_S);
      curve.mean_S.push_back(point.mean_S);
      curve.std_S.push_back(point.std_S);
    }
    if (!m.curves.empty() && targets != m.target_S)
      throw DataError(table.file + ": the targets at time " + Value{t_s}.text() +
                      " s are not those of the first time");
    m.target_S = std::move(targets);
    m.log_time.push_back(std::log(t_s));
    m.curves.push_back(std::move(curve));
  }
  return m;
}

/// Where x lies among sorted knots: between i and i + 1, at `part` of the way; clamped.
struct Between {
  std::size_t i = 0;
  double part = 0;
};

Between locate(const std::vector<double>& knots, double x) {
  if (knots.size() == 1 || x <= knots.front()) return {};
  if (x >= knots.back()) return {knots.size() - 2, 1.0};
  const auto above = std::upper_bound(knots.begin(), knots.end(), x);
  const auto i = static_cast<std::size_t>(above - knots.begin()) - 1;
  return {i, (x - knots[i]) / (knots[i + 1] - knots[i])};
}

double interpolate(const std::vector<double>& values, const Between& b) {
  if (b.part == 0) return values[b.i];
  return values[b.i] + b.part * (values[b.i + 1] - values[b.i]);
}

class Lookup final : public DeviceModel {
 public:
  std::filesystem::path file;
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
      const Between b = locate(measured_.target_S, target_S[i]);
      const double std_S = interpolate(curve.std_S, b);
      G_S[i] = interpolate(curve.mean_S, b) + programming_scale * std_S * G_S[i];
    }
    apply_clip(clip, g_min_S, g_max_S, G_S);
  }

  void validate() const override {
    DeviceModel::validate();
    measured_ = read_measured(file);
  }

  static const Schema<Lookup>& schema() {
    static const Schema<Lookup> schema = [] {
      Schema<Lookup> s{"lookup", "Devices as measured, from a table."};
      declare_common(s);
      s.add("file", &Lookup::file)
          .required()
          .doc("CSV with g_target, g_mean, g_std and optionally time, units in the header.");
      declare_programming_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }

 private:
  Curve curve_at(double age_s) const {
    const double log_age = age_s > 0 ? std::log(age_s) : measured_.log_time.front();
    const Between b = locate(measured_.log_time, log_age);
    if (b.part == 0) return measured_.curves[b.i];
    Curve curve = measured_.curves[b.i];
    const Curve& later = measured_.curves[b.i + 1];
    for (std::size_t k = 0; k < curve.mean_S.size(); ++k) {
      curve.mean_S[k] += b.part * (later.mean_S[k] - curve.mean_S[k]);
      curve.std_S[k] += b.part * (later.std_S[k] - curve.std_S[k]);
    }
    return curve;
  }

  mutable Measured measured_;  ///< read once, when the parameters are checked
};

OHMIC_REGISTER_DEVICE("lookup", Lookup);

}  // namespace
}  // namespace ohmic
