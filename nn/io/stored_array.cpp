#include "nn/io/stored_array.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "nn/io/archive.hpp"
#include "nn/io/idx.hpp"
#include "nn/io/mapped_file.hpp"
#include "nn/io/npy.hpp"
#include "nn/io/weight_file.hpp"
#include "nn/io/zip.hpp"
#include "nn/network/shape_text.hpp"
#include "nn/network/tensor_names.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr const char* kAcceptedFiles =
    "; expected .npy, .npz, safetensors or IDX (MNIST's format), or a folder of PNG or JPEG images";

float decode_integer(const NumberFormat& f, const char* at) {
  std::uint64_t bits = 0;
  for (int i = 0; i < f.bytes; ++i)
    bits = bits << 8 | static_cast<std::uint8_t>(at[f.big_endian ? i : f.bytes - 1 - i]);
  if (f.kind == NumberFormat::Kind::natural) return static_cast<float>(bits);
  const int unused = 64 - 8 * f.bytes;
  return static_cast<float>(static_cast<std::int64_t>(bits << unused) >> unused);
}

void decode_numbers(const NumberFormat& f, std::string_view bytes, float* values) {
  if (f.kind == NumberFormat::Kind::real) {
    const std::vector<float> decoded = decode_floats(f.real, bytes);
    std::copy(decoded.begin(), decoded.end(), values);
    return;
  }
  const auto width = static_cast<std::size_t>(f.bytes);
  for (std::size_t i = 0; i < bytes.size() / width; ++i)
    values[i] = decode_integer(f, bytes.data() + i * width);
}

/// Where element i in C order lies among those of an array in Fortran order.
std::int64_t fortran_place(const std::vector<std::int64_t>& shape, std::int64_t i) {
  std::int64_t stride = 1, place = 0;
  for (const std::int64_t side : shape) stride *= side;
  for (std::size_t d = shape.size(); d-- > 0; i /= shape[d]) {
    stride /= shape[d];
    place += i % shape[d] * stride;
  }
  return place;
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += (i ? ", " : "") + shown(names[i]);
  return text + (names.size() > kMost ? ", ..." : "");
}

/// Which of a file's arrays is meant.
std::size_t chosen_array(const ArrayPlace& place, const std::vector<std::string>& names) {
  const std::string file = place.file.string();
  if (names.empty()) throw DataError(file + ": holds no arrays");
  if (place.array.empty()) {
    if (names.size() == 1) return 0;
    throw DataError(file + ": holds the arrays " + joined(names) +
                    "; expected one of them, as in " + file + ":" + shown(names.front()));
  }
  const auto it = std::find(names.begin(), names.end(), place.array);
  if (it == names.end())
    throw DataError(file + ": holds no array " + shown(place.array) + "; it holds " +
                    joined(names));
  return static_cast<std::size_t>(it - names.begin());
}

StoredArray of_npz(const ArrayPlace& place) {
  const auto zip = std::make_shared<ZipFile>(place.file);
  std::vector<std::string> names;
  std::vector<const ZipFile::Entry*> entries;
  for (const ZipFile::Entry& entry : zip->entries())
    if (entry.name.ends_with(".npy")) {
      names.push_back(entry.name.substr(0, entry.name.size() - 4));
      entries.push_back(&entry);
    }
  if (names.empty())
    throw DataError(place.file.string() + ": is a zip archive without .npy arrays" +
                    kAcceptedFiles);
  const std::size_t i = chosen_array(place, names);
  return npy_array(place.file.string() + ":" + shown(names[i]), zip->read(*entries[i]), zip);
}

StoredArray of_safetensors(const ArrayPlace& place) {
  std::vector<StoredArray> arrays = safetensors_arrays(place.file);
  std::vector<std::string> names;
  for (const StoredArray& array : arrays) names.push_back(array.name);
  const std::size_t i = chosen_array(place, names);
  arrays[i].name = place.file.string() + ":" + shown(names[i]);
  if (arrays[i].format.bytes == 0)
    throw DataError(arrays[i].name +
                    ": is of a type that is not read; expected F64, F32, F16, "
                    "BF16, whole numbers or BOOL");
  return std::move(arrays[i]);
}

/// What a file is that is often taken for one of arrays; empty: unknown.
std::string kind_of(std::string_view bytes) {
  if (bytes.empty()) return "is empty";
  if (bytes.starts_with("\x89HDF"sv)) return "is an HDF5 file";
  if (bytes.starts_with("\x89PNG"sv) || bytes.starts_with("\xff\xd8\xff"sv))
    return "is a single image";
  if (bytes.starts_with("\x80"sv)) return "is a pickle, which is never run";
  return "is of no kind that is known";
}

