// The paper's numbers (experiments/published.toml) for the network of a point.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/experiment.hpp"

namespace ohmic {

/// What is published of one network; fractions.
struct Published {
  std::optional<double> baseline;                ///< accuracy without noise
  std::optional<double> average;                 ///< A_avr
  std::vector<std::pair<double, double>> curve;  ///< eta, A_x

  std::optional<double> at(double eta) const;  ///< A_x
  bool empty() const { return !baseline && !average && curve.empty(); }
};

/// Published numbers of the network that the experiment trains, matched by data, model, optimizer
/// and learning rate, for the layout the paper used; empty for given weights.
Published published_for(const Experiment&);
/// The eta that a published average is over.
std::vector<double> published_etas();
/// "paper": what their column and their points are called.
std::string published_label();

}  // namespace ohmic
