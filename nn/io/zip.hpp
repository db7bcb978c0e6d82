// Zip archives as PyTorch and Keras write them: stored or deflated entries, zip64, with or without
// checksums. Sizes are checked against the file before anything is allocated.
// Source: PKWARE, APPNOTE.TXT 6.3.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/mapped_file.hpp"

namespace ohmic {

/// Bytes that a compressed file may unpack to: weights and images shrink to no less than a
/// twentieth, so that more is taken for an attack.
inline constexpr std::uint64_t unpacked_limit(std::uint64_t file_bytes) {
  return (std::uint64_t{64} << 20) + 20 * file_bytes;
}

class ZipFile {
 public:
  struct Entry {
    std::string name;  ///< its path inside
    std::uint64_t size = 0, packed_size = 0, header_at = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0, flags = 0;
  };

  /// Reads the file and its list of entries. Throws DataError naming the file, here and below.
  explicit ZipFile(const std::filesystem::path&);
  /// The same of a mapped file, of which stored entries are shown where they lie, and of an archive
  /// in memory; errors call them `name`.
  ZipFile(const MappedFile&, const std::string& name);
  ZipFile(std::string bytes, const std::string& name);
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  const std::vector<Entry>& entries() const { return entries_; }
  /// Null where there is none of that name.
  const Entry* find(std::string_view name) const;
  /// Content of an entry, which lives as long as this; its CRC is checked unless the archive was
  /// written without any. All entries together unpack to unpacked_limit() at most.
  std::string_view read(const Entry&);

 private:
  [[noreturn]] void fail(const std::string& why) const;
  template <class T>
  T number(std::uint64_t at) const;
  void list_entries();
  Entry entry_at(std::uint64_t& at) const;
  void check_apart() const;
  void take_zip64(std::string_view extra, Entry& entry) const;
  std::string_view packed(const Entry&) const;
  std::string_view read_anew(const Entry&);
  std::string inflated(const Entry&, std::string_view packed) const;

  std::string file_;
  std::shared_ptr<const void> owner_;  ///< of what follows
  std::string_view bytes_;
  std::vector<Entry> entries_;
  std::map<std::uint64_t, std::string_view> read_;  ///< what was read, by header_at
  std::deque<std::string> unpacked_;
  std::uint64_t unpacked_bytes_ = 0;
  bool has_crcs_ = false;
};

}  // namespace ohmic
