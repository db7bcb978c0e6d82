// The safetensors format: 8 bytes length of the header, JSON header, then the tensors' bytes.
// Source: https://github.com/huggingface/safetensors, README "Format".
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nn/io/checkpoint.hpp"
#include "nn/io/file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;
static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr std::size_t kLengthBytes = 8;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw DataError(file.string() + ": damaged or not safetensors: " + why);
}

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

float from_f16(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const float sign = bits & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 31)
    return std::bit_cast<float>((std::uint32_t{bits} & 0x8000) << 16 | 0x7f800000 |
                                static_cast<std::uint32_t>(fraction) << 13);
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

/// How a type's elements become floats; null for types that hold no weights.
struct Type {
  std::size_t bytes;
  float (*to_float)(const char*);
};

Type type_of(const std::string& name) {
  if (name == "F32") return {4, [](const char* p) { return load<float>(p); }};
  if (name == "F64") return {8, [](const char* p) { return static_cast<float>(load<double>(p)); }};
  if (name == "F16") return {2, [](const char* p) { return from_f16(load<std::uint16_t>(p)); }};
  if (name == "BF16") return {2, [](const char* p) { return from_bf16(load<std::uint16_t>(p)); }};
  return {0, nullptr};
}

std::string_view header_of(const std::filesystem::path& file, std::string_view bytes) {
  if (bytes.size() < kLengthBytes) fail(file, "it has " + std::to_string(bytes.size()) + " bytes");
  const auto length = load<std::uint64_t>(bytes.data());
  if (length > bytes.size() - kLengthBytes)
    fail(file, "its header should have " + std::to_string(length) + " bytes, but only " +
                   std::to_string(bytes.size() - kLengthBytes) + " follow");
  return bytes.substr(kLengthBytes, length);
}

Json parse_header(const std::filesystem::path& file, std::string_view text) {
  Json header = Json::parse(text, nullptr, false);
  if (!header.is_object()) fail(file, "its header is not a JSON object");
  return header;
}

/// Elements of a shape, refused when they cannot be in `limit` bytes.
std::size_t elements(const std::filesystem::path& file, const std::string& name,
                     const std::vector<std::int64_t>& shape, std::size_t limit) {
  std::size_t n = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) fail(file, "tensor " + name + " has a negative extent");
    if (extent > 0 && n > limit / static_cast<std::size_t>(extent))
      fail(file, "tensor " + name + " is larger than the file");
    n *= static_cast<std::size_t>(extent);
  }
  return n;
}

HostTensor read_tensor(const std::filesystem::path& file, const std::string& name,
                       const Json& entry, const Type& type, std::string_view data) {
  HostTensor tensor{entry.at("shape").get<std::vector<std::int64_t>>(), {}};
  const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
  const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
  const std::size_t n = elements(file, name, tensor.shape, data.size());
  if (begin > end || end > data.size())
    fail(file, "tensor " + name + " lies at bytes " + std::to_string(begin) + " to " +
                   std::to_string(end) + ", but the file holds " + std::to_string(data.size()) +
                   " bytes of data (truncated?)");
  if (end - begin != n * type.bytes)
    fail(file, "tensor " + name + " has " + std::to_string(end - begin) +
                   " bytes; its shape needs " + std::to_string(n * type.bytes));
  tensor.values.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    tensor.values[i] = type.to_float(data.data() + begin + i * type.bytes);
  return tensor;
}

bool is_integer(const std::string& type) {
  return type.starts_with("I") || type.starts_with("U") || type == "BOOL";
}

void read_entry(const std::filesystem::path& file, const std::string& name, const Json& entry,
                std::string_view data, Checkpoint& checkpoint) {
  if (name == "__metadata__") {
    checkpoint.metadata = entry.get<Metadata>();
    return;
  }
  const std::string type_name = entry.at("dtype").get<std::string>();
  const Type type = type_of(type_name);
  if (type.to_float)
    checkpoint.weights[name] = read_tensor(file, name, entry, type, data);
  else if (!is_integer(type_name))
    throw DataError(file.string() + ": tensor " + name + " has type " + type_name +
                    "; expected F32, F16, BF16 or F64");
}

std::string make_header(const Checkpoint& checkpoint) {
  Json header = Json::object();
  if (!checkpoint.metadata.empty()) header["__metadata__"] = checkpoint.metadata;
  std::size_t at = 0;
  for (const auto& [name, tensor] : checkpoint.weights) {
    const std::size_t end = at + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

Checkpoint read_safetensors(const std::filesystem::path& file) {
  const std::string bytes = read_bytes(file);
  const std::string_view header = header_of(file, bytes);
  const std::string_view data = std::string_view(bytes).substr(kLengthBytes + header.size());
  Checkpoint checkpoint;
  try {
    const Json entries = parse_header(file, header);
    for (const auto& [name, entry] : entries.items())
      read_entry(file, name, entry, data, checkpoint);
  } catch (const nlohmann::json::exception& error) {
    fail(file, error.what());
  }
  return checkpoint;
}

void write_safetensors(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  const std::string header = make_header(checkpoint);
  const std::uint64_t length = header.size();
  std::string data;
  for (const auto& [name, tensor] : checkpoint.weights)
    data.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
  replace_file(file, {{reinterpret_cast<const char*>(&length), sizeof length}, header, data});
}

}  // namespace ohmic
