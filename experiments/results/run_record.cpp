#include "experiments/results/run_record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/measure/run_folder.hpp"
#include "nn/train/curves.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Json = RecordedJson;

bool makes_the_network(const std::string& key) {
  return key == "seed" || key.starts_with("data.") || key.starts_with("model.") ||
         key.starts_with("train.");
}

/// It becomes a file's name.
std::string identity_of(const Json& line, const char* key, const std::string& place) {
  std::string identity = text_of(line, key, place);
  constexpr std::size_t kLongestName = 200;  // with what is added, of 255 that file systems take
  if (identity.size() > kLongestName || identity.find_first_of("/\\") != std::string::npos ||
      identity.find('\0') != std::string::npos)
    say_damaged(place, fmt::format("{} is no name of a file", key));
  return identity;
}

struct Line {
  Json json;
  std::string place;  ///< "file:line"
};

/// The lines of results.jsonl by axes_json.
std::map<std::string, Line> lines_of(const fs::path& file, const Point& like) {
  std::map<std::string, Line> all;
  if (!fs::exists(file)) return all;
  std::istringstream texts(read_whole(file, kMostOfLog));
  std::int64_t number = 0;
  for (std::string text; std::getline(texts, text);) {
    const std::string place = fmt::format("{}:{}", file.string(), ++number);
    const Json line = parse_recorded(text, place);
    if (!line.is_object()) say_damaged(place, "it is no object");
    Json axes = Json::object();
    for (const auto& axis : like.axes) axes[axis.first] = line.value(axis.first, Json());
    all[axes.dump(-1, ' ', false, Json::error_handler_t::replace)] = {line, place};
  }
  return all;
}

/// What they call the points, or their trainings (`key`).
std::map<std::string, std::string> listed(const char* key, const fs::path& file,
                                          const Point& like) {
  std::map<std::string, std::string> identities;
  for (const auto& [axes, line] : lines_of(file, like))
    if (line.json.contains(key)) identities[axes] = identity_of(line.json, key, line.place);
  return identities;
}

void find_prices(RunRecord& run) {
  const auto lines = lines_of(run.folder / "results.jsonl", run.points.front());
  for (const Point& point : run.points) {
    run.prices.emplace_back();
    const auto found = lines.find(axes_json(point));
    if (found == lines.end() || !found->second.json.contains("energy_nJ")) continue;
    const auto number = [&](const char* key) {
      const Json value = found->second.json.value(key, Json());
      return value.is_number() ? value.get<double>() : Estimate::kNone;
    };
    run.prices.back() = {number("tiles"),     number("utilization"), number("adc_conversions"),
                         number("energy_nJ"), number("latency_us"),  number("area_mm2")};
    for (const auto& [part, value] : kCostParts) {
      run.prices.back()->energy_parts_nJ.*value = number(energy_key(part).c_str());
      run.prices.back()->area_parts_mm2.*value = number(area_key(part).c_str());
    }
  }
}

/// Points whose identity this version computes differently are found by their axes.
void find_by_axes(const PointStore& store, RunRecord& run) {
  const auto identities = listed("identity", run.folder / "results.jsonl", run.points.front());
  for (std::size_t i = 0; i < run.points.size(); ++i) {
    if (run.results[i]) continue;
    const auto found = identities.find(axes_json(run.points[i]));
    if (found == identities.end()) continue;
    run.results[i] = store.find(found->second);
    run.found_by_axes += run.results[i].has_value();
  }
}

void find_points(RunRecord& run) {
  const PointStore store(run.folder / "points");
  for (const Point& point : run.points) {
    const std::string identity = point.experiment.identity();
    run.results.push_back(store.find(identity));
    run.logged_draws.push_back(store.count_logged(identity));
  }
  if (std::any_of(run.results.begin(), run.results.end(), [](const auto& r) { return !r; }))
    find_by_axes(store, run);
}

/// Where a point's network was trained, when its identity was perhaps another one.
fs::path training_of(const RunRecord& run, const Point& point, const std::string& identity,
                     const std::map<std::string, std::string>& trainings) {
  const fs::path all = run.folder / "training", own = training_folder(all, identity);
  const auto found = trainings.find(axes_json(point));
  return fs::exists(own) || found == trainings.end() ? own : training_folder(all, found->second);
}

