// What is wrong with a file says first which key of the experiment names the file.
#pragma once

#include <string>

#include "simulator/error.hpp"

namespace ohmic {

/// What `action` gives. A DataError that it throws begins with `key`, unless it begins with a key
/// of its own.
template <class Action>
auto keyed(const std::string& key, const Action& action) -> decltype(action()) {
  try {
    return action();
  } catch (const DataError& error) {
    const std::string message = error.what();
    for (const char* own : {"data.train", "data.test", "data.normalize", "evaluation.", "model."})
      if (message.starts_with(own)) throw;
    throw DataError(key + ": " + message);
  }
}

}  // namespace ohmic
