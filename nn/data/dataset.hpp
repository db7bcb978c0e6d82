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

#include "nn/data/sample_source.hpp"
#include "nn/data/transform.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {

/// What samples have for one of several inputs of a network.
struct SamplePart {
  std::string input;                ///< its name
  std::vector<std::int64_t> shape;  ///< of one sample's
  std::int64_t values() const;
};

/// Samples with a class each: images as 8-bit pixels, planar (image i, channel c, row y, column x
/// at ((i*3 + c)*32 + y)*32 + x, CIFAR's own order), or numbers of any shape, held or read when
/// they are asked for.
struct ImageSet {
  static constexpr int kChannels = 3, kSide = 32, kPixels = kChannels * kSide * kSide;
  static constexpr std::int32_t kNoLabel = -1;
  std::vector<std::uint8_t> pixels;            ///< of images of CIFAR's kind
  std::vector<float> numbers;                  ///< of all others that are held, row-major
  std::shared_ptr<const SampleSource> source;  ///< of those that are not held
  std::vector<std::int64_t> places;            ///< of the samples in `source`
  bool are_bytes = false;                      ///< `numbers` or `source` come from bytes, 0..255
  bool are_pictures = false;                   ///< and the bytes from image files
  std::vector<std::int32_t> labels;            ///< kNoLabel throughout where there are none
  /// What a class per sample cannot say, `target_shape` for each sample: real numbers that answers
  /// are compared with, or a class for every position of an answer (below 0: it does not count).
  std::vector<float> targets;
  std::vector<std::int64_t> target_shape;  ///< of one sample's; empty: a single number
  int classes = 10;
  std::vector<std::string> class_names;                      ///< where the data name them
  std::vector<std::int64_t> shape{kChannels, kSide, kSide};  ///< of one sample
  int channel_axis = 0;                                      ///< of `shape`
  /// Whose numbers a sample has in a row (`shape` is their number, `channel_axis` means nothing);
  /// empty: it is one array.
  std::vector<SamplePart> parts;
  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  /// Numbers of one sample.
  std::int64_t values() const;
  /// Bytes of images with three channels of 32 x 32 pixels, planar.
  bool is_of_cifars_kind() const;
  bool has_labels() const { return !labels.empty() && labels.front() != kNoLabel; }
  std::span<const std::uint8_t> image(std::int64_t i) const {
    return {pixels.data() + i * kPixels, static_cast<std::size_t>(kPixels)};
  }
  /// Sample i as it is, values() numbers. Throws DataError for what cannot be read.
  void sample(std::int64_t i, float* out) const;
  /// Samples `rows`, in that order.
  ImageSet subset(std::span<const std::int64_t> rows) const;
  /// SHA-256 of labels and pixels, hexadecimal: the data's identity in provenance and checkpoints.
  std::string hash() const;
};

/// y = (x * scale - mean) / std of a pixel or number x; mean and std have one value, one per
/// channel or one per value of a sample, or are empty for 0 and 1.
struct Normalization {
  std::string kind = "none";  ///< none | per_pixel_mean | imagenet | given
  std::vector<float> mean;
  std::vector<float> std;
  std::optional<double> scale = std::nullopt;  ///< absent: 1/255 of pixels, 1 of numbers
};

/// The samples of one of several inputs of a network.
struct InputFile {
  std::string input;  ///< its name
  std::string file;   ///< an array (open_array)
  bool operator==(const InputFile&) const = default;
};

/// Files of name = "files".
struct SampleFiles {
  std::string samples;                 ///< an array (open_array), or a folder of images
  std::string labels;                  ///< an array: a class, numbers or classes each; empty: none
                                       ///< but those of the folder
  std::string rows;                    ///< of both, those that are used; empty: all
  std::vector<std::string> classes;    ///< names of a folder's classes, in the order of answers
  std::vector<InputFile> inputs = {};  ///< in place of `samples`: an array for each input
  bool are_named() const { return !samples.empty() || !inputs.empty(); }
  bool operator==(const SampleFiles&) const = default;
};

/// The [data] table.
struct DataSettings {
  std::string name = "synthetic";  ///< cifar10 | cifar100 | synthetic | files
  std::filesystem::path root = "data";
  std::vector<std::string> train, test;     ///< record files (.bin, .xz, .gz), replacing root's
  SampleFiles train_samples, test_samples;  ///< of "files"
  std::int64_t train_images = 0;            ///< use the first so many; 0 = all
  std::int64_t test_images = 0;
  Transform transform;  ///< of a folder's images
  /// per_pixel_mean (of the training set) | none | imagenet | given; empty: usual
  std::string normalize;
  /// Of "given": numbers, else a .npy file; neither for no division by std.
  std::vector<double> mean, std;
  std::string mean_file, std_file;
  std::optional<double> scale;  ///< of "given"
  /// Whether test samples have labels of any kind.
  bool has_labels() const;
  /// `normalize`, or what is usual: none for files, else per_pixel_mean.
  std::string normalization() const;
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
  /// Empty: made from the seed, or root has none. Of "files" also a folder of images.
  std::vector<std::filesystem::path> train, test;
};
DataFiles data_files(const DataSettings&);
/// SHA-256 (hexadecimal) of such a file or folder.
std::string hash_of_data(const std::filesystem::path&);
/// What else decides which samples a set has: arrays of files that hold several, names of classes.
std::string choice_of(const SampleFiles&);

/// Normalised samples [first, first+count) as a Graph has them: three axes (channels, height,
/// width) as H x W x C, others as they are.
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
