// Where values of one axis stand on a figure: numbers where they are, names at 0, 1, 2, ...
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/plot.hpp"

namespace ohmic {

class Scale {
 public:
  /// Different values of a key as text, names where one is no number; logarithmic where they are
  /// positive and spread wide.
  Scale(const std::string& key, const std::string& title, const std::vector<std::string>& values);

  double at(const std::string& value) const;
  bool is_named() const { return named_; }
  const Axis& axis() const { return axis_; }
  std::vector<std::string> ascending() const;
  /// How far from a name the points of one of several curves stand, so that none hides another; 0
  /// of numbers.
  double beside(std::size_t curve, std::size_t curves) const;

 private:
  void take_names(const std::string& key);
  void take_numbers();

  std::vector<std::string> names_;
  std::vector<double> numbers_;
  bool named_ = false;
  Axis axis_;
};

}  // namespace ohmic
