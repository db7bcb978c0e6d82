// Whether a network answers a sample the same whatever is computed with it.
#pragma once

#include "experiments/measure/networks.hpp"

namespace ohmic {

/// Throws DataError where the digital network of a file answers test samples otherwise together
/// than alone: half of up to eight that are spread over the set, by more than a hundredth of the
/// largest answer. What such a network gives depends on the batch. lower() has tried it on samples
/// of its own; here are those whose size matters. Networks with very large values are passed over.
void check_samples_stand_alone(const TrainedNetwork&);

}  // namespace ohmic
