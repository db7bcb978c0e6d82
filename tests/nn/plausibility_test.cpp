// What an examination says of small networks, whose BatchNorms are set to statistics that are
// computed literally.
#include "nn/torch/plausibility.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "nn/data/readings.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 40;

Graph small_graph() {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  const int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 6, 3, 2, true)));
  const int y = g.relu(g.norm("bn2", g.convolution("conv2", x, 6, 3, 2, false)));
  g.dense("linear", g.average(y), 10);
  return g.graph();
}

/// Pictures of one colour each with grain, so that they differ in their means.
ImageSet pictures(std::uint64_t seed = 31) {
  ImageSet set;
  const auto z = test::normals(kImages * (ImageSet::kPixels + 3), seed);
  for (std::size_t i = 0; i < kImages; ++i)
    for (std::size_t p = 0; p < ImageSet::kPixels; ++p) {
      const float colour = z[kImages * ImageSet::kPixels + 3 * i + p / 1024];
      const float grain = z[i * ImageSet::kPixels + p];
      set.pixels.push_back(
          static_cast<std::uint8_t>(std::clamp(128 + 45 * colour + 15 * grain, 0.0f, 255.0f)));
    }
  set.labels.assign(kImages, 0);
  return set;
}

/// The values that enter a BatchNorm, by channel, over all images.
std::vector<std::vector<double>> inputs(const Graph& graph, const Weights& weights,
                                        const Node& norm, const Dataset& data) {
  std::vector<float> x(kImages * ImageSet::kPixels);
  normalized_batch(data.test, data.normalization, 0, kImages, x.data());
  std::vector<std::vector<double>> seen(static_cast<std::size_t>(norm.channels));
  test::LiteralNetwork network(graph, weights);
  for (std::int64_t i = 0; i < kImages; ++i) {
    network.logits(x.data() + i * ImageSet::kPixels);
    const auto& in = network.values()[static_cast<std::size_t>(norm.inputs[0])];
    for (std::size_t j = 0; j < in.size(); ++j) seen[j % seen.size()].push_back(in[j]);
  }
  return seen;
}

/// Statistics as training would have left them on these very images.
void settle(const Graph& graph, const Dataset& data, Weights& weights) {
  for (const Node& node : graph.nodes) {
    if (node.op != Op::batch_norm) continue;
    const auto seen = inputs(graph, weights, node, data);
    for (std::size_t c = 0; c < seen.size(); ++c) {
      double mean = 0, variance = 0;
      for (const double v : seen[c]) mean += v / static_cast<double>(seen[c].size());
      for (const double v : seen[c])
        variance += (v - mean) * (v - mean) / static_cast<double>(seen[c].size());
      weights.at(node.name + ".running_mean").values[c] = static_cast<float>(mean);
      weights.at(node.name + ".running_var").values[c] = static_cast<float>(variance);
    }
  }
}

class Examined : public testing::Test {
 protected:
  void SetUp() override {
    data.test = pictures();
    settle(graph, data, weights);
    // Logits that follow the images strongly, so that several classes are answered.
    std::vector<double> mean(10, 0.0);
    for (float& w : weights.at("linear.weight").values) w *= 20;
    const auto all = logits();
    for (const auto& z : all)
      for (std::size_t c = 0; c < 10; ++c) mean[c] += z[c] / static_cast<double>(kImages);
    for (std::size_t c = 0; c < 10; ++c)
      weights.at("linear.bias").values[c] -= static_cast<float>(mean[c]);
    answers = answers_now();
    data.test.labels.assign(answers.begin(), answers.end());
  }

  std::vector<std::vector<double>> logits() const {
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(data.test, data.normalization, 0, kImages, x.data());
    std::vector<std::vector<double>> all;
    test::LiteralNetwork network(graph, weights);
    for (std::int64_t i = 0; i < kImages; ++i)
      all.push_back(network.logits(x.data() + i * ImageSet::kPixels));
    return all;
  }
  std::vector<int> answers_now() const {
    std::vector<int> classes;
    for (const auto& z : logits())
      classes.push_back(static_cast<int>(std::max_element(z.begin(), z.end()) - z.begin()));
    return classes;
  }
  Plausibility examined() const { return examine(graph, weights, data, false); }

