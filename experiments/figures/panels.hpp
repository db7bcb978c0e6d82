// What all figures over swept axes share: which axes make panels and which make curves.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/study/words.hpp"

namespace ohmic {

/// Values of the axes that tell curves apart (the learning rate, else the keys of the table swept
/// last), and of those that tell panels apart, in words.
std::string curve_name(const Axes&);
std::string panel_name(const Axes&);
/// What curves are told apart by, with units.
std::string legend_title(const Axes&, const Experiment*);
/// The value of a key; empty where it is not among them.
std::string value_of(const Axes&, const std::string& key);
/// In the order of first appearance.
std::vector<std::string> distinct(const std::vector<std::string>&);
std::size_t index_of(const std::vector<std::string>&, const std::string&);
/// NaN where the text is no number.
double number_in(const std::string&);

}  // namespace ohmic
