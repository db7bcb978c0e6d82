#include "experiments/run/run.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <thread>

#include "experiments/measure/claims.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/costs.hpp"
#include "experiments/measure/doubts.hpp"
#include "experiments/measure/drawing.hpp"
#include "experiments/measure/examination.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/folder_owner.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/point_check.hpp"
#include "experiments/measure/point_chip.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/measure/set_aside.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/measure/timing.hpp"
#include "experiments/measure/without_noise.hpp"
#include "experiments/results/cases.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/results/left_out.hpp"
#include "experiments/results/point_warnings.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/study/selection.hpp"
#include "nn/train/divergence.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// "0.1: 88.20 % of 91.00 % (10 draws)", "0.1: mean squared error 0.31, without noise 0.28 (...)".
std::string point_text(const std::string& label, const MetricWords& words, const PointSummary& s,
                       std::size_t draws) {
  const std::string value = words.text_with_unit(s.value.mean),
                    baseline = words.text_with_unit(s.baseline);
  if (words.metric().has_normalized)
    return fmt::format("{}: {} of {} ({} draws)", label, value, baseline, draws);
  return fmt::format("{}: {} {}, without noise {} ({} draws)", label, words.title(), value,
                     baseline, draws);
}

/// A table without text goes: it is of what the file was before.
void write_or_remove(const std::filesystem::path& file, const std::string& text) {
  std::error_code absent;
  text.empty() ? void(std::filesystem::remove(file, absent)) : write_atomically(file, text);
}

class Run {
 public:
  Run(const Value& root, std::vector<Point> points, const RunOptions& options)
      : root_(root),
        points_(std::move(points)),
        options_(options),
        chosen_(select_points(points_, options.only)),
        results_(points_.size()),
        diverged_(points_.size()),
        warnings_(points_.size()),
        folder_(run_folder(points_, options)),
        store_(folder_ / "points"),
        progress_(options.progress ? *options.progress : silent_),
        networks_(folder_ / "training", progress_) {
    for (const Point& point : points_) {
      identities_.push_back(point.experiment.identity());
      trainings_.push_back(point.experiment.training_identity());
    }
  }

  RunOutcome run() {
    make_folder(folder_);
    claims_.emplace(folder_ / "lock");
    if (options_.fresh || options_.fresh_training) make_room();
    const auto here = claims_->try_shared(kFolderClaim);
    if (!here) throw OutputError(folder_.string() + ": another ohmic sets results aside here");
    make_own_folder(folder_ / "points");
    begin();
    work();
    if (options_.rank.count > 1)
      progress_.say(fmt::format("computed {} of the {} points", computed_, points_.size()));
    return finish();
  }

 private:
  void make_room();
  void begin();
  void work();
  bool is_missing(std::size_t index);
  bool try_point(std::size_t index);
  void compute(std::size_t index, const TrainedNetwork&);
  /// `said` names the training; `why` stands in the tables, in a row that names it.
  void leave_out(std::size_t index, const std::string& why, const std::string& said);
  void draw(PointChip&, std::size_t index, PointResult&);
  void show(std::size_t index, const std::string& what, double fraction);
  void say_once(const std::string& message);
  RunOutcome finish();
  const TrainedNetwork* network_of(std::size_t index);
  std::optional<std::string> find_divergence(std::size_t index) const;
  void note_provenance(const TrainedNetwork&);
  void note_networks();
  void examine_now(const TrainedNetwork&, const Experiment&);
  const std::vector<std::string>* warnings_of(std::size_t index);
  std::size_t settled();
  std::vector<MeasuredPoint> measured();
  std::vector<LeftOutPoint> left_out() const;
  template <class Write>
  void with_tables(const Write&);
  void write_rows(const std::vector<MeasuredPoint>&);
  void write_rest(const std::vector<MeasuredPoint>&, RunOutcome&);
  void write_tables();

