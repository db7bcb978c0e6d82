// Files of a run folder: whole or not there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"

namespace ohmic {

/// replace_file with one part.
void write_atomically(const std::filesystem::path&, std::string_view content);

/// The whole content. Throws OutputError when the file cannot be read, or is no regular file.
std::string read_whole(const std::filesystem::path&);

/// Appends one line to a log (after own_copy), safe from the death of the process though not of the
/// machine. Throws OutputError.
void append_line(const std::filesystem::path&, std::string_view line);

}  // namespace ohmic
