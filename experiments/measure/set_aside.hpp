// `--fresh`: what a run folder holds makes room, and nothing of it is deleted.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Moves what was measured of these experiments, or everything measured when they are `all` there
/// are, from `folder` to a new folder in it, before-<UTC date and time>; with `training` their
/// trained networks too. Returns that folder, empty when there was nothing to move. No process may
/// be working there. Throws OutputError.
std::filesystem::path set_aside(const std::filesystem::path& folder,
                                const std::vector<const Experiment*>&, bool all, bool training);

}  // namespace ohmic
