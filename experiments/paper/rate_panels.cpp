// From groups to what the figure over the learning rate shows.
#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/paper/rate_figures.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

constexpr double kEta = 0.1;

bool sweeps(const Group& group, const std::string& key) {
  return std::any_of(group.axes.begin(), group.axes.end(),
                     [&](const auto& axis) { return axis.first == key; });
}

/// The swept eta > 0 nearest to 10 %; NaN without one.
double nearest_eta(const std::vector<Group>& groups) {
  double nearest = Estimate::kNone;
  for (const double eta : etas_of(groups))
    if (eta > 0 && !(std::abs(nearest - kEta) <= std::abs(eta - kEta))) nearest = eta;
  return nearest;
}

std::int64_t baseline_hits(const Group& group) {
  return std::llround(group.baseline * static_cast<double>(group.images));
}

RateMeasure measure(const Group& group, double eta) {
  const double confidence = group.experiment->evaluation.confidence;
  return {group.experiment->train.learning_rate,
          proportion_estimate(baseline_hits(group), group.images, confidence),
          group.at(eta)->summary.normalized};
}

RatePanel make_panel(const std::string& name, std::vector<const Group*> members, double eta) {
  std::sort(members.begin(), members.end(), [](const Group* a, const Group* b) {
    return a->experiment->train.learning_rate < b->experiment->train.learning_rate;
  });
  RatePanel panel{name, eta, {}, {}, {}};
  std::vector<RateMeasure> measures;
  for (const Group* group : members) {
    measures.push_back(measure(*group, eta));
    panel.published_baseline.push_back(group->published.baseline);
    panel.published_normalized.push_back(group->published.at(eta));
  }
  panel.regions = find_regions(std::move(measures));
  return panel;
}

}  // namespace

std::vector<RatePanel> rate_panels(const std::vector<Group>& groups) {
  const double eta = nearest_eta(groups);
  std::vector<std::string> names;
  std::vector<std::vector<const Group*>> members;
  for (const Group& group : groups) {
    const bool is_accuracy = group.experiment->evaluation.choice().metric().has_normalized;
    if (!sweeps(group, kRateKey) || !group.at(eta) || !is_accuracy) continue;
    const std::size_t at = index_of(names, panel_name(group.axes));
    if (at == names.size()) {
      names.push_back(panel_name(group.axes));
      members.emplace_back();
    }
    members[at].push_back(&group);
  }
  std::vector<RatePanel> panels;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (members[i].size() > 1) panels.push_back(make_panel(names[i], members[i], eta));
  return panels;
}

}  // namespace ohmic
