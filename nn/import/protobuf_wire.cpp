#include "nn/import/protobuf_wire.hpp"

#include <bit>
#include <cstring>
#include <string>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");

[[noreturn]] void fail(const std::string& why) { throw DataError("is damaged: " + why); }

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 10 && i < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  fail(bytes.size() < 10 ? "it ends in the middle of a number" : "a number has too many bytes");
}

template <class T>
T load(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

void WireField::mistyped() const {
  fail("field " + std::to_string(number_) + " of a message has a type that is not ONNX's");
}

std::int64_t WireField::integer() const {
  if (type_ != Type::varint) mistyped();
  return static_cast<std::int64_t>(value_);
}

float WireField::real() const {
  if (type_ != Type::fixed32) mistyped();
  return std::bit_cast<float>(static_cast<std::uint32_t>(value_));
}

std::string_view WireField::bytes() const {
  if (type_ != Type::bytes) mistyped();
  return bytes_;
}

void WireField::append_to(std::vector<std::int64_t>& values) const {
  if (type_ == Type::varint) return values.push_back(integer());
  for (std::string_view rest = bytes(); !rest.empty();)
    values.push_back(static_cast<std::int64_t>(take_varint(rest)));
}

void WireField::append_to(std::vector<float>& values) const {
  if (type_ == Type::fixed32) return values.push_back(real());
  if (bytes().size() % sizeof(float) != 0) mistyped();
  for (std::size_t at = 0; at < bytes_.size(); at += sizeof(float))
    values.push_back(load<float>(bytes_.substr(at)));
}

std::uint64_t WireMessage::varint() { return take_varint(bytes_); }

std::string_view WireMessage::take(std::uint64_t size) {
  if (size > bytes_.size())
    fail("a field should have " + std::to_string(size) + " bytes, but " +
         std::to_string(bytes_.size()) + " follow (truncated?)");
  const std::string_view part = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return part;
}

bool WireMessage::next(WireField& field) {
  if (bytes_.empty()) return false;
  const std::uint64_t tag = varint();
  if (tag >> 3 == 0 || tag >> 32 != 0) fail("a field has no valid number");
  field.number_ = static_cast<std::uint32_t>(tag >> 3);
  field.type_ = static_cast<WireField::Type>(tag & 7);
  field.bytes_ = {};
  switch (field.type_) {
    case WireField::Type::varint:
      field.value_ = varint();
      return true;
    case WireField::Type::fixed64:
      field.value_ = load<std::uint64_t>(take(8));
      return true;
    case WireField::Type::bytes:
      field.bytes_ = take(varint());
      return true;
    case WireField::Type::fixed32:
      field.value_ = load<std::uint32_t>(take(4));
      return true;
  }
  fail("field " + std::to_string(field.number_) + " has a type that ONNX does not use");
}

}  // namespace ohmic
