// Answers against labels, counted. Answers are classes of the set, one for each of its samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

struct Counted {
  int value = 0;
  std::int64_t times = 0;
};

std::int64_t count_right(const std::vector<int>& answers, const ImageSet&);

/// Of values in [0, classes).
Counted most_frequent(std::span<const int> values, int classes);

/// How many are right when classes are called otherwise: pairs of answer and label, greedily by how
/// often they meet, each answer and label once. Of more than 2000 classes count_right().
std::int64_t right_when_renamed(const std::vector<int>& answers, const ImageSet&);

/// The shift of labels that most answers agree with.
Counted best_shift(const std::vector<int>& answers, const ImageSet&);

}  // namespace ohmic
