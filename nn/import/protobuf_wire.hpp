// Protobuf's wire format, read without a library or a schema: a message is a row of fields, each a
// number, a type and a value. Why no library: docs/decisions/015-model-files.md.
// Source: https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ohmic {

/// One field of a message. Accessors throw DataError (without a file's name) where the field is of
/// another type.
class WireField {
 public:
  std::uint32_t number() const { return number_; }
  std::int64_t integer() const;
  float real() const;
  /// A string, bytes or a message, in place.
  std::string_view bytes() const;
  /// Appends what a repeated field holds, packed or not.
  void append_to(std::vector<std::int64_t>&) const;
  void append_to(std::vector<float>&) const;

 private:
  friend class WireMessage;
  enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  [[noreturn]] void mistyped() const;

  std::uint32_t number_ = 0;
  Type type_ = Type::varint;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
};

/// Goes through the fields of a message: `while (message.next(field)) ...`.
class WireMessage {
 public:
  explicit WireMessage(std::string_view bytes) : bytes_(bytes) {}
  /// False at the end. Throws DataError (without a file's name) for what is cut or no message.
  bool next(WireField& field);

 private:
  std::uint64_t varint();
  std::string_view take(std::uint64_t size);

  std::string_view bytes_;
};

/// Calls `use(field)` for every field of a message.
template <class Use>
void each_field(std::string_view message, const Use& use) {
  WireMessage fields(message);
  for (WireField field; fields.next(field);) use(field);
}

}  // namespace ohmic
