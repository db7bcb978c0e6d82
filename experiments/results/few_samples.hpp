// What a small test set means for every number that is measured on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Whose right answers these are: those without noise, or those of the point, of all, where another
/// sample would change most.
enum class RightOf { no_noise, any_point };

/// A sentence where there are fewer than 1000 test samples, else empty; with an interval where
/// `right`, how many of them are answered right, is known.
std::string few_samples_note(const Experiment&, std::int64_t samples,
                             std::optional<std::int64_t> right, RightOf);

}  // namespace ohmic
