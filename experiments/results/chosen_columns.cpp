#include "experiments/results/chosen_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
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
      : run_(read_run(folder)),
        file_(folder / "results.csv"),
        table_(file_),
        resolved_(run_.points.front().experiment.resolved()) {
    if (table_.rows() == 0)
      throw DataError(file_.string() +
                      ": has no results; expected those of a run that has finished a point");
    if (!read_whole(file_).ends_with('\n'))
      say_damaged(table_.place(table_.rows()), "the file ends within this line");
    for (const auto& axis : run_.points.front().axes) keys_.push_back(axis.first);
  }

  std::string name() const { return run_.name(); }
  const std::filesystem::path& file() const { return file_; }
  /// Why this is not all of the run; empty where it is.
  std::string remark() const {
    const std::size_t finished = run_.measured().size();
    if (table_.rows() >= finished) return "";
    return fmt::format(
        "{} has {} of the {} finished points; `ohmic run` with the run's file writes it anew",
        file_.string(), table_.rows(), finished);
  }
  const Experiment& experiment() const { return run_.points.front().experiment; }
  const Names& keys() const { return keys_; }
  const Names& columns() const { return table_.columns(); }
  bool has(const std::string& name) const {
    return name != kIdentity && (is_among(columns(), name) || resolved_.at(name) != nullptr);
  }
  /// Of a key that is not swept here its value in every row; empty where there is none.
  std::string cell(std::size_t row, const std::string& name) const {
    if (is_among(columns(), name)) return table_.cell(row, name);
    const Value* value = resolved_.at(name);
    return value ? plain_text(*value) : "";
  }
  double real(std::size_t row, const std::string& name) const {
    return number_of<double>(cell(row, name)).value_or(Estimate::kNone);
  }
  bool holds_numbers(const std::string& name) const {
    for (std::size_t row = 0; row < table_.rows(); ++row)
      if (const std::string text = cell(row, name); !text.empty() && !number_of<double>(text))
        return false;
    return true;
  }
  /// Rows of the points that are chosen.
  std::vector<std::size_t> rows(const Names& only) const {
    const std::vector<bool> flags = select_points(run_.points, only);
    std::set<Axes> chosen;
    for (std::size_t i = 0; i < flags.size(); ++i)
      if (flags[i]) chosen.insert(text_axes(run_.points[i]));
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < table_.rows(); ++row)
      if (only.empty() || chosen.count(axes_of(row, keys_)) > 0) rows.push_back(row);
    return rows;
  }
  Axes axes_of(std::size_t row, const Names& keys) const {
    Axes axes;
    for (const std::string& key : keys)
      axes.emplace_back(key, key == kRunKey ? name() : cell(row, key));
    return axes;
  }

 private:
  RunRecord run_;
  std::filesystem::path file_;
  RecordedTable table_;
  Value resolved_;
  Names keys_;
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

void check(const Runs& runs, const Choice& choice) {
  for (const RunRows& run : runs) {
    const Names columns = shown_columns(run);
    for (const auto& [option, name] : {std::pair{"--x", choice.x}, {"--y", choice.y}})
      if (!run.has(name)) refuse(option, name, run, "is no column of", "columns", columns);
    Names splits = run.keys();
    if (runs.size() > 1) splits.emplace_back(kRunKey);
    if (!choice.split.empty() && choice.split != kRunKey && !run.has(choice.split))
      refuse("--split", choice.split, run, "is no swept key of", "keys", splits);
    if (run.holds_numbers(choice.y)) continue;
    Names numbers;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(numbers),
                 [&](const std::string& column) { return run.holds_numbers(column); });
    refuse("--y", choice.y, run, "holds no numbers in", "columns that do", numbers);
  }
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

/// Keys that have one value at each x, whatever the row: they tell nothing more.
void drop_what_follows(const std::string& split, std::vector<ChosenRow>& rows) {
  if (rows.empty()) return;
  for (const auto& [key, ignored] : Axes(rows.front().axes)) {
    std::map<std::string, std::set<std::string>> values;
    for (const ChosenRow& row : rows)
      for (const auto& axis : row.axes)
        if (axis.first == key) values[row.x].insert(axis.second);
    const bool follows = std::all_of(values.begin(), values.end(),
                                     [](const auto& v) { return v.second.size() == 1; });
    if (!follows || key == split) continue;
    for (ChosenRow& row : rows)
      std::erase_if(row.axes, [&key = key](const auto& axis) { return axis.first == key; });
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
  Runs runs;
  for (const auto& folder : folders) runs.emplace_back(folder);
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
    if (std::string remark = run.remark(); !remark.empty())
      chosen.remarks.push_back(std::move(remark));
  for (const RunRows& run : runs)
    for (const std::size_t row : run.rows(choice.only)) {
      if (run.cell(row, choice.x).empty()) continue;
      chosen.rows.push_back({run.axes_of(row, keys),
                             run.cell(row, choice.x),
                             {run.real(row, choice.y), run.real(row, choice.y + "_lo"),
                              run.real(row, choice.y + "_hi")}});
    }
  if (chosen.rows.empty())
    throw ConfigError("no finished point has a value of " + choice.x +
                      (choice.only.empty() ? "" : " and is one of --only"));
  if (chosen.x_is_swept) drop_what_follows(choice.split, chosen.rows);
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
