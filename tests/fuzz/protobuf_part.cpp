#include "tests/fuzz/protobuf_part.hpp"

namespace ohmic::test {
namespace {

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

/// Moves `at` past a number; nothing where there is none.
std::optional<std::uint64_t> take_varint(const std::string& s, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; at < s.size() && shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(s[at++]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

struct Span {
  std::size_t length_at, first, size;
};

/// Bytes of a field's value behind its key, and of the length before them.
std::optional<std::uint64_t> size_of_value(int type, const std::string& s, std::size_t& at) {
  switch (type) {
    case 0:
      return take_varint(s, at) ? std::optional<std::uint64_t>(0) : std::nullopt;
    case 1:
      return 8;
    case 2:
      return take_varint(s, at);
    case 5:
      return 4;
    default:
      return std::nullopt;
  }
}

/// Fields with a length; none where the bytes are no message.
std::vector<Span> spans_of(const std::string& s) {
  std::vector<Span> spans;
  for (std::size_t at = 0; at < s.size();) {
    const auto key = take_varint(s, at);
    if (!key || *key < 8) return {};
    const std::size_t length_at = at;
    const auto size = size_of_value(static_cast<int>(*key % 8), s, at);
    if (!size || *size > s.size() - at) return {};
    if (*key % 8 == 2) spans.push_back({length_at, at, *size});
    at += *size;
  }
  return spans;
}

}  // namespace

std::optional<Part> protobuf_part(const std::string& message, std::mt19937_64& random) {
  const std::vector<Span> spans = spans_of(message);
  if (spans.empty()) return std::nullopt;
  const Span span = spans[random() % spans.size()];
  const std::string before = message.substr(0, span.length_at),
                    inside = message.substr(span.first, span.size),
                    behind = message.substr(span.first + span.size);
  const auto around = [=](const std::string& other) {
    return before + varint(other.size()) + other + behind;
  };
  if (random() % 4)
    if (const auto deeper = protobuf_part(inside, random))
      return Part{deeper->bytes,
                  [=](const std::string& other) { return around(deeper->around(other)); }};
  return Part{inside, around};
}

}  // namespace ohmic::test
