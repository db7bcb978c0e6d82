#include "experiments/results/chosen_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/results/identity_remark.hpp"
#include "experiments/results/run_record.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/study/selection.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Names = std::vector<std::string>;

constexpr char kRunKey[] = "run";
constexpr char kIdentity[] = "identity";  ///< a point's name, which says nothing of it

bool is_among(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The number that a whole text is.
template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return {};
  return number;
}

/// results.csv of one run.
class RunRows {
 public:
  explicit RunRows(const std::filesystem::path& folder)
      : run_(read_run(folder)), name_(run_.name()), file_(folder / "results.csv"), table_(file_) {
    if (table_.rows() == 0)
      throw DataError(file_.string() +
                      ": has no results; expected those of a run that has finished a point");
    if (!read_whole(file_, kMostOfLog).ends_with('\n'))
      say_damaged(table_.place(table_.rows()), "the file ends within this line");
    for (const auto& axis : run_.points.front().axes) keys_.push_back(axis.first);
    std::map<Axes, const Point*> points;
    for (const Point& point : run_.points) points[text_axes(point)] = &point;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      points_.push_back(points[axes_of(row, keys_)]);
      if (!points_.back())
        say_damaged(table_.place(row), fmt::format("no point of the run has these values of {}",
                                                   fmt::join(keys_, ", ")));
    }
    check_numbers();
  }

  const std::string& name() const { return name_; }
  void call_by_path() { name_ = run_.folder.string(); }
  const std::filesystem::path& folder() const { return run_.folder; }
  const std::filesystem::path& file() const { return file_; }
  /// Why this is not all of the run, or perhaps not of its file.
  std::vector<std::string> remarks() const {
    std::vector<std::string> all;
    const std::size_t finished = run_.measured().size();
    if (table_.rows() < finished)
      all.push_back(fmt::format(
          "{} has {} of the {} finished points; `ohmic run` with the run's file writes it anew",
          file_.string(), table_.rows(), finished));
    if (const std::string remark = identity_remark(run_); !remark.empty())
      all.push_back(fmt::format("{}: {}", run_.folder.string(), remark));
    return all;
  }
  const Experiment& experiment() const { return run_.points.front().experiment; }
  const Names& keys() const { return keys_; }
  const Names& columns() const { return table_.columns(); }
  bool has(const std::string& name) const {
    return name != kIdentity && (is_among(columns(), name) || has_key(name));
  }
  /// A key that some point has: a swept one, or one with a value of its own.
  bool has_key(const std::string& name) const {
    return is_among(keys_, name) || std::ranges::any_of(run_.points, [&](const Point& point) {
             return !value_at(point, name).empty();
           });
  }
  /// Of a key that is not swept here its value at the row's point; empty where there is none.
  std::string cell(std::size_t row, const std::string& name) const {
    if (is_among(columns(), name)) return table_.cell(row, name);
    return value_at(*points_[row], name);
  }
  /// With its interval where the column has one.
  Estimate estimate(std::size_t row, const std::string& name) const {
    return {real(row, name), bound(row, name + "_lo"), bound(row, name + "_hi")};
  }
  bool holds_numbers(const std::string& name) const {
    for (std::size_t row = 0; row < table_.rows(); ++row)
      if (const std::string text = cell(row, name); !text.empty() && !number_of<double>(text))
        return false;
    return true;
  }
  /// Points that are chosen, finished or not.
  std::set<const Point*> points(const Names& only) const {
    const std::vector<bool> flags = select_points(run_.points, only);
    std::set<const Point*> chosen;
    for (std::size_t i = 0; i < flags.size(); ++i)
      if (flags[i]) chosen.insert(&run_.points[i]);
    return chosen;
  }
  /// Rows of these.
  std::vector<std::size_t> rows(const Names& only) const {
    const std::set<const Point*> chosen = points(only);
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < table_.rows(); ++row)
      if (only.empty() || chosen.contains(points_[row])) rows.push_back(row);
    return rows;
  }
  Axes axes_of(std::size_t row, const Names& keys) const {
    Axes axes;
    for (const std::string& key : keys)
      axes.emplace_back(key, key == kRunKey ? name() : cell(row, key));
    return axes;
  }
  /// The value of a key at a point, measured or not; a table has none.
  std::string value_at(const Point& point, const std::string& key) const {
    for (const auto& [swept, value] : point.axes)
      if (swept == key) return plain_text(value);
    const Value resolved = point.experiment.resolved();
    const Value* value = resolved.at(key);
    return value && !value->is_table() ? plain_text(*value) : "";
  }

 private:
  /// Throws where a number is not what its point in points/ has.
  void check_numbers() const {
    const std::vector<MeasuredPoint> measured = run_.measured();
    const RecordedTable expected(file_, results_csv(measured));
    std::map<const Point*, std::size_t> rows;  // of `expected`
    for (std::size_t i = 0; i < measured.size(); ++i) rows[measured[i].point] = i;
    for (std::size_t row = 0; row < table_.rows(); ++row)
      if (const auto found = rows.find(points_[row]); found != rows.end())
        check_row(row, expected, found->second);
  }
  void check_row(std::size_t row, const RecordedTable& expected, std::size_t i) const {
    for (const std::string& column : expected.columns()) {
      if (column == kIdentity || is_among(keys_, column) || !is_among(columns(), column)) continue;
      const std::string &own = table_.cell(row, column), &points = expected.cell(i, column);
      if (!is_same(own, points))
        say_damaged(table_.place(row),
                    fmt::format("{} is \"{}\", and \"{}\" in points/; `ohmic run` with the run's "
                                "file writes it anew",
                                column, own, points));
    }
  }
  /// As other versions of ohmic may round it.
  static bool is_same(const std::string& a, const std::string& b) {
    constexpr double kRounding = 1e-9;
    const auto x = number_of<double>(a), y = number_of<double>(b);
    return a == b || (x && y && std::abs(*x - *y) <= kRounding * std::abs(*y));
  }
  double real(std::size_t row, const std::string& name) const {
    return number_of<double>(cell(row, name)).value_or(Estimate::kNone);
  }
  double bound(std::size_t row, const std::string& name) const {
    return is_among(columns(), name) ? real(row, name) : Estimate::kNone;
  }

  RunRecord run_;
  std::string name_;
  std::filesystem::path file_;
  RecordedTable table_;
  Names keys_;
  std::vector<const Point*> points_;  ///< by row
};

