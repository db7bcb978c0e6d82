#include "experiments/results/groups.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

double eta_of(const Point& point) {
  for (const auto& [key, value] : point.axes) {
    if (key != kEtaKey) continue;
    if (const auto* real = std::get_if<double>(&value.data)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return double(*whole);
  }
  return Estimate::kNone;
}

/// The axes that tell groups apart: all but eta, where that is set apart.
Axes other_axes(const Point& point, bool sets_eta_apart) {
  Axes axes = text_axes(point);
  if (sets_eta_apart) std::erase_if(axes, [](const auto& axis) { return axis.first == kEtaKey; });
  return axes;
}

/// The mean over the points with noise of what is shown of each.
Estimate average(const std::vector<MeasuredPoint>& members) {
  std::vector<Replicates> replicates;
  std::vector<double> factors;
  for (const MeasuredPoint& p : members) {
    const bool normalized = p.result->metric->has_normalized;
    if (!(eta_of(*p.point) > 0) || (normalized && p.result->baseline_score == 0)) continue;
    replicates.push_back(p.result->replicates());
    factors.push_back(normalized ? 1.0 / p.result->baseline() : 1.0);
  }
  std::vector<const Replicates*> conditions;
  for (const Replicates& r : replicates) conditions.push_back(&r);
  if (conditions.empty()) return {};
  return average_estimate(conditions, factors,
                          members.front().point->experiment.evaluation.confidence);
}

Group make_group(const std::vector<MeasuredPoint>& members, bool sets_eta_apart) {
  Group group;
  group.axes = other_axes(*members.front().point, sets_eta_apart);
  group.experiment = &members.front().point->experiment;
  group.baseline = members.front().result->baseline();
  group.images = members.front().result->images;
  for (const MeasuredPoint& p : members)
    group.points.push_back({sets_eta_apart ? eta_of(*p.point) : Estimate::kNone,
                            summarize(*p.result, p.point->experiment.evaluation.confidence),
                            p.result->metric->has_normalized});
  if (sets_eta_apart) group.average = average(members);
  group.published = published_for(*group.experiment);
  return group;
}

}  // namespace

std::string Group::label() const {
  return axes.empty() ? network_words(*experiment) : axes_words(axes);
}

const GroupPoint* Group::at(double eta) const {
  const auto found =
      std::find_if(points.begin(), points.end(), [&](const GroupPoint& p) { return p.eta == eta; });
  return found == points.end() ? nullptr : &*found;
}

std::vector<Group> group_points(const std::vector<MeasuredPoint>& points) {
  const bool sets_eta_apart = std::none_of(
      points.begin(), points.end(), [](const auto& p) { return std::isnan(eta_of(*p.point)); });
  std::vector<std::vector<MeasuredPoint>> members;
  for (const MeasuredPoint& p : points) {
    const auto axes = other_axes(*p.point, sets_eta_apart);
    const auto same = std::find_if(members.begin(), members.end(), [&](const auto& group) {
      return other_axes(*group.front().point, sets_eta_apart) == axes;
    });
    if (same == members.end())
      members.push_back({p});
    else
      same->push_back(p);
  }
  std::vector<Group> groups;
  for (const auto& group : members) groups.push_back(make_group(group, sets_eta_apart));
  return groups;
}

std::vector<double> etas_of(const std::vector<Group>& groups) {
  std::vector<double> etas;
  for (const Group& group : groups)
    for (const GroupPoint& p : group.points)
      if (!std::isnan(p.eta) && std::count(etas.begin(), etas.end(), p.eta) == 0)
        etas.push_back(p.eta);
  std::sort(etas.begin(), etas.end());
  return etas;
}

}  // namespace ohmic
