// What every command that measures in a run folder does before and after.
#pragma once

#include <string>

#include "experiments/measure/networks.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/measure/provenance.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

/// A file that gives the same points, every key with its value: [sweep] included.
Value resolved_file(const Value& root, const std::vector<Point>& points);

/// A point by its swept values, for a line of progress: "learning rate = 0.001, noise η = 0.1";
/// without any, by its network.
std::string point_label(const Point&);

/// Of these networks' data and weights, and of the points' settings and files.
Provenance provenance_of(const std::vector<Point>&, const Networks&);

}  // namespace ohmic
