// Samples of any shape from files: NumPy's arrays (.npy, or one in a .npz) and IDX, MNIST's format,
// plain or compressed. Nothing here needs LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// Samples on the first axis, in the order of the file or, with `rows`, of the rows it names;
/// labels likewise. Numbers stay as they are. Throws DataError naming file and place: arrays that
/// do not have as many labels as samples, labels that are not whole numbers from 0 on, numbers that
/// are not finite, rows beyond the last.
ImageSet read_samples(const SampleFiles&);

/// The set as a network takes it whose samples have the shape `sample` (channels first or last,
/// axes of length 1 more or fewer) and which answers with `classes` numbers. Throws DataError that
/// says both shapes.
ImageSet fitted(const ImageSet&, const std::vector<std::int64_t>& sample, int classes);

}  // namespace ohmic
