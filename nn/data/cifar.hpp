// CIFAR-10 and CIFAR-100 as their authors distribute them: binary records, one per image.
// Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009),
// https://www.cs.toronto.edu/~kriz/cifar.html.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// One of the two data sets: its records, files and archive.
struct CifarFormat {
  std::string name;     ///< cifar10 | cifar100
  int label_bytes = 1;  ///< the last of them is the class: CIFAR-100 has a coarse label first
  int classes = 10;
  std::string folder;  ///< inside the archive
  std::vector<std::string> train, test;
  std::string archive, md5;  ///< as published
};

/// Throws ConfigError for another name.
const CifarFormat& cifar_format(const std::string& name);

/// The folder that holds the data set's files: `root` itself or the archive's folder below it.
std::optional<std::filesystem::path> cifar_folder(const CifarFormat&,
                                                  const std::filesystem::path& root);
/// The same; throws DataError naming both and the command that gets the data.
std::filesystem::path find_cifar(const CifarFormat&, const std::filesystem::path& root);

/// All records of the files (plain, gzip or xz), in order. Throws DataError naming the file that is
/// absent, is not a whole number of records, or has a label out of range.
ImageSet read_records(const CifarFormat&, const std::vector<std::filesystem::path>& files);

}  // namespace ohmic
