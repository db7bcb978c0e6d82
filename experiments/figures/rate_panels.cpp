// From groups to what the figures over the learning rate show.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/rate_figures.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

constexpr double kEta = 0.1;
constexpr char kModelKey[] = "model.name";

bool sweeps(const Group& group, const std::string& key) {
  return std::any_of(group.axes.begin(), group.axes.end(),
                     [&](const auto& axis) { return axis.first == key; });
}

std::string value_of(const Group& group, const std::string& key) {
  for (const auto& axis : group.axes)
    if (axis.first == key) return axis.second;
  return "";
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

/// Values of all axes but the rate and the network; without noise, those of [noise], [device] and
/// [mapping] do not count.
std::string rest_of(const Group& group, bool under_noise) {
  std::vector<std::string> values;
  for (const auto& [key, value] : group.axes)
    if (key != kRateKey && key != kModelKey &&
        (under_noise || key.starts_with("data.") || key.starts_with("train.") || key == "seed"))
      values.push_back(value_title(key, value));
  return fmt::format("{}", fmt::join(values, ", "));
}

std::vector<std::string> values_of(const std::vector<Group>& groups, const std::string& key) {
  std::vector<std::string> values;
  for (const Group& group : groups) values.push_back(value_of(group, key));
  return distinct(values);
}

RateMap make_map(const std::vector<Group>& groups, const std::string& rest, bool averages) {
  RateMap map;
  map.title =
      fmt::format("{}{}{}", averages ? "A_avr (%)" : "a_o (%)", rest.empty() ? "" : ": ", rest);
  map.networks = values_of(groups, kModelKey);
  map.rates = values_of(groups, kRateKey);
  map.values.assign(map.networks.size(), std::vector<double>(map.rates.size(), Estimate::kNone));
  map.published = map.values;
  for (const Group& group : groups) {
    if (rest_of(group, averages) != rest) continue;
    const std::size_t n = index_of(map.networks, value_of(group, kModelKey)),
                      r = index_of(map.rates, value_of(group, kRateKey));
    map.values[n][r] = averages ? group.average.mean : group.baseline;
    const auto& published = averages ? group.published.average : group.published.baseline;
    map.published[n][r] = published.value_or(Estimate::kNone);
  }
  return map;
}

}  // namespace

std::vector<RatePanel> rate_panels(const std::vector<Group>& groups) {
  const double eta = nearest_eta(groups);
  std::vector<std::string> names;
  std::vector<std::vector<const Group*>> members;
  for (const Group& group : groups) {
    if (!sweeps(group, kRateKey) || !group.at(eta)) continue;
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

std::vector<RateMap> rate_maps(const std::vector<Group>& groups) {
  if (values_of(groups, kModelKey).size() < 2 || values_of(groups, kRateKey).size() < 2) return {};
  std::vector<std::string> trained, measured;
  for (const Group& group : groups) trained.push_back(rest_of(group, false));
  std::vector<RateMap> maps;
  for (const std::string& rest : distinct(trained)) {
    maps.push_back(make_map(groups, rest, false));
    measured.clear();
    for (const Group& group : groups)
      if (rest_of(group, false) == rest) measured.push_back(rest_of(group, true));
    for (const std::string& whole : distinct(measured))
      maps.push_back(make_map(groups, whole, true));
  }
  return maps;
}

}  // namespace ohmic
