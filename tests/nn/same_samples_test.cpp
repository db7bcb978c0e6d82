// Samples that repeat, and those that stand for a set.
#include "nn/data/same_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace ohmic {
namespace {

// Of 8 bits there are 256 samples, and 1000 have to repeat; 40 numbers of 100 values have not.
TEST(RepeatedSamples, CountWhereTheyAreNoChance) {
  const auto repeated = [](std::int64_t size, int values) {
    ImageSet set;
    set.shape = {size};
    set.labels.assign(1000, 0);
    for (std::int64_t i = 0; i < 1000 * size; ++i)
      set.numbers.push_back(static_cast<float>(i * 7919 % 1000003 % values));
    std::copy_n(set.numbers.begin(), 200 * size, set.numbers.end() - 200 * size);
    return count_repeated(set);
  };
  EXPECT_EQ(repeated(8, 2), 0);
  EXPECT_GE(repeated(40, 100), 200);
}

/// Sample i is (i, i).
ImageSet labelled(std::vector<std::int32_t> labels) {
  ImageSet set;
  set.shape = {2};
  set.labels = std::move(labels);
  for (std::int64_t i = 0; i < set.size(); ++i)
    set.numbers.insert(set.numbers.end(), 2, static_cast<float>(i));
  return set;
}

// A folder per class gives samples class by class, and its first 4 are of one class.
TEST(FirstOfAllClasses, IsSpreadWhereSamplesLieClassByClass) {
  const ImageSet sorted = labelled({5, 5, 5, 5, 0, 0, 0, 0, 2, 2, 2, 2});
  EXPECT_EQ(first_of_all_classes(sorted, 4).labels, (std::vector<std::int32_t>{5, 5, 0, 2}));
  EXPECT_EQ(first_of_all_classes(sorted, 4).numbers, (std::vector<float>{0, 0, 3, 3, 6, 6, 9, 9}));
  EXPECT_EQ(first_of_all_classes(sorted, 100).labels, sorted.labels);
}

TEST(FirstOfAllClasses, IsTheFirstOfAnyOtherOrder) {
  const ImageSet mixed = labelled({5, 5, 0, 2, 5, 0, 2});
  EXPECT_EQ(first_of_all_classes(mixed, 3).numbers, (std::vector<float>{0, 0, 1, 1, 2, 2}));
  const ImageSet one = labelled({3, 3, 3, 3});
  EXPECT_EQ(first_of_all_classes(one, 2).numbers, (std::vector<float>{0, 0, 1, 1}));
  const ImageSet none = labelled(std::vector<std::int32_t>(4, ImageSet::kNoLabel));
  EXPECT_EQ(first_of_all_classes(none, 2).numbers, (std::vector<float>{0, 0, 1, 1}));
}

/// Sample i is (i / of, 1).
struct Read : SampleSource {
  explicit Read(std::int64_t of) : of(of) {}
  void read(std::int64_t i, float* values) const override {
    values[0] = static_cast<float>(i / of);
    values[1] = 1;
  }
  std::string hash(std::int64_t) const override { return {}; }
  std::int64_t of;
};

TEST(OneSample, IsSeenInSamplesThatAreReadOnDemand) {
  ImageSet set;
  set.shape = {2};
  set.labels = {0, 1, 0};
  set.places = {3, 4, 5};
  set.source = std::make_shared<Read>(3);
  EXPECT_TRUE(are_one(set));
  set.source = std::make_shared<Read>(5);
  EXPECT_FALSE(are_one(set));
}

}  // namespace
}  // namespace ohmic
