#include "experiments/results/point_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

std::vector<std::string> measurement_warnings(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all = said_by_chips(points);
  const auto single = std::ranges::count_if(
      points, [](const MeasuredPoint& p) { return p.result->draws.size() == 1; });
  if (single > 0)
    all.push_back(
        fmt::format("{} of {} points have one draw, hence no interval.", single, points.size()));
  return all;
}

std::vector<std::string> run_warnings(const std::filesystem::path& run_folder,
                                      const std::vector<MeasuredPoint>& points) {
  std::vector<const Experiment*> experiments;
  for (const MeasuredPoint& point : points) experiments.push_back(&point.point->experiment);
  std::vector<std::string> all = doubts_of(run_folder, points);
  append(all, measurement_warnings(points));
  append(all, remarks_on(experiments));
  return all;
}

std::vector<std::string> point_warnings(const std::filesystem::path& run_folder,
                                        const MeasuredPoint& point) {
  return run_warnings(run_folder, {point});
}

}  // namespace ohmic
