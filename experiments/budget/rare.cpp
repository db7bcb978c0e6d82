#include "experiments/budget/rare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "experiments/measure/compute.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

constexpr int kPathsVersion = 1;    // of the sequence of paths, in the names of its logs
constexpr double kPilotSweeps = 2;  // that it moves as often as a repetition, about
constexpr double kFewAccepted = 0.1, kMuchExcess = 5;

/// A value that is no number is as bad as can be.
double badness_of(double value, const Metric& metric) {
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : -metric.sign() * value;
}

/// A GPU makes noise of keys, which know nothing of paths.
void check_host_programs(const BudgetRequest& request, const Experiment& e) {
  if (e.compute.backend != "cuda" && torch_device(e.compute) == "cpu") return;
  throw ConfigError({request.fault("rare",
                                   "needs chips that the processor programs; expected "
                                   "compute.device = \"cpu\" and compute.backend = \"cpu\" or "
                                   "\"reference\"")});
}

/// Of which chips it is, is not asked.
SplittingSettings splitting_of(const RareSettings& asked) {
  return {0, 0, asked.chips, asked.moves, asked.repetitions, asked.smallest};
}

/// All plain chips; by the first of them it is said how long the answer may take.
PointResult plain_chips(AnalysisContext& context, const Point& point) {
  constexpr std::int64_t kTimed = 3;
  const RareSettings& asked = *context.request.settings.rare;
  const auto measure = [&](std::int64_t draws) {
    return context.evaluations.measure(point.experiment, draws,
                                       point_label(point) + ", plain chips");
  };
  const std::int64_t before = context.evaluations.new_draws();
  measure(1);  // with all that is made once
  const auto began = std::chrono::steady_clock::now();
  measure(1 + kTimed);
  const std::chrono::duration<double> timed_s = std::chrono::steady_clock::now() - began;
  if (context.evaluations.new_draws() == before + 1 + kTimed)
    context.progress.say(
        fmt::format("{}: {}", point_label(point), effort_text(asked, timed_s.count() / kTimed)));
  return measure(asked.chips * (asked.repetitions + 1));
}

/// Chips of one point, wherever splitting asks for them.
class ChipsOfPoint {
 public:
  ChipsOfPoint(AnalysisContext& context, const Point& point)
      : context_(context),
        point_(point),
        asked_(*context.request.settings.rare),
        result_(plain_chips(context, point)) {
    const Replicates chips = result_.replicates();
    for (std::int64_t d = 0; d < chips.count(); ++d) plain_.push_back(chips.total(d));
  }

  double baseline() const { return result_.baseline(); }
  const std::vector<double>& plain() const { return plain_; }

  SplittingAnswer split(double limit) {
    limit_ = limit;
    SplittingSettings settings = splitting_of(asked_);
    settings.seed = point_.experiment.seed;
    settings.first_draw = static_cast<std::uint64_t>(point_.experiment.evaluation.first_draw);
    return ohmic::split(settings, limit, [this](std::int64_t repetition, const NoisePath& path) {
      return badness_of(value(repetition, path), *result_.metric);
    });
  }

 private:
  double value(std::int64_t repetition, const NoisePath& path) {
    const Experiment& e = point_.experiment;
    if (path.steps.empty())
      return plain_.at(path.first - static_cast<std::uint64_t>(e.evaluation.first_draw));
    if (repetition != repetition_) begin(repetition);
    context_.progress.update(progress(), fmt::format("repetition {}/{}, {} chips", repetition,
                                                     asked_.repetitions, walk_->next));
    return context_.evaluations.measure_next(*walk_, path);
  }

  /// About how much is done, in moves of populations at the levels that the pilot finds.
  double progress() const {
    const auto count = static_cast<double>(asked_.repetitions);
    const double part = static_cast<double>(walk_->next) / population_;
    return repetition_ == 0
               ? std::min(part, kPilotSweeps) / (kPilotSweeps + count)
               : std::min(kPilotSweeps + static_cast<double>(repetition_ - 1) + std::min(part, 1.0),
                          kPilotSweeps + count) /
                     (kPilotSweeps + count);
  }

  void begin(std::int64_t repetition) {
    if (repetition_ == 0 && walk_->next > 0)  // the pilot has found how many levels there are
      population_ = static_cast<double>(walk_->next) / kPilotSweeps;
    repetition_ = repetition;
    walk_.emplace(context_.evaluations.walk(
        point_.experiment,
        fmt::format("rare {}, {} chips, {} moves, limit {}, smallest {}, repetition {}",
                    kPathsVersion, asked_.chips, asked_.moves, limit_, asked_.smallest,
                    repetition)));
    context_.progress.begin(point_label(point_) + ", rare chips");
  }

  AnalysisContext& context_;
  const Point& point_;
  const RareSettings& asked_;
  PointResult result_;
  std::vector<double> plain_;
  double limit_ = 0;
  std::int64_t repetition_ = -1;
  /// Moves of one repetition; until the pilot has found the levels, the most.
  double population_ =
      static_cast<double>(most_levels(splitting_of(asked_)) * asked_.moves * asked_.chips);
  std::optional<Evaluations::Walk> walk_;
};

