// Samples of any shape from files: arrays (nn/io/stored_array.hpp) and folders of images. Nothing
// here needs LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/io/stored_array.hpp"

namespace ohmic {

/// Numbers of an array of samples that are held in memory; a larger one is read sample by sample.
inline constexpr std::int64_t kMostHeldNumbers = std::int64_t{1} << 28;

/// Samples for one of several inputs of a network, on the first axis.
struct InputArray {
  std::string input;  ///< its name
  StoredArray samples;
};

/// Samples on the first axis, in the order of the file or, with `rows`, of the rows it names;
/// labels likewise; or the images of a folder, transformed; or several arrays
/// (samples_of()). Numbers stay as they are. Throws
/// DataError naming file and place: arrays that do not have as many labels as samples, labels that
/// are not whole numbers from 0 on, numbers that are not finite, rows beyond the last.
ImageSet read_samples(const SampleFiles&, const Transform& = {},
                      std::int64_t most_held = kMostHeldNumbers);

/// The same of arrays that are open already, or lie in memory; labels may be null.
ImageSet samples_of(const StoredArray& samples, const StoredArray* labels);

/// The same for a network with several inputs: an array for each, whose names they have. Their
/// numbers stand in a row as floats of 32 bits, ImageSet::parts says which are whose. Throws
/// DataError for no array, for other counts of samples than the first one's, for two of one name.
ImageSet samples_of(const std::vector<InputArray>& samples, const StoredArray* labels);

/// Where sample `i` of read_samples() is in its arrays: the row that `rows` names, else i.
std::int64_t row_of_sample(const SampleFiles&, std::int64_t i);

/// The set as a network takes it whose samples have the shape `sample` (channels first or last,
/// axes of length 1 more or fewer) and which answers with `classes` numbers. Throws DataError that
/// says both shapes.
ImageSet fitted(const ImageSet&, const std::vector<std::int64_t>& sample, int classes);

/// Both sets with the arrays of their samples in the order of the network's inputs, each as that
/// input has it: fitted() to all numbers in a row. Throws DataError that names the input: one
/// without an array, an array that no input takes, another shape.
void fit_parts(Dataset&, const std::vector<SamplePart>& inputs);

/// Both sets so, and statistics that have one number per value turned with them.
void fit(Dataset&, const std::vector<std::int64_t>& sample, int classes);

/// An input that takes whole numbers, such as tokens: numbers [first, first + count) of a sample.
struct WholeNumbers {
  std::string input;  ///< its name, where a network has several; else empty
  std::int64_t first = 0, count = 0;
  std::int64_t vocabulary = 0;  ///< in [0, this) they lie; 0: unknown
  /// Besides: of the input's type, and not beyond what a float of 32 bits tells apart.
  std::int64_t least = -kMostExact, most = kMostExact;
  static constexpr std::int64_t kMostExact = (1 << 24) - 1;
};
/// Throws DataError that names sample and position, and for numbers that are normalised.
void check_whole_numbers(const Dataset&, const std::vector<WholeNumbers>&);

}  // namespace ohmic
