// Whether everything is there that a run would open.
#pragma once

#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Opens the data, weights and teachers of these experiments as a run would, and asks for what is
/// to compute them. Throws DataError with a line for each thing that is wrong, in the order of the
/// experiments, or UnsupportedError. (What device models read was opened when the file was read.)
void check_inputs(const std::vector<const Experiment*>&);

}  // namespace ohmic
