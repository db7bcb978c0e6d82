// HDF5 files as far as Keras writes them, read without HDF5's library, which damaged files crash
// (docs/decisions/017-own-hdf5-reader.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/io/hdf5/object.hpp"
#include "nn/network/weights.hpp"

namespace ohmic {

/// Groups, data sets of floating-point numbers (float16, bfloat16, float32, float64 of either byte
/// order) and attributes of text. What the data sets of a file expand to is bounded by the file's
/// size (kHdf5Expansion). Every member throws DataError that names the file.
class Hdf5File {
 public:
  /// `name` stands for the file in messages; `bytes` must outlive the object.
  Hdf5File(std::string name, std::string_view bytes);

  static bool is_one(std::string_view bytes);

  /// Paths ("layers/conv2d/vars/0"), sorted. An object that is linked twice is listed once.
  std::vector<std::string> datasets() const;
  std::vector<std::string> groups() const;  ///< "" is the root

  /// The strings of an attribute of text; nothing where the object or the attribute is absent.
  std::optional<std::vector<std::string>> texts(const std::string& path,
                                                const std::string& attribute) const;
  /// The first of them.
  std::optional<std::string> text(const std::string& path, const std::string& attribute) const;

  std::vector<std::int64_t> shape(const std::string& dataset) const;
  HostTensor read(const std::string& dataset);

 private:
  struct Object {
    std::vector<hdf5::Message> messages;
    bool is_dataset = false;
  };
  void visit(const std::string& path, std::uint64_t address, std::map<std::uint64_t, bool>& seen,
             int depth);

  std::string name_;
  hdf5::File file_;
  std::map<std::string, Object> objects_;
  std::uint64_t budget_ = 0;
};

/// Data sets hold at most so many times the bytes of the file, and kHdf5Slack more.
constexpr std::uint64_t kHdf5Expansion = 64, kHdf5Slack = 1 << 26;
constexpr int kHdf5Depth = 64;  ///< of groups in groups

}  // namespace ohmic