  const Value& root_;
  std::vector<Point> points_;
  RunOptions options_;
  std::vector<bool> chosen_;
  std::vector<std::string> identities_, trainings_;
  std::vector<std::optional<PointResult>> results_;
  std::vector<std::optional<std::string>> diverged_;               ///< divergence_of each point
  std::vector<std::optional<std::vector<std::string>>> warnings_;  ///< of measured points
  std::filesystem::path folder_;
  std::optional<Claims> claims_;
  PointStore store_;
  Progress silent_;
  Progress& progress_;
  Networks networks_;
  WithoutNoise without_noise_;
  Calibrations calibrations_;
  Costs costs_{networks_, calibrations_};
  std::set<const TrainedNetwork*> noted_, examined_;
  std::set<std::string> said_;
  std::string shown_;                              ///< what of a point is being prepared
  std::pair<std::int64_t, std::int64_t> draws_{};  ///< of the point: done, in all; 0: not drawing
  std::size_t computed_ = 0;
};

void Run::make_room() {
  if (options_.rank.count > 1)
    throw ConfigError(fmt::format(
        "--fresh: {} processes were started together and one has to set aside what {} holds before "
        "the others begin; start one alone with --fresh, stop it when it has said so, and start "
        "all without --fresh",
        options_.rank.count, folder_.string()));
  const auto alone = claims_->try_exclusive(kFolderClaim);
  if (!alone)
    throw OutputError(folder_.string() + ": another ohmic works here; stop it before --fresh");
  std::vector<const Experiment*> chosen;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (chosen_[i]) chosen.push_back(&points_[i].experiment);
  const auto aside =
      set_aside(folder_, chosen, chosen.size() == points_.size(), options_.fresh_training);
  progress_.say(aside.empty() ? "nothing to set aside"
                              : "what was there is now in " + aside.string());
}

/// divergence_of, without hashing the experiment again where it has no teacher.
std::optional<std::string> Run::find_divergence(std::size_t index) const {
  const Experiment& experiment = points_[index].experiment;
  const std::filesystem::path all = folder_ / "training";
  const bool on_chip = experiment.train.hardware && experiment.train.hardware->chip;
  if (experiment.train.distill || on_chip) return divergence_of(experiment, all);
  if (!experiment.is_trained()) return std::nullopt;
  return read_divergence(training_folder(all, trainings_[index]), trainings_[index]);
}

/// Whether a chosen point is to be computed, looking for what other processes did.
bool Run::is_missing(std::size_t index) {
  if (!results_[index]) results_[index] = store_.find(identities_[index]);
  if (!results_[index] && !diverged_[index]) diverged_[index] = find_divergence(index);
  return chosen_[index] && !results_[index] && !diverged_[index];
}

void Run::begin() {
  {
    const Claim tables = claims_->exclusive(kTablesClaim);
    const std::string resolved = to_toml(resolved_file(root_, points_));
    take_folder(folder_, root_, resolved, kFreshTakesFolder);
    write_atomically(folder_ / "resolved.toml", resolved);
  }
  std::size_t finished = 0, missing = 0, without_network = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    missing += is_missing(i);
    finished += results_[i].has_value();
    without_network += chosen_[i] && !results_[i] && diverged_[i];
  }
  if (options_.rank.is_first())
    progress_.say(
        fmt::format("{}: {} points, {} finished before, {} to do{}", folder_.string(),
                    points_.size(), finished, missing,
                    without_network == 0
                        ? ""
                        : fmt::format(", {} whose training diverged before", without_network)));
  std::vector<const Experiment*> to_do;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (is_missing(i)) to_do.push_back(&points_[i].experiment);
  for (const Experiment* experiment : to_do) networks_.check(*experiment);
  if (!options_.rank.is_first()) return;
  for (const std::string& remark : remarks_on(to_do, experiments_of(points_)))
    progress_.say(remark);
}

/// Goes through the points until none is missing, taking each that nobody else works on.
void Run::work() {
  for (bool said = false;;) {
    std::size_t missing = 0;
    bool did_any = false;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (!is_missing(i)) continue;
      ++missing;
      did_any |= try_point(i);
    }
    if (missing == 0) return;
    if (did_any) continue;
    if (!said)
      progress_.say("the points that are left are in other processes' hands; waiting for them");
    said = true;
    progress_.wait();
    std::this_thread::sleep_for(kPollInterval);
  }
}

