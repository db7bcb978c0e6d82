#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "nn/data/dataset.hpp"

namespace ohmic {
namespace {

constexpr int kSide = 32;

/// Images whose value is column + 32 channel, plus 100 per row number over 31.
ImageSet ramps(std::int64_t images) {
  ImageSet set;
  set.labels.assign(static_cast<std::size_t>(images), 0);
  for (std::int64_t i = 0; i < images; ++i)
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
          set.pixels.push_back(static_cast<std::uint8_t>(x + 32 * c + 4 * y));
  return set;
}

std::vector<float> batch(const ImageSet& set, const Augmentation* augmentation, std::int64_t epoch,
                         std::uint64_t seed = 1) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(set.size()));
  std::iota(all.begin(), all.end(), 0);
  std::vector<float> out(all.size() * ImageSet::kPixels);
  training_batch(set, {}, all, augmentation, seed, epoch, out.data());
  return out;
}

float at(const std::vector<float>& nhwc, std::int64_t image, int y, int x, int c) {
  return nhwc[static_cast<std::size_t>(((image * kSide + y) * kSide + x) * 3 + c)] * 255;
}

TEST(TrainingBatch, WithoutAugmentationIsTheNormalizedBatch) {
  const ImageSet set = ramps(3);
  std::vector<float> plain(3 * ImageSet::kPixels);
  normalized_batch(set, {}, 0, 3, plain.data());
  EXPECT_EQ(batch(set, nullptr, 5), plain);
  EXPECT_FLOAT_EQ(at(plain, 2, 3, 4, 1), 4 + 32 + 12);
}

// On a ramp a bilinear shift by (dy, dx) adds 4 dy + dx wherever no edge is met, so the shift that
// was drawn can be read off.
TEST(Augmentation, ShiftsByFractionsOfPixelsWithinItsReach) {
  const ImageSet set = ramps(2000);
  const Augmentation shifts{0.1, false};
  const auto out = batch(set, &shifts, 0);
  double sum = 0, sum2 = 0;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const float dx = at(out, i, 16, 16, 0) - at(out, i, 16, 15, 0);
    EXPECT_NEAR(dx, 1, 1e-3);  // still a ramp of slope 1
    const float top = at(out, i, 10, 10, 0) - (10 + 40),
                bottom = at(out, i, 20, 20, 2) - (20 + 80 + 64);
    EXPECT_NEAR(top, bottom, 1e-3);
    EXPECT_LE(std::abs(top), 5 * 3.2f + 1e-3);
    sum += top;
    sum2 += top * top;
  }
  // 4 dy + dx has mean 0 and variance 17 * 3.2^2/3; five standard errors of 2000 draws (false alarm
  // below 1e-5).
  const double variance = 17 * 3.2 * 3.2 / 3;
  EXPECT_NEAR(sum / 2000, 0, 5 * std::sqrt(variance / 2000));
  EXPECT_NEAR(sum2 / 2000, variance, 5 * variance * std::sqrt(1.0 / 2000));
}

TEST(Augmentation, RepeatsTheNearestPixelAtEdges) {
  const ImageSet set = ramps(200);
  const Augmentation shifts{0.5, false};
  const auto out = batch(set, &shifts, 0);
  for (std::int64_t i = 0; i < set.size(); ++i)
    for (int c = 0; c < 3; ++c) {
      const auto [lo, hi] = std::minmax({at(out, i, 0, 0, c), at(out, i, 31, 31, c)});
      EXPECT_GE(lo, 32 * c - 1e-3);
      EXPECT_LE(hi, 31 + 32 * c + 124 + 1e-3);
      // Along one edge at least a run of equal pixels, unless the shift is below a pixel.
      const float left = at(out, i, 16, 1, c) - at(out, i, 16, 0, c);
      const float right = at(out, i, 16, 31, c) - at(out, i, 16, 30, c);
      EXPECT_TRUE(std::abs(left - 1) < 1e-3 || std::abs(right - 1) < 1e-3);
    }
}

TEST(Augmentation, FlipsHalfOfTheImages) {
  const ImageSet set = ramps(2000);
  const Augmentation flips{0, true};
  const auto out = batch(set, &flips, 3);
  int flipped = 0;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const bool is = at(out, i, 0, 0, 0) > 15;
    flipped += is;
    for (int x = 0; x < kSide; ++x)
      ASSERT_NEAR(at(out, i, 5, x, 1), (is ? 31 - x : x) + 32 + 20, 1e-3);
  }
  EXPECT_NEAR(flipped, 1000, 5 * std::sqrt(500.0));  // false alarm below 1e-6
}

TEST(Augmentation, DependsOnSeedEpochAndImageOnly) {
  const ImageSet set = ramps(300);
  const Augmentation augmentation;
  const auto all = batch(set, &augmentation, 2);
  EXPECT_NE(all, batch(set, &augmentation, 3));
  EXPECT_NE(all, batch(set, &augmentation, 2, 9));
  const std::array<std::int64_t, 2> some{250, 17};
  std::vector<float> out(2 * ImageSet::kPixels);
  training_batch(set, {}, some, &augmentation, 1, 2, out.data());
  EXPECT_TRUE(std::equal(out.begin(), out.begin() + ImageSet::kPixels,
                         all.begin() + 250 * ImageSet::kPixels));
  EXPECT_TRUE(
      std::equal(out.begin() + ImageSet::kPixels, out.end(), all.begin() + 17 * ImageSet::kPixels));
}

TEST(EpochOrder, IsAPermutationThatChangesWithSeedAndEpoch) {
  auto order = epoch_order(1000, 1, 0);
  EXPECT_EQ(order, epoch_order(1000, 1, 0));
  EXPECT_NE(order, epoch_order(1000, 1, 1));
  EXPECT_NE(order, epoch_order(1000, 2, 0));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(epoch_order(0, 1, 0).empty());
  EXPECT_EQ(epoch_order(1, 1, 0), (std::vector<std::int64_t>{0}));
}

// All 24 orders of 4 images over 24,000 epochs of seed 1: chi-square with 23 degrees of freedom is
// above 58.6 with probability 6e-5.
TEST(EpochOrder, TakesEveryOrderEquallyOften) {
  std::array<int, 256> counts{};
  for (std::int64_t epoch = 0; epoch < 24000; ++epoch) {
    const auto order = epoch_order(4, 1, epoch);
    ++counts.at(static_cast<std::size_t>(order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]));
  }
  double chi2 = 0;
  int kinds = 0;
  for (const int count : counts)
    if (count > 0) chi2 += (count - 1000.0) * (count - 1000.0) / 1000, ++kinds;
  EXPECT_EQ(kinds, 24);
  EXPECT_LT(chi2, 58.6);
}

}  // namespace
}  // namespace ohmic
