#include "nn/data/samples.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "nn/io/checkpoint.hpp"
#include "nn/io/stored_array.hpp"
#include "simulator/error.hpp"
#include "tests/stored_zip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

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

HostTensor read_idx(const std::string& file) { return open_array(file).whole(); }

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

// Labels for a thousand million samples of no numbers were made before anything was compared.
TEST(Samples, OfNoNumbersAreRefused) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("none", bytes({0, 0, 8, 2, 65, 8, 85, 2, 0, 0, 0, 0}));
  EXPECT_EQ(error_of([&] {
              read_samples({file, "", "", {}});
            }),
            file.string() + ": is 1091065090 x 0 and holds no numbers");
}

TEST(Idx, SizesAreThoseOfTheFile) {
  const test::TemporaryFolder folder;
  const auto cut = folder.write("cut", idx_samples().substr(0, 15));
  EXPECT_EQ(error_of([&] { read_idx(cut); }),
            cut.string() + ": is truncated or damaged: its header needs 6 bytes of data, it has 3");
  const auto huge = folder.write(
      "huge", bytes({0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(
      error_of([&] { read_idx(huge); }),
      huge.string() +
          ": is truncated or damaged: its header needs more than 2^64 bytes of data, it has 0");
}

TEST(Samples, HaveLabelsAndRowsOfTheirOwn) {
  const test::TemporaryFolder folder;
  const std::string x = folder.write("x", idx_samples()), y = folder.write("y", idx_labels());
  const ImageSet all = read_samples({x, y, "", {}});
  EXPECT_EQ(all.shape, Shape{2});
  EXPECT_EQ(all.labels, (std::vector<std::int32_t>{7, 0, 2}));
  EXPECT_EQ(all.classes, 8);
  const std::string rows = folder.write("rows", bytes({0, 0, 8, 1, 0, 0, 0, 2, 2, 0}));
  const ImageSet some = read_samples({x, y, rows, {}});
  EXPECT_EQ(some.numbers, (Floats{5, 255, 1, 2}));
  EXPECT_EQ(some.labels, (std::vector<std::int32_t>{2, 7}));
  EXPECT_FALSE(read_samples({x, "", "", {}}).has_labels());

  const std::string beyond = folder.write("beyond", bytes({0, 0, 8, 1, 0, 0, 0, 1, 3}));
  EXPECT_EQ(error_of([&] {
              read_samples({x, y, beyond, {}});
            }),
            beyond + ": names row 3, but there are 3 samples (rows count from 0)");
  const std::string mask = folder.write("mask", bytes({0, 0, 8, 1, 0, 0, 0, 3, 1, 1, 0}));
  EXPECT_EQ(error_of([&] {
              read_samples({x, y, mask, {}});
            }),
            mask +
                ": names row 1 more than once; expected places of samples, each once (a mask of "
                "true and false is not read)");
  const std::string two = folder.write("two", bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 1}));
  EXPECT_EQ(error_of([&] {
              read_samples({x, two, "", {}});
            }),
            two + ": has 2 labels for the 3 samples of " + x);
}

// What is no class per sample is compared as it is: numbers below 0, fractions, more than one.
TEST(Samples, HaveTargetsWhereLabelsAreNoClasses) {
  const test::TemporaryFolder folder;
  const std::string x = folder.write("x", idx_samples());
  const std::string negative = folder.write("negative", bytes({0, 0, 9, 1, 0, 0, 0, 3, 1, 255, 1}));
  const ImageSet numbers = read_samples({x, negative, "", {}});
  EXPECT_FALSE(numbers.has_labels());
  EXPECT_EQ(numbers.targets, (Floats{1, -1, 1}));
  EXPECT_EQ(numbers.target_shape, Shape{});
  EXPECT_NE(numbers.hash(), read_samples({x, "", "", {}}).hash());
  const std::string tokens =
      folder.write("tokens", bytes({0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6}));
  const std::string rows = folder.write("rows", bytes({0, 0, 8, 1, 0, 0, 0, 2, 2, 0}));
  const ImageSet some = read_samples({x, tokens, rows, {}});
  EXPECT_EQ(some.targets, (Floats{5, 6, 1, 2}));
  EXPECT_EQ(some.target_shape, Shape{2});
  EXPECT_EQ(some.size(), 2);
}

TEST(Samples, AreAtLeastOne) {
  const test::TemporaryFolder folder;
  const std::string none = folder.write("x", bytes({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 2}));
  EXPECT_EQ(error_of([&] {
              read_samples({none, "", "", {}});
            }),
            none + ": is 0 x 2 and holds no numbers");
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
  EXPECT_EQ(error_of([&] {
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
      error_of([&] {
        load_dataset(settings, 1, {false, true, ""});
      }),
      "data.normalize.mean has 3 numbers; samples of data.test are [1, 1, 2]: expected 1, one "
      "per channel (the first axis, or the last) or 2, one per value");
}

/// A .npy of `type` with these bytes as its data.
std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.append(63 - (10 + header.size()) % 64 + 0, ' ');
  header += '\n';
  return "\x93NUMPY\x01" + std::string(1, '\0') + test::little_endian(header.size(), 2) + header +
         data;
}

TEST(Arrays, AreFoundByNameWhereAFileHoldsSeveral) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write(
      "d.npz", test::stored_zip(
                   {{"x_test.npy", npy("|u1", "(2, 3)", bytes({1, 2, 3, 4, 5, 250}))},
                    {"y_test.npy", npy("<i8", "(2,)",
                                       bytes({1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))}}));
  const ImageSet set = read_samples({file + ":x_test", file + ":y_test", "", {}});
  EXPECT_EQ(set.numbers, (Floats{1, 2, 3, 4, 5, 250}));
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_TRUE(set.are_bytes);
  EXPECT_EQ(
      error_of([&] { open_array(file); }),
      file + ": holds the arrays x_test, y_test; expected one of them, as in " + file + ":x_test");
  EXPECT_EQ(error_of([&] { open_array(file + ":x"); }),
            file + ": holds no array x; it holds x_test, y_test");
  const std::string alone = folder.write("x", idx_samples());
  EXPECT_EQ(error_of([&] { open_array(alone + ":x"); }),
            alone + ": holds a single array without a name; expected no \":x\" after it");
  EXPECT_EQ(error_of([&] { open_array(folder.write("h", "\x89HDF\r\n\x1a\n")); }),
            (folder.path() / "h").string() +
                ": is an HDF5 file; expected .npy, .npz, safetensors or IDX (MNIST's format), or a "
                "folder of PNG or JPEG images");
}

TEST(Arrays, OfSafetensorsMayBeWholeNumbers) {
  const test::TemporaryFolder folder;
  const std::string header = R"({"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                             R"("y":{"dtype":"I64","shape":[2],"data_offsets":[8,24]}})";
  const std::string data =
      bytes({0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const std::string file =
      folder.write("d.safetensors", test::little_endian(header.size(), 8) + header + data);
  const ImageSet set = read_samples({file + ":x", file + ":y", "", {}});
  EXPECT_EQ(set.numbers, (Floats{1, 2}));
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{3, 0}));
}

TEST(Arrays, LargerThanWhatIsHeldAreReadSampleBySample) {
  const test::TemporaryFolder folder;
  const std::string x = folder.write("x", idx_samples());
  const ImageSet held = read_samples({x, "", "", {}}), read = read_samples({x, "", "", {}}, {}, 5);
  EXPECT_TRUE(read.numbers.empty());
  Floats a(6), b(6);
  normalized_batch(held, {}, 0, 3, a.data());
  normalized_batch(read, {}, 0, 3, b.data());
  EXPECT_EQ(a, b);
  const std::vector<std::int64_t> rows{2, 0};
  read.subset(rows).sample(0, b.data());
  EXPECT_EQ(b[1], 255);
  const std::string turned = folder.write(
      "t", bytes({0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}));
  fitted(read_samples({turned, "", "", {}}, {}, 1), {1, 3, 2}, 1).sample(0, b.data());
  EXPECT_EQ(b, (Floats{1, 4, 2, 5, 3, 6}));
  const std::string bad = folder.write("b", bytes({0, 0, 13, 1, 0, 0, 0, 1, 0x7f, 0x80, 0, 0}));
  EXPECT_EQ(error_of([&] {
              read_samples({bad, "", "", {}}, {}, 0).sample(0, b.data());
            }),
            bad + ": sample 0 holds inf; expected finite numbers");
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(Samples, NumbersThatAreNoneOrTooLargeAreNamedWithTheirPlace) {
  const test::TemporaryFolder folder;
  const auto message = [&](double value, bool as_double, const std::string& shape, std::size_t at,
                           std::int64_t most_held = 1000) {
    std::vector<double> wide(12, 1.5);
    wide[at] = value;
    const std::vector<float> narrow(wide.begin(), wide.end());
    const std::string file = folder.write(
        "x.npy", as_double ? npy("<f8", shape, raw(wide)) : npy("<f4", shape, raw(narrow)));
    return error_of([&] {
             Floats x(12);
             read_samples({file, "", "", {}}, {}, most_held).sample(2, x.data());
           })
        .substr(file.size());
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string fits = "; expected numbers that fit a 32-bit float, at most 3.4e38";
  EXPECT_EQ(message(nan, false, "(3, 2, 2)", 11),
            ": sample 2 holds nan at [1, 1]; expected finite numbers");
  EXPECT_EQ(message(1e300, true, "(3, 4)", 9), ": sample 2 holds 1e+300 at [1]" + fits);
  EXPECT_EQ(message(-1e300, true, "(3, 4)", 9, 0), ": sample 2 holds -1e+300 at [1]" + fits);
  EXPECT_EQ(message(std::numeric_limits<double>::infinity(), true, "(12,)", 7),
            ": sample 7 holds inf; expected finite numbers");
}

/// data.normalize of two samples of zeros of a shape, as the network would get them.
Floats normalized(const test::TemporaryFolder& folder, const Shape& shape, Floats mean, Floats std,
                  const Shape& network) {
  DataSettings settings;
  settings.name = "files";
  settings.normalize = "given";
  std::string header = bytes({0, 0, 8, static_cast<int>(shape.size()) + 1, 0, 0, 0, 2});
  std::int64_t values = 2;
  for (const std::int64_t side : shape) {
    header += bytes({0, 0, 0, static_cast<int>(side)});
    values *= side;
  }
  settings.test_samples.samples =
      folder.write("n", header + std::string(static_cast<std::size_t>(values), '\0'));
  settings.mean.assign(mean.begin(), mean.end());
  settings.std.assign(std.begin(), std.end());
  Dataset data = load_dataset(settings, 1, {false, true, ""});
  fit(data, network, 1);
  Floats x(static_cast<std::size_t>(values));
  normalized_batch(data.test, data.normalization, 0, 2, x.data());
  x.resize(x.size() / 2);
  return x;
}

TEST(Samples, TakeEveryFormOfStatistics) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(normalized(folder, {2}, {1}, {}, {2}), (Floats{-1, -1}));
  EXPECT_EQ(normalized(folder, {2}, {1, 2}, {2}, {2}), (Floats{-0.5, -1}));
  EXPECT_EQ(normalized(folder, {2, 3}, {1, 2}, {}, {2, 3}), (Floats{-1, -1, -1, -2, -2, -2}));
  EXPECT_EQ(normalized(folder, {2, 3}, {1, 2, 3}, {}, {2, 3}), (Floats{-1, -2, -3, -1, -2, -3}));
  EXPECT_EQ(normalized(folder, {2, 2}, {1, 2, 3, 4}, {}, {2, 2}), (Floats{-1, -2, -3, -4}));
  // An axis of length 1 more: the rows' means stay those of rows.
  EXPECT_EQ(normalized(folder, {2, 2}, {1, 2}, {}, {1, 2, 2}), (Floats{-1, -1, -2, -2}));
  // One per value, of samples 2 x 1 x 2 that the network takes as 1 x 2 x 2 (in memory channels
  // last): they turn with the samples.
  EXPECT_EQ(normalized(folder, {2, 1, 3}, {1, 2, 3, 4, 5, 6}, {}, {1, 3, 2}),
            (Floats{-1, -4, -2, -5, -3, -6}));
  EXPECT_EQ(error_of([&] {
              normalized(folder, {2, 3}, {1, 2}, {1, 2, 3}, {2, 3});
            }),
            "data.normalize: mean has one number for each of the axis of 2 of a sample, std for "
            "that of 3; expected the same channels");
  EXPECT_EQ(error_of([&] {
              normalized(folder, {3}, {1, 2}, {}, {3});
            }),
            "data.normalize.mean has 2 numbers; samples of data.test are [3]: expected 1 or 3, one "
            "per value");
}

TEST(Samples, WrongTokensAreNamedByTheirPlace) {
  Dataset data;
  data.test = numbered({3});
  const auto error = [&](std::int64_t vocabulary) {
    return error_of([&] { check_whole_numbers(data, {{"", 0, data.test.values(), vocabulary}}); });
  };
  EXPECT_EQ(error(0), "");
  EXPECT_EQ(error(6), "");
  EXPECT_EQ(error(5),
            "data.test: sample 1 holds 5 at position 2; the network takes whole numbers from 0 "
            "to 4, the words of its vocabulary");
  data.test.numbers[4] = -1;
  EXPECT_EQ(error(0), "");
  data.test.numbers[1] = 0.5f;
  EXPECT_EQ(error(0),
            "data.test: sample 0 holds 0.5 at position 1; the network takes whole numbers");
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
