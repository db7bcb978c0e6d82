#include "nn/data/dataset.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

DataSettings read(const std::string& toml, std::vector<Fault>& faults) {
  DataSettings settings;
  DataSettings::schema().read_into(parse_toml(toml, "test.toml"), "data", settings, faults);
  return settings;
}

std::string fault_of(const std::string& toml) {
  std::vector<Fault> faults;
  read(toml, faults);
  return faults.size() == 1 ? faults[0].text() : std::to_string(faults.size()) + " faults";
}

TEST(DataSettings, NormalizeIsAWordOrATable) {
  std::vector<Fault> faults;
  EXPECT_EQ(read("normalize = 'none'", faults).normalize, "none");
  const auto given = read("normalize = { mean = [0.5, 0.4, 0], std = 'std.npy' }", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(given.normalize, "given");
  EXPECT_EQ(given.mean, (std::vector<double>{0.5, 0.4, 0}));
  EXPECT_EQ(given.std_file, "std.npy");
}

TEST(DataSettings, NormalizeIsWrittenAsItIsRead) {
  std::vector<Fault> faults;
  const auto given = read("normalize = { mean = 'm.npy', std = [0.25, 0.5, 1.0] }", faults);
  const Value written = DataSettings::schema().write(&given);
  DataSettings again;
  DataSettings::schema().read_into(written, "data", again, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(again.mean_file, "m.npy");
  EXPECT_EQ(again.std, given.std);
}

TEST(DataSettings, RefuseOtherNormalizations) {
  EXPECT_EQ(fault_of("normalize = 'mean'"),
            "test.toml:1:13: error: data.normalize: expected \"per_pixel_mean\", \"none\", "
            "\"imagenet\", or a table { mean = [..] | FILE, std = [..] | FILE, scale = x }, got "
            "\"mean\"");
  EXPECT_EQ(fault_of("normalize = { mean = [1, 2] }"),
            "test.toml:1:22: error: data.normalize.mean: expected an array of 3 numbers from 0 to "
            "1 (means of pixel/255) or a .npy file, got [1, 2]");
  EXPECT_EQ(
      fault_of("normalize = { mean = [0, 0, 0], std = [1, 1, 0] }"),
      "test.toml:1:39: error: data.normalize.std: expected an array of 3 numbers above 0 and at "
      "most 1 (stds of pixel/255) or a .npy file, got [1, 1, 0]");
  EXPECT_EQ(fault_of("normalize = { mean = [125.3, 123, 113.9] }"),
            "test.toml:1:22: error: data.normalize.mean: expected an array of 3 numbers from 0 to "
            "1 (means of pixel/255) or a .npy file, got [125.3, 123, 113.9]; of pixels from 0 to "
            "255? Then it is [0.4914, 0.4824, 0.4467]");
  EXPECT_EQ(fault_of("normalize = { mean = [0, 0, 0], std = [63, 62.1, 66.7] }"),
            "test.toml:1:39: error: data.normalize.std: expected an array of 3 numbers above 0 and "
            "at most 1 (stds of pixel/255) or a .npy file, got [63, 62.1, 66.7]; of pixels from 0 "
            "to 255? Then it is [0.2471, 0.2435, 0.2616]");
  EXPECT_EQ(fault_of("normalize = { mean = [-0.1, 0, 0] }"),
            "test.toml:1:22: error: data.normalize.mean: expected an array of 3 numbers from 0 to "
            "1 (means of pixel/255) or a .npy file, got [-0.1, 0, 0]");
  EXPECT_EQ(fault_of("normalize = { std = [1, 1, 1] }"),
            "test.toml:1:13: error: data.normalize.mean: is missing");
}

TEST(DataSettings, TransformIsWrittenAsItIsRead) {
  std::vector<Fault> faults;
  const auto given = read(
      "transform = { resize = [8, 9], interpolation = 'bicubic', crop = 7, channels = 'bgr' }\n"
      "test = { samples = 'x', classes = ['b', 'a'] }",
      faults);
  DataSettings again;
  DataSettings::schema().read_into(DataSettings::schema().write(&given), "data", again, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(again.transform, given.transform);
  EXPECT_EQ(again.transform.resize, (std::vector<int>{8, 9}));
  EXPECT_EQ(again.test_samples.classes, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(read("transform = 'imagenet'", faults).transform.crop, std::vector<int>{224});
  EXPECT_EQ(fault_of("transform = { crop = 0 }"),
            "test.toml:1:22: error: data.transform.crop: expected a whole number from 1 to 16384, "
            "or two of them: [height, width], got 0");
  EXPECT_EQ(fault_of("transform = { resise = 3 }"),
            "test.toml:1:15: error: data.transform.resise: is not a key; expected resize, "
            "interpolation, crop or channels");
  EXPECT_EQ(fault_of("transform = { channels = 'hsv' }"),
            "test.toml:1:26: error: data.transform.channels: expected one of \"rgb\", \"bgr\", "
            "\"gray\", got \"hsv\"");
}

TEST(DataSettings, MeansOfFilesAreAnyNumbers) {
  std::vector<Fault> faults;
  const auto one = read("name = 'files'\nnormalize = { mean = [33.3], std = [78] }", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(one.mean, std::vector<double>{33.3});
}

/// Two training images and one test image, each of one value.
DataSettings tiny(const TemporaryFolder& folder) {
  const auto image = [](char label, char fill) {
    return std::string(1, label) + std::string(3072, fill);
  };
  DataSettings settings;
  settings.name = "cifar10";
  settings.train = {folder.write("train.bin", image(1, 10) + image(2, 41)).string()};
  settings.test = {folder.write("test.bin", image(3, 51)).string()};
  return settings;
}

TEST(LoadDataset, PerPixelMeanIsThatOfTheTrainingSet) {
  const TemporaryFolder folder;
  const Dataset data = load_dataset(tiny(folder), 1, {false, true});
  ASSERT_EQ(data.normalization.mean.size(), 3072u);
  EXPECT_FLOAT_EQ(data.normalization.mean[7], 0.1f);  // (10 + 41)/2/255
  std::vector<float> batch(3072);
  normalized_batch(data.test, data.normalization, 0, 1, batch.data());
  EXPECT_NEAR(batch[0], 0.2f - 0.1f, 1e-7);
}

// (10 + 41)/2/255 though one image is used.
TEST(LoadDataset, PerPixelMeanIsThatOfAllImagesOfTheTrainingFiles) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.train_images = 1;
  const Dataset data = load_dataset(settings, 1);
  EXPECT_EQ(data.train.size(), 1);
  EXPECT_FLOAT_EQ(data.normalization.mean[7], 0.1f);
}

TEST(LoadDataset, GivenMeanAndStdArePerChannel) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.normalize = "given";
  settings.mean = {0.1, 0.2, 0.3};
  settings.std = {1, 0.5, 0.25};
  const Dataset data = load_dataset(settings, 1);
  std::vector<float> batch(3072);
  normalized_batch(data.test, data.normalization, 0, 1, batch.data());
  EXPECT_NEAR(batch[0], 0.1f, 1e-6);
  EXPECT_NEAR(batch[1], 0.0f, 1e-6);
  EXPECT_NEAR(batch[3071], -0.4f, 1e-6);
}

TEST(LoadDataset, UsesTheFirstImagesThatWereAskedFor) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.train_images = 1;
  EXPECT_EQ(load_dataset(settings, 1).train.labels, (std::vector<std::int32_t>{1}));
  settings.train_images = 3;
  EXPECT_EQ(error_of([&] { load_dataset(settings, 1); }),
            "data.train_images asks for 3 images but there are 2");
}

/// A .npy file of floats.
std::string npy(const std::string& shape, const std::vector<float>& values) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) +
         std::string(1, '\0') + header +
         std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size());
}

