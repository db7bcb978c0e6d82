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

/// Samples on the first axis, in the order of the file or, with `rows`, of the rows it names;
/// labels likewise; or the images of a folder, transformed. Numbers stay as they are. Throws
/// DataError naming file and place: arrays that do not have as many labels as samples, labels that
/// are not whole numbers from 0 on, numbers that are not finite, rows beyond the last.
ImageSet read_samples(const SampleFiles&, const Transform& = {},
                      std::int64_t most_held = kMostHeldNumbers);

/// The same of arrays that are open already, or lie in memory; labels may be null.
ImageSet samples_of(const StoredArray& samples, const StoredArray* labels);

/// Where sample `i` of read_samples() is in its arrays: the row that `rows` names, else i.
std::int64_t row_of_sample(const SampleFiles&, std::int64_t i);

/// The set as a network takes it whose samples have the shape `sample` (channels first or last,
/// axes of length 1 more or fewer) and which answers with `classes` numbers. Throws DataError that
/// says both shapes.
ImageSet fitted(const ImageSet&, const std::vector<std::int64_t>& sample, int classes);

/// Both sets so, and statistics that have one number per value turned with them.
void fit(Dataset&, const std::vector<std::int64_t>& sample, int classes);

/// Of a network that takes whole numbers, such as tokens, of which there are `vocabulary` (0:
/// unknown). Throws DataError that names sample and position.
void check_whole_numbers(const Dataset&, std::int64_t vocabulary);

}  // namespace ohmic