void find_networks(RunRecord& run) {
  const auto trainings = listed("training", run.folder / "results.jsonl", run.points.front());
  for (const Point& point : run.points) {
    const Experiment& e = point.experiment;
    if (!e.is_trained()) continue;
    const std::string identity = e.training_identity();
    if (std::any_of(run.networks.begin(), run.networks.end(),
                    [&](const NetworkRecord& n) { return n.identity == identity; }))
      continue;
    const fs::path file = training_of(run, point, identity, trainings) / "history.csv";
    run.networks.push_back({identity, &e, network_axes(point), read_history(file, e.train.epochs)});
  }
}

void flatten(const std::string& key, const Json& value,
             std::vector<std::pair<std::string, std::string>>& entries) {
  if (value.is_object())
    for (const auto& [inner, v] : value.items())
      flatten(key.empty() ? inner : key + ": " + inner, v, entries);
  else
    entries.push_back({key, value.is_string()
                                ? value.get<std::string>()
                                : value.dump(-1, ' ', false, Json::error_handler_t::replace)});
}

double share_in(const RecordedTable& table, std::size_t row, const std::string& column) {
  const double value = table.real(row, column);
  if (!(value >= 0 && value <= 1))
    say_damaged(table.place(row), fmt::format("{} is {}; expected one in [0, 1]", column, value));
  return value;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_provenance(const fs::path& folder) {
  const fs::path file = folder / "provenance.json";
  std::vector<std::pair<std::string, std::string>> entries;
  if (!fs::exists(file)) return entries;
  flatten("", parse_recorded(read_whole(file), file.string()), entries);
  return entries;
}

Axes network_axes(const Point& point) {
  Axes axes = text_axes(point);
  std::erase_if(axes, [](const auto& axis) { return !makes_the_network(axis.first); });
  return axes;
}

std::vector<EpochReport> read_history(const fs::path& file, std::int64_t epochs) {
  constexpr std::int64_t kMostFilters = 1'000'000'000;
  if (!fs::exists(file)) return {};
  const std::string text = read_whole(file);
  const RecordedTable table(file, text);
  if (table.rows() == 0) say_damaged(file.string(), "it has no epoch");  // written after one
  std::vector<EpochReport> history;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto epoch = static_cast<std::int64_t>(row);
    EpochReport r;
    r.epoch = table.whole(row, "epoch", epoch, epoch);
    r.epochs = epochs;
    r.loss = table.real(row, "loss");
    r.accuracy = share_in(table, row, "accuracy");
    if (!table.cell(row, "test_accuracy").empty())
      r.test_accuracy = share_in(table, row, "test_accuracy");
    r.learning_rate = table.real(row, "learning_rate");
    r.dead_filters = static_cast<int>(table.whole(row, "dead_filters", 0, kMostFilters));
    history.push_back(r);
  }
  check_curve(file, text);
  return history;
}

std::string RunRecord::name() const {
  const auto whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

std::vector<MeasuredPoint> RunRecord::measured() const {
  std::vector<MeasuredPoint> measured;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (results[i]) measured.push_back({&points[i], &*results[i]});
  return measured;
}

std::vector<PricedPoint> RunRecord::priced() const {
  std::vector<PricedPoint> priced;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (results[i] && prices[i])
      priced.push_back({&points[i],
                        summarize(*results[i], points[i].experiment.evaluation.confidence).value,
                        *prices[i]});
  find_front(priced);
  return priced;
}

/// What `ohmic budget` and `ohmic design` left is told by their tables, and no run.
void check_is_no_budget(const fs::path& folder) {
  if (!fs::is_directory(folder / "evaluations") || fs::exists(folder / "points")) return;
  std::vector<std::string> tables;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".csv") tables.push_back(entry.path().filename().string());
  std::ranges::sort(tables);
  throw DataError(fmt::format(
      "{0}: holds answers of `ohmic budget`, which are no run: their page is {0}/report.html, "
      "their numbers for figures of your own {1}; `ohmic budget {0}/resolved.toml --out {0}` "
      "writes all of it again and measures nothing that is there",
      folder.string(),
      tables.empty() ? "not there yet" : fmt::format("{}", fmt::join(tables, ", "))));
}

RunRecord read_run(const fs::path& folder) {
  const fs::path file = folder / "resolved.toml";
  if (!fs::exists(file))
    throw DataError(folder.string() + ": is not a run folder: it has no resolved.toml");
  check_is_no_budget(folder);
  RunRecord run;
  run.folder = folder;
  run.resolved = read_whole(file);
  run.points = expand(parse_toml(run.resolved, file.string()));
  find_points(run);
  find_networks(run);
  find_prices(run);
  run.provenance = read_provenance(folder);
  return run;
}

}  // namespace ohmic
