#include "experiments/results/point_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostShown = 3;

void append(std::vector<std::string>& all, std::vector<std::string> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::vector<std::string> said_by_chips(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all;
  for (const MeasuredPoint& point : points)
    for (const std::string& warning : point.result->warnings)
      if (std::ranges::find(all, warning + ".") == all.end()) all.push_back(warning + ".");
  if (all.size() <= kMostShown) return all;
  const std::size_t more = all.size() - kMostShown;
  all.resize(kMostShown);
  all.back() += fmt::format(" {} more like these are with their points in results.jsonl.", more);
  return all;
}

bool same_numbers(const PointResult& a, const PointResult& b) {
  return a.noise_free_score == b.noise_free_score && a.baseline_score == b.baseline_score &&
         std::ranges::equal(a.draws, b.draws, {}, &DrawResult::scores, &DrawResult::scores);
}

/// Whether points that differ in axis `at` alone have the same numbers, draw for draw; false where
/// there are no such points.
bool changes_nothing(std::size_t at, const std::vector<MeasuredPoint>& points) {
  std::map<std::string, std::vector<const MeasuredPoint*>> alike;  // by the other axes
  for (const MeasuredPoint& p : points) {
    std::string others;
    for (std::size_t i = 0; i < p.point->axes.size(); ++i)
      if (i != at) others += p.point->axes[i].second.text() + '\n';
    alike[others].push_back(&p);
  }
  bool any = false;
  for (const auto& [others, group] : alike) {
    any |= group.size() > 1;
    for (const MeasuredPoint* p : group)
      if (!same_numbers(*p->result, *group.front()->result)) return false;
  }
  return any;
}

std::vector<std::string> about_axes(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all;
  if (points.empty()) return all;
  const auto& axes = points.front().point->axes;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (changes_nothing(i, points))
      all.push_back(
          fmt::format("Every draw answers the same for all values of {}: it has no effect beside "
                      "the file's other settings, or none that these samples show.",
                      axes[i].first));
  return all;
}

std::vector<std::string> about_converters(const std::vector<MeasuredPoint>& points) {
  double cost = 0;
  bool calibrates = false;
  for (const MeasuredPoint& p : points) {
    if (!p.result->metric->counts) continue;
    cost = std::max(cost, p.result->baseline() - p.result->noise_free());
    const std::optional<Adc>& adc = p.point->experiment.periphery.adc;
    calibrates |= adc && adc->range == AdcRange::calibrated;
  }
  if (cost <= kCostlyMapping) return {};
  return {
      fmt::format("With every device exact, mapping, converters and wires alone cost up to "
                  "{:.1f} points{}.",
                  100 * cost,
                  calibrates ? "; are the samples that set the converters' ranges (data.train) "
                               "prepared like the test samples?"
                             : "")};
}

}  // namespace

std::vector<std::string> measurement_warnings(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all = said_by_chips(points);
  const auto single = std::ranges::count_if(
      points, [](const MeasuredPoint& p) { return p.result->draws.size() == 1; });
  if (single > 0)
    all.push_back(
        fmt::format("{} of {} points have one draw, hence no interval.", single, points.size()));
  append(all, about_axes(points));
  append(all, about_converters(points));
  return all;
}

std::vector<std::string> run_warnings(const std::filesystem::path& run_folder,
                                      const std::vector<MeasuredPoint>& points,
                                      const std::vector<const Experiment*>& study) {
  std::vector<const Experiment*> experiments;
  for (const MeasuredPoint& point : points) experiments.push_back(&point.point->experiment);
  std::vector<std::string> all = doubts_of(run_folder, points);
  append(all, measurement_warnings(points));
  append(all, remarks_on(experiments, study));
  return all;
}

std::vector<std::string> point_warnings(const std::filesystem::path& run_folder,
                                        const MeasuredPoint& point) {
  return run_warnings(run_folder, {point}, {});
}

}  // namespace ohmic
