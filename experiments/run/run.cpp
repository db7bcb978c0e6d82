#include "experiments/run/run.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/figures/pareto_figure.hpp"
#include "experiments/results/files.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/run/chip.hpp"
#include "experiments/run/costs.hpp"
#include "experiments/run/networks.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/run/setup.hpp"
#include "experiments/run/without_noise.hpp"
#include "experiments/statistics/stopping.hpp"

namespace ohmic {
namespace {

class Run {
 public:
  Run(const Value& root, std::vector<Point> points, std::filesystem::path folder)
      : root_(root),
        points_(std::move(points)),
        results_(points_.size()),
        folder_(std::move(folder)),
        store_(folder_ / "points"),
        networks_(folder_ / "training", progress_) {}

  RunOutcome run() {
    make_folder(folder_ / "points");
    const FolderLock lock(folder_, [&] {
      progress_.say(fmt::format("{}: another ohmic works here; waiting for it", folder_.string()));
    });
    write_atomically(folder_ / "resolved.toml",
                     to_toml(resolved_file(root_, points_.front().experiment)));
    find_finished_points();
    check_inputs();
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (!results_[i]) compute(i);
    return finish();
  }

 private:
  void find_finished_points();
  void check_inputs();
  void compute(std::size_t index);
  void draw_until_known(Chip&, std::size_t index, PointResult&);
  void warn(const std::string& message);
  RunOutcome finish();
  void draw_figures(const std::vector<Group>&, const std::vector<PricedPoint>&);
  void write_tables();
  std::vector<MeasuredPoint> measured();

  const Value& root_;
  std::vector<Point> points_;
  std::vector<std::string> identities_;
  std::vector<std::optional<PointResult>> results_;
  std::filesystem::path folder_;
  PointStore store_;
  Progress progress_;
  Networks networks_;
  WithoutNoise without_noise_;
  Calibrations calibrations_;
  Costs costs_{networks_, calibrations_};
  std::set<std::string> warnings_;
  std::size_t computed_ = 0;
};

void Run::find_finished_points() {
  std::size_t finished = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    identities_.push_back(points_[i].experiment.identity());
    results_[i] = store_.find(identities_[i]);
    finished += results_[i].has_value();
  }
  progress_.say(
      fmt::format("{}: {} points, {} finished before", folder_.string(), points_.size(), finished));
}

void Run::check_inputs() {
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (!results_[i]) networks_.check(points_[i].experiment);
}

void Run::compute(std::size_t index) {
  // Points of one identity (a swept key that does not matter there) are one measurement.
  if ((results_[index] = store_.find(identities_[index]))) return;
  const Experiment& experiment = points_[index].experiment;
  const TrainedNetwork& network = networks_.get(experiment);
  PointResult result;
  result.identity = identities_[index];
  result.draws = store_.logged_draws(result.identity);
  Chip chip(experiment, network, calibrations_);
  warn(chip.range_warning());
  without_noise_.measure(chip, network, experiment, result);
  draw_until_known(chip, index, result);
  result.layers = chip.layers();
  store_.publish(result);
  const PointSummary s = summarize(result, experiment.evaluation.confidence);
  progress_.say(fmt::format("{}: {:.2f} % of {:.2f} % ({} draws)", point_label(points_[index]),
                            100 * s.accuracy.mean, 100 * s.baseline, result.draws.size()));
  results_[index] = std::move(result);
  ++computed_;
  write_tables();
}

/// Says it once.
void Run::warn(const std::string& message) {
  if (!message.empty() && warnings_.insert(message).second) progress_.say(message);
}

void Run::draw_until_known(Chip& chip, std::size_t index, PointResult& result) {
  const EvaluationSettings& settings = points_[index].experiment.evaluation;
  if (settings.estimator == Estimator::per_batch) result.batch = settings.batch;
  progress_.begin(point_label(points_[index]));
  while (const std::int64_t missing = draws_missing(settings, result.replicates())) {
    const auto done = static_cast<std::int64_t>(result.draws.size());
    result.draws.push_back(chip.measure(done));
    store_.log_draw(result.identity, done, result.draws.back());
    progress_.update(static_cast<double>(done + 1) / static_cast<double>(done + missing),
                     fmt::format("draw {}/{}", done + 1, done + missing));
  }
}

std::vector<MeasuredPoint> Run::measured() {
  std::vector<MeasuredPoint> measured;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (results_[i])
      measured.push_back({&points_[i], &*results_[i], costs_.of(points_[i].experiment)});
  return measured;
}

void Run::write_tables() {
  write_atomically(folder_ / "results.csv", results_csv(measured()));
  write_atomically(folder_ / "results.jsonl", results_jsonl(measured()));
}

void Run::draw_figures(const std::vector<Group>& groups, const std::vector<PricedPoint>& priced) {
  if (!points_.front().experiment.output.figures) return;
  const std::string& title = points_.front().experiment.title;
  if (has_accuracy_figure(groups)) draw_or_say(accuracy_figure(title, groups), folder_, progress_);
  if (has_pareto_figure(priced)) draw_or_say(pareto_figure(title, priced), folder_, progress_);
}

RunOutcome Run::finish() {
  write_tables();
  write_atomically(folder_ / "layers.csv", layers_csv(measured()));
  const std::vector<MeasuredPoint> all = measured();
  const std::vector<PricedPoint> priced = priced_points(all);
  if (!priced.empty()) write_atomically(folder_ / "cost.csv", cost_csv(all));
  if (computed_ > 0)
    write_provenance(folder_ / "provenance.json",
                     provenance_of(points_.front().experiment, networks_));
  const std::vector<Group> groups = group_points(measured());
  draw_figures(groups, priced);
  const std::string costs = priced.empty() ? "" : "\nPer image:\n\n" + pareto_text(priced);
  return {folder_, points_.size(), computed_, summary_table(groups) + costs};
}

}  // namespace

RunOutcome run_experiment(const Value& root, const RunOptions& options) {
  if (const Value* budget = root.at("budget"))
    throw ConfigError({{budget->where, "budget",
                        "is not for `ohmic run`; `ohmic budget` answers what this file asks"}});
  std::vector<Point> points = expand(root);
  const Experiment& first = points.front().experiment;
  use_threads(first.compute.threads);
  const auto folder = options.folder.empty() ? first.output.dir : options.folder;
  return Run(root, std::move(points), folder).run();
}

}  // namespace ohmic
