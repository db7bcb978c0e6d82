#include "experiments/budget/design_pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/budget/layer_bits.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {

double weighted_cost(const DesignCost& weights, const LayerCost& total) {
  return weights.energy_nJ * 1e-3 * total.energy_pJ.total() +
         weights.latency_us * 1e6 * total.latency_s +
         weights.area_mm2 * 1e-6 * total.area_um2.total() +
         weights.devices * static_cast<double>(total.devices);
}

Experiment priced(Experiment experiment) {
  if (!experiment.cost) experiment.cost.emplace();
  return experiment;
}

Experiment design_at(const Experiment& experiment, const DesignSpace& space, std::uint64_t index) {
  return priced(with_keys(experiment, space.keys(index)));
}

Experiment at_age(const Experiment& experiment, double age_s) {
  return with_keys(experiment, {{kDesignAge, {age_s}}});
}

std::vector<Experiment> at_ages(const Experiment& experiment, const std::vector<double>& times_s) {
  if (times_s.empty()) return {experiment};
  std::vector<Experiment> all;
  for (const double age : times_s) all.push_back(at_age(experiment, age));
  return all;
}

std::string design_words(const DesignSpace& space, std::uint64_t index) {
  Axes values = space.values(index);
  for (auto& [key, value] : values)
    if (key == "layer_adc_bits") value = layer_bits_words(space.keys(index));
  return axes_words(values);
}

std::string design_refusal(const Experiment& experiment, const DesignSpace& space,
                           std::uint64_t index) {
  try {
    design_at(experiment, space, index);
    return "";
  } catch (const ConfigError& error) {
    const Fault& first = error.faults().front();
    return fmt::format("{}: {}: {}", design_words(space, index), first.key, first.message);
  }
}

DesignPool::DesignPool(AnalysisContext& context, const Point& point, const DesignSettings& asked)
    : context_(context), point_(point), asked_(asked), space_(asked.choices) {
  const auto most = static_cast<std::uint64_t>(asked.priced);
  if (space_.size() <= most)
    for (std::uint64_t index = 0; index < space_.size(); ++index) take(index);
  else
    for (const std::uint64_t index :
         random_designs(space_.size(), (most + 1) / 2, point.experiment.seed))
      take(index);
  unsought_ = designs_.size();
}

std::optional<std::size_t> DesignPool::take(std::uint64_t index) {
  const auto present = seen_.find(index);
  if (present != seen_.end()) return present->second;
  if (std::ssize(designs_) >= asked_.priced) return std::nullopt;
  std::optional<std::size_t>& place = seen_[index];
  if (std::string refusal = design_refusal(point_.experiment, space_, index); !refusal.empty())
    return refuse(refusal);
  context_.progress.begin(
      fmt::format("{}, cost of {}", point_label(point_), design_words(space_, index)));
  const LayerCost& total =
      context_.evaluations.cost(design_at(point_.experiment, space_, index))->total;
  const double cost = weighted_cost(asked_.cost, total);
  if (cost <= 0) return refuse(design_words(space_, index) + ": nothing of it has a cost");
  place = designs_.size();
  designs_.push_back({index, total, cost});
  return place;
}

std::nullopt_t DesignPool::refuse(const std::string& why) {
  if (refused_++ == 0) first_refusal_ = why;
  return std::nullopt;
}

std::vector<double> DesignPool::costs() const {
  std::vector<double> costs;
  for (const PricedDesign& design : designs_) costs.push_back(design.cost);
  return costs;
}

Experiment DesignPool::experiment(std::size_t design) const {
  return design_at(point_.experiment, space_, designs_[design].index);
}

Experiment DesignPool::at_latest_age(std::size_t design) const {
  const std::vector<double>& ages = asked_.times_s;
  return ages.empty() ? experiment(design) : at_age(experiment(design), std::ranges::max(ages));
}

std::string DesignPool::words(std::size_t design) const {
  return design_words(space_, designs_[design].index);
}

}  // namespace ohmic
