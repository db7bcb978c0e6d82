#include "experiments/run/run.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <map>
#include <optional>
#include <set>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/plugin.hpp"
#include "experiments/results/files.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/results/provenance.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/run/chip.hpp"
#include "experiments/run/networks.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/statistics/stopping.hpp"

namespace ohmic {
namespace {

void use_threads(int threads) {
  if (threads <= 0) threads = omp_get_num_procs();
  omp_set_num_threads(threads);
  set_threads(threads);
}

/// Where presets are swept, what a preset gives has no value that holds for all points.
void leave_to_presets(Value& resolved, const Value& root) {
  for (const char* key : {"preset", "mapping", "device", "periphery"}) {
    const Value* given = root.at(key);
    if (given)
      resolved.set(key, *given);
    else
      resolved.table().erase(key);
  }
}

/// A file that gives the same points, every key with its value.
std::string resolved_file(const Value& root, const Experiment& first) {
  Value resolved = first.resolved();
  if (root.at("sweep.preset")) leave_to_presets(resolved, root);
  if (root.at("sweep")) resolved.table()["sweep"] = resolved_sweep(root);
  return to_toml(resolved);
}

/// What the right answers without noise depend on besides the network.
std::string hardware_key(const Experiment& e) {
  const Value resolved = e.resolved();
  return fmt::format("{} {} {} {} {} {} {} {}", resolved.at("mapping")->text(),
                     resolved.at("periphery")->text(), resolved.at("noise")->text(),
                     e.device->g_min_S, e.device->g_max_S, e.seed, e.evaluation.calibration_images,
                     e.evaluation.batch_norm_images.value_or(0));
}

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
    write_atomically(folder_ / "resolved.toml", resolved_file(root_, points_.front().experiment));
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
  void measure_without_noise(Chip&, const TrainedNetwork&, const Experiment&, PointResult&);
  void draw_until_known(Chip&, std::size_t index, PointResult&);
  void warn(const std::string& message);
  RunOutcome finish();
  void write_provenance_file();
  void draw_figures(const std::vector<Group>&);
  void write_tables();
  std::vector<MeasuredPoint> measured() const;
  std::string label(std::size_t index) const;