  Graph graph = small_graph();
  Weights weights = test::random_weights(graph);
  Dataset data;
  std::vector<int> answers;
};

// Shares of logits of 1e-9 are the same float; their order is not.
TEST_F(Examined, SmallLogitsAreAnswersToo) {
  for (const char* name : {"linear.weight", "linear.bias"})
    for (float& v : weights.at(name).values) v *= 1e-9f;
  EXPECT_EQ(examined().correct, kImages);
}

TEST_F(Examined, ASoundNetworkHasNothingAgainstIt) {
  ASSERT_GE(std::set<int>(answers.begin(), answers.end()).size(), 4u) << "the test needs several";
  const Plausibility p = examined();
  EXPECT_EQ(p.images, kImages);
  EXPECT_EQ(p.correct, kImages);
  EXPECT_EQ(p.norms, 2);
  EXPECT_EQ(p.misfits, 0);
  EXPECT_EQ(p.infinite, 0);
  EXPECT_FALSE(p.constant || p.same_image || is_near_chance(p) || is_too_sure(p));
  EXPECT_TRUE(p.constant_kernels.empty());
  double sure = 0;
  for (const auto& z : logits()) {
    double sum = 0;
    for (const double v : z) sum += std::exp(v - *std::max_element(z.begin(), z.end()));
    sure += 1 / sum / static_cast<double>(kImages);
  }
  EXPECT_NEAR(p.confidence, sure, 1e-4);
}

// Means 2 standard deviations away, variances 9 times: said with the numbers, by the first of them.
TEST_F(Examined, ABatchNormOfOtherStatisticsIsNamedWithItsDistance) {
  for (std::size_t c = 0; c < 6; ++c) {
    float& variance = weights.at("bn2.running_var").values[c];
    weights.at("bn2.running_mean").values[c] += 2 * std::sqrt(variance);
    variance *= 9;
  }
  const Plausibility p = examined();
  ASSERT_EQ(p.misfits, 1);
  EXPECT_EQ(p.first.norm, "bn2");
  EXPECT_EQ(p.first.layer, "conv2");
  EXPECT_FALSE(p.from_the_first);
  EXPECT_NEAR(p.first.shift, 2.0 / 3, 0.01);
  EXPECT_NEAR(p.first.spread, std::log(9), 0.02);
}

TEST_F(Examined, BatchNormsOfMeanZeroAndVarianceOneAreCounted) {
  EXPECT_EQ(examined().untouched_norms, 0);
  for (const char* norm : {"bn1", "bn2"}) {
    std::ranges::fill(weights.at(norm + std::string(".running_mean")).values, 0.0f);
    std::ranges::fill(weights.at(norm + std::string(".running_var")).values, 1.0f);
    EXPECT_EQ(examined().untouched_norms, norm[2] - '0');
  }
  EXPECT_GE(examined().misfits, 1);
}

TEST_F(Examined, ImagesPreparedOtherwiseShowFromTheFirstBatchNormOn) {
  data.normalization = {"given", {0.5f, 0.5f, 0.5f}, {0.1f, 0.1f, 0.1f}};
  const Plausibility p = examined();
  EXPECT_GE(p.misfits, 1);
  EXPECT_TRUE(p.from_the_first);
  EXPECT_EQ(p.first.norm, "bn1");
}

TEST_F(Examined, WeightsOfZeroGiveTheSameLogitsToEveryImage) {
  for (auto& [name, tensor] : weights) std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
  const Plausibility p = examined();
  EXPECT_TRUE(p.constant);
  EXPECT_EQ(p.kernels, 3);
  EXPECT_EQ(p.constant_kernels,
            (std::vector<std::string>{"conv1.weight", "conv2.weight", "linear.weight"}));
  EXPECT_EQ(p.favoured, kImages);
}

TEST_F(Examined, LogitsThatAreNoNumbersAreCounted) {
  weights.at("conv1.weight").values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(examined().infinite, kImages);
}

