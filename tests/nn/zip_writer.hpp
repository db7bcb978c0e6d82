// Writes zip archives of stored entries, for tests that make their own model files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ohmic::test {

class ZipWriter {
 public:
  ZipWriter& add(const std::string& path, std::string_view content) {
    const auto at = static_cast<std::uint32_t>(bytes_.size());
    const std::string facts = facts_of(path, content);
    bytes_ += "PK\x03\x04" + number(20, 2) + facts + number(0, 2) + path + std::string(content);
    directory_ += "PK\x01\x02" + number(20, 2) + number(20, 2) + facts + number(0, 2) +
                  number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(at, 4) + path;
    ++entries_;
    return *this;
  }
  std::string bytes() const {
    return bytes_ + directory_ + "PK\x05\x06" + number(0, 2) + number(0, 2) + number(entries_, 2) +
           number(entries_, 2) + number(static_cast<std::uint32_t>(directory_.size()), 4) +
           number(static_cast<std::uint32_t>(bytes_.size()), 4) + number(0, 2);
  }

 private:
  static std::string number(std::uint32_t value, int width) {
    std::string bytes;
    for (; width > 0; --width, value >>= 8) bytes += static_cast<char>(value & 0xff);
    return bytes;
  }
  static std::uint32_t checksum(std::string_view content) {
    std::uint32_t crc = ~0u;
    for (const char c : content) {
      crc ^= static_cast<std::uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
  }
  /// Flags, method, time, date, checksum, sizes and the length of the name.
  static std::string facts_of(const std::string& path, std::string_view content) {
    const auto size = static_cast<std::uint32_t>(content.size());
    return number(0, 2) + number(0, 2) + number(0, 2) + number(0x21, 2) +
           number(checksum(content), 4) + number(size, 4) + number(size, 4) +
           number(static_cast<std::uint32_t>(path.size()), 2);
  }

  std::string bytes_, directory_;
  std::uint32_t entries_ = 0;
};

}  // namespace ohmic::test
