// What a small test set means for every number that is measured on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// A sentence where there are fewer than 1000 test samples, else empty; with an interval where
/// `right`, how many of them are answered right, is known.
std::string few_samples_note(const Experiment&, std::int64_t samples,
                             std::optional<std::int64_t> right);

}  // namespace ohmic