using Runs = std::vector<RunRows>;

/// The nearest of the names, also of a key without its table.
std::string near(const std::string& name, const Names& names) {
  const std::string misspelt = did_you_mean(name, names);
  if (!misspelt.empty()) return misspelt;
  const auto in_table = std::find_if(names.begin(), names.end(), [&](const std::string& key) {
    return key.ends_with("." + name);
  });
  return in_table == names.end() ? "" : *in_table;
}

[[noreturn]] void refuse(const std::string& option, const std::string& name, const RunRows& run,
                         const std::string& what, const std::string& kind, const Names& there) {
  const std::string meant = near(name, there);
  throw ConfigError(
      fmt::format("{} {}: {} {}; {}{} are {}", option, name, what, run.file().string(),
                  meant.empty() ? "" : fmt::format("did you mean \"{}\"? ", meant),
                  meant.empty() ? "the " + kind : "The " + kind, fmt::join(there, ", ")));
}

/// Columns that somebody may want to see: ends of intervals go with what they are of.
Names shown_columns(const RunRows& run) {
  Names names;
  for (const std::string& column : run.columns()) {
    const bool is_end = (column.ends_with("_lo") || column.ends_with("_hi")) &&
                        is_among(run.columns(), column.substr(0, column.size() - 3));
    if (!is_end && column != kIdentity) names.push_back(column);
  }
  return names;
}

/// Two columns of one name could not be told apart.
void check_apart(const Choice& choice) {
  const auto check = [](const char* option, const std::string& name, const char* other,
                        const Names& of_other) {
    if (is_among(of_other, name))
      throw ConfigError(
          fmt::format("{} {}: is what {} shows; expected another column", option, name, other));
  };
  const Names y{choice.y, choice.y + "_lo", choice.y + "_hi"};
  check("--x", choice.x, "--y", y);
  check("--split", choice.split, "--y", y);
  if (!choice.split.empty()) check("--split", choice.split, "--x", {choice.x});
}

void check(const Runs& runs, const Choice& choice) {
  for (const RunRows& run : runs) {
    const Names columns = shown_columns(run);
    for (const auto& [option, name] : {std::pair{"--x", choice.x}, {"--y", choice.y}})
      if (!run.has(name)) refuse(option, name, run, "is no column of", "columns", columns);
    Names splits = run.keys();
    if (runs.size() > 1) splits.emplace_back(kRunKey);
    if (!choice.split.empty() && choice.split != kRunKey && !run.has_key(choice.split))
      refuse("--split", choice.split, run, "is no swept key of", "keys", splits);
    if (run.holds_numbers(choice.y)) continue;
    Names numbers;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(numbers),
                 [&](const std::string& column) { return run.holds_numbers(column); });
    refuse("--y", choice.y, run, "holds no numbers in", "columns that do", numbers);
  }
  check_apart(choice);
}

