// How a file's network prepares its images itself.
#pragma once

#include <string>
#include <vector>

namespace ohmic {

/// What is done to pixels before the first layer: factor * x + offset for each of the three
/// channels.
struct Preprocessing {
  std::string layers;  ///< that do it, for messages
  std::vector<double> factor, offset;
};

}  // namespace ohmic
