// Compressed files and tar archives, through libarchive and zlib.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic {

/// Content of a file, decompressed when it is gzip or xz (found by content, not by name), once and
/// to unpacked_limit() bytes at most, with its checksum checked. Throws DataError naming the file.
std::vector<std::uint8_t> read_decompressed(const std::filesystem::path&);

/// Content of every file in a zip archive, by its path inside. Throws DataError naming the file.
std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(const std::filesystem::path&);

/// The same of an archive in memory, named by `what` in errors.
std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(std::string_view bytes,
                                                                  const std::string& what);
/// Paths of the files in a zip archive. Throws DataError naming the file.
std::vector<std::string> zip_paths(const std::filesystem::path&);

/// Unpacks a tar archive (plain, gzip or xz) into `folder`, which must exist. Only regular files
/// and folders with relative paths that stay inside are accepted: an absolute path, "..", a link or
/// a device is a DataError and nothing outside `folder` is touched.
void unpack_archive(const std::filesystem::path& archive, const std::filesystem::path& folder);

}  // namespace ohmic
