// What all figures over swept axes share: which axes make panels and which make curves.
#pragma once

#include <functional>
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
/// The axes but those of these keys.
Axes without(Axes, const std::vector<std::string>& keys);
/// The axes of entries that are told apart by what `name` makes of them. Where a name is longer
/// than a figure shows, keys that do not help to tell entries apart are left out: those that are
/// alike in all of them, and of those that tell the same apart all but the first.
std::vector<Axes> telling_axes(std::vector<Axes>, const std::function<std::string(const Axes&)>&);
/// axes_words of the telling_axes; one of several entries without a word is named by what it lacks:
/// "no device".
std::vector<std::string> telling_names(const std::vector<Axes>&);

/// Which curve and which panel of a figure every entry is in, by its telling_axes.
struct CurvePlaces {
  std::vector<std::string> curves, panels;
  std::string legend;  ///< what curves are told apart by
};
/// Curves are told apart by the values of the key `split`, or, where that is empty, by the axes of
/// curve_name. The experiment may be null (key_title).
CurvePlaces curve_places(const std::vector<Axes>&, const Experiment*,
                         const std::string& split = {});
/// The value of a key; empty where it is not among them.
std::string value_of(const Axes&, const std::string& key);
/// In the order of first appearance.
std::vector<std::string> distinct(const std::vector<std::string>&);
std::size_t index_of(const std::vector<std::string>&, const std::string&);
/// NaN where the text is no number.
double number_in(const std::string&);

}  // namespace ohmic
