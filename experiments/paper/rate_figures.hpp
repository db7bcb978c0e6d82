// The sweet spot: accuracy without and under noise against the learning rate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/paper/regions.hpp"
#include "experiments/results/groups.hpp"

namespace ohmic {

/// The networks of one panel against their learning rate.
struct RatePanel {
  std::string name;  ///< "resnet20, kernels"
  double eta = 0;    ///< at which the normalised accuracy is taken
  Regions regions;
  std::vector<std::optional<double>> published_baseline, published_normalized;  ///< by rate
};

/// Panels with two or more rates, at the eta of the groups that is nearest to 10 %; none where the
/// rate or eta is unknown.
std::vector<RatePanel> rate_panels(const std::vector<Group>&);

/// a_o and A against learning rate with intervals, the sweet spot shaded; files sweet_spot.*.
Figure sweet_spot_figure(const std::vector<RatePanel>&);

}  // namespace ohmic
