#include "experiments/budget/recalibration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/measure/setup.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

constexpr char kCompensation[] = "mapping.compensation", kRead[] = "mapping.compensation_s";

bool is_compensated(const Experiment& e) { return e.mapping.compensation != Compensation::none; }

class Schedule {
 public:
  Schedule(double share, double confidence, const GoodChips& good)
      : share_(share), confidence_(confidence), good_at_(good) {}

  std::vector<std::size_t> over(std::size_t ages) {
    while (read_.size() < ages && go_on()) {
    }
    return read_;
  }

 private:
  bool go_on() {
    const std::size_t age = read_.size(), before = age == 0 ? 0 : age - 1;
    std::vector<std::size_t> candidates{age == 0 ? 0 : read_.back(), before, age};
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    return std::ranges::any_of(candidates, [&](std::size_t read) { return holds(age, read); });
  }

  bool holds(std::size_t age, std::size_t read) {
    std::vector<bool> alive = good_at_(age, read);
    for (std::size_t chip = 0; chip < alive_.size(); ++chip)
      alive[chip] = alive[chip] && alive_[chip];
    const std::int64_t count = std::ranges::count(alive, true);
    if (proportion_estimate(count, std::ssize(alive), confidence_).lo < share_) return false;
    alive_ = std::move(alive);
    read_.push_back(read);
    return true;
  }

  const double share_, confidence_;
  const GoodChips& good_at_;
  std::vector<std::size_t> read_;
  std::vector<bool> alive_;  ///< at every age so far
};

class Recalibrations {
 public:
  Recalibrations(AnalysisContext& context, const AgingChips& chips, Target target)
      : context_(context),
        settings_(context.request.settings),
        asked_(*settings_.lifetime),
        found_{&chips, std::move(target), {}} {}

  Recalibration find() {
    const GoodChips good = [&](std::size_t age, std::size_t read) {
      const Replicates chips = measure(chips_at(age, read), age, read, "");
      std::vector<bool> all;
      for (std::int64_t chip = 0; chip < chips.count(); ++chip)
        all.push_back(is_good_chip(chips.total(chip), found_.target.value, metric()));
      return all;
    };
    const std::vector<std::size_t> schedule =
        schedule_of(asked_.times_s.size(), asked_.share, settings_.confidence, good);
    for (const std::size_t read : schedule) found_.read_s.push_back(asked_.times_s[read]);
    if (!schedule.empty()) follow(schedule);
    return std::move(found_);
  }

 private:
  const Metric& metric() const { return found_.chips->words().metric(); }

  /// With factors that are read at that very age, chips are those of the answer.
  Experiment chips_at(std::size_t age, std::size_t read) const {
    Remedy keys = found_.chips->keys;
    if (read != age) keys.push_back({kRead, {asked_.times_s[read]}});
    return with_remedy(found_.chips->point->experiment, keys, asked_.times_s[age]);
  }

  Replicates measure(const Experiment& e, std::size_t age, std::size_t read, const char* more) {
    const std::string label =
        fmt::format("{}, {}, {:g} s old, factors of {:g} s{}", point_label(*found_.chips->point),
                    found_.chips->remedy, asked_.times_s[age], asked_.times_s[read], more);
    return context_.evaluations.measure(e, asked_.draws, label).replicates();
  }

  void follow(const std::vector<std::size_t>& schedule) {
    AgingChips fresh = *found_.chips;
    fresh.at.clear();
    fresh.times_s.resize(schedule.size());
    for (std::size_t age = 0; age < schedule.size(); ++age)
      fresh.at.push_back(measure(on_fresh_draws(chips_at(age, schedule[age])), age, schedule[age],
                                 ", on fresh draws"));
    found_.fresh = std::move(fresh);
  }

  AnalysisContext& context_;
  const BudgetSettings& settings_;
  const LifetimeSettings& asked_;
  Recalibration found_;
};

}  // namespace

std::vector<std::size_t> schedule_of(std::size_t ages, double share, double confidence,
                                     const GoodChips& good) {
  return Schedule(share, confidence, good).over(ages);
}

std::vector<double> Recalibration::readings_s() const {
  std::vector<double> once = read_s;
  once.erase(std::unique(once.begin(), once.end()), once.end());
  return once;
}

void check_recalibration(const BudgetRequest& request, std::vector<Fault>& faults) {
  const LifetimeSettings& asked = *request.settings.lifetime;
  if (!asked.recalibrate) return;
  const auto fault = [&](const std::string& message) {
    faults.push_back(request.fault("lifetime.recalibrate", message));
  };
  bool any = false;
  for (const Point& point : request.points)
    for (const Experiment& e : aged(asked, point.experiment)) {
      any |= is_compensated(e);
      if (e.mapping.compensation_s)
        return fault(fmt::format("looks for what {} gives; expected one of them", kRead));
    }
  if (!any)
    fault(fmt::format(
        "is about factors against drift, and neither the file nor a remedy has some; expected {} = "
        "\"tile\" or \"column\"",
        kCompensation));
}

std::vector<Recalibration> find_recalibrations(AnalysisContext& context,
                                               const std::vector<AgingChips>& all) {
  const BudgetSettings& settings = context.request.settings;
  std::vector<Recalibration> found;
  if (!settings.lifetime->recalibrate) return found;
  for (const AgingChips& chips : all) {
    if (!is_compensated(with_remedy(chips.point->experiment, chips.keys, chips.times_s.front())))
      continue;
    for (Target& target : allowed_targets(chips.words(), chips.baseline, settings))
      found.push_back(Recalibrations(context, chips, std::move(target)).find());
  }
  return found;
}

}  // namespace ohmic
