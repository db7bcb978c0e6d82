// Zip archives of stored entries without checksums, as small as they can be.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ohmic::test {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(value >> (8 * i));
  return s;
}

inline std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string files, directory;
  for (const auto& [name, content] : entries) {
    const std::string facts = std::string(4, '\0') + std::string(4, '\0') + std::string(4, '\0') +
                              little_endian(content.size(), 4) + little_endian(content.size(), 4) +
                              little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + little_endian(20, 2) + facts +
                 std::string(10, '\0') + little_endian(files.size(), 4) + name;
    files += "PK\x03\x04" + little_endian(20, 2) + facts + name + content;
  }
  return files + directory + "PK\x05\x06" + std::string(4, '\0') +
         little_endian(entries.size(), 2) + little_endian(entries.size(), 2) +
         little_endian(directory.size(), 4) + little_endian(files.size(), 4) + std::string(2, '\0');
}

}  // namespace ohmic::test
