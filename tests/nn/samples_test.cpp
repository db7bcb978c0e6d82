#include "nn/data/samples.hpp"

#include <gtest/gtest.h>

#include "nn/io/idx.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

std::string bytes(std::initializer_list<int> values) {
  std::string s;
  for (const int v : values) s += static_cast<char>(v);
  return s;
}

/// IDX of unsigned bytes: samples of 1 x 2.
std::string idx_samples() {
  return bytes({0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 255});
}
std::string idx_labels() { return bytes({0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 2}); }

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Idx, ReadsEveryTypeBigEndian) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(read_idx(folder.write("u8", idx_samples())).values, (Floats{1, 2, 3, 4, 5, 255}));
  EXPECT_EQ(read_idx(folder.write("i8", bytes({0, 0, 9, 1, 0, 0, 0, 1, 254}))).values, Floats{-2});
  EXPECT_EQ(read_idx(folder.write("i16", bytes({0, 0, 11, 1, 0, 0, 0, 1, 1, 2}))).values,
            Floats{258});
  EXPECT_EQ(
      read_idx(folder.write("f32", bytes({0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0}))).values,
      Floats{1});
}

TEST(Idx, SizesAreThoseOfTheFile) {
  const test::TemporaryFolder folder;
  const auto cut = folder.write("cut", idx_samples().substr(0, 15));
  EXPECT_EQ(message_of([&] { read_idx(cut); }),
            cut.string() + ": is truncated or damaged: its header promises 6 bytes, it has 3");
  const auto huge = folder.write(
      "huge", bytes({0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(message_of([&] { read_idx(huge); }),
            huge.string() +
                ": is truncated or damaged: its header promises more than there is, it has 0");
}

TEST(Samples, HaveLabelsAndRowsOfTheirOwn) {
  const test::TemporaryFolder folder;
  const std::string x = folder.write("x", idx_samples()), y = folder.write("y", idx_labels());
  const ImageSet all = read_samples({x, y, ""});
  EXPECT_EQ(all.shape, Shape{2});
  EXPECT_EQ(all.labels, (std::vector<std::int32_t>{7, 0, 2}));
  EXPECT_EQ(all.classes, 8);
  const std::string rows = folder.write("rows", bytes({0, 0, 8, 1, 0, 0, 0, 2, 2, 0}));
  const ImageSet some = read_samples({x, y, rows});
  EXPECT_EQ(some.numbers, (Floats{5, 255, 1, 2}));
  EXPECT_EQ(some.labels, (std::vector<std::int32_t>{2, 7}));
  EXPECT_FALSE(read_samples({x, "", ""}).has_labels());

  const std::string beyond = folder.write("beyond", bytes({0, 0, 8, 1, 0, 0, 0, 1, 3}));
  EXPECT_EQ(message_of([&] {
              read_samples({x, y, beyond});
            }),
            beyond + ": names row 3, but there are 3 samples (rows count from 0)");
  const std::string mask = folder.write("mask", bytes({0, 0, 8, 1, 0, 0, 0, 3, 1, 1, 0}));
  EXPECT_EQ(message_of([&] {
              read_samples({x, y, mask});
            }),
            mask +
                ": names row 1 more than once; expected places of samples, each once (a mask of "
                "true and false is not read)");
  const std::string two = folder.write("two", bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 1}));
  EXPECT_EQ(message_of([&] {
              read_samples({x, two, ""});
            }),
            two + ": has 2 labels for the 3 samples of " + x);
}

// What is no class per sample is compared as it is: numbers below 0, fractions, more than one.
TEST(Samples, HaveTargetsWhereLabelsAreNoClasses) {
  const test::TemporaryFolder folder;
  const std::string x = folder.write("x", idx_samples());
  const std::string negative = folder.write("negative", bytes({0, 0, 9, 1, 0, 0, 0, 3, 1, 255, 1}));
  const ImageSet numbers = read_samples({x, negative, ""});
  EXPECT_FALSE(numbers.has_labels());
  EXPECT_EQ(numbers.targets, (Floats{1, -1, 1}));
  EXPECT_EQ(numbers.target_shape, Shape{});
  EXPECT_NE(numbers.hash(), read_samples({x, "", ""}).hash());
  const std::string tokens =
      folder.write("tokens", bytes({0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6}));
  const std::string rows = folder.write("rows", bytes({0, 0, 8, 1, 0, 0, 0, 2, 2, 0}));
  const ImageSet some = read_samples({x, tokens, rows});
  EXPECT_EQ(some.targets, (Floats{5, 6, 1, 2}));
  EXPECT_EQ(some.target_shape, Shape{2});
  EXPECT_EQ(some.size(), 2);
}

TEST(Samples, AreAtLeastOne) {
  const test::TemporaryFolder folder;
  const std::string none = folder.write("x", bytes({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 2}));
  DataSettings settings;
  settings.name = "files";
  settings.test_samples.samples = settings.train_samples.samples = none;
  EXPECT_EQ(message_of([&] {
              load_dataset(settings, 1, {false, true});
            }),
            "data.test: holds no samples; expected at least one to measure");
  EXPECT_EQ(message_of([&] {
              load_dataset(settings, 1, {true, false, "calibration"});
            }),
            "data.train: holds no samples; expected some for calibration");
}

ImageSet numbered(const Shape& shape) {
  ImageSet set;
  set.shape = shape;
  set.labels = {0, 1};
  for (std::int64_t i = 0; i < 2 * set.values(); ++i) set.numbers.push_back(static_cast<float>(i));
  return set;
}

TEST(Samples, AreTurnedToTheNetworksOrderOfAxes) {
  const ImageSet chw = numbered({2, 1, 3});
  const ImageSet hwc = fitted(chw, {1, 3, 2}, 2);
  EXPECT_EQ(hwc.numbers, (Floats{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}));
  EXPECT_EQ(hwc.channel_axis, 2);
  EXPECT_EQ(fitted(hwc, {2, 1, 3}, 2).numbers, chw.numbers);
  EXPECT_EQ(fitted(numbered({4, 5}), {1, 4, 5}, 2).shape, (Shape{1, 4, 5}));
  EXPECT_EQ(message_of([&] {
              fitted(chw, {3, 3}, 2);
            }),
            "a sample of the data is 2 x 1 x 3, one of the network is 3 x 3; expected the same "
            "shape, or channels first for last");
}

TEST(Samples, AreNormalisedByTheirChannelsAndLieChannelsLast) {
  ImageSet set = numbered({2, 1, 3});
  Normalization n{"given", {1, 2}, {2, 4}};
  n.scale = 10;
  Floats x(12);
  normalized_batch(set, n, 0, 2, x.data());
  // Channel 0 holds 0 1 2, channel 1 holds 3 4 5 of the first sample.
  EXPECT_EQ((Floats{x.begin(), x.begin() + 6}), (Floats{-0.5, 7, 4.5, 9.5, 9.5, 12}));
  const ImageSet hwc = fitted(set, {1, 3, 2}, 2);
  normalized_batch(hwc, n, 0, 1, x.data());
  // The network's first axis (height 1) lies last: the order of H x W x C.
  EXPECT_EQ((Floats{x.begin(), x.begin() + 6}), (Floats{-0.5, 7, 4.5, 9.5, 9.5, 12}));
  Floats line(6);
  ImageSet flat = numbered({3});
  normalized_batch(flat, {}, 0, 2, line.data());
  EXPECT_EQ(line, (Floats{0, 1, 2, 3, 4, 5}));
}

TEST(Samples, StatisticsFitTheirChannels) {
  const test::TemporaryFolder folder;
  DataSettings settings;
  settings.name = "files";
  settings.normalize = "given";
  settings.scale = 1;
  // Two samples of 1 x 1 x 2: channels are the last axis where two means are given.
  settings.test_samples.samples = folder.write(
      "x", bytes({0, 0, 8, 4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4}));
  settings.mean = {1, 2};
  const Dataset data = load_dataset(settings, 1, {false, true, ""});
  Floats x(4);
  normalized_batch(data.test, data.normalization, 0, 2, x.data());
  EXPECT_EQ(x, (Floats{0, 0, 2, 2}));
  settings.mean = {1, 2, 3};
  EXPECT_EQ(
      message_of([&] {
        load_dataset(settings, 1, {false, true, ""});
      }),
      "data.normalize.mean has 3 numbers; samples of data.test are [1, 1, 2]: expected 1, one "
      "per channel (the first axis, or the last) or 2, one per value");
}

TEST(Samples, PixelsOfCifarsKindTakeAScale) {
  ImageSet set;
  set.labels = {0};
  set.pixels.assign(ImageSet::kPixels, 200);
  Normalization n;
  n.scale = 1;
  Floats x(ImageSet::kPixels);
  normalized_batch(set, n, 0, 1, x.data());
  EXPECT_EQ(x.front(), 200.0f);
}

}  // namespace
}  // namespace ohmic
