// What somebody published of a network, set beside what is measured here: in the summary, in tables
// and figures. Who knows such numbers registers them; nothing here knows of any publication.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// What is published of one network; fractions.
struct Published {
  std::optional<double> baseline;                ///< accuracy without noise
  std::optional<double> average;                 ///< A_avr
  std::vector<std::pair<double, double>> curve;  ///< eta, A_x
  std::vector<double> average_etas;              ///< that the average is over
  std::string label;                             ///< what their columns and points are called

  std::optional<double> at(double eta) const;  ///< A_x
  bool empty() const { return !baseline && !average && curve.empty(); }
};

/// Numbers of the network that an experiment trains; empty where none are known.
using PublishedNumbers = Published (*)(const Experiment&);

/// At namespace scope: numbers that published_for looks through when the library is loaded.
struct RegisterPublished {
  explicit RegisterPublished(PublishedNumbers);
};

/// The first registered numbers that are not empty.
Published published_for(const Experiment&);

}  // namespace ohmic