/// Names of folders, or where two are the same their paths.
Runs read_runs(const std::vector<std::filesystem::path>& folders) {
  Runs runs;
  for (const auto& folder : folders) {
    std::error_code absent;
    for (const RunRows& other : runs)
      if (std::filesystem::equivalent(folder, other.folder(), absent))
        throw ConfigError(folder.string() + ": is given twice; expected each run once");
    runs.emplace_back(folder);
  }
  std::map<std::string, int> names;
  for (const RunRows& run : runs) ++names[run.name()];
  for (RunRows& run : runs)
    if (names[run.name()] > 1) run.call_by_path();
  return runs;
}

/// Every swept key of the runs, and the run where there are several.
Names keys_of(const Runs& runs) {
  Names keys;
  for (const RunRows& run : runs)
    for (const std::string& key : run.keys())
      if (!is_among(keys, key)) keys.push_back(key);
  if (runs.size() > 1) keys.emplace_back(kRunKey);
  return keys;
}

/// A column as an axis: a key in its words, else what was measured.
Column column_of(const std::string& name, const Experiment& experiment) {
  for (const Column& column : result_columns(experiment))
    if (column.key == name) return column;
  return {name, key_title(name, &experiment)};
}

/// By x, the values that a key has there.
using ValuesByX = std::map<std::string, std::set<std::string>>;

/// Those of all points that are chosen, also where they are not finished.
ValuesByX planned_values(const Runs& runs, const Choice& choice, const std::string& key) {
  ValuesByX values;
  for (const RunRows& run : runs)
    for (const Point* point : run.points(choice.only))
      values[run.value_at(*point, choice.x)].insert(run.value_at(*point, key));
  return values;
}

bool is_same_everywhere(const std::vector<ChosenRow>& rows, std::size_t axis) {
  return std::ranges::all_of(
      rows, [&](const ChosenRow& row) { return row.axes[axis] == rows.front().axes[axis]; });
}

/// Keys that tell nothing more: of one value, or of one value at each x of the sweep. Two runs are
/// two whatever their x.
void drop_what_follows(const Runs& runs, const Choice& choice, std::vector<ChosenRow>& rows) {
  for (std::size_t axis = rows.front().axes.size(); axis-- > 0;) {
    const std::string key = rows.front().axes[axis].first;
    const auto follows = [&] {
      return key != kRunKey &&
             std::ranges::all_of(planned_values(runs, choice, key),
                                 [](const auto& at_x) { return at_x.second.size() == 1; });
    };
    if (key == choice.split || !(is_same_everywhere(rows, axis) || follows())) continue;
    for (ChosenRow& row : rows)
      row.axes.erase(row.axes.begin() + static_cast<std::ptrdiff_t>(axis));
  }
}

Cell cell_of(const std::string& text) {
  if (const auto whole = number_of<std::int64_t>(text)) return *whole;
  if (const auto real = number_of<double>(text)) return *real;
  if (text == "true" || text == "false") return text == "true";
  return text.empty() ? Cell() : Cell(text);
}

}  // namespace

ChosenColumns choose_columns(const std::vector<std::filesystem::path>& folders,
                             const Choice& choice) {
  const Runs runs = read_runs(folders);
  check(runs, choice);
  ChosenColumns chosen;
  chosen.experiment = runs.front().experiment();
  chosen.x = column_of(choice.x, chosen.experiment);
  chosen.y = column_of(choice.y, chosen.experiment);
  Names keys = keys_of(runs);
  chosen.x_is_swept = is_among(keys, choice.x);
  if (!chosen.x_is_swept) keys.clear();
  std::erase(keys, choice.x);
  if (!choice.split.empty() && !is_among(keys, choice.split)) keys.push_back(choice.split);
  for (const RunRows& run : runs)
    for (std::string& remark : run.remarks()) chosen.remarks.push_back(std::move(remark));
  for (const RunRows& run : runs)
    for (const std::size_t row : run.rows(choice.only)) {
      if (run.cell(row, choice.x).empty()) continue;
      chosen.rows.push_back(
          {run.axes_of(row, keys), run.cell(row, choice.x), run.estimate(row, choice.y)});
    }
  if (chosen.rows.empty())
    throw ConfigError("no finished point has a value of " + choice.x +
                      (choice.only.empty() ? "" : " and is one of --only"));
  if (chosen.x_is_swept) drop_what_follows(runs, choice, chosen.rows);
  return chosen;
}

DataTable chosen_table(const ChosenColumns& chosen) {
  DataTable table;
  for (const ChosenRow& row : chosen.rows) {
    Fields fields;
    for (const auto& [key, value] : row.axes) fields.push_back({{key}, cell_of(value)});
    fields.push_back({chosen.x, cell_of(row.x)});
    fields.push_back({chosen.y, row.y});
    table.add(fields);
  }
  return table;
}

}  // namespace ohmic
