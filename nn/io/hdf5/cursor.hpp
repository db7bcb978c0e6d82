// Bytes of an HDF5 file, read in order and never beyond their end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ohmic::hdf5 {

/// What is wrong with a file; whoever knows its name makes a DataError of it.
struct Trouble {
  std::string why;
};

[[noreturn]] inline void damaged(const std::string& what) {
  throw Trouble{"is damaged or truncated: " + what};
}
[[noreturn]] inline void not_read(const std::string& what, const std::string& expected) {
  throw Trouble{"holds " + what + ", which is not read; expected " + expected};
}

/// Little-endian numbers one after the other. `what` names the structure in messages.
class Cursor {
 public:
  Cursor(std::string_view bytes, const char* what) : bytes_(bytes), what_(what) {}

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) damaged(std::string(what_) + " ends beyond its block");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  void skip(std::uint64_t count) { take(count); }
  /// An unsigned number of 0 to 8 bytes.
  std::uint64_t number(std::size_t width) {
    const std::string_view digits = take(width);
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(digits[i]);
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  void expect(std::string_view signature) {
    if (take(signature.size()) != signature) damaged("no " + std::string(what_) + " where one is");
  }
  std::size_t left() const { return bytes_.size(); }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  const char* what_;
};

/// The file as a whole: its bytes and the widths of the numbers in it.
/// Structures of a sound file do not overlap, so that what is read of them is bounded by the file's
/// size; in a hostile one they are each other's, and reading would not end.
struct File {
  std::string_view bytes;
  std::size_t offset_bytes = 8;      ///< width of an address
  std::size_t length_bytes = 8;      ///< width of a length
  mutable std::uint64_t unread = 0;  ///< bytes of structures that may still be read

  void count(std::uint64_t read) const {
    if (read > unread) throw Trouble{"is damaged: its structures lie in each other"};
    unread -= read;
  }

  /// From an address in the file to its end.
  Cursor at(std::uint64_t address, const char* what) const {
    if (address >= bytes.size())
      damaged(std::string(what) + " lies at byte " + std::to_string(address) + " of " +
              std::to_string(bytes.size()));
    return {bytes.substr(address), what};
  }
  Cursor at(std::uint64_t address, std::uint64_t count, const char* what) const {
    return {at(address, what).take(count), what};
  }
  std::uint64_t address(Cursor& cursor) const { return cursor.number(offset_bytes); }
  std::uint64_t length(Cursor& cursor) const { return cursor.number(length_bytes); }
  /// "Nowhere": all bits set.
  bool is_undefined(std::uint64_t address) const {
    return address == (~std::uint64_t{0} >> (64 - 8 * offset_bytes));
  }
};

}  // namespace ohmic::hdf5
