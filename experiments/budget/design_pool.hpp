// Designs that the program accepts, with what they cost.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/design_space.hpp"
#include "mapping/cost.hpp"

namespace ohmic {

/// A combination of choices that is a chip.
struct PricedDesign {
  std::uint64_t index = 0;  ///< of the space
  LayerCost total = {};
  double cost = 0;
};

/// What of a network's whole cost counts, with its weights.
double weighted_cost(const DesignCost&, const LayerCost& total);

/// With a [cost], the usual one where the experiment has none.
Experiment priced(Experiment);

/// The experiment with a combination's keys, priced. Throws ConfigError where it is none.
Experiment design_at(const Experiment&, const DesignSpace&, std::uint64_t index);
/// The key of [budget.design] times_s.
inline constexpr char kDesignAge[] = "device.time_s";
Experiment at_age(const Experiment&, double age_s);
/// A design at every age that is asked for; as it is where none is.
std::vector<Experiment> at_ages(const Experiment&, const std::vector<double>& times_s);
/// Why a combination is refused, "ADC bits = 4, ...: key: reason"; empty where it is not.
std::string design_refusal(const Experiment&, const DesignSpace&, std::uint64_t index);
/// "ADC bits = 4, replicas = 2".
std::string design_words(const DesignSpace&, std::uint64_t index);

class DesignPool {
 public:
  /// Every combination, or where these are more than settings.priced, half as many at random.
  DesignPool(AnalysisContext&, const Point&, const DesignSettings&);

  /// A combination's place among the designs, priced now where it was not; none where it is
  /// refused, or one too many.
  std::optional<std::size_t> take(std::uint64_t index);

  const DesignSpace& space() const { return space_; }
  const std::vector<PricedDesign>& designs() const { return designs_; }
  /// How many of the designs, the first ones, were there from the start.
  std::size_t unsought() const { return unsought_; }
  std::vector<double> costs() const;
  Experiment experiment(std::size_t design) const;
  /// Of the ages that are asked for; there devices have drifted furthest.
  Experiment at_latest_age(std::size_t design) const;
  std::string words(std::size_t design) const;
  std::size_t refused() const { return refused_; }
  const std::string& first_refusal() const { return first_refusal_; }

 private:
  std::nullopt_t refuse(const std::string& why);

  AnalysisContext& context_;
  const Point& point_;
  const DesignSettings& asked_;
  DesignSpace space_;
  std::vector<PricedDesign> designs_;
  std::map<std::uint64_t, std::optional<std::size_t>> seen_;
  std::size_t unsought_ = 0, refused_ = 0;
  std::string first_refusal_;
};

}  // namespace ohmic
