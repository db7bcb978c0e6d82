#include "nn/io/idx.hpp"

#include <bit>
#include <cstdint>
#include <map>

#include "nn/io/archive.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kUnsigned8 = 8, kSigned8 = 9, kInt16 = 11, kInt32 = 12, kFloat32 = 13, kFloat64 = 14;
const std::map<int, std::size_t> kSizes{{kUnsigned8, 1}, {kSigned8, 1}, {kInt16, 2},
                                        {kInt32, 4},     {kFloat32, 4}, {kFloat64, 8}};

bool begins_as_idx(const Bytes& b) {
  return b.size() >= 4 && b[0] == 0 && b[1] == 0 && kSizes.count(b[2]) > 0 && b[3] >= 1;
}

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

float number(int type, std::uint64_t bits) {
  switch (type) {
    case kSigned8:
      return static_cast<std::int8_t>(bits);
    case kInt16:
      return static_cast<std::int16_t>(bits);
    case kInt32:
      return static_cast<float>(static_cast<std::int32_t>(bits));
    case kFloat32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    case kFloat64:
      return static_cast<float>(std::bit_cast<double>(bits));
    default:
      return static_cast<float>(bits);
  }
}

}  // namespace

bool is_idx(const std::filesystem::path& file) { return begins_as_idx(read_decompressed(file)); }

HostTensor read_idx(const std::filesystem::path& file) {
  const Bytes bytes = read_decompressed(file);
  if (!begins_as_idx(bytes)) throw DataError(file.string() + ": is not an IDX file");
  const int type = bytes[2];
  const std::size_t axes = bytes[3], size = kSizes.at(type), first = 4 + 4 * axes;
  HostTensor tensor;
  std::uint64_t needed = size;
  bool overflows = bytes.size() < first;
  for (std::size_t i = 0; i < axes && !overflows; ++i) {
    tensor.shape.push_back(static_cast<std::int64_t>(big_endian(bytes.data() + 4 + 4 * i, 4)));
    overflows =
        __builtin_mul_overflow(needed, static_cast<std::uint64_t>(tensor.shape.back()), &needed);
  }
  if (overflows || bytes.size() - first != needed)
    throw DataError(
        file.string() + ": is truncated or damaged: its header promises " +
        (overflows ? std::string("more than there is") : std::to_string(needed) + " bytes") +
        ", it has " + std::to_string(bytes.size() - std::min(first, bytes.size())));
  tensor.values.reserve(needed / size);
  for (std::size_t at = first; at < bytes.size(); at += size)
    tensor.values.push_back(number(type, big_endian(bytes.data() + at, size)));
  return tensor;
}

}  // namespace ohmic
