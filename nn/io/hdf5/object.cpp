#include "nn/io/hdf5/object.hpp"

#include <deque>
#include <utility>

namespace ohmic::hdf5 {
namespace {

constexpr std::size_t kDimensions = 32;

using Block = std::pair<std::string_view, bool>;  ///< bytes, version 2

/// The block of messages that an object header begins with.
Block first_block(const File& file, std::uint64_t address, bool& ordered) {
  Cursor header = file.at(address, "an object header");
  if (!header.rest().starts_with("OHDR")) {
    if (header.u8() != 1) damaged("no object header at byte " + std::to_string(address));
    header.skip(7);  // reserved, number of messages, references
    const std::uint32_t size = header.u32();
    header.skip(4);
    return {header.take(size), false};
  }
  header.skip(4);
  if (header.u8() != 2) damaged("an object header has an unknown version");
  const int flags = header.u8();
  if (flags & 0x20) header.skip(16);  // times
  if (flags & 0x10) header.skip(4);   // when attributes are stored densely
  ordered = flags & 0x04;
  const std::uint64_t size = header.number(std::size_t{1} << (flags & 3));
  return {header.take(size), true};
}

std::string_view continued(const File& file, Cursor body, bool version2) {
  const std::uint64_t address = file.address(body), size = file.length(body);
  Cursor block = file.at(address, size, "a continued object header");
  if (!version2) return block.rest();
  block.expect("OCHK");
  if (block.left() < 4) damaged("a continued object header is too short");
  return block.take(block.left() - 4);  // without its checksum
}

Message next_message(Cursor& block, bool version2, bool ordered) {
  const auto type = static_cast<MessageType>(version2 ? block.u8() : block.u16());
  const std::uint16_t size = block.u16();
  const int flags = block.u8();
  block.skip(version2 ? (ordered ? 2 : 0) : 3);
  return {type, (flags & 2) != 0, block.take(size)};
}

/// What the sign, exponent and mantissa of class 1 are.
FloatFormat read_float(Cursor& c, std::uint32_t bits, std::uint32_t bytes) {
  const bool vax = bits & 0x40, implied = (bits >> 4 & 3) == 2;
  FloatFormat f;
  f.bytes = static_cast<int>(std::min(bytes, 64u));
  f.big_endian = bits & 1;
  f.sign_at = static_cast<int>(bits >> 8 & 0xff);
  c.skip(4);  // offset and precision
  f.exponent_at = c.u8();
  f.exponent_bits = c.u8();
  f.mantissa_at = c.u8();
  f.mantissa_bits = c.u8();
  f.bias = c.u32();
  if (vax || !implied || !f.is_sound())
    not_read("floating-point numbers of an unusual format", "IEEE 754 of at most 64 bits");
  return f;
}

std::string class_name(int number) {
  static constexpr const char* kNames[] = {"integers",   "floats",    "times",     "strings",
                                           "bit fields", "opaque",    "compounds", "references",
                                           "enumerated", "sequences", "arrays"};
  return number < 11 ? kNames[number] : "elements of an unknown class";
}

/// A string of variable length: where it lies in which global heap.
std::string long_text(const File& file, Cursor& cursor) {
  const std::uint32_t length = cursor.u32();
  const std::uint64_t address = file.address(cursor);
  const std::uint32_t wanted = cursor.u32();
  if (length == 0) return {};
  Cursor head = file.at(address, "a global heap");
  head.expect("GCOL");
  head.skip(4);
  const std::uint64_t size = file.length(head);
  Cursor heap = file.at(address, size, "a global heap");
  heap.skip(8 + file.length_bytes);
  while (heap.left() >= 8 + file.length_bytes) {
    const std::uint16_t index = heap.u16();
    heap.skip(6);
    const std::uint64_t bytes = file.length(heap);
    if (index == 0) break;  // free space
    const std::string_view data = heap.take(bytes);
    heap.skip(std::min<std::uint64_t>((8 - bytes % 8) % 8, heap.left()));
    if (index != wanted) continue;
    if (length > bytes) damaged("a string is longer than its place");
    return std::string(data.substr(0, length));
  }
  damaged("a string is in no global heap");
}

std::string until_padding(std::string_view text) {
  const std::size_t end = text.find('\0');
  return std::string(text.substr(0, end));
}

}  // namespace

std::vector<Message> read_messages(const File& file, std::uint64_t address) {
  bool ordered = false;
  std::vector<Message> messages;
  std::deque<Block> blocks{first_block(file, address, ordered)};
  for (; !blocks.empty(); blocks.pop_front()) {
    const auto [bytes, version2] = blocks.front();
    const std::size_t smallest = version2 ? (ordered ? 6 : 4) : 8;
    Cursor block(bytes, "an object header");
    while (block.left() >= smallest) {
      const Message message = next_message(block, version2, ordered);
      file.count(smallest + message.body.size());
      if (message.type == MessageType::continuation)
        blocks.emplace_back(continued(file, {message.body, "a continuation"}, version2), version2);
      else
        messages.push_back(message);
    }
  }
  return messages;
}

std::optional<Cursor> find(const std::vector<Message>& messages, MessageType type,
                           const char* what) {
  for (const Message& message : messages) {
    if (message.type != type) continue;
    if (message.shared) not_read(std::string(what) + " kept apart (committed)", "one of its own");
    return Cursor(message.body, what);
  }
  return {};
}

std::vector<std::int64_t> read_dataspace(const File& file, Cursor c) {
  const int version = c.u8();
  const std::size_t rank = c.u8();
  c.skip(version == 1 ? 6 : 1);  // flags, reserved
  if (version < 1 || version > 2) damaged("a dataspace has an unknown version");
  const bool null = version == 2 && c.u8() == 2;
  if (rank > kDimensions) damaged("a dataspace has " + std::to_string(rank) + " dimensions");
  if (null) return {0};
  std::vector<std::int64_t> shape;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::uint64_t side = file.length(c);
    if (side > std::uint64_t{1} << 62) damaged("a dataspace has a side beyond 2^62");
    shape.push_back(static_cast<std::int64_t>(side));
  }
  return shape;
}