TEST_F(Examined, LabelsThatAreOffByOneAreFound) {
  for (std::size_t i = 0; i < answers.size(); ++i)
    data.test.labels[i] = static_cast<std::uint8_t>((answers[i] + 1) % 10);
  const Plausibility p = examined();
  EXPECT_EQ(p.correct, 0);
  EXPECT_EQ(p.label_shift, 1);
  EXPECT_EQ(p.correct_shifted, kImages);
  EXPECT_EQ(p.correct_renamed, kImages);
  EXPECT_TRUE(is_near_chance(p));
}

TEST_F(Examined, ClassesInAnotherOrderAreFound) {
  const int order[] = {3, 1, 4, 0, 5, 9, 2, 6, 8, 7};
  for (std::size_t i = 0; i < answers.size(); ++i)
    data.test.labels[i] = static_cast<std::uint8_t>(order[answers[i]]);
  const Plausibility p = examined();
  EXPECT_EQ(p.correct_renamed, kImages);
  EXPECT_LT(p.correct_shifted, kImages);
}

TEST_F(Examined, OneImageAndOneLabelAreSaid) {
  for (std::size_t i = 1; i < kImages; ++i)
    std::copy_n(data.test.pixels.begin(), ImageSet::kPixels,
                data.test.pixels.begin() + static_cast<std::ptrdiff_t>(i * ImageSet::kPixels));
  data.test.labels.assign(kImages, 7);
  const Plausibility p = examined();
  EXPECT_TRUE(p.same_image);
  EXPECT_EQ(p.label, 7);
  EXPECT_EQ(p.labelled, kImages);
}

