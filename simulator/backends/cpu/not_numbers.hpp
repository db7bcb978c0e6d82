// Codes that are no numbers, where products are of integers and would lose them.
#pragma once

#include <cstddef>
#include <vector>

#include "simulator/layer.hpp"

namespace ohmic::cpu {

bool has_nan(const float* codes, std::size_t size);

/// Which positions of an image see a pixel with a code that is no number; empty when none does.
/// codes: H x W x C.
std::vector<bool> broken_positions(const ConvGeometry&, const float* codes);

/// Makes sums of broken positions no numbers: `count` positions of N sums from position `first` on.
void break_sums(const std::vector<bool>& broken, std::size_t first, std::size_t count,
                std::size_t N, float* sums);

}  // namespace ohmic::cpu
