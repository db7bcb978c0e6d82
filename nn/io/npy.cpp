#include "nn/io/npy.hpp"

#include <cstring>
#include <regex>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw DataError(file.string() + ": " + why);
}

/// Splits off the header, a Python dictionary; `bytes` keeps the data.
std::string take_header(const std::filesystem::path& file, std::string_view& bytes) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) fail(file, "is not a .npy file");
  const bool short_header = bytes[6] == 1;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, short_header ? 2 : 4);
  bytes.remove_prefix(short_header ? 10 : 12);
  if (length > bytes.size()) fail(file, "is truncated in its header");
  const std::string header(bytes.substr(0, length));
  bytes.remove_prefix(length);
  return header;
}

std::string field(const std::filesystem::path& file, const std::string& header,
                  const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(header, match, std::regex(pattern)))
    fail(file, "has an unreadable .npy header: " + header);
  return match[1];
}

std::vector<std::int64_t> shape_of(const std::filesystem::path& file, const std::string& header) {
  const std::string text = field(file, header, R"('shape'\s*:\s*\(([0-9, ]*)\))");
  std::vector<std::int64_t> shape;
  const std::regex digits("[0-9]{1,9}");
  for (std::sregex_iterator it(text.begin(), text.end(), digits), end; it != end; ++it)
    shape.push_back(std::stoll(it->str()));
  return shape;
}

template <class T>
std::vector<float> values_of(std::string_view bytes) {
  std::vector<float> values;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    values.push_back(static_cast<float>(value));
  }
  return values;
}

}  // namespace

HostTensor read_npy(const std::filesystem::path& file) {
  const std::string content = read_bytes(file);
  std::string_view bytes = content;
  const std::string header = take_header(file, bytes);
  const std::string type = field(file, header, R"('descr'\s*:\s*'([^']*)')");
  if (type != "<f4" && type != "<f8")
    fail(file, "has elements of type " + type + "; expected <f4 or <f8 (float32, float64)");
  if (field(file, header, R"('fortran_order'\s*:\s*(\w+))") != "False")
    fail(file, "is in Fortran order; expected C order (numpy.ascontiguousarray)");
  HostTensor tensor{shape_of(file, header), {}};
  std::size_t expected = type == "<f4" ? 4 : 8;
  for (const std::int64_t n : tensor.shape) expected *= static_cast<std::size_t>(n);
  if (bytes.size() != expected)
    fail(file, "is truncated or damaged: its header needs " + std::to_string(expected) +
                   " bytes of data, it has " + std::to_string(bytes.size()));
  tensor.values = type == "<f4" ? values_of<float>(bytes) : values_of<double>(bytes);
  return tensor;
}

}  // namespace ohmic
