// Which metrics can be asked for, given what a network answers and how its samples are labelled.
#pragma once

#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/metrics/answer_shape.hpp"
#include "nn/metrics/measure.hpp"

namespace ohmic {

/// The one that is usually meant first. `takes_numbers`: the network's input is of real numbers, so
/// that it can be one that rebuilds its samples. Throws the DataError of that one where none fits.
std::vector<MetricChoice> fitting_metrics(const AnswerShape&, const ImageSet&, bool takes_numbers);

}  // namespace ohmic
