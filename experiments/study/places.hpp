// Where an experiment file says what a message is about.
#pragma once

#include <string>

#include "simulator/config/value.hpp"

namespace ohmic {

/// The message with the place of each key that one of its lines begins with and that the file, or
/// its [sweep], has: "data.test: x.npy: ..." becomes "data.test (f.toml:7): x.npy: ...".
std::string with_places(const std::string& message, const Value& root);

}  // namespace ohmic