// Nine of the test images are among the training images, in another order, and one of them changed
// by one value.
TEST_F(Examined, TestImagesThatWereTrainedOnAreCounted) {
  EXPECT_EQ(examined().known, 0);
  data.train = pictures();
  for (auto& pixel : data.train.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  for (std::size_t i = 0; i < 9; ++i)
    std::copy_n(data.test.image(static_cast<std::int64_t>(30 - i)).begin(), ImageSet::kPixels,
                data.train.pixels.begin() + static_cast<std::ptrdiff_t>(i * ImageSet::kPixels));
  EXPECT_EQ(examined().known, 9);
  data.train.pixels[5] ^= 1;
  EXPECT_EQ(examined().known, 8);
}

/// The same pictures with every pixel times `factor`, clipped.
ImageSet brighter(const ImageSet& set, double factor) {
  ImageSet out = set;
  for (auto& pixel : out.pixels) pixel = static_cast<std::uint8_t>(std::min(255.0, factor * pixel));
  return out;
}

ImageSet noise() {
  ImageSet set;
  const auto z = test::normals(kImages * ImageSet::kPixels, 77);
  for (const float v : z)
    set.pixels.push_back(static_cast<std::uint8_t>(255 / (1 + std::exp(-1.7f * v))));
  set.labels.assign(kImages, 0);
  return set;
}

// Other pictures of the same kind are no news, half of their brightness and noise are.
TEST_F(Examined, TrainingImagesAreComparedWithTestImages) {
  EXPECT_EQ(examined().compared, 0);
  data.train = pictures(32);
  const Plausibility alike = examined();
  EXPECT_EQ(alike.compared, kImages);
  EXPECT_EQ(alike.unlike, 0) << alike.first_unlike.layer;
  data.train = brighter(pictures(32), 0.5);
  const Plausibility dark = examined();
  EXPECT_GE(dark.unlike, 1);
  EXPECT_EQ(dark.first_unlike.layer, "conv1");
  EXPECT_NEAR(dark.first_unlike.size, 0.5, 0.03);
  data.train = noise();
  const Plausibility grain = examined();
  EXPECT_GE(grain.unlike, 1);
  data.train = {};
  EXPECT_EQ(examine(graph, weights, data, false, true, noise()).unlike, grain.unlike);
}

TEST_F(Examined, RepeatedImagesAndMissingLabelsAreCounted) {
  Plausibility p = examined();
  EXPECT_EQ(p.tested, kImages);
  EXPECT_EQ(p.repeated, 0);
  EXPECT_EQ(p.labels, static_cast<int>(std::set<int>(answers.begin(), answers.end()).size()));
  std::copy_n(data.test.image(3).begin(), ImageSet::kPixels, data.test.pixels.begin());
  std::copy_n(data.test.image(3).begin(), ImageSet::kPixels,
              data.test.pixels.begin() + 7 * ImageSet::kPixels);
  EXPECT_EQ(examined().repeated, 2);
  EXPECT_EQ(examine(graph, weights, data, true, false).labels, 0);
}

Plausibility labelled(int labels, int classes, std::int64_t samples) {
  Plausibility p;
  p.labels = labels;
  p.classes = classes;
  p.tested = samples;
  return p;
}

// Of 100 equally frequent classes 200 samples miss 13.4, 20 samples of 10 classes 1.2.
TEST(Labels, AreTooFewOnlyWhereChanceDoesNotExplainIt) {
  EXPECT_TRUE(lacks_classes(labelled(2, 10, 300)));
  EXPECT_FALSE(lacks_classes(labelled(9, 10, 300))) << "a rare class";
  EXPECT_FALSE(lacks_classes(labelled(1000, 1001, 50000)));
  EXPECT_FALSE(lacks_classes(labelled(80, 100, 200)));
  EXPECT_TRUE(lacks_classes(labelled(60, 100, 200)));
  EXPECT_FALSE(lacks_classes(labelled(6, 10, 20)));
  EXPECT_FALSE(lacks_classes(labelled(0, 10, 300))) << "no labels";
}

// The last layer keeps the difference of two rows: 0 or 1 by its sign, with labels the wrong way
// round.
TEST_F(Examined, ASingleNumberStandsForTwoClasses) {
  HostTensor &w = weights.at("linear.weight"), &b = weights.at("linear.bias");
  const std::size_t inputs = w.values.size() / 10;
  for (std::size_t i = 0; i < inputs; ++i) w.values[i] -= w.values[inputs + i];
  w.values.resize(inputs);
  w.shape.front() = 1;
  b = {{1}, {b.values[0] - b.values[1]}};
  graph.classes = graph.nodes.back().conv.out_channels = graph.nodes.back().channels = 1;
  data.test.classes = 1;
  std::int64_t ones = 0;
  const auto all = logits();
  for (std::size_t i = 0; i < all.size(); ++i) {
    data.test.labels[i] = all[i].front() > 0 ? 0 : 1;
    ones += data.test.labels[i];
  }
  ASSERT_GT(ones, 0);
  ASSERT_LT(ones, kImages);
  const Plausibility p = examined();
  EXPECT_EQ(p.classes, 2);
  EXPECT_EQ(p.correct, 0);
  EXPECT_EQ(p.labelled, std::max(ones, kImages - ones));
  EXPECT_EQ(p.correct_renamed, kImages);
  EXPECT_TRUE(is_near_chance(p));
}

Plausibility answered(std::int64_t correct, double confidence, int classes = 10) {
  Plausibility p;
  p.images = 256;
  p.correct = correct;
  p.confidence = confidence;
  p.classes = classes;
  return p;
}

// 10 classes: below 19 %; 100: below 2 %; 2: below 55 %.
// The network is of pixels from 0 to 1, and its labels are its answers to them.
TEST_F(Examined, PixelsUpTo255AreNotThoseFrom0To1) {
  const auto loss = [&] {
    double sum = 0;
    const auto all = logits();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double largest = *std::max_element(all[i].begin(), all[i].end());
      double share = 0;
      for (const double v : all[i]) share += std::exp(v - largest);
      const auto label = static_cast<std::size_t>(data.test.labels[i]);
      sum += std::log(share) + largest - all[i][label];
    }
    return sum / kImages;
  };
  const double right = loss();
  EXPECT_FALSE(examine(graph, weights, data, true).loss_scaled) << "they are from 0 to 1";
  data.normalization.scale = 1.0;
  const double wrong = loss();
  const Plausibility p = examine(graph, weights, data, true);
  EXPECT_EQ(p.largest_input, *std::ranges::max_element(data.test.pixels));
  EXPECT_NEAR(p.loss, wrong, 1e-4 * wrong);
  ASSERT_TRUE(p.loss_scaled);
  EXPECT_NEAR(*p.loss_scaled, right, 1e-4);
  EXPECT_TRUE(is_unscaled(p));
  EXPECT_FALSE(examine(graph, weights, data, false).loss_scaled) << "trained here, on these";
}