  const Value& root_;
  std::vector<Point> points_;
  std::vector<std::string> identities_;
  std::vector<std::optional<PointResult>> results_;
  std::filesystem::path folder_;
  PointStore store_;
  Progress progress_;
  Networks networks_;
  /// Right answers without noise: of a network, and of a network on a kind of hardware.
  std::map<const TrainedNetwork*, std::int64_t> baselines_;
  std::map<std::pair<const TrainedNetwork*, std::string>, std::int64_t> noise_free_;
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

std::string Run::label(std::size_t index) const {
  std::string text;
  for (const auto& [key, value] : points_[index].axes) {
    const std::string short_key = key.substr(key.rfind('.') + 1);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", short_key, plain_text(value));
  }
  return text.empty() ? network_label(points_[index].experiment) : text;
}

void Run::compute(std::size_t index) {
  // Points of one identity (a swept key that does not matter there) are one measurement.
  if ((results_[index] = store_.find(identities_[index]))) return;
  const Experiment& experiment = points_[index].experiment;
  const TrainedNetwork& network = networks_.get(experiment);
  PointResult result;
  result.identity = identities_[index];
  result.draws = store_.logged_draws(result.identity);
  Chip chip(experiment, network);
  warn(chip.range_warning());
  measure_without_noise(chip, network, experiment, result);
  draw_until_known(chip, index, result);
  result.layers = chip.layers();
  store_.publish(result);
  const PointSummary s = summarize(result, experiment.evaluation.confidence);
  progress_.say(fmt::format("{}: {:.2f} % of {:.2f} % ({} draws)", label(index),
                            100 * s.accuracy.mean, 100 * s.baseline, result.draws.size()));
  results_[index] = std::move(result);
  ++computed_;
  write_tables();
}

/// Says it once.
void Run::warn(const std::string& message) {
  if (!message.empty() && warnings_.insert(message).second) progress_.say(message);
}

void Run::measure_without_noise(Chip& chip, const TrainedNetwork& network, const Experiment& e,
                                PointResult& result) {
  const auto count_once = [](auto& counts, const auto& key, const auto& count) {
    const auto present = counts.find(key);
    return present != counts.end() ? present->second : counts.emplace(key, count()).first->second;
  };
  result.images = chip.images();
  result.baseline_correct =
      count_once(baselines_, &network, [&] { return chip.baseline_correct(); });
  result.noise_free_correct = count_once(noise_free_, std::pair{&network, hardware_key(e)},
                                         [&] { return chip.noise_free_correct(); });
}

void Run::draw_until_known(Chip& chip, std::size_t index, PointResult& result) {
  const EvaluationSettings& settings = points_[index].experiment.evaluation;
  if (settings.estimator == Estimator::per_batch) result.batch = settings.batch;
  progress_.begin(label(index));
  while (const std::int64_t missing = draws_missing(settings, result.replicates())) {
    const auto done = static_cast<std::int64_t>(result.draws.size());
    result.draws.push_back(chip.measure(done));
    store_.log_draw(result.identity, done, result.draws.back());
    progress_.update(static_cast<double>(done + 1) / static_cast<double>(done + missing),
                     fmt::format("draw {}/{}", done + 1, done + missing));
  }
}

std::vector<MeasuredPoint> Run::measured() const {
  std::vector<MeasuredPoint> measured;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (results_[i]) measured.push_back({&points_[i], &*results_[i]});
  return measured;
}

void Run::write_tables() {
  write_atomically(folder_ / "results.csv", results_csv(measured()));
  write_atomically(folder_ / "results.jsonl", results_jsonl(measured()));
}

void Run::write_provenance_file() {
  const Experiment& first = points_.front().experiment;
  Provenance p;
  p.seed = first.seed;
  p.threads = omp_get_max_threads();
  p.device = resolve_device(first.compute.device);
  for (const Plugin& plugin : plugins()) p.plugins[plugin.file.string()] = plugin.sha256;
  for (const auto& [key, network] : networks_.all()) {
    p.networks[network.label + ", " + network.identity.substr(0, 12)] = network.weights_hash;
    p.data[network.data_name + " train"] = network.data->train.hash();
    p.data[network.data_name + " test"] = network.data->test.hash();
  }
  write_provenance(folder_ / "provenance.json", p);
}

void Run::draw_figures(const std::vector<Group>& groups) {
  if (!points_.front().experiment.output.figures || !has_accuracy_figure(groups)) return;
  const std::string& title = points_.front().experiment.title;
  const Drawn drawn = draw(accuracy_figure(title, groups), folder_ / "figures");
  if (drawn == Drawn::no_gnuplot)
    progress_.say("no figures: gnuplot is not installed (Debian: gnuplot-nox)");
  else if (drawn == Drawn::failed)
    progress_.say(fmt::format("no figures: gnuplot does not like {}",
                              (folder_ / "figures" / "accuracy.gp").string()));
}

RunOutcome Run::finish() {
  write_tables();
  write_atomically(folder_ / "layers.csv", layers_csv(measured()));
  if (computed_ > 0) write_provenance_file();
  const std::vector<Group> groups = group_points(measured());
  draw_figures(groups);
  return {folder_, points_.size(), computed_, summary_table(groups)};
}

}  // namespace

RunOutcome run_experiment(const Value& root, const RunOptions& options) {
  std::vector<Point> points = expand(root);
  const Experiment& first = points.front().experiment;
  use_threads(first.compute.threads);
  const auto folder = options.folder.empty() ? first.output.dir : options.folder;
  return Run(root, std::move(points), folder).run();
}

}  // namespace ohmic