Datatype read_datatype(Cursor c) {
  const int number = c.u8() & 0x0f;
  const auto bits = static_cast<std::uint32_t>(c.number(3));
  Datatype type;
  type.bytes = c.u32();
  type.name = class_name(number);
  if (number == 1) {
    type.kind = Datatype::Kind::floating;
    type.format = read_float(c, bits, type.bytes);
  } else if (number == 5 && type.bytes == 2) {
    type.kind = Datatype::Kind::floating;
    type.format = kBfloat16;
  } else if (number == 3) {
    type.kind = Datatype::Kind::text;
  } else if (number == 9 && (bits & 0x0f) == 1) {
    type.kind = Datatype::Kind::long_text;
  }
  return type;
}

Attribute read_attribute(const File& file, std::string_view body) {
  Cursor c(body, "an attribute");
  const int version = c.u8();
  const int flags = c.u8();
  if (version < 1 || version > 3) damaged("an attribute has an unknown version");
  if (version > 1 && (flags & 3))
    not_read("an attribute whose type is kept apart (committed)", "one of its own");
  const std::uint64_t sizes[] = {c.u16(), c.u16(), c.u16()};
  if (version == 3) c.skip(1);  // character set
  const auto part = [&](std::uint64_t size) {
    const std::string_view taken = c.take(size);
    if (version == 1) c.skip((8 - size % 8) % 8);
    return taken;
  };
  Attribute attribute;
  attribute.name = until_padding(part(sizes[0]));
  attribute.type = read_datatype({part(sizes[1]), "the type of an attribute"});
  attribute.shape = read_dataspace(file, {part(sizes[2]), "the dataspace of an attribute"});
  attribute.data = c.rest();
  return attribute;
}

std::vector<std::string> texts_of(const File& file, const Attribute& attribute) {
  const auto count = elements(attribute.shape);
  const bool fixed = attribute.type.kind == Datatype::Kind::text;
  if (!fixed && attribute.type.kind != Datatype::Kind::long_text)
    damaged("attribute " + attribute.name + " holds no text but " + attribute.type.name);
  const std::uint64_t each = fixed ? attribute.type.bytes : 8 + file.offset_bytes;
  if (!count || each == 0 || *count > attribute.data.size() / each)
    damaged("attribute " + attribute.name + " is longer than its place");
  Cursor c(attribute.data, "an attribute");
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < *count; ++i) {
    texts.push_back(fixed ? until_padding(c.take(each)) : long_text(file, c));
    file.count(texts.back().size());
  }
  return texts;
}

std::optional<std::uint64_t> elements(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t side : shape)
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(side), &count)) return {};
  if (count > std::uint64_t{1} << 48) return {};
  return count;
}

}  // namespace ohmic::hdf5