RareChips measure_rare(AnalysisContext& context, const Point& point) {
  check_host_programs(context.request, point.experiment);
  ChipsOfPoint source(context, point);
  RareChips chips{&point, source.baseline(), {}, source.plain()};
  double farthest = -std::numeric_limits<double>::infinity();
  for (const Target& target : chips.targets(context.request.settings)) {
    if (!chips.can_miss(target.value)) continue;
    chips.limits.push_back(chips.beyond(target.value));
    farthest = std::max(farthest, chips.limits.back());
  }
  chips.found = source.split(farthest);
  return chips;
}

/// As far as shares go, in their logarithms.
bool is_narrower(const Estimate& a, const Estimate& b) {
  return a.lo > 0 && b.lo > 0 && a.hi / a.lo < b.hi / b.lo;
}

}  // namespace

void check_rare(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_chips_see_all_images(request, "rare", faults);
  const RareSettings& asked = *request.settings.rare;
  const auto plain = static_cast<std::uint64_t>(asked.chips * (asked.repetitions + 1));
  for (const Point& point : request.points)
    if (const std::int64_t first = point.experiment.evaluation.first_draw;
        static_cast<std::uint64_t>(first) + plain > kPlainDraws)
      return faults.push_back(request.fault(
          "rare", fmt::format("evaluation.first_draw is {}; expected at most 10^18, beyond which "
                              "chips between draws have theirs",
                              first)));
}

std::vector<RareChips> find_rare_chips(AnalysisContext& context) {
  std::vector<RareChips> all;
  for (const Point& point : context.request.points) all.push_back(measure_rare(context, point));
  return all;
}

Estimate RareChips::share_missing(double target, double confidence) const {
  if (!can_miss(target)) return {0, 0, 0};
  if (is_plain(target)) return plain_share(target, confidence);
  const Estimate share = found.share_above(beyond(target), confidence);
  if (share.mean > 0) return share;
  std::vector<double> before;
  for (const SplittingLevel& level : found.levels) before.push_back(level.above);
  for (const double limit : limits)
    if (limit < beyond(target)) before.push_back(limit);
  std::ranges::sort(before, std::greater());
  for (const double nearer : before)
    if (const Estimate seen = found.share_above(nearer, confidence); seen.mean > 0)
      return {0, 0, seen.hi};
  return plain_share(target, confidence);
}

bool RareChips::can_miss(double target) const {
  const Metric& metric = words().metric();
  return !is_good_chip(metric.sign() > 0 ? metric.least : metric.most, target, metric);
}

bool RareChips::is_plain(double target) const {
  return found.levels.empty() || found.levels.front().above > beyond(target);
}

Estimate RareChips::plain_share(double target, double confidence) const {
  return proportion_estimate(plain_missing(target), std::ssize(plain), confidence);
}

std::int64_t RareChips::plain_missing(double target) const {
  return std::ranges::count_if(plain, [&, &metric = words().metric()](double value) {
    return !is_good_chip(value, target, metric);
  });
}

std::string effort_text(const RareSettings& asked, double pass_s) {
  const SplittingSettings splitting = splitting_of(asked);
  const std::int64_t passes = most_evaluations(splitting);
  return fmt::format(
      "up to about {} passes over the test images ({} plain chips, then {} levels down to a share "
      "of {:g}), {} at the speed of the first; fewer where the limit lies nearer. What is done "
      "stays done: the same command goes on after an end.",
      passes, asked.chips * (asked.repetitions + 1), most_levels(splitting), asked.smallest,
      duration_text(pass_s * static_cast<double>(passes)));
}

std::vector<std::string> doubts_of(const RareChips& chips, const BudgetSettings& settings) {
  std::vector<std::string> doubts;
  const SplittingAnswer& found = chips.found;
  if (found.least_accepted() < kFewAccepted)
    doubts.push_back(fmt::format(
        "warning: at one level only {:.2g} % of the moves were accepted: chips there are near "
        "copies of few; more moves (budget.rare.moves) tell more.",
        100 * found.least_accepted()));
  for (const Target& target : chips.targets(settings)) {
    if (!chips.can_miss(target.value)) {
      doubts.push_back(fmt::format("{}: no value of the {} misses it: the share is 0.", target.text,
                                   chips.words().title()));
      continue;
    }
    const double value = chips.beyond(target.value);
    const std::int64_t without = found.without(value), all = std::ssize(found.repetitions);
    if (is_narrower(chips.plain_share(target.value, settings.confidence),
                    chips.share_missing(target.value, settings.confidence)))
      doubts.push_back(fmt::format(
          "{}: such chips are not rare: plain draws tell their share better ([budget.yield]).",
          target.text));
    else if (chips.is_plain(target.value))
      doubts.push_back(fmt::format(
          "{}: no level lies before it, and the share is that of the plain draws.", target.text));
    else if (without == all)
      doubts.push_back(fmt::format(
          "warning: {}: no repetition saw such a chip: the upper end is that of the share beyond "
          "the farthest level or limit that was reached.",
          target.text));
    else if (without > 0)
      doubts.push_back(
          fmt::format("warning: {}: {} of {} repetitions saw no such chip, and the interval is too "
                      "narrow; more "
                      "chips or moves (budget.rare.chips, .moves) help.",
                      target.text, without, all));
    else if (const double excess = found.excess(value); excess > kMuchExcess)
      doubts.push_back(fmt::format(
          "warning: {}: repetitions differ {:.2g} times as much (variance) as chips would that "
          "forget where they come from; more moves (budget.rare.moves) narrow the interval, and "
          "kinds of bad chips that no repetition met would not show.",
          target.text, excess));
  }
  return doubts;
}

}  // namespace ohmic
