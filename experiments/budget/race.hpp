// The cheapest of many designs that holds what is asked for, when each can only be sampled.
//
// Successive elimination. Every design that is worth a look gets the same first draws, in the order
// given. Then those that are cheaper than the cheapest one shown to hold, and not shown to fail,
// get half as many draws again, look by look, the cheapest first; a design is out of the race when
// its bound fails what is asked for, or when a cheaper one is shown to hold. Nothing is assumed of
// how designs compare: not that more bits are better, nor that what costs more is.
//
// Confidence. A design spends the error 1 - confidence over its looks in proportion to their draws,
// one-sided; so a race misjudges each design with at most that chance, as far as t bounds hold for
// means of that many draws, and finds what is true of most. It promises nothing: the best of many
// looks better than it is. Those who come first are measured again on draws that the race has not
// seen, K of them with the error (1 - confidence) / K each (Bonferroni), so that
// P(any that is said to hold does not) <= 1 - confidence.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "experiments/budget/search.hpp"
#include "experiments/statistics/estimate.hpp"
#include "nn/metrics/metric.hpp"

namespace ohmic {

/// The same chips of one design, at one age after the other.
using AgedChips = std::vector<Replicates>;

struct RaceSettings {
  double limit = 0;  ///< the worst value that is allowed
  const Metric* metric = &metric_named("accuracy");
  std::optional<double> share;  ///< of chips that reach it at all ages; absent: every age's mean
  double confidence = 0.95;
  std::int64_t draws = 10, max_draws = 200;  ///< of a design at its first look and its last
  std::int64_t evaluations = 2000;           ///< draws of all designs, an age each
  std::int64_t ages = 1;
  std::size_t verify = 5;
  std::int64_t verify_draws = 50;
};

/// What chips of a design show.
struct Judgement {
  Tolerance verdict = Tolerance::undecided;
  Estimate value;  ///< mean of the metric at the age where it is worst
  Estimate good;   ///< share of chips that reach the limit at all ages
  /// Whether what is asked for holds of these chips themselves.
  bool seems_to_hold = false;
};
/// With a one-sided error of the verdict; intervals have settings.confidence.
Judgement judge(const AgedChips&, const RaceSettings&, double error);
/// What designs are compared by beside their cost, the larger the better: the share of good chips
/// where one is asked for, the mean where it is.
double merit(const Judgement&, const RaceSettings&);

/// The first `draws` chips of a design.
using MeasureDesign = std::function<AgedChips(std::size_t design, std::int64_t draws)>;

struct Runner {
  std::size_t design = 0;
  AgedChips chips = {};  ///< all it was looked at with
  Judgement judged = {};
  std::int64_t draws() const { return chips.front().count(); }
};

struct RaceResult {
  std::vector<Runner> runners;          ///< in the order of their first looks
  std::optional<std::size_t> cheapest;  ///< of the runners, shown to hold
  std::int64_t spent = 0;
};

/// Draws of a first look.
std::int64_t first_look_of(const RaceSettings&);
/// How many designs may be predicted without draws, each for one of the evaluations, before a race
/// with what is left: a quarter of them.
std::int64_t most_predicted(const RaceSettings&);
/// With fewer no design could be looked at after predictions, whatever settings.evaluations is.
std::int64_t fewest_evaluations(RaceSettings);
/// How many designs the race has first looks for: half of its evaluations.
std::size_t most_looked_at(const RaceSettings&);

/// `costs` by design; `order` names the designs that are looked at, as far as first looks go, one
/// at least.
RaceResult race(const RaceSettings&, std::span<const double> costs,
                std::span<const std::size_t> order, const MeasureDesign&);

/// The designs that are worth fresh draws, settings.verify at most: the cheapest shown to hold,
/// cheaper ones that seem to, and of the front of cost and merit the best and those nearest in
/// cost, of several that cost and measured the same one.
/// Where none seems to hold, the best.
std::vector<std::size_t> finalists(const RaceResult&, std::span<const double> costs,
                                   const RaceSettings&);

/// A design on draws that the search has not seen.
struct VerifiedDesign {
  std::size_t design = 0;
  AgedChips fresh = {};
  Judgement judged = {};
  bool is_on_front = false;  ///< of cost and merit, of those verified
  bool holds() const { return judged.verdict == Tolerance::tolerated; }
};
/// The cheapest first, of several that cost the same the best. `measure` gives fresh chips.
std::vector<VerifiedDesign> verify_designs(const std::vector<std::size_t>& designs,
                                           std::span<const double> costs, const RaceSettings&,
                                           const MeasureDesign& measure);
/// The cheapest that holds, of several the one that measured best; none where none does.
const VerifiedDesign* cheapest_of(const std::vector<VerifiedDesign>&);

/// What as many evaluations find in designs that are taken at random, a first look each: those that
/// seem to hold, the cheapest first, verified in the same way. `order` is random.
struct RandomDesigns {
  std::size_t looked_at = 0;
  std::int64_t spent = 0;
  std::vector<VerifiedDesign> verified;
};
RandomDesigns try_random_designs(const RaceSettings&, std::int64_t evaluations,
                                 std::span<const double> costs, std::span<const std::size_t> order,
                                 const MeasureDesign& measure, const MeasureDesign& measure_fresh);

}  // namespace ohmic
