// Where a metric that gets worse along a grid crosses a limit, when it can only be sampled.
//
// Stochastic bisection: at each value draws are added, look by look (measure/stopping.hpp),
// until the mean is shown to be at or above the limit ("tolerated") or below it, or
// max_draws leave it undecided. Around an undecided value the search goes on to either side for the
// largest value shown to be tolerated and the smallest shown not to be.
//
// Where lower is better, above and below change places. A mean that is infinite is no sample: it
// decides at once.
//
// Confidence. Values that decide right lie on one fixed path of at most K = ceil(log2(n)) + 2
// values for n steps; once a value is undecided, each side makes only claims of its own kind, which
// can be false only on that path. A value gets the error alpha/K, which its looks spend in
// proportion to their draws: n_j - n_(j-1) of max_draws each, one-sided t bounds (Bonferroni over
// looks and values). So P(the interval misses the crossing) <= 1 - confidence for a metric that
// does not get better along the grid, as far as t bounds hold for means of that many draws. Values
// share their draws' random numbers; nothing above needs them to be independent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "experiments/statistics/estimate.hpp"
#include "nn/metrics/metric.hpp"

namespace ohmic {

/// Of a mean and a limit, both sums of fractions: by less than that no limit is missed.
inline constexpr double kMarginRounding = 1e-12;

enum class Tolerance { tolerated, not_tolerated, undecided };

/// One value of the grid that was looked at.
struct Probe {
  std::size_t index = 0;
  Tolerance verdict = Tolerance::undecided;
  Replicates replicates;  ///< all it was decided on
};

struct SearchSettings {
  std::size_t steps = 1;  ///< indices 0 (mildest) to steps (harshest)
  double limit = 0;       ///< the worst value that is tolerated
  Better better = Better::higher;
  double confidence = 0.95;
  std::int64_t draws = 10, max_draws = 200;  ///< of the first look and the last
};

struct SearchResult {
  std::optional<std::size_t> tolerated;      ///< none: not shown for any value
  std::optional<std::size_t> not_tolerated;  ///< none: not shown for any value
  std::vector<Probe> probes;                 ///< ascending by index
};

/// The first `draws` replicates at an index.
using MeasureAt = std::function<Replicates(std::size_t index, std::int64_t draws)>;

/// What one look shows of a mean, with a one-sided error on either side. One replicate says that
/// nothing is random.
Tolerance decide(const Replicates&, double limit, Better, double error);

/// One value by itself: draws are added look by look until its mean is shown to be on one side of
/// the limit, with at most this probability of the wrong side, or max_draws leave it undecided.
Probe decide_at(std::size_t index, const SearchSettings&, double error, const MeasureAt&);

SearchResult search_crossing(const SearchSettings&, const MeasureAt&);

/// The most values that the right answers can lead to.
std::size_t path_length(std::size_t steps);

/// Where the means of neighbouring probes cross the limit, between indices; none if they do not.
std::optional<double> crossing_estimate(const SearchResult&, const SearchSettings&);

/// Two probes of which the harsher has the better value, shown with this confidence over all
/// pairs of neighbours; none where the metric gets worse as it should.
std::optional<std::pair<std::size_t, std::size_t>> rise(const SearchResult&, const SearchSettings&);

}  // namespace ohmic
