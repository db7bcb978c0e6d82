#include "experiments/budget/race.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "experiments/budget/yield.hpp"
#include "experiments/measure/stopping.hpp"
#include "experiments/statistics/pareto.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

std::int64_t good_chips(const AgedChips& chips, const RaceSettings& s) {
  std::int64_t good = 0;
  for (std::int64_t chip = 0; chip < chips.front().count(); ++chip)
    good += std::ranges::all_of(chips, [&](const Replicates& age) {
      return is_good_chip(age.total(chip), s.limit, *s.metric);
    });
  return good;
}

Tolerance decide_share(std::int64_t good, std::int64_t chips, double share, double error) {
  const Estimate bounds = proportion_estimate(good, chips, 1 - 2 * error);
  if (bounds.lo >= share) return Tolerance::tolerated;
  return bounds.hi < share ? Tolerance::not_tolerated : Tolerance::undecided;
}

/// Shown to hold where every age is; to fail where any of them is, in which each has its part of
/// the error.
Tolerance decide_means(const AgedChips& chips, const RaceSettings& s, double error) {
  const auto at = [&](const Replicates& age, double part) {
    return decide(age, s.limit, s.metric->better, part);
  };
  const double part = error / static_cast<double>(chips.size());
  if (std::ranges::any_of(
          chips, [&](const Replicates& age) { return at(age, part) == Tolerance::not_tolerated; }))
    return Tolerance::not_tolerated;
  const bool all = std::ranges::all_of(
      chips, [&](const Replicates& age) { return at(age, error) == Tolerance::tolerated; });
  return all ? Tolerance::tolerated : Tolerance::undecided;
}

Estimate worst_mean(const AgedChips& chips, const RaceSettings& s) {
  Estimate worst;
  for (const Replicates& age : chips) {
    const Estimate e = mean_estimate(age, s.confidence);
    if (std::isnan(worst.mean) || s.metric->sign() * e.mean < s.metric->sign() * worst.mean)
      worst = e;
  }
  return worst;
}

class Race {
 public:
  Race(const RaceSettings& settings, std::span<const double> costs, const MeasureDesign& measure)
      : settings_(settings), costs_(costs), measure_(measure) {}

  RaceResult run(std::span<const std::size_t> order) {
    const std::int64_t first = first_look(looks_);
    const std::size_t most = std::min(order.size(), most_looked_at(settings_));
    for (std::size_t i = 0; i < most; ++i) {
      result_.runners.push_back({order[i]});
      look(result_.runners.size() - 1, 0, first);
    }
    for (std::int64_t draws = first; draws < settings_.max_draws;) {
      const std::int64_t before = draws;
      draws = next_look(looks_, draws);
      if (!go_round(before, draws)) break;
    }
    return std::move(result_);
  }

 private:
  void look(std::size_t at, std::int64_t before, std::int64_t draws) {
    Runner& runner = result_.runners[at];
    runner.chips = measure_(runner.design, draws);
    result_.spent += (draws - before) * settings_.ages;
    const double error = (1 - settings_.confidence) * static_cast<double>(draws - before) /
                         static_cast<double>(settings_.max_draws);
    runner.judged = judge(runner.chips, settings_, error);
    if (runner.judged.verdict == Tolerance::tolerated && is_cheaper(at)) result_.cheapest = at;
  }

  double cost(std::size_t at) const { return costs_[result_.runners[at].design]; }
  bool is_cheaper(std::size_t at) const {
    return !result_.cheapest || cost(at) < cost(*result_.cheapest);
  }

  std::vector<std::size_t> contenders() const {
    std::vector<std::size_t> all;
    for (std::size_t at = 0; at < result_.runners.size(); ++at)
      if (result_.runners[at].judged.verdict == Tolerance::undecided && is_cheaper(at))
        all.push_back(at);
    std::ranges::stable_sort(all, {}, [&](std::size_t at) { return cost(at); });
    return all;
  }

