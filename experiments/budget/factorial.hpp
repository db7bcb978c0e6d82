// Which source costs how much, from accuracies with sources switched on and off.
//
// With k sources a combination is a set of those that are on, as bits. All of it is linear in the
// accuracies, so that every effect has a value per draw, and its interval is the t interval of
// those values: common random numbers make them far less noisy than the accuracies themselves.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "experiments/budget/settings.hpp"
#include "experiments/statistics/estimate.hpp"

namespace ohmic {

using Combination = std::uint32_t;

/// Weights of combinations whose sum is a loss of accuracy.
using Contrast = std::map<Combination, double>;

constexpr int kMostSources = 10;

/// The combinations that a design of 1 <= k < 32 sources measures, nothing and
/// everything on always among them. half: those in which as many sources are off as make an even
/// number, of resolution k: a main effect is only confused with interactions of k - 1 sources.
std::vector<Combination> combinations(Design, int sources);

/// acc(none) - acc(all).
Contrast total_loss(int sources);
/// acc(none) - acc(source): the loss when nothing else is on.
Contrast loss_alone(int source);
/// acc(all others) - acc(all): what switching it off gives back.
Contrast loss_last(int source, int sources);
/// The loss that is the source's share. full: its Shapley value, the loss it adds averaged over all
/// orders in which sources can be switched on (Shapley 1953); these add up to the total. half: its
/// main effect, mean accuracy with it off less that with it on.
Contrast loss_share(Design, int source, int sources);
/// What two sources cost together beyond what each does, averaged over the others (full). > 0: they
/// make each other worse.
Contrast interaction(int source, int other, int sources);

/// Mean of the contrast over draws with its interval; NaN when a combination is missing. All
/// combinations have the same draws and strata.
Estimate contrast_estimate(const Contrast&, const std::map<Combination, Replicates>&,
                           double confidence);

}  // namespace ohmic
