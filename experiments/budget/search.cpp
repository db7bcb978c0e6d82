#include "experiments/budget/search.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "experiments/measure/stopping.hpp"

namespace ohmic {
namespace {

/// > 0: better than the limit.
double margin_of(double mean, double limit, Better better) {
  return better == Better::higher ? mean - limit : limit - mean;
}
double margin_of(double mean, const SearchSettings& s) {
  return margin_of(mean, s.limit, s.better);
}

class Search {
 public:
  Search(const SearchSettings& settings, const MeasureAt& measure)
      : settings_(settings), measure_(measure) {}

  SearchResult run() {
    const Tolerance mildest = verdict_at(0);
    if (mildest == Tolerance::not_tolerated) {
      result_.not_tolerated = 0;
    } else if (const Tolerance harshest = verdict_at(settings_.steps);
               harshest == Tolerance::tolerated) {
      result_.tolerated = settings_.steps;
    } else if (mildest == Tolerance::undecided || harshest == Tolerance::undecided) {
      search_both(mildest, harshest);
    } else {
      bisect();
    }
    std::sort(result_.probes.begin(), result_.probes.end(),
              [](const Probe& a, const Probe& b) { return a.index < b.index; });
    return std::move(result_);
  }

 private:
  /// An end that is undecided leaves its side open.
  void search_both(Tolerance mildest, Tolerance harshest) {
    if (mildest == Tolerance::tolerated) largest_tolerated(0, settings_.steps);
    if (harshest == Tolerance::not_tolerated) smallest_not_tolerated(0, settings_.steps);
  }

  void bisect() {
    std::size_t low = 0, high = settings_.steps;
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      const Tolerance verdict = verdict_at(middle);
      if (verdict == Tolerance::undecided) {
        largest_tolerated(low, middle);
        return smallest_not_tolerated(middle, high);
      }
      (verdict == Tolerance::tolerated ? low : high) = middle;
    }
    result_.tolerated = low;
    result_.not_tolerated = high;
  }

  /// `low` is tolerated; `high` is not shown to be.
  void largest_tolerated(std::size_t low, std::size_t high) {
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (verdict_at(middle) == Tolerance::tolerated ? low : high) = middle;
    }
    result_.tolerated = low;
  }

  /// `high` is not tolerated; `low` is not shown to be so.
  void smallest_not_tolerated(std::size_t low, std::size_t high) {
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (verdict_at(middle) == Tolerance::not_tolerated ? high : low) = middle;
    }
    result_.not_tolerated = high;
  }

  Tolerance verdict_at(std::size_t index) {
    for (const Probe& probe : result_.probes)
      if (probe.index == index) return probe.verdict;
    const double error =
        (1 - settings_.confidence) / static_cast<double>(path_length(settings_.steps));
    result_.probes.push_back(decide_at(index, settings_, error, measure_));
    return result_.probes.back().verdict;
  }

  const SearchSettings& settings_;
  const MeasureAt& measure_;
  SearchResult result_;
};

double mean_of(const Probe& probe) { return mean_estimate(probe.replicates, 0.95).mean; }

}  // namespace

Tolerance decide(const Replicates& replicates, double limit, Better better, double error) {
  const Estimate e = mean_estimate(replicates, 1 - 2 * error);
  const double margin = margin_of(e.mean, limit, better);
  if (std::isinf(margin)) return margin > 0 ? Tolerance::tolerated : Tolerance::not_tolerated;
  if (replicates.count() == 1)
    return margin >= -kMarginRounding ? Tolerance::tolerated : Tolerance::not_tolerated;
  if (margin >= e.half_width()) return Tolerance::tolerated;
  return margin < -e.half_width() ? Tolerance::not_tolerated : Tolerance::undecided;
}

Probe decide_at(std::size_t index, const SearchSettings& settings, double error,
                const MeasureAt& measure) {
  const EvaluationSettings looks = looks_from(settings.draws, settings.max_draws);
  Probe probe{index, Tolerance::undecided, {}};
  std::int64_t before = 0;
  for (std::int64_t draws = first_look(looks);; draws = next_look(looks, draws)) {
    probe.replicates = measure(index, draws);
    const double share =
        static_cast<double>(draws - before) / static_cast<double>(settings.max_draws);
    probe.verdict = decide(probe.replicates, settings.limit, settings.better, error * share);
    if (probe.verdict != Tolerance::undecided || draws >= settings.max_draws) return probe;
    before = draws;
  }
}

std::size_t path_length(std::size_t steps) {
  return static_cast<std::size_t>(std::bit_width(steps - 1)) + 2;
}

SearchResult search_crossing(const SearchSettings& settings, const MeasureAt& measure) {
  return Search(settings, measure).run();
}

std::optional<double> crossing_estimate(const SearchResult& result,
                                        const SearchSettings& settings) {
  for (std::size_t i = 0; i + 1 < result.probes.size(); ++i) {
    const Probe &a = result.probes[i], &b = result.probes[i + 1];
    const double above = margin_of(mean_of(a), settings), below = margin_of(mean_of(b), settings);
    if (above >= 0 && below < 0 && std::isfinite(above - below))
      return static_cast<double>(a.index) +
             static_cast<double>(b.index - a.index) * above / (above - below);
  }
  return std::nullopt;
}

std::optional<std::pair<std::size_t, std::size_t>> rise(const SearchResult& result,
                                                        const SearchSettings& settings) {
  if (result.probes.size() < 2) return std::nullopt;
  const double error = (1 - settings.confidence) / static_cast<double>(result.probes.size() - 1);
  const double sign = settings.better == Better::higher ? 1 : -1;
  for (std::size_t i = 0; i + 1 < result.probes.size(); ++i) {
    const Probe &a = result.probes[i], &b = result.probes[i + 1];
    const Estimate e =
        average_estimate({&b.replicates, &a.replicates}, {sign, -sign}, 1 - 2 * error);
    if (e.lo > 0) return {{a.index, b.index}};
  }
  return std::nullopt;
}

}  // namespace ohmic