/// An array alone in its file.
StoredArray of_bytes(const ArrayPlace& place, std::string_view bytes,
                     std::shared_ptr<const void> owner) {
  const std::string file = place.file.string();
  const bool npy = bytes.starts_with("\x93NUMPY"sv);
  if (!npy && !begins_as_idx(bytes)) throw DataError(file + ": " + kind_of(bytes) + kAcceptedFiles);
  if (!place.array.empty())
    throw DataError(file + ": holds a single array without a name; expected no \":" +
                    shown(place.array) + "\" after it");
  return npy ? npy_array(file, bytes, std::move(owner)) : idx_array(file, bytes, std::move(owner));
}

}  // namespace

NumberFormat real_format(const FloatFormat& f) {
  return {NumberFormat::Kind::real, f, f.bytes, f.big_endian};
}

NumberFormat integer_format(bool is_signed, int bytes, bool big_endian) {
  using Kind = NumberFormat::Kind;
  return {is_signed ? Kind::whole : Kind::natural, kFloat32, bytes, big_endian && bytes > 1};
}

std::int64_t StoredArray::elements() const { return element_count(shape); }

void StoredArray::decode(std::int64_t first, std::int64_t count, float* values) const {
  const auto width = static_cast<std::size_t>(format.bytes);
  const auto part = [&](std::int64_t at, std::int64_t n) {
    return bytes.substr(static_cast<std::size_t>(at) * width, static_cast<std::size_t>(n) * width);
  };
  if (!fortran_order) return decode_numbers(format, part(first, count), values);
  for (std::int64_t i = 0; i < count; ++i)
    decode_numbers(format, part(fortran_place(shape, first + i), 1), values + i);
}

double StoredArray::number(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(fortran_order ? fortran_place(shape, i) : i);
  if (format.kind == NumberFormat::Kind::real && format.bytes == 8) {
    std::uint64_t bits = 0;
    for (std::size_t k = 0; k < 8; ++k)
      bits = bits << 8 | static_cast<std::uint8_t>(bytes[8 * at + (format.big_endian ? k : 7 - k)]);
    return std::bit_cast<double>(bits);
  }
  float value = 0;
  decode(i, 1, &value);
  return value;
}

HostTensor StoredArray::whole() const {
  HostTensor tensor{shape, std::vector<float>(static_cast<std::size_t>(elements()))};
  decode(0, elements(), tensor.values.data());
  return tensor;
}

void check_size(const StoredArray& array) {
  auto needed = static_cast<std::uint64_t>(array.format.bytes);
  bool overflows = false;
  for (const std::int64_t n : array.shape)
    overflows |= __builtin_mul_overflow(needed, static_cast<std::uint64_t>(n), &needed);
  if (overflows || array.bytes.size() != needed)
    throw DataError(array.name + ": is truncated or damaged: its header needs " +
                    (overflows ? "more than 2^64" : std::to_string(needed)) +
                    " bytes of data, it has " + std::to_string(array.bytes.size()));
}

ArrayPlace array_place(const std::string& text) {
  std::error_code error;
  if (fs::exists(text, error)) return {text, ""};
  for (std::size_t colon = text.find(':'); colon != std::string::npos;
       colon = text.find(':', colon + 1))
    if (fs::is_regular_file(text.substr(0, colon), error))
      return {text.substr(0, colon), text.substr(colon + 1)};
  return {text, ""};
}

StoredArray open_array(const std::string& text) {
  const ArrayPlace place = array_place(text);
  std::error_code error;
  if (fs::is_directory(place.file, error))
    throw DataError(place.file.string() + ": is a folder; expected a file");
  const MappedFile mapped = map_file(place.file);
  const std::string_view bytes = mapped.text();
  if (bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv)) return of_npz(place);
  if (bytes.starts_with("\x1f\x8b"sv) || bytes.starts_with("\xfd\x37zXZ"sv)) {
    const auto content =
        std::make_shared<const std::vector<std::uint8_t>>(read_decompressed(place.file));
    return of_bytes(place, {reinterpret_cast<const char*>(content->data()), content->size()},
                    content);
  }
  if (bytes.size() > 8 && bytes[8] == '{' && !begins_as_idx(bytes)) return of_safetensors(place);
  return of_bytes(place, bytes, mapped.data);
}

}  // namespace ohmic
