// Labelled images and how they are prepared. Nothing here needs LibTorch.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// Images as 8-bit pixels, planar: image i, channel c, row y, column x at
/// ((i*3 + c)*32 + y)*32 + x, CIFAR's own order.
struct ImageSet {
  static constexpr int kChannels = 3, kSide = 32, kPixels = kChannels * kSide * kSide;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  int classes = 10;
  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  std::span<const std::uint8_t> image(std::int64_t i) const {
    return {pixels.data() + i * kPixels, static_cast<std::size_t>(kPixels)};
  }
  /// SHA-256 of labels and pixels, hexadecimal: the data's identity in provenance and checkpoints.
  std::string hash() const;
};

/// y = (pixel/255 - mean) / std; mean and std have a value per channel (3) or per pixel (3072,
/// planar), or are empty for 0 and 1.
struct Normalization {
  std::string kind = "none";  ///< none | per_pixel_mean | given
  std::vector<float> mean;
  std::vector<float> std;
};

/// The [data] table.
struct DataSettings {
  std::string name = "synthetic";  ///< cifar10 | cifar100 | synthetic
  std::filesystem::path root = "data";
  std::vector<std::string> train, test;  ///< record files (.bin, .xz, .gz), replacing root's
  std::int64_t train_images = 0;         ///< use the first so many; 0 = all
  std::int64_t test_images = 0;
  std::string normalize =
      "per_pixel_mean";  ///< per_pixel_mean (of the training set) | none | given
  /// Of "given": numbers, else a .npy file; neither for no division by std.
  std::vector<double> mean, std;
  std::string mean_file, std_file;
  static const Schema<DataSettings>& schema();
};

struct Dataset {
  ImageSet train, test;
  Normalization normalization;
};

/// Which of the two sets a caller needs; per_pixel_mean needs train in any case.
struct DatasetNeeds {
  bool train = true;
  bool test = true;
  std::string train_for = {};  ///< what needs the training images, for messages
};

/// Reads (or, for synthetic, makes) the data. `seed` governs synthetic data. Throws DataError
/// naming the file, what is wrong with it, and `ohmic data get` where that would help.
Dataset load_dataset(const DataSettings&, std::uint64_t seed, DatasetNeeds needs = {});

/// The files that load_dataset reads: those that are named, else root's.
struct DataFiles {
  std::vector<std::filesystem::path> train, test;  ///< empty: made from the seed, or root has none
};
DataFiles data_files(const DataSettings&);

/// Normalised images [first, first+count) as float N x H x W x C.
void normalized_batch(const ImageSet&, const Normalization&, std::int64_t first, std::int64_t count,
                      float* nhwc);

/// The augmentation of Keras's ImageDataGenerator with width_shift_range = height_shift_range =
/// shift, horizontal_flip = flip: shifts uniform in +-shift * 32 pixels, real-valued (bilinear,
/// edge pixels repeated), then a flip with probability 1/2, addressed by (seed, epoch, image). It
/// acts on normalised pixels (docs/decisions/003-real-valued-shifts.md).
struct Augmentation {
  double shift = 0.1;  ///< in [0, 1]
  bool flip = true;
};
/// What augmentation does to one image: y(row, column) = x(row + dy, column + dx), then a flip.
struct Move {
  float dy = 0, dx = 0;
  bool flip = false;
};
/// What it does to images 0, 1, ... of a set in one epoch.
std::vector<Move> epoch_moves(const Augmentation&, std::int64_t images, std::uint64_t seed,
                              std::int64_t epoch);
/// Normalised (and, if given, augmented) images `indices` as float N x H x W x C.
void training_batch(const ImageSet&, const Normalization&, std::span<const std::int64_t> indices,
                    const Augmentation* augmentation, std::uint64_t seed, std::int64_t epoch,
                    float* nhwc);
/// Order of the training images in one epoch: an unbiased permutation addressed by (seed, epoch).
/// At most 2^32 - 1 images.
std::vector<std::int64_t> epoch_order(std::int64_t images, std::uint64_t seed, std::int64_t epoch);

}  // namespace ohmic
