// Files of a run folder: whole or not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"

namespace ohmic {

/// replace_file with one part.
void write_atomically(const std::filesystem::path&, std::string_view content);

/// What is read of one file of a run folder, and of one that lines are added to, in bytes.
constexpr std::uintmax_t kMostOfFile = std::uintmax_t{1} << 26,
                         kMostOfLog = std::uintmax_t{1} << 30;

/// The whole content. Throws OutputError when the file cannot be read, or is no regular file,
/// DataError when it has more than `most` bytes.
std::string read_whole(const std::filesystem::path&, std::uintmax_t most = kMostOfFile);

/// Its first bytes, at most so many. Throws OutputError as read_whole does.
std::string read_beginning(const std::filesystem::path&, std::size_t most);

/// Appends one line to a log (after own_copy), safe from the death of the process though not of the
/// machine. Throws OutputError.
void append_line(const std::filesystem::path&, std::string_view line);

}  // namespace ohmic
