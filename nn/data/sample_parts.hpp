// Samples of several arrays, for networks with several inputs.
#pragma once

#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// The samples of one input.
struct NamedSamples {
  std::string input;  ///< its name
  std::string name;   ///< of where they come from, for messages
  ImageSet set;
};

/// Every sample's numbers of all inputs in a row; without labels. All sets are held in memory, or
/// none is. Throws DataError where one has more samples than another.
ImageSet joined(const std::vector<NamedSamples>&);

}  // namespace ohmic
