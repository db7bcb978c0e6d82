// An array of numbers where it lies in a file: nothing is decoded before it is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/float_format.hpp"
#include "nn/network/weights.hpp"

namespace ohmic {

/// How a file lays out a number.
struct NumberFormat {
  enum class Kind {
    real,     ///< FloatFormat `real`
    whole,    ///< two's complement
    natural,  ///< from 0 on; truth values too
  };
  Kind kind = Kind::real;
  FloatFormat real = kFloat32;
  int bytes = 4;  ///< 1 to 8
  bool big_endian = false;
  bool operator==(const NumberFormat&) const = default;
};

NumberFormat real_format(const FloatFormat&);
NumberFormat integer_format(bool is_signed, int bytes, bool big_endian);

struct StoredArray {
  std::string name;  ///< of the file and of the array in it, for messages
  std::vector<std::int64_t> shape;
  NumberFormat format;
  bool fortran_order = false;         ///< the first index counts fastest
  std::string_view bytes;             ///< elements() * format.bytes
  std::shared_ptr<const void> owner;  ///< keeps `bytes`

  std::int64_t elements() const;
  /// Elements [first, first + count) in C order.
  void decode(std::int64_t first, std::int64_t count, float* values) const;
  /// Element i in C order, as exactly as the file has it where that is a float of 64 bits.
  double number(std::int64_t i) const;
  HostTensor whole() const;
};

/// Throws DataError where `bytes` are not what shape and format need.
void check_size(const StoredArray&);

/// What a text names: FILE, or FILE:ARRAY where FILE holds several.
struct ArrayPlace {
  std::filesystem::path file;
  std::string array;  ///< empty: the only one
};
ArrayPlace array_place(const std::string& text);

/// A .npy, an array of a .npz or safetensors file, or IDX (MNIST's format); .npy and IDX may be
/// packed with gzip or xz. Found by content. Throws DataError that names the file, what it is, and
/// the arrays that it has.
StoredArray open_array(const std::string& text);

}  // namespace ohmic
