// Means and stds as the [data] table gives them, fitted to the samples that they are for.
#pragma once

#include "nn/data/dataset.hpp"

namespace ohmic {

/// A batch of fewer samples is done before other threads have woken.
inline constexpr std::int64_t kParallelFrom = 128;

/// What data.normalize says, with numbers that fit the samples of `data`: one, one per channel (the
/// first axis, or the last: ImageSet::channel_axis of the sets is set) or one per value (a .npy of
/// a sample's shape, channels first or last). The mean of every pixel is left to the caller. Throws
/// DataError.
Normalization read_normalization(const DataSettings&, Dataset& data);

/// normalized_batch() for samples of any shape.
void normalize_samples(const ImageSet&, const Normalization&, std::int64_t first,
                       std::int64_t count, float* out);

}  // namespace ohmic
