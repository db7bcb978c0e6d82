#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {

/// A tensor's shape for messages: "[3, 32, 32]", "[]" for a scalar.
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Numbers in a tensor of this shape; 0 where a side is 0, whatever the others claim. Without such
/// a side the product must fit, which whoever reads a header has compared with the bytes that are
/// there.
std::int64_t element_count(const std::vector<std::int64_t>& shape);

}  // namespace ohmic
