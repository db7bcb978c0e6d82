#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {

/// A tensor's shape for messages: "[3, 32, 32]", "[]" for a scalar.
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace ohmic