TEST(LoadDataset, ReadsAMeanByItsShape) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.normalize = "given";
  const auto mean_of = [&](const std::string& shape, const std::vector<float>& values) {
    settings.mean_file = folder.write("mean.npy", npy(shape, values)).string();
    return load_dataset(settings, 1).normalization.mean;
  };
  for (const char* shape : {"(3,)", "(3, 1, 1)", "(1, 3, 1, 1)", "(1, 1, 3)"})
    EXPECT_EQ(mean_of(shape, {0.25f, 0.5f, 1}), (std::vector<float>{0.25f, 0.5f, 1})) << shape;
  // Value (1000 c + p)/4096 at channel c and pixel p, planar and interleaved.
  std::vector<float> planar, interleaved;
  for (int c = 0; c < 3; ++c)
    for (int p = 0; p < 1024; ++p) planar.push_back(static_cast<float>(1000 * c + p) / 4096);
  for (int p = 0; p < 1024; ++p)
    for (int c = 0; c < 3; ++c) interleaved.push_back(static_cast<float>(1000 * c + p) / 4096);
  EXPECT_EQ(mean_of("(3, 32, 32)", planar), planar);
  EXPECT_EQ(mean_of("(32, 32, 3)", interleaved), planar);
  EXPECT_EQ(mean_of("(1, 32, 32, 3)", interleaved), planar);
}

