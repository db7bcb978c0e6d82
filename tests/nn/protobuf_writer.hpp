// Writes protobuf messages field by field, for tests that make their own ONNX files.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic::test {

/// A message as bytes: `Message().text(1, "x").number(2, 7).bytes()`.
class Message {
 public:
  Message& number(int field, std::int64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& text(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& real(int field, float value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 5);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

/// The numbers as they lie in a file.
template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

using Names = std::initializer_list<const char*>;

inline Message onnx_node(const char* op, Names inputs, Names outputs, const char* name = "",
                         std::initializer_list<Message> attributes = {}) {
  Message m;
  for (const char* input : inputs) m.text(1, input);
  for (const char* output : outputs) m.text(2, output);
  m.text(3, name).text(4, op);
  for (const Message& attribute : attributes) m.message(5, attribute);
  return m;
}

/// A float32 tensor whose numbers are bytes.
inline Message onnx_tensor(const char* name, const std::vector<std::int64_t>& shape,
                           const std::string& bytes, int type = 1) {
  Message m;
  for (const std::int64_t side : shape) m.number(1, side);
  return m.number(2, type).text(8, name).text(9, bytes);
}

/// An input or output of float32; -1: a named dimension.
inline Message onnx_value(const char* name, const std::vector<std::int64_t>& shape,
                          std::int64_t type = 1) {
  Message sides;
  for (const std::int64_t side : shape)
    sides.message(1, side < 0 ? Message().text(2, "batch") : Message().number(1, side));
  return Message().text(1, name).message(
      2, Message().message(1, Message().number(1, type).message(2, sides)));
}

inline Message onnx_int(const char* name, std::int64_t value) {
  return Message().text(1, name).number(3, value).number(20, 2);
}

inline Message onnx_opset(std::int64_t version, const char* domain = "") {
  return Message().text(1, domain).number(2, version);
}

inline Message onnx_model(const Message& graph, std::int64_t opset = 17) {
  return Message().number(1, 8).text(2, "test").text(3, "1.0").message(7, graph).message(
      8, onnx_opset(opset));
}

}  // namespace ohmic::test
