// The metric against any other swept axis: bits of a converter, size of a tile, time, presets.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/groups.hpp"

namespace ohmic {

/// Swept keys with two or more values for which there is no figure of their own: all but eta, the
/// learning rate and the network. Of keys that are equal throughout (both resistances of a wire)
/// the first.
std::vector<std::string> figure_axes(const std::vector<Group>&);

/// Of these, the keys that have the same values as `key` in every group, itself among them: one
/// axis.
std::vector<std::string> equal_keys(const std::vector<Group>&, const std::string& key);
/// Its values, in the order of first appearance.
std::vector<std::string> values_of(const std::vector<Group>&, const std::string& key);

/// A_avr (or another metric's mean) where eta is swept, else the metric, against the values of
/// `key` (as names where one is no number, logarithmic where positive and spread wide), one curve
/// per combination of the other axes, dashed what the networks score without noise. Files
/// axis_KEY.*.
Figure axis_figure(const std::string& key, const std::vector<Group>&);

}  // namespace ohmic
