#include "nn/data/synthetic.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace ohmic {
namespace {

TEST(SyntheticImages, AreTheSameForTheSameSeedOnly) {
  const auto first = synthetic_images(50, 7, SyntheticPart::train);
  EXPECT_EQ(first.hash(), synthetic_images(50, 7, SyntheticPart::train).hash());
  EXPECT_NE(first.hash(), synthetic_images(50, 8, SyntheticPart::train).hash());
  EXPECT_NE(first.hash(), synthetic_images(50, 7, SyntheticPart::test).hash());
}

TEST(SyntheticImages, OfALongerSetBeginWithTheShorter) {
  const auto few = synthetic_images(30, 3, SyntheticPart::test);
  auto many = synthetic_images(300, 3, SyntheticPart::test);
  many.labels.resize(30);
  many.pixels.resize(30 * ImageSet::kPixels);
  EXPECT_EQ(many.hash(), few.hash());
}

TEST(SyntheticImages, HaveTenClassesEquallyOften) {
  const auto set = synthetic_images(200, 1, SyntheticPart::train);
  std::array<int, 10> counts{};
  for (const auto label : set.labels) ++counts.at(label);
  for (const int count : counts) EXPECT_EQ(count, 20);
}

// Nearest class mean on raw pixels: far above chance (10 %), far from solved. 2000 images put the
// standard error at 1.1 points; the limits are many of them away from what is measured.
TEST(SyntheticImages, AreNotSolvedByTheirMeanImages) {
  const auto train = synthetic_images(2000, 1, SyntheticPart::train);
  const auto test = synthetic_images(2000, 1, SyntheticPart::test);
  std::vector<double> means(10 * ImageSet::kPixels, 0);
  for (std::int64_t i = 0; i < train.size(); ++i)
    for (int p = 0; p < ImageSet::kPixels; ++p)
      means[static_cast<std::size_t>(train.labels[static_cast<std::size_t>(i)] * ImageSet::kPixels +
                                     p)] += train.image(i)[static_cast<std::size_t>(p)] / 200.0;
  int right = 0;
  for (std::int64_t i = 0; i < test.size(); ++i) {
    double nearest = std::numeric_limits<double>::infinity();
    int guess = 0;
    for (int c = 0; c < 10; ++c) {
      double distance = 0;
      for (int p = 0; p < ImageSet::kPixels; ++p) {
        const double d = test.image(i)[static_cast<std::size_t>(p)] -
                         means[static_cast<std::size_t>(c * ImageSet::kPixels + p)];
        distance += d * d;
      }
      if (distance < nearest) nearest = distance, guess = c;
    }
    right += guess == test.labels[static_cast<std::size_t>(i)];
  }
  EXPECT_GT(right, 300);
  EXPECT_LT(right, 1200);
}

}  // namespace
}  // namespace ohmic
