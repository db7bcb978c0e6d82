// Device models from outside ohmic: shared libraries given with --plugin, built against the
// installed headers (docs/plugin). Their OHMIC_REGISTER_DEVICE takes effect as they are loaded.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simulator/config/value.hpp"

namespace ohmic {

struct Plugin {
  std::filesystem::path file;        ///< absolute
  std::string sha256;                ///< of its content
  std::vector<std::string> devices;  ///< names of the models it brought
};

/// Loads a shared library for the rest of the process; the same file again is no second load.
/// Throws ConfigError: not there, no shared library, built against another release of ohmic, a
/// symbol that nothing defines, a device name that exists already, no device model at all.
void load_plugin(const std::filesystem::path& file);

/// In the order they were loaded.
const std::vector<Plugin>& plugins();

/// SHA-256 of the plug-ins whose device models a [device] table names, stacks included; sorted.
/// What a plug-in computes is in no parameter, so these belong to a point's identity.
std::vector<std::string> plugin_hashes(const Value& device);

}  // namespace ohmic
