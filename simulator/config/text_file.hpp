// Whole text files that a user names.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace ohmic {

/// The content of a regular file of at most `most_bytes`. Throws DataError that names the file and
/// what is wrong with it: absent, not readable, a folder, a device or pipe (which might never end),
/// too large.
std::string read_text_file(const std::filesystem::path& file, std::size_t most_bytes);

}  // namespace ohmic
