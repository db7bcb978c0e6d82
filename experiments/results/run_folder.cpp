#include "experiments/results/run_folder.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/results/files.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/run/run_folder.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool makes_the_network(const std::string& key) {
  return key == "seed" || key.starts_with("data.") || key.starts_with("model.") ||
         key.starts_with("train.");
}

/// The lines of results.jsonl by axes_json.
std::map<std::string, Json> lines_of(const fs::path& file, const Point& like) {
  std::map<std::string, Json> all;
  if (!fs::exists(file)) return all;
  std::istringstream texts(read_whole(file));
  for (std::string text; std::getline(texts, text);) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) continue;
    Json axes = Json::object();
    for (const auto& axis : like.axes) axes[axis.first] = line.value(axis.first, Json());
    all[axes.dump()] = line;
  }
  return all;
}

/// What they call the points, or their trainings (`key`).
std::map<std::string, std::string> listed(const char* key, const fs::path& file,
                                          const Point& like) {
  std::map<std::string, std::string> identities;
  for (const auto& [axes, line] : lines_of(file, like))
    if (line.contains(key)) identities[axes] = line[key];
  return identities;
}

void find_prices(RunRecord& run) {
  const auto lines = lines_of(run.folder / "results.jsonl", run.points.front());
  for (const Point& point : run.points) {
    run.prices.emplace_back();
    const auto found = lines.find(axes_json(point));
    if (found == lines.end() || !found->second.contains("energy_nJ")) continue;
    const auto number = [&](const char* key) {
      const Json value = found->second.value(key, Json());
      return value.is_number() ? value.get<double>() : Estimate::kNone;
    };
    run.prices.back() = {number("tiles"),     number("utilization"), number("adc_conversions"),
                         number("energy_nJ"), number("latency_us"),  number("area_mm2")};
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

/// Whole lines of a log that may be growing.
std::int64_t count_lines(const fs::path& file) {
  if (!fs::exists(file)) return 0;
  const std::string text = read_whole(file);
  return std::count(text.begin(), text.end(), '\n');
}

void find_points(RunRecord& run) {
  const PointStore store(run.folder / "points");
  for (const Point& point : run.points) {
    const std::string identity = point.experiment.identity();
    run.results.push_back(store.find(identity));
    run.logged_draws.push_back(count_lines(run.folder / "points" / (identity + ".draws")));
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
    if (!e.model.weights.empty()) continue;
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
    entries.push_back({key, value.is_string() ? value.get<std::string>() : value.dump()});
}

double number(const std::string& text, double otherwise) {
  return text.empty() ? otherwise : std::stod(text);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_provenance(const fs::path& folder) {
  const fs::path file = folder / "provenance.json";
  std::vector<std::pair<std::string, std::string>> entries;
  if (!fs::exists(file)) return entries;
  const Json json = Json::parse(read_whole(file), nullptr, false);
  if (json.is_discarded()) throw OutputError(file.string() + ": damaged: not JSON");
  flatten("", json, entries);
  return entries;
}

Axes network_axes(const Point& point) {
  Axes axes = text_axes(point);
  std::erase_if(axes, [](const auto& axis) { return !makes_the_network(axis.first); });
  return axes;
}

std::vector<EpochReport> read_history(const fs::path& file, std::int64_t epochs) {
  constexpr std::size_t kColumns = 6;
  std::vector<EpochReport> history;
  if (!fs::exists(file)) return history;
  std::istringstream lines(read_whole(file));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !lines.eof()) {
    const std::vector<std::string> cells = csv_cells(line);
    if (cells.size() < kColumns) throw DataError(file.string() + ": damaged at \"" + line + "\"");
    EpochReport r;
    r.epoch = std::stoll(cells[0]);
    r.epochs = epochs;
    r.loss = number(cells[1], 0);
    r.accuracy = number(cells[2], 0);
    r.test_accuracy = number(cells[3], -1);
    r.learning_rate = number(cells[4], 0);
    r.dead_filters = static_cast<int>(number(cells[5], 0));
    history.push_back(r);
  }
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
                        summarize(*results[i], points[i].experiment.evaluation.confidence).accuracy,
                        *prices[i]});
  find_front(priced);
  return priced;
}

RunRecord read_run(const fs::path& folder) {
  const fs::path file = folder / "resolved.toml";
  if (!fs::exists(file))
    throw DataError(folder.string() + ": is not a run folder: it has no resolved.toml");
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
