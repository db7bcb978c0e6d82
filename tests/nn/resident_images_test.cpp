// Augmentation with LibTorch's operations against the loops of training_batch.
#include "nn/torch/resident_images.hpp"

#include <gtest/gtest.h>

#include "nn/data/synthetic.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 60, kEpoch = 3;
constexpr std::uint64_t kSeed = 5;

void expect_training_batches(const Augmentation* augmentation) {
  const ImageSet set = synthetic_images(kImages, kSeed, SyntheticPart::train);
  const Normalization normalization{"given", {0.5f, 0.4f, 0.3f}, {0.2f, 0.25f, 0.3f}};
  const auto order = epoch_order(kImages, kSeed, kEpoch);
  std::vector<float> wanted(kImages * ImageSet::kPixels), got(wanted.size());
  training_batch(set, normalization, order, augmentation, kSeed, kEpoch, wanted.data());
  ResidentImages resident(set, normalization, "cpu");
  std::vector<Move> moves;
  if (augmentation) moves = epoch_moves(*augmentation, kImages, kSeed, kEpoch);
  resident.start_epoch(order, moves);
  resident.copy_images(0, 17, got.data());
  resident.copy_images(17, kImages - 17, got.data() + 17 * ImageSet::kPixels);
  EXPECT_EQ(got, wanted);
}

TEST(ResidentImages, AreTheImagesInTheEpochsOrder) { expect_training_batches(nullptr); }

TEST(ResidentImages, MoveToTheSameBitsAsOnTheHost) {
  const Augmentation usual, far{1.0, true};
  expect_training_batches(&usual);
  expect_training_batches(&far);
}

}  // namespace
}  // namespace ohmic