  /// False where nobody is left, or nothing to go on with.
  bool go_round(std::int64_t before, std::int64_t draws) {
    const std::vector<std::size_t> all = contenders();
    for (const std::size_t at : all) {
      if (!is_cheaper(at)) break;  // nor is any behind it
      if (result_.spent + (draws - before) * settings_.ages > settings_.evaluations) return false;
      look(at, before, draws);
    }
    return !all.empty();
  }

  const RaceSettings& settings_;
  std::span<const double> costs_;
  const MeasureDesign& measure_;
  const EvaluationSettings looks_ = looks_from(settings_.draws, settings_.max_draws);
  RaceResult result_;
};

/// By merit, of equal ones by the mean; what measured nothing last.
std::pair<double, double> goodness(const Judgement& judged, const RaceSettings& s) {
  const auto or_last = [](double value) {
    return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
  };
  return {or_last(merit(judged, s)), or_last(s.metric->sign() * judged.value.mean)};
}

/// For each how many are less good than it; NaN for what measured nothing.
std::vector<double> ranks(const std::vector<Runner>& runners, const RaceSettings& s) {
  std::vector<std::pair<double, double>> sorted;
  for (const Runner& runner : runners) sorted.push_back(goodness(runner.judged, s));
  std::ranges::sort(sorted);
  std::vector<double> all;
  for (const Runner& runner : runners) {
    const auto place = std::ranges::lower_bound(sorted, goodness(runner.judged, s));
    all.push_back(std::isnan(runner.judged.value.mean)
                      ? Estimate::kNone
                      : static_cast<double>(place - sorted.begin()));
  }
  return all;
}

/// Runners that are not shown to fail and whose chips hold what is asked for, cheaper than the
/// cheapest that is shown to; the cheapest first.
std::vector<std::size_t> seeming_to_hold(const RaceResult& result,
                                         const std::vector<double>& costs) {
  std::vector<std::size_t> all;
  for (std::size_t at = 0; at < costs.size(); ++at) {
    const Judgement& judged = result.runners[at].judged;
    const bool is_cheaper = !result.cheapest || costs[at] < costs[*result.cheapest];
    if (judged.seems_to_hold && judged.verdict != Tolerance::not_tolerated && is_cheaper)
      all.push_back(at);
  }
  std::ranges::stable_sort(all, {}, [&](std::size_t at) { return costs[at]; });
  return all;
}

}  // namespace

Judgement judge(const AgedChips& chips, const RaceSettings& s, double error) {
  const std::int64_t count = chips.front().count(), good = good_chips(chips, s);
  Judgement j;
  j.value = worst_mean(chips, s);
  j.good = proportion_estimate(good, count, s.confidence);
  j.verdict = s.share ? decide_share(good, count, *s.share, error) : decide_means(chips, s, error);
  j.seems_to_hold =
      s.share ? j.good.mean >= *s.share : is_good_chip(j.value.mean, s.limit, *s.metric);
  return j;
}

double merit(const Judgement& judged, const RaceSettings& s) {
  return s.share ? judged.good.mean : s.metric->sign() * judged.value.mean;
}

std::int64_t first_look_of(const RaceSettings& settings) {
  return first_look(looks_from(settings.draws, settings.max_draws));
}

std::int64_t most_predicted(const RaceSettings& s) { return s.evaluations / 4; }

std::int64_t fewest_evaluations(RaceSettings s) {
  const std::int64_t look = 2 * first_look_of(s) * s.ages;
  for (s.evaluations = look; s.evaluations - most_predicted(s) < look; ++s.evaluations) {
  }
  return s.evaluations;
}

std::size_t most_looked_at(const RaceSettings& s) {
  return static_cast<std::size_t>(s.evaluations / 2 / (first_look_of(s) * s.ages));
}

RaceResult race(const RaceSettings& settings, std::span<const double> costs,
                std::span<const std::size_t> order, const MeasureDesign& measure) {
  return Race(settings, costs, measure).run(order);
}

