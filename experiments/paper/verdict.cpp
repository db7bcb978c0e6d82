#include "experiments/paper/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

Axes axes_of_network(const Group& group) {
  Axes axes;
  for (const auto& axis : group.axes)
    if (!axis.first.starts_with("noise.")) axes.push_back(axis);
  return axes;
}

std::vector<double> noisy_etas(const Group& group) {
  std::vector<double> etas = etas_of({group});
  std::erase_if(etas, [](double eta) { return eta <= 0; });
  return etas;
}

/// Half the width, 0 where it is not known.
double half_width(const Estimate& e) { return std::isnan(e.lo) ? 0.0 : e.half_width(); }

using Members = std::vector<const Group*>;

/// Groups that differ in [noise] only, in the order of the sweep. Networks whose dead filters are
/// spared are no reading of the paper: nobody spared them there.
std::vector<Members> by_network(const std::vector<Group>& groups) {
  std::vector<Members> networks;
  for (const Group& group : groups) {
    if (group.experiment->noise.spare_dead_filters) continue;
    const auto same = std::find_if(networks.begin(), networks.end(), [&](const Members& members) {
      return axes_of_network(*members.front()) == axes_of_network(group);
    });
    if (same == networks.end())
      networks.push_back({&group});
    else
      same->push_back(&group);
  }
  return networks;
}

void add_row(const Members& members, const std::string& quantity, double published,
             const auto& value_of, std::vector<VerdictRow>& rows) {
  VerdictRow row{axes_of_network(*members.front()), quantity, published, {}, {}};
  for (const Group* group : members)
    row.readings.push_back({reading_of(*group->experiment), value_of(*group)});
  row.verdict = judge(published, row.readings);
  rows.push_back(std::move(row));
}

bool measured_by_all(const Members& members, double eta) {
  return std::all_of(members.begin(), members.end(),
                     [&](const Group* group) { return group->at(eta) != nullptr; });
}

bool averaged_alike(const Members& members) {
  return std::all_of(members.begin(), members.end(), [](const Group* group) {
    return noisy_etas(*group) == group->published.average_etas;
  });
}

}  // namespace

Verdict judge(double published, const std::vector<ReadingResult>& readings) {
  Verdict v;
  const auto distance = [&](std::size_t i) {
    return std::isnan(v.distances[i]) ? std::numeric_limits<double>::infinity()
                                      : std::abs(v.distances[i]);
  };
  for (std::size_t i = 0; i < readings.size(); ++i) {
    v.distances.push_back(readings[i].ours.mean - published);
    if (distance(i) < distance(v.nearest)) v.nearest = i;
  }
  v.candidates = {v.nearest};
  const double reach = distance(v.nearest) + half_width(readings[v.nearest].ours);
  for (std::size_t i = 0; i < readings.size(); ++i)
    if (i != v.nearest && distance(i) - half_width(readings[i].ours) <= reach)
      v.candidates.push_back(i);
  return v;
}

std::vector<VerdictRow> verdict_rows(const std::vector<Group>& groups) {
  std::vector<VerdictRow> rows;
  for (const Members& members : by_network(groups)) {
    if (members.size() < 2) continue;
    const Published& published = members.front()->published;
    if (published.average && averaged_alike(members))
      add_row(
          members, "A_avr", *published.average, [](const Group& g) { return g.average; }, rows);
    for (const auto& [eta, value] : published.curve)
      if (measured_by_all(members, eta))
        add_row(
            members, fmt::format("A {:g} %", 100 * eta), value,
            [eta = eta](const Group& g) { return g.at(eta)->summary.normalized; }, rows);
  }
  return rows;
}

}  // namespace ohmic