/// Finishes a point unless another process works on it or trains its network.
bool Run::try_point(std::size_t index) {
  const auto claim = claims_->try_exclusive(point_claim(identities_[index]));
  if (!claim) return false;
  if (!is_missing(index)) return true;
  const TrainedNetwork* network = network_of(index);
  if (!network) return diverged_[index].has_value();
  note_provenance(*network);
  examine_now(*network, points_[index].experiment);
  try {
    compute(index, *network);
  } catch (const TrainingDiverged& error) {  // of one chip
    leave_out(index, error.what(), error.what());
  }
  return true;
}

void Run::leave_out(std::size_t index, const std::string& why, const std::string& said) {
  diverged_[index] = why;
  progress_.say(fmt::format("{}; its points are left out", said));
  write_tables();
}

/// Null while another process trains it, and where its training diverges.
const TrainedNetwork* Run::network_of(std::size_t index) {
  try {
    return networks_.try_get(points_[index].experiment);
  } catch (const TrainingDiverged& error) {
    leave_out(index, find_divergence(index).value_or(error.what()), error.what());
    return nullptr;
  }
}

void Run::compute(std::size_t index, const TrainedNetwork& network) {
  const Experiment& experiment = points_[index].experiment;
  PointResult result;
  result.identity = identities_[index];
  if (experiment.evaluation.estimator == Estimator::per_batch)
    result.batch = experiment.evaluation.batch;
  Timer timer(timing_file(folder_), setup_work(experiment));
  shown_.clear();
  PointChip chip(
      experiment, network, calibrations_,
      [this, index](const std::string& what, double fraction) { show(index, what, fraction); });
  result.warnings = chip.warnings();
  for (const std::string& warning : result.warnings) say_once("warning: " + warning);
  without_noise_.measure(chip, network, experiment, result);
  timer.done();
  result.draws = store_.logged_draws(result.identity);
  check_logged(result, folder_ / "points");
  draw(chip, index, result);
  if (network.on_chip) note_networks();
  result.layers = chip.layers();
  store_.publish(result);
  const PointSummary s = summarize(result, experiment.evaluation.confidence);
  progress_.say(
      point_text(point_label(points_[index]), MetricWords(experiment), s, result.draws.size()));
  costs_.of(experiment, &chip);
  results_[index] = std::move(result);
  ++computed_;
  write_tables();
}

void Run::say_once(const std::string& message) {
  if (said_.insert(message).second) progress_.say(message);
}

void Run::draw(PointChip& chip, std::size_t index, PointResult& result) {
  progress_.begin(point_label(points_[index]));
  Timer timer(timing_file(folder_), draw_work(points_[index].experiment));
  const auto begin = [&](std::int64_t draw, std::int64_t draws) { draws_ = {draw, draws}; };
  const auto done = [&](std::int64_t draw, const DrawResult& drawn) {
    store_.log_draw(result.identity, *result.metric, draw, drawn);
    timer.done();
    show(index, "draw", 1.0);
  };
  draw_until_known(chip, points_[index].experiment.evaluation, {begin, done}, result);
  draws_ = {};
}

/// How far the chip is: with what comes before the draws, or with one of them.
void Run::show(std::size_t index, const std::string& what, double fraction) {
  const auto [done, all] = draws_;
  if (all > 0)
    return progress_.update((static_cast<double>(done) + fraction) / static_cast<double>(all),
                            fmt::format("draw {}/{}", done + 1, all));
  if (what != shown_) progress_.begin(point_label(points_[index]) + ", " + what);
  shown_ = what;
  progress_.update(fraction, "");
}

std::vector<MeasuredPoint> Run::measured() {
  std::vector<MeasuredPoint> measured;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (results_[i])
      measured.push_back({&points_[i], &*results_[i], costs_.of(points_[i].experiment),
                          points_[i].experiment.is_trained() ? &trainings_[i] : nullptr,
                          warnings_of(i)});
  return measured;
}

/// Found once: they are read from the folder.
const std::vector<std::string>* Run::warnings_of(std::size_t index) {
  auto& warnings = warnings_[index];
  if (!warnings) warnings = point_warnings(folder_, {&points_[index], &*results_[index]});
  return &*warnings;
}

std::vector<LeftOutPoint> Run::left_out() const {
  std::vector<LeftOutPoint> points;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (!results_[i] && diverged_[i])
      points.push_back({&points_[i], identities_[i], trainings_[i], *diverged_[i]});
  return points;
}