TEST_F(Examined, PixelsUpTo255AreRightForANetworkOfThem) {
  for (float& w : weights.at("conv1.weight").values) w /= 255;  // what 0 to 1 was to it before
  data.normalization.scale = 1.0;
  EXPECT_EQ(answers_now(), answers);
  const Plausibility p = examine(graph, weights, data, true);
  EXPECT_GT(p.largest_input, 200);
  EXPECT_FALSE(is_unscaled(p));
}

TEST(Chance, IsNearUpToTwiceOrATenthOfTheWay) {
  EXPECT_TRUE(is_near_chance(answered(48, 0.5)));
  EXPECT_FALSE(is_near_chance(answered(49, 0.5)));
  EXPECT_TRUE(is_near_chance(answered(5, 0.5, 100)));
  EXPECT_FALSE(is_near_chance(answered(6, 0.5, 100)));
  EXPECT_TRUE(is_near_chance(answered(140, 0.5, 2)));
  EXPECT_FALSE(is_near_chance(answered(141, 0.5, 2)));
}

// Three quarters right: Wilson's interval of three standard deviations ends at 0.8216.
TEST(Confidence, IsTooHighOnlyWhereSamplingCannotExplainIt) {
  EXPECT_FALSE(is_too_sure(answered(192, 1.0)));
  EXPECT_FALSE(is_too_sure(answered(128, 0.79)));
  EXPECT_TRUE(is_too_sure(answered(128, 0.80)));
}

TEST(Readings, PutBytesWhereTheirNamesSay) {
  ImageSet set;
  for (int p = 0; p < ImageSet::kPixels; ++p)
    set.pixels.push_back(static_cast<std::uint8_t>((p * 7 + p / 251) % 256));
  set.labels = {0};
  const auto at = [](int c, int y, int x) {
    return static_cast<std::size_t>((c * 32 + y) * 32 + x);
  };
  const auto bgr = read_as(PixelOrder::bgr, set), hwc = read_as(PixelOrder::interleaved, set);
  const auto chw = read_as(PixelOrder::planar, hwc), turned = read_as(PixelOrder::turned, set);
  const auto flat = read_as(PixelOrder::transposed, set);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) {
        ASSERT_EQ(bgr.pixels[at(c, y, x)], set.pixels[at(2 - c, y, x)]);
        ASSERT_EQ(hwc.pixels[at(c, y, x)],
                  set.pixels[static_cast<std::size_t>((y * 32 + x) * 3 + c)]);
        ASSERT_EQ(turned.pixels[at(c, y, x)], set.pixels[at(c, 31 - y, 31 - x)]);
        ASSERT_EQ(flat.pixels[at(c, y, x)], set.pixels[at(c, x, y)]);
      }
  EXPECT_EQ(chw.pixels, set.pixels) << "one undoes the other";
  EXPECT_EQ(read_as(PixelOrder::as_read, set).pixels, set.pixels);
}

/// 2 samples of bytes 0, 1, 2, ...
ImageSet bytes_of(std::vector<std::int64_t> shape) {
  ImageSet set;
  set.shape = std::move(shape);
  set.are_bytes = true;
  set.labels = {0, 0};
  for (std::int64_t i = 0; i < 2 * set.values(); ++i) set.numbers.push_back(static_cast<float>(i));
  return set;
}

