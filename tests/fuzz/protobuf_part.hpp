// Fields inside a protobuf message, however deep.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "tests/fuzz/target.hpp"

namespace ohmic::test {

/// Some string, bytes or message of a message, at any depth; the lengths around it are made good.
std::optional<Part> protobuf_part(const std::string& message, std::mt19937_64&);

}  // namespace ohmic::test
