// Axes of [sweep], as a file and --set give them: what each element sets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "simulator/config/value.hpp"
#include "simulator/error.hpp"

namespace ohmic {

/// What one element of an axis sets: dotted keys and values.
using SweptSettings = std::vector<std::pair<std::string, Value>>;

struct SweepAxis {
  std::string key;                ///< as swept
  std::string prefix;             ///< of what its tables set: the key and a dot, nothing for cases
  Position where;                 ///< of the key
  std::vector<std::string> keys;  ///< reported: the key itself, or the leaves of merged tables
  std::vector<SweptSettings> elements;
};

/// The axes of `root`'s [sweep] in the order of the file, those that only --set gives last; `base`:
/// the file without [sweep], which pins what --set gives. What is wrong with them is added to
/// `faults`.
std::vector<SweepAxis> read_axes(const Value& root, const Value& base, std::vector<Fault>& faults);

}  // namespace ohmic
