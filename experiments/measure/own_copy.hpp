// Files of a run folder that other folders share.
#pragma once

#include <filesystem>

namespace ohmic {

/// Gives a file that has other names (hard links, as `cp -al` makes them) a copy of its own, before
/// it is written to in place. Anything else stays as it is. Throws OutputError.
void own_copy(const std::filesystem::path&);

}  // namespace ohmic
