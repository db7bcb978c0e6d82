// Samples that are the same, value by value, and a few that stand for a set.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// Samples of a set, at most so many, spread evenly over it.
ImageSet spread_over(const ImageSet&, std::int64_t most);

/// `count` samples that stand for a set: the first so many, or, of a set whose samples lie class by
/// class (as a folder per class gives them), so many spread evenly over it. At most all of them.
ImageSet first_of_all_classes(const ImageSet&, std::int64_t count);

/// These samples as a network takes them.
struct NormalizedImages {
  /// CallError without any.
  NormalizedImages(const ImageSet&, const Normalization&, std::int64_t count);

  std::vector<float> x;
  std::int64_t count;
};

/// The same samples, held in memory.
ImageSet held(ImageSet);

/// How many samples of a set are in another one too. Of sets that are not held in memory: none.
std::int64_t count_known(const ImageSet&, const ImageSet& other);

/// Samples that an earlier one of the set is. Of a set that is not held in memory, or whose samples
/// are so short and of so few values that some are equal by chance: none.
std::int64_t count_repeated(const ImageSet&);

/// Whether every sample of a set of several holds the same values.
bool are_one(const ImageSet&);

}  // namespace ohmic
