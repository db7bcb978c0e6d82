#include "nn/io/idx.hpp"

#include <map>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

const std::map<int, NumberFormat>& formats() {
  static const std::map<int, NumberFormat> known = [] {
    FloatFormat f32 = kFloat32, f64 = kFloat64;
    f32.big_endian = f64.big_endian = true;
    return std::map<int, NumberFormat>{{8, integer_format(false, 1, true)},
                                       {9, integer_format(true, 1, true)},
                                       {11, integer_format(true, 2, true)},
                                       {12, integer_format(true, 4, true)},
                                       {13, real_format(f32)},
                                       {14, real_format(f64)}};
  }();
  return known;
}

std::int64_t side_at(std::string_view bytes, std::size_t at) {
  std::int64_t side = 0;
  for (std::size_t i = 0; i < 4; ++i) side = side << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return side;
}

}  // namespace

bool begins_as_idx(std::string_view b) {
  return b.size() >= 4 && b[0] == 0 && b[1] == 0 && formats().count(b[2]) > 0 && b[3] >= 1;
}

StoredArray idx_array(const std::string& name, std::string_view bytes,
                      std::shared_ptr<const void> owner) {
  if (!begins_as_idx(bytes)) throw DataError(name + ": is not an IDX file");
  const auto axes = static_cast<std::size_t>(bytes[3]), first = 4 + 4 * axes;
  if (bytes.size() < first) throw DataError(name + ": is truncated in its header");
  StoredArray array{name, {}, formats().at(bytes[2]), false, bytes.substr(first), std::move(owner)};
  for (std::size_t i = 0; i < axes; ++i) array.shape.push_back(side_at(bytes, 4 + 4 * i));
  check_size(array);
  return array;
}

}  // namespace ohmic
