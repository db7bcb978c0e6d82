#include "experiments/budget/yield.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/measure/setup.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

Chips measure_chips(AnalysisContext& context, const Point& point) {
  const std::int64_t draws = context.request.settings.yield->draws;
  const PointResult result =
      context.evaluations.measure(point.experiment, draws, point_label(point) + ", chips");
  Chips chips{&point, result.baseline(), result.replicates(), {}};
  for (std::int64_t d = 0; d < draws; ++d) chips.values.push_back(chips.replicates.total(d));
  std::sort(chips.values.begin(), chips.values.end(),
            [sign = chips.sign()](double a, double b) { return sign * a < sign * b; });
  return chips;
}

}  // namespace

void check_chips_see_all_images(const BudgetRequest& request, const std::string& analysis,
                                std::vector<Fault>& faults) {
  for (const Point& point : request.points)
    if (point.experiment.evaluation.estimator != Estimator::per_draw)
      return faults.push_back(
          request.fault(analysis,
                        "needs chips that see all images; expected evaluation.estimator "
                        "\"per_draw\""));
}

void check_yield(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_chips_see_all_images(request, "yield", faults);
}

std::vector<Chips> find_yields(AnalysisContext& context) {
  std::vector<Chips> all;
  for (const Point& point : context.request.points) all.push_back(measure_chips(context, point));
  return all;
}

std::vector<Target> targets_of(const Chips& chips, const BudgetSettings& settings) {
  return targets_of(chips.words(), chips.baseline, settings.yield->target, settings);
}

std::vector<Target> targets_of(const MetricWords& words, double baseline,
                               const std::optional<double>& target,
                               const BudgetSettings& settings) {
  if (!target) return allowed_targets(words, baseline, settings);
  return {{words.column(fmt::format("{:g}", words.factor() * *target)), Estimate::kNone, *target}};
}

std::vector<Target> allowed_targets(const MetricWords& words, double baseline,
                                    const BudgetSettings& settings) {
  const Metric& metric = words.metric();
  std::vector<Target> targets;
  for (const Allowance& a : settings.allowances(metric)) {
    const std::string kind = a.is_limit()                      ? ""
                             : metric.better == Better::higher ? "loss of "
                                                               : "rise of ";
    targets.push_back(
        {kind + settings.text(a, words), a.change, settings.limit_of(a, metric, baseline)});
  }
  return targets;
}

double worst_good(double target, const Metric& metric) {
  return metric.sign() * target - 1e-12 * std::max(1.0, std::abs(target));
}

bool is_good_chip(double value, double target, const Metric& metric) {
  return metric.sign() * value >= worst_good(target, metric);
}

std::int64_t good_chips(const Chips& chips, double target) {
  return std::ranges::count_if(chips.values, [&, &metric = chips.words().metric()](double v) {
    return is_good_chip(v, target, metric);
  });
}

Estimate yield_of(const Chips& chips, double target, double confidence) {
  return proportion_estimate(good_chips(chips, target),
                             static_cast<std::int64_t>(chips.values.size()), confidence);
}

std::optional<double> promised(const Chips& chips, const BudgetSettings& settings) {
  std::vector<double> goodness;
  for (const double value : chips.values) goodness.push_back(chips.sign() * value);
  const auto reached =
      reached_by_share(std::move(goodness), settings.yield->share, settings.confidence);
  return reached ? std::optional(chips.sign() * *reached) : std::nullopt;
}

}  // namespace ohmic
