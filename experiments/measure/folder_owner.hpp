// Which experiment file a run folder is of: two files of one name must not share one unawares.
#pragma once

#include <filesystem>
#include <string>

#include "simulator/config/value.hpp"

namespace ohmic {

/// What the folder's own word of it is called: one line, the file's path as seen from the folder.
inline constexpr char kOwnerFile[] = "written_for.txt";

/// The way out that `ohmic run` has besides.
inline constexpr char kFreshTakesFolder[] =
    ", or set these results aside in the folder itself with --fresh";

/// Throws ConfigError, naming both files and the ways out, where `folder` has results of another
/// experiment file than `root` was read from, that file is still there, and the two do not mean the
/// same (`resolved` is what the caller is about to write to resolved.toml). `way_out` ends the
/// message: ", or ...". A file that was edited, moved or renamed keeps its folder; a file in the
/// folder itself may always use it, and so may what was read from no file.
void check_owner(const std::filesystem::path& folder, const Value& root,
                 const std::string& resolved, const std::string& way_out = "");

/// check_owner, and from then on the folder is of this file. Throws OutputError too. For one
/// process of the folder at a time.
void take_folder(const std::filesystem::path& folder, const Value& root,
                 const std::string& resolved, const std::string& way_out = "");

}  // namespace ohmic
