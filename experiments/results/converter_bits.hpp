// Bits of converters in tables; nothing of ideal ones.
#pragma once

#include <optional>

#include "experiments/text/table.hpp"

namespace ohmic {

/// 0: ideal.
inline Cell bits_cell(int bits) { return bits > 0 ? Cell(bits) : Cell(); }

template <class Converter>
Cell bits_cell(const std::optional<Converter>& converter) {
  return bits_cell(converter ? converter->bits : 0);
}

}  // namespace ohmic