std::vector<std::size_t> finalists(const RaceResult& result, std::span<const double> all_costs,
                                   const RaceSettings& settings) {
  const std::vector<Runner>& runners = result.runners;
  std::vector<double> costs;
  for (const Runner& runner : runners) costs.push_back(all_costs[runner.design]);
  const std::vector<double> values = ranks(runners, settings);
  const auto cost = [&](std::size_t at) { return costs[at]; };
  std::vector<std::size_t> chosen = seeming_to_hold(result, costs);
  if (result.cheapest) {  // the dearest of them have looked good for longest
    std::ranges::reverse(chosen);
    chosen.insert(chosen.begin(), *result.cheapest);
  }
  chosen.resize(std::min(chosen.size(), (settings.verify + 1) / 2));
  const std::vector<bool> front = pareto_front(costs, values);
  std::vector<std::size_t> others;
  for (std::size_t at = 0; at < runners.size(); ++at)
    if (front[at]) others.push_back(at);
  const double middle = chosen.empty() ? std::ranges::max(costs) : cost(chosen.front());
  std::ranges::stable_sort(others, {},
                           [&](std::size_t at) { return std::abs(std::log(cost(at) / middle)); });
  // The best first: where what seems to hold does not, it may.
  const auto best =
      std::ranges::max_element(others, {}, [&](std::size_t at) { return values[at]; });
  if (best != others.end()) std::rotate(others.begin(), best, best + 1);
  for (const std::size_t at : others) {
    const auto is_twin = [&](std::size_t other) {
      return cost(other) == cost(at) && values[other] == values[at];
    };
    if (chosen.size() < settings.verify && std::ranges::none_of(chosen, is_twin))
      chosen.push_back(at);
  }
  for (std::size_t& at : chosen) at = runners[at].design;
  return chosen;
}

std::vector<VerifiedDesign> verify_designs(const std::vector<std::size_t>& designs,
                                           std::span<const double> all_costs,
                                           const RaceSettings& settings,
                                           const MeasureDesign& measure) {
  std::vector<VerifiedDesign> verified;
  std::vector<double> costs, merits;
  const double error = (1 - settings.confidence) / static_cast<double>(designs.size());
  for (const std::size_t design : designs) {
    VerifiedDesign& v = verified.emplace_back(design, measure(design, settings.verify_draws));
    v.judged = judge(v.fresh, settings, error);
  }
  std::ranges::stable_sort(verified, {}, [&](const VerifiedDesign& v) {
    const auto [most, then] = goodness(v.judged, settings);
    return std::tuple(all_costs[v.design], -most, -then);
  });
  for (const VerifiedDesign& v : verified) {
    costs.push_back(all_costs[v.design]);
    merits.push_back(merit(v.judged, settings));
  }
  const std::vector<bool> front = pareto_front(costs, merits);
  for (std::size_t i = 0; i < verified.size(); ++i) verified[i].is_on_front = front[i];
  return verified;
}

const VerifiedDesign* cheapest_of(const std::vector<VerifiedDesign>& verified) {
  const auto found = std::ranges::find_if(verified, &VerifiedDesign::holds);
  return found == verified.end() ? nullptr : &*found;
}

RandomDesigns try_random_designs(const RaceSettings& settings, std::int64_t evaluations,
                                 std::span<const double> costs, std::span<const std::size_t> order,
                                 const MeasureDesign& measure, const MeasureDesign& measure_fresh) {
  const std::int64_t first = first_look_of(settings);
  RandomDesigns random;
  std::vector<std::size_t> good;
  for (const std::size_t design : order) {
    if (random.spent + first * settings.ages > evaluations) break;
    ++random.looked_at;
    random.spent += first * settings.ages;
    if (judge(measure(design, first), settings, 1 - settings.confidence).seems_to_hold)
      good.push_back(design);
  }
  std::ranges::stable_sort(good, {}, [&](std::size_t design) { return costs[design]; });
  good.resize(std::min(good.size(), settings.verify));
  random.verified = verify_designs(good, costs, settings, measure_fresh);
  return random;
}

}  // namespace ohmic
