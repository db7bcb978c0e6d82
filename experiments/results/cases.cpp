#include "experiments/results/cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "experiments/results/axis_columns.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

bool is_named(const MeasuredPoint& p) {
  return std::ranges::count(p.point->axes, kCaseKey, [](const auto& axis) { return axis.first; }) >
         0;
}

/// All swept values but the case.
Axes others(const Point& point) {
  Axes axes = text_axes(point);
  std::erase_if(axes, [](const auto& axis) { return axis.first == kCaseKey; });
  return axes;
}

/// The test samples by their content, whatever else of the data counts for networks.
std::string test_samples(Experiment e) {
  const DataSettings all = std::exchange(e.data, {});
  e.data.name = all.name;
  e.data.root = all.root;
  e.data.test = all.test;
  e.data.test_samples = all.test_samples;
  e.data.test_images = all.test_images;
  e.data.transform = all.transform;
  e.data.normalize = "none";
  e.model = {};
  return e.identity(Stage::images);
}

/// Whether draw i of both is of the same numbers, on the same samples.
bool share_draws(const MeasuredPoint& a, const MeasuredPoint& b) {
  const Experiment &e = a.point->experiment, &f = b.point->experiment;
  return e.seed == f.seed && e.evaluation.first_draw == f.evaluation.first_draw &&
         e.evaluation.estimator == f.evaluation.estimator && a.result->batch == b.result->batch &&
         a.result->images == b.result->images &&
         a.result->replicates().weights == b.result->replicates().weights &&
         test_samples(e) == test_samples(f);
}

/// By the swept values but the case, the first point that has them.
using FirstCases = std::map<Axes, const Point*>;

FirstCases first_cases(const std::vector<Point>& all) {
  FirstCases first;
  for (const Point& point : all) first.try_emplace(others(point), &point);
  return first;
}

/// The first case where all else is as in `p`; null where it was not measured or is `p`, or has
/// other draws.
const MeasuredPoint* first_case(const FirstCases& first, const std::vector<MeasuredPoint>& measured,
                                const MeasuredPoint& p) {
  const auto point = first.find(others(*p.point));
  if (point == first.end() || point->second == p.point) return nullptr;
  const auto found = std::ranges::find(measured, point->second, &MeasuredPoint::point);
  return found != measured.end() && share_draws(*found, p) ? &*found : nullptr;
}

/// Over the draws that both have.
Estimate difference(const MeasuredPoint& p, const MeasuredPoint* first) {
  if (!first) return {};
  Replicates own = p.result->replicates(), other = first->result->replicates();
  const auto common = std::min(own.values.size(), other.values.size());
  own.values.resize(common);
  other.values.resize(common);
  return paired_difference(own, other, p.point->experiment.evaluation.confidence);
}

void add_price(const MeasuredPoint& p, const std::vector<PricedPoint>& priced, Fields& row) {
  const auto price = std::ranges::find(priced, p.point, &PricedPoint::point);
  const bool has_price = price != priced.end();
  row.push_back({{"tiles", "tiles"}, has_price ? price->cost.tiles : Estimate::kNone});
  row.push_back({{"energy_nJ", "energy (nJ)", Digits::general(4)},
                 has_price ? price->cost.energy_nJ : Estimate::kNone});
}

}  // namespace

DataTable case_table(const std::vector<Point>& all, const std::vector<MeasuredPoint>& points,
                     const std::vector<PricedPoint>& priced) {
  DataTable table{"cases"};
  const FirstCases first = first_cases(all);
  for (const MeasuredPoint& p : points) {
    if (!is_named(p)) continue;
    const MetricWords words(p.point->experiment);
    const EvaluationSettings& evaluation = p.point->experiment.evaluation;
    Fields row = axis_fields(*p.point);
    table.labels = row.size();
    row.push_back({with_interval(evaluation.metric, words.axis(), words.digits()),
                   summarize(*p.result, evaluation.confidence).value});
    row.push_back({with_interval("difference", "beside the first", words.difference_digits()),
                   difference(p, first_case(first, points, p))});
    if (!priced.empty()) add_price(p, priced, row);
    table.add(row);
  }
  table.drop_empty_columns();
  return table;
}

std::string case_legend(const std::vector<MeasuredPoint>& points) {
  std::vector<const Experiment*> experiments;
  for (const MeasuredPoint& p : points) experiments.push_back(&p.point->experiment);
  return fmt::format(
      "Beside the first: the difference from the first case on the same chips, draw by draw; ± is "
      "half of its interval of {}.",
      levels_text(experiments));
}

std::string case_text(const DataTable& table, const std::vector<MeasuredPoint>& points) {
  return table.lines.empty() ? "" : terminal_text(table) + case_legend(points) + "\n";
}

}  // namespace ohmic
