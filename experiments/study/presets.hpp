// Presets: named sets of tiles, devices and periphery with the source of every value. They are the
// files experiments/study/presets/*.toml, carried in the program. A file that says preset = "NAME"
// has the preset's keys wherever it does not give its own.
#pragma once

#include <string>
#include <vector>

#include "simulator/config/value.hpp"

namespace ohmic {

struct Preset {
  std::string name;   ///< "isaac-like"
  std::string title;  ///< the first line of its file
  std::string text;   ///< TOML, with the sources as comments
};

const std::vector<Preset>& presets();  ///< sorted by name

/// The experiment with its preset's keys beneath its own; the same where it has none. A device
/// model other than the preset's replaces the whole of the preset's [device]. An unknown name
/// becomes a fault.
Value with_preset(Value root, std::vector<Fault>& faults);

}  // namespace ohmic