/// How many points are done with, by whatever process.
std::size_t Run::settled() {
  std::size_t count = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    is_missing(i);
    count += results_[i] || diverged_[i];
  }
  return count;
}

/// Calls write(points) with all that any process has finished, by itself among the processes. What
/// takes long, the costs of points, is found before: another process that finishes a point
/// meanwhile makes it begin again.
template <class Write>
void Run::with_tables(const Write& write) {
  for (;;) {
    const std::size_t before = settled();
    const std::vector<MeasuredPoint> points = measured();
    const Claim tables = claims_->exclusive(kTablesClaim);
    if (settled() == before) return write(points);
  }
}

void Run::write_rows(const std::vector<MeasuredPoint>& points) {
  write_atomically(folder_ / "results.csv", results_csv(points, left_out()));
  write_atomically(folder_ / "results.jsonl", results_jsonl(points, left_out()));
}

void Run::write_tables() {
  with_tables([this](const auto& points) { write_rows(points); });
}

void Run::note_provenance(const TrainedNetwork& network) {
  if (noted_.insert(&network).second) note_networks();
}

void Run::note_networks() {
  const Provenance p = provenance_of(points_, networks_);
  const Claim tables = claims_->exclusive(kTablesClaim);
  write_provenance(folder_ / "provenance.json", p,
                   [this](const std::string& text) { say_once(text); });
}

/// Facts that later processes and reports find, and a word at once.
void Run::examine_now(const TrainedNetwork& network, const Experiment& experiment) {
  if (!examined_.insert(&network).second) return;
  const Claim alone = claims_->exclusive(kExaminationClaim);  // another finds what it keeps
  const Plausibility facts = examine_once(folder_, network, experiment);
  for (const std::string& line : spoken_doubts(network, facts)) say_once(line);
}

RunOutcome Run::finish() {
  RunOutcome outcome{folder_, points_.size(), 0, computed_, {}, {}, ""};
  with_tables([&](const std::vector<MeasuredPoint>& all) {
    outcome.finished = all.size();
    write_rows(all);
    write_rest(all, outcome);
  });
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (chosen_[i] && !results_[i] && diverged_[i])
      outcome.left_out.push_back(point_label(points_[i]) + ": " + *diverged_[i]);
  return outcome;
}

/// The files that only whole runs have.
void Run::write_rest(const std::vector<MeasuredPoint>& all, RunOutcome& outcome) {
  write_atomically(folder_ / "layers.csv", layers_csv(all));
  const std::vector<PricedPoint> priced = priced_points(all);
  write_or_remove(folder_ / "cost.csv", priced.empty() ? "" : cost_csv(all));
  const DataTable cases = case_table(points_, all, priced);
  write_or_remove(folder_ / "cases.csv", cases.lines.empty() ? "" : csv_text(cases));
  const std::vector<Group> groups = group_points(all);
  if (options_.at_end)
    options_.at_end({folder_, points_.front().experiment.output, all, options_.rank.is_first(),
                     [this](const std::string& line) { progress_.say(line); }});
  if (!options_.rank.is_first()) return;
  outcome.doubts = run_warnings(folder_, all, experiments_of(points_));
  outcome.summary = summary_table(groups) + "\n" + summary_legend(groups) +
                    doubts_text(outcome.doubts) +
                    (cases.lines.empty() ? "" : "\nCases:\n\n" + case_text(cases, all)) +
                    (priced.empty() ? "" : "\nPer image:\n\n" + pareto_text(priced));
}

}  // namespace

std::filesystem::path run_folder(const std::vector<Point>& points, const RunOptions& options) {
  return options.folder.empty() ? points.front().experiment.output.dir : options.folder;
}

void check_is_run(const Value& root) {
  const Value* budget = root.at("budget");
  if (!budget) return;
  const bool asks_design = budget->is_table() && budget->at("design");
  throw ConfigError({{budget->where, "budget",
                      std::string("is not for `ohmic run`; ") +
                          (asks_design ? "`ohmic design` answers what [budget.design] asks"
                                       : "`ohmic budget` answers what this file asks")}});
}

RunOutcome run_experiment(const Value& root, const RunOptions& options) {
  check_is_run(root);
  std::vector<Point> points = expand(root);
  use_threads(points.front().experiment.compute.threads);
  return Run(root, std::move(points), options).run();
}

}  // namespace ohmic