// Of a file, of any size, channels first or last; the second sample's values are 12 more.
TEST(Readings, OfNumbersAreThoseOfPixels) {
  using Floats = std::vector<float>;
  const auto first = [](PixelOrder order, const ImageSet& set) {
    const ImageSet read = read_as(order, set);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(read.numbers[i] + 12, read.numbers[i + 12]);
    return Floats(read.numbers.begin(), read.numbers.begin() + 12);
  };
  const ImageSet planar = bytes_of({3, 2, 2}), last = bytes_of({2, 2, 3});
  EXPECT_EQ(first(PixelOrder::bgr, planar), (Floats{8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3}));
  EXPECT_EQ(first(PixelOrder::bgr, last), (Floats{2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9}));
  EXPECT_EQ(first(PixelOrder::interleaved, planar), (Floats{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
  EXPECT_EQ(first(PixelOrder::turned, planar), (Floats{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8}));
  EXPECT_EQ(first(PixelOrder::transposed, last), (Floats{0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11}));
}

// A mean per channel goes with channels wherever they lie.
TEST(Readings, ChannelsAreNormalisedWhereTheyLie) {
  Normalization n{"given", {0, 100, 200}, {1, 1, 1}, 1.0};
  for (const auto& shape : {std::vector<std::int64_t>{3, 2, 2}, {2, 2, 3}}) {
    const ImageSet read = read_as(PixelOrder::as_read, bytes_of(shape));
    std::vector<float> x(12);
    normalized_batch(read, n, 0, 1, x.data());
    float shift = 0;
    for (std::size_t i = 0; i < 12; ++i) shift += x[i] - read.numbers[i];
    EXPECT_EQ(shift, -4 * (100 + 200));
    const auto channel = [&](std::size_t i) { return shape[0] == 3 ? i / 4 : i % 3; };
    std::vector<float> wanted, got = x;
    for (std::size_t i = 0; i < 12; ++i)
      wanted.push_back(static_cast<float>(i) - 100.0f * static_cast<float>(channel(i)));
    std::ranges::sort(wanted);  // a sample lies with channels last in memory
    std::ranges::sort(got);
    EXPECT_EQ(got, wanted);
  }
}

// The negative of a pixel v, normalised: (255 - v) scale - mean.
TEST(Readings, ArePossibleOfPicturesOfBytes) {
  EXPECT_FALSE(has_readings(bytes_of({12})));
  EXPECT_FALSE(has_readings(bytes_of({2, 2, 3, 1})));
  EXPECT_FALSE(has_readings(bytes_of({5, 2, 2}))) << "no colours";
  ImageSet reals = bytes_of({3, 2, 2});
  reals.are_bytes = false;
  EXPECT_FALSE(has_readings(reals));
  Dataset data;
  data.test = bytes_of({1, 2, 6});
  data.normalization = {"given", {0.25f}, {0.5f}, 0.01};
  const std::vector<Reading> readings = usual_readings(data);
  EXPECT_EQ(readings.front().name, "");
  const Reading& negative = readings.back();
  EXPECT_EQ(negative.name, "images with light and dark exchanged (255 - pixel)");
  std::vector<float> x(12);
  normalized_batch(data.test, negative.normalization, 0, 1, x.data());
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_NEAR(x[i], ((255 - data.test.numbers[i]) * 0.01 - 0.25) / 0.5, 1e-5);
  for (const Reading& reading : readings) {
    EXPECT_NE(reading.order, PixelOrder::bgr) << "one channel";
    EXPECT_NE(reading.order, PixelOrder::transposed) << "2 x 6";
  }
}

// One class is bright, the other dark; whoever exchanged them reads the negative.
TEST_F(Examined, PicturesOfAFileAreReadOtherwiseToo) {
  ImageSet numbers = data.test;
  numbers.numbers.assign(data.test.pixels.begin(), data.test.pixels.end());
  for (float& value : numbers.numbers) value = 255 - value;
  numbers.pixels.clear();
  numbers.are_bytes = true;
  data.test = numbers;
  data.normalization.scale = 1 / 255.0;
  const Plausibility p = examine(graph, weights, data, true);
  EXPECT_TRUE(p.readable);
  ASSERT_FALSE(p.readings.empty());
  EXPECT_EQ(p.readings.front().name, "images with light and dark exchanged (255 - pixel)");
  EXPECT_EQ(p.readings.front().accuracy, 1);
}

}  // namespace
}  // namespace ohmic
