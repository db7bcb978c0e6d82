#include "experiments/budget/design_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/logit_noise.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 200, kSamples = 200;

/// What linear propagation says of weights' noise.
class LinearLoss {
 public:
  LinearLoss(AnalysisContext& context, const Experiment& e) : seed_(e.seed) {
    const std::string& metric = e.evaluation.choice().name;
    if ((metric != "accuracy" && metric != "agreement") || e.noise.perturbs_digital()) return;
    try {
      spread_ = spread_of(context, e, kImages);
    } catch (const UnsupportedError&) {  // then devices that are exact predict
    }
  }

  /// 0 where it does not serve.
  double of(const std::vector<LayerResult>& layers) const {
    if (!spread_ || layers.size() != spread_->spread.layers.size()) return 0;
    const std::vector<double> none(layers.size(), 0.0);
    return accuracy(none) - accuracy(weight_noise(layers));
  }

 private:
  double accuracy(const std::vector<double>& sigma) const {
    return predicted_accuracy(spread_->spread, spread_->labels, sigma, seed_, kSamples);
  }

  std::optional<ImageSpread> spread_;
  std::uint64_t seed_;
};

class Explorer {
 public:
  Explorer(AnalysisContext& context, const Point& point, DesignPool& pool, const RaceSettings& race,
           double baseline)
      : context_(context),
        point_(point),
        pool_(pool),
        race_(race),
        allowed_(std::max(std::abs(baseline - race.limit), 1e-3 * std::abs(baseline))),
        linear_(context, point.experiment),
        left_(most_predicted(race)) {}

  DesignOrder explore() {
    spread_over_costs();
    while (left_ > 0 && look_around())
      ;
    return {promising(), std::ssize(predicted_)};
  }

 private:
  void spread_over_costs() {
    const std::vector<double> costs = pool_.costs();
    std::vector<std::size_t> by_cost(costs.size());
    std::iota(by_cost.begin(), by_cost.end(), std::size_t{0});
    std::ranges::stable_sort(by_cost, {}, [&](std::size_t d) { return costs[d]; });
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(left_ / 2, 1));
    const std::size_t step = (by_cost.size() + count - 1) / count;
    for (std::size_t i = 0; i < by_cost.size(); i += step) predict(by_cost[i]);
  }

  /// Predicts the neighbours of the most promising design that has some which are not predicted.
  bool look_around() {
    for (const std::size_t design : promising()) {
      bool any = false;
      for (const std::uint64_t index : pool_.space().neighbours(pool_.designs()[design].index)) {
        const auto neighbour = pool_.take(index);
        if (!neighbour || predicted_.contains(*neighbour)) continue;
        if (left_ <= 0) return any;
        predict(*neighbour);
        any = true;
      }
      if (any) return true;
    }
    return false;
  }

  void predict(std::size_t design) {
    const PointResult r = context_.evaluations.measure(
        pool_.at_latest_age(design), 0,
        fmt::format("{}, {}", point_label(point_), pool_.words(design)));
    predicted_[design] = r.noise_free() - linear_.of(r.layers);
    --left_;
  }

  double cost(std::size_t design) const { return pool_.designs()[design].cost; }
  double shortfall(double value) const {
    return std::max(0.0, race_.metric->sign() * (race_.limit - value)) / allowed_;
  }

  /// By how much a design is predicted to fail, and how far in cost it is from the cheapest that is
  /// predicted not to (without one, from the best).
  std::vector<std::size_t> promising() const {
    const auto middle = std::ranges::min_element(predicted_, {}, [&](const auto& p) {
      return std::pair(shortfall(p.second), cost(p.first));
    });
    std::vector<std::size_t> designs;
    for (const auto& [design, value] : predicted_) designs.push_back(design);
    std::ranges::stable_sort(designs, {}, [&](std::size_t d) {
      return shortfall(predicted_.at(d)) + std::abs(std::log(cost(d) / cost(middle->first)));
    });
    return designs;
  }

  AnalysisContext& context_;
  const Point& point_;
  DesignPool& pool_;
  const RaceSettings& race_;
  double allowed_;
  LinearLoss linear_;
  std::int64_t left_;
  std::map<std::size_t, double> predicted_;
};

}  // namespace

DesignOrder order_of(AnalysisContext& context, const Point& point, DesignPool& pool,
                     const RaceSettings& race, double baseline) {
  const bool is_whole = pool.space().size() == pool.designs().size() + pool.refused();
  if (!is_whole || pool.designs().size() > most_looked_at(race))
    return Explorer(context, point, pool, race, baseline).explore();
  DesignOrder order;
  order.designs.resize(pool.designs().size());
  std::iota(order.designs.begin(), order.designs.end(), std::size_t{0});
  std::ranges::stable_sort(order.designs, {},
                           [&](std::size_t d) { return pool.designs()[d].cost; });
  return order;
}

}  // namespace ohmic
