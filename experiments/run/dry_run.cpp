#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/measure/claims.hpp"
#include "experiments/measure/folder_owner.hpp"
#include "experiments/measure/inputs.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/measure/stopping.hpp"
#include "experiments/measure/timing.hpp"
#include "experiments/results/axis_columns.hpp"
#include "experiments/run/run.hpp"
#include "experiments/study/chip_training.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/study/selection.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/table.hpp"
#include "nn/train/curves.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

std::string plural(std::size_t count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// Seconds that are known, and whether anything is not.
struct Estimated {
  double seconds = 0;
  bool all_known = true;
  void add(std::optional<double> seconds_per_unit, double units) {
    if (units <= 0) return;
    seconds += seconds_per_unit.value_or(0) * units;
    all_known = all_known && seconds_per_unit.has_value();
  }
};

class DryRun {
 public:
  DryRun(const std::vector<Point>& points, const RunOptions& options, fs::path folder)
      : points_(points),
        chosen_(select_points(points, options.only)),
        folder_(std::move(folder)),
        store_(folder_ / "points"),
        speeds_(timing_file(folder_)) {}

  /// Points that a run would compute; known after outlook().
  const std::vector<const Experiment*>& left() const { return unfinished_; }

  Outlook outlook() {
    std::vector<std::string> states;
    for (std::size_t i = 0; i < points_.size(); ++i) states.push_back(state(i));
    return {table(states), fmt::format("{}: {}\n{}\n", folder_.string(), totals(), time_left())};
  }

 private:
  std::string state(std::size_t index);
  std::string unfinished(const Experiment&);
  std::string training(const Experiment&);
  std::string chips(const Experiment&, std::int64_t first, std::int64_t last);
  DataTable table(const std::vector<std::string>& states) const;
  std::string totals() const;
  std::string time_left() const;

  const std::vector<Point>& points_;
  std::vector<bool> chosen_;
  std::vector<const Experiment*> unfinished_;
  fs::path folder_;
  PointStore store_;
  Speeds speeds_;
  std::set<std::string> seen_, networks_;
  std::size_t finished_ = 0, begun_ = 0, not_begun_ = 0, left_out_ = 0, diverged_ = 0;
  bool stops_early_ = false;
  Estimated left_;
};

std::string DryRun::state(std::size_t index) {
  const Experiment& e = points_[index].experiment;
  const std::string identity = e.identity();
  if (store_.find(identity)) return ++finished_, "finished";
  if (!chosen_[index]) return ++left_out_, "not chosen";
  if (const auto why = divergence_of(e, folder_ / "training"))
    return ++diverged_, "left out: its training " + *why;
  unfinished_.push_back(&e);
  std::string text = unfinished(e);
  if (Claims::is_held(folder_ / "lock", point_claim(identity))) text += ", a process works on it";
  return text;
}

std::string DryRun::unfinished(const Experiment& e) {
  const std::string identity = e.identity();
  std::string train = training(e);
  const auto logged = store_.count_logged(identity);
  std::int64_t look = first_look(e.evaluation);
  while (look <= logged && next_look(e.evaluation, look) > look)
    look = next_look(e.evaluation, look);
  if (e.trains_each_chip()) train += chips(e, logged, look);
  ++(logged > 0 ? begun_ : not_begun_);
  stops_early_ = stops_early_ || e.evaluation.stop;
  if (seen_.insert(identity).second) {
    left_.add(speeds_.seconds_per(setup_work(e)), 1);
    left_.add(speeds_.seconds_per(draw_work(e)),
              static_cast<double>(std::max(look - logged, std::int64_t{0})));
  }
  if (logged > 0)
    return fmt::format("{} of {}{} draws", logged, e.evaluation.stop ? "at least " : "", look);
  return "not begun" + train;
}

/// Chips that are still to be trained by themselves, "" for none.
std::string DryRun::chips(const Experiment& e, std::int64_t first, std::int64_t last) {
  std::int64_t missing = 0;
  for (std::int64_t d = first; d < last; ++d) {
    const Experiment one = on_chip(e, e.evaluation.first_draw + d);
    const std::string text = training(one);
    missing += !text.empty();
  }
  return missing == 0 ? "" : fmt::format(", trains on {} chip{}", missing, missing == 1 ? "" : "s");
}

/// What is to be trained before the point, "" for nothing.
std::string DryRun::training(const Experiment& e) {
  const auto& hardware = e.train.hardware;
  if (hardware && hardware->takes_each_chip()) return training(before_chip(e));
  if (!e.is_trained()) return "";
  const fs::path folder = training_folder(folder_ / "training", e.training_identity());
  if (fs::exists(folder / kWeightsFile)) return "";
  const std::int64_t done = epochs_recorded(folder), epochs = epochs_of(e.train);
  if (networks_.insert(e.training_identity()).second)
    left_.add(speeds_.seconds_per(epoch_work(e)), static_cast<double>(epochs - done));
  return fmt::format(", trains {}{}", network_label(e),
                     done > 0 ? fmt::format(" ({} of {} epochs done)", done, epochs) : "");
}

DataTable DryRun::table(const std::vector<std::string>& states) const {
  DataTable table;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    Fields row = axis_fields(points_[i]);
    for (auto& [column, cell] : row) {
      column.title = column.key;
      cell.shown.reset();
    }
    row.push_back({{.key = "state", .title = "state", .is_left = true}, states[i]});
    table.add(row);
  }
  return table;
}

std::string DryRun::totals() const {
  std::string text = plural(points_.size(), "point");
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(finished_, "finished");
  add(begun_, "begun");
  add(not_begun_, "not begun");
  add(left_out_, "not chosen");
  add(diverged_, "left out");
  if (!networks_.empty()) text += "; to train: " + plural(networks_.size(), "network");
  return text + ".";
}

std::string DryRun::time_left() const {
  if (begun_ + not_begun_ == 0) return "Nothing is left to compute.";
  if (left_.seconds == 0) return "Time left: unknown until some of it has run here.";
  const bool at_least = stops_early_ || !left_.all_known;
  return fmt::format("Time left: {} {} for one process, as fast as before{}.",
                     at_least ? "at least" : "about", duration_text(left_.seconds),
                     left_.all_known ? "" : "; the rest is of a kind that has not run here");
}

}  // namespace

Outlook dry_run(const Value& root, const RunOptions& options) {
  check_is_run(root);
  const std::vector<Point> points = expand(root);
  const fs::path folder = run_folder(points, options);
  check_owner(folder, root, to_toml(resolved_file(root, points)), kFreshTakesFolder);
  DryRun run(points, options, folder);
  Outlook outlook = run.outlook();
  check_inputs(run.left());
  for (const std::string& remark : remarks_on(run.left(), experiments_of(points)))
    outlook.text += "note: " + remark + "\n";
  return outlook;
}

}  // namespace ohmic