TEST(LoadDataset, RefusesMeansThatFitNoReading) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.normalize = "given";
  const auto message = [&](const std::string& shape, const std::vector<float>& values) {
    settings.mean_file = folder.write("mean.npy", npy(shape, values)).string();
    const std::string said = error_of([&] { load_dataset(settings, 1); });
    EXPECT_TRUE(said.starts_with("data.normalize.mean: " + settings.mean_file)) << said;
    return said.substr(std::string("data.normalize.mean: ").size() + settings.mean_file.size());
  };
  const std::string expected =
      "; expected [3] (per channel), [3, 32, 32] or [32, 32, 3] (per pixel)";
  EXPECT_EQ(message("(2,)", {1, 2}), ": has shape [2]" + expected);
  EXPECT_EQ(message("()", {1}), ": has shape []" + expected);
  const std::vector<float> image(3072, 0.5f);
  EXPECT_EQ(message("(96, 32)", image), ": has shape [96, 32]" + expected);
  EXPECT_EQ(message("(32, 3, 32)", image), ": has shape [32, 3, 32]" + expected);
  EXPECT_EQ(message("(3072,)", image), ": has shape [3072]" + expected);
  EXPECT_EQ(message("(3,)", {1, NAN, 3}), ": its element 1 is nan; expected finite numbers");
}

TEST(LoadDataset, SaysWhenAMeanFileIsOfPixelsFrom0To255) {
  const TemporaryFolder folder;
  DataSettings settings = tiny(folder);
  settings.normalize = "given";
  const auto file = folder.write("mean.npy", npy("(3,)", {125.5f, 123, 114}));
  settings.mean_file = file.string();
  EXPECT_EQ(error_of([&] { load_dataset(settings, 1); }),
            "data.normalize.mean: " + file.string() +
                ": holds a mean of 125.500000; those of pixel/255 lie from 0 to 1. Of "
                "pixels from 0 to 255? Then divide the file by 255: 0.492157");
}

TEST(LoadDataset, MakesNoMoreImagesThanMemoryHolds) {
  DataSettings settings;
  settings.name = "synthetic";
  settings.train_images = 9'000'000'000'000'000'000;
  EXPECT_EQ(error_of([&] { load_dataset(settings, 1); }),
            "data.train_images asks for 9000000000000000000 synthetic images; at most 1000000 are "
            "made");
}

TEST(ImageSet, HashChangesWithAnyLabelOrPixel) {
  ImageSet set;
  set.labels = {1, 2};
  set.pixels.assign(2 * 3072, 7);
  const std::string hash = set.hash();
  EXPECT_EQ(hash.size(), 64u);
  ImageSet other = set;
  other.labels[1] = 3;
  EXPECT_NE(other.hash(), hash);
  other = set;
  other.pixels.back() = 8;
  EXPECT_NE(other.hash(), hash);
  EXPECT_EQ(set.hash(), hash);
}

}  // namespace
}  // namespace ohmic
