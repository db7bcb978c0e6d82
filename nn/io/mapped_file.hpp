// A file as bytes in memory that the system reads when they are looked at: nothing is copied.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace ohmic {

/// Bytes of a file; copies share the mapping, which lives as long as any of them.
struct MappedFile {
  std::shared_ptr<const std::byte> data;
  std::size_t size = 0;
  std::filesystem::path file = {};

  /// Gives back the memory of what was read; the system reads it again when it is looked at.
  void forget() const;
  std::string_view text() const { return {reinterpret_cast<const char*>(data.get()), size}; }
  /// Bytes of this file, which they keep mapped.
  std::shared_ptr<const std::byte> share(std::string_view part) const {
    return {data, reinterpret_cast<const std::byte*>(part.data())};
  }
};

/// Maps a regular file for reading; it must not shrink meanwhile. Throws DataError naming the file
/// and the reason.
MappedFile map_file(const std::filesystem::path&);

}  // namespace ohmic
