// Networks on crossbars against the same network in plain LibTorch, noise statistics layer by
// layer, and what a draw may depend on.
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "nn/analog/analog_network.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/denormal_product.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kSeed = 11;

Graph resnet(const std::string& name, const std::string& layout) {
  ModelSettings settings;
  settings.name = name;
  settings.layout = layout;
  return build_model(settings, 10);
}

MappingSettings tiles_of(int rows_and_columns) {
  MappingSettings mapping;
  mapping.tile = {rows_and_columns, rows_and_columns};
  return mapping;
}

std::vector<float> random_images(std::int64_t images) {
  return test::normals(static_cast<std::size_t>(images * ImageSet::kPixels), 902);
}

ImageSet random_image_set(std::int64_t images) {
  ImageSet set;
  const std::vector<float> z = random_images(images);
  for (const float v : z)
    set.pixels.push_back(static_cast<std::uint8_t>(std::clamp(128 + 50 * v, 0.0f, 255.0f)));
  for (std::int64_t i = 0; i < images; ++i) set.labels.push_back(static_cast<std::uint8_t>(i % 10));
  return set;
}

/// Logits agree to 1e-4 of the largest: float sums of up to 576 products in another order, 20 deep.
void expect_close(const std::vector<float>& got, const std::vector<float>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  float largest = 0;
  for (const float v : wanted) largest = std::max(largest, std::abs(v));
  ASSERT_GT(largest, 0);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4 * largest);
}

/// Root of the mean square of the difference, as a fraction of that of `wanted`.
double relative_error(const std::vector<float>& got, const std::vector<float>& wanted) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += std::pow(got[i] - wanted[i], 2);
    size += std::pow(wanted[i], 2);
  }
  return std::sqrt(error / size);
}

using Case = std::tuple<std::string, std::string, std::string, int>;

class WithoutNoise : public testing::TestWithParam<Case> {};

TEST_P(WithoutNoise, ComputesWhatLibTorchComputes) {
  const auto& [name, layout, backend, tile] = GetParam();
  const Graph graph = resnet(name, layout);
  const Weights weights = test::random_weights(graph);
  const std::int64_t images = backend == "reference" ? 1 : 3;
  const auto x = random_images(images);
  const auto wanted = TorchNetwork(graph, weights, "cpu").logits(x.data(), images);
  test::Chip chip(graph, weights, {}, 0.0, "", tiles_of(tile), backend);
  expect_close(chip.network.program(kSeed, 0).logits(x.data(), images, 0), wanted);
  expect_close(chip.network.load_ideal().logits(x.data(), images, 0), wanted);
  expect_close(chip.network.load_noise_free().logits(x.data(), images, 0), wanted);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const auto& [name, layout, backend, tile] = info.param;
  return name + "_" + layout + "_" + backend + "_" + (tile ? std::to_string(tile) : "unlimited");
}

INSTANTIATE_TEST_SUITE_P(Cpu, WithoutNoise,
                         testing::Combine(testing::Values("resnet8", "resnet20"),
                                          testing::Values("he", "keras_v1"), testing::Values("cpu"),
                                          testing::Values(0, 64, 128, 256)),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Reference, WithoutNoise,
                         testing::Combine(testing::Values("resnet8"),
                                          testing::Values("he", "keras_v1"),
                                          testing::Values("reference"), testing::Values(0, 64)),
                         case_name);

class Draw : public testing::TestWithParam<Semantics> {};

TEST_P(Draw, EffectiveWeightsInLibTorchGiveTheSameLogits) {
  for (const std::string layout : {"he", "keras_v1"}) {
    const Graph graph = resnet("resnet8", layout);
    const Weights weights = test::random_weights(graph);
    const auto x = random_images(4);
    test::Chip chip(graph, weights, {GetParam(), {}, NegativeVariance::dead}, 0.2, "", {}, "cpu");
    TorchNetwork torch(graph, weights, "cpu");
    for (const std::uint64_t draw : {0, 1}) {
      LoadedNetwork& programmed = chip.network.program(kSeed, draw);
      const Weights effective = programmed.effective_weights();
      const Weights without_loading = chip.network.effective_weights(kSeed, draw);
      for (const auto& [name, tensor] : effective)
        EXPECT_TRUE(without_loading.at(name).values == tensor.values) << name;
      torch.set_weights(effective);
      expect_close(programmed.logits(x.data(), 4, 0), torch.logits(x.data(), 4));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Semantics, Draw,
                         testing::Values(Semantics::kernels, Semantics::trainable,
                                         Semantics::keras_get_weights, Semantics::folded));

TEST(AnalogNetwork, ADrawIsTheSameOnEveryTileSizeAndBackend) {
  const Graph graph = resnet("resnet8", "he");
  const Weights weights = test::random_weights(graph);
  const auto x = random_images(1);
  const auto noisy = [&](int tile, const std::string& backend) {
    test::Chip chip(graph, weights, {}, 0.3, "", tiles_of(tile), backend);
    return chip.network.program(kSeed, 4).logits(x.data(), 1, 0);
  };
  const auto wanted = noisy(0, "cpu");
  EXPECT_EQ(noisy(64, "cpu"), wanted);
  expect_close(noisy(128, "reference"), wanted);
}

TEST(AnalogNetwork, DrawsAreReproducibleAndDiffer) {
  const Graph graph = resnet("resnet8", "he");
  test::Chip chip(graph, test::random_weights(graph), {}, 0.3, "", {}, "cpu");
  const auto x = random_images(1);
  const auto logits = [&](std::uint64_t draw) {
    return chip.network.program(kSeed, draw).logits(x.data(), 1, 0);
  };
  const auto first = logits(0), second = logits(1);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, logits(0));
}

#ifdef __x86_64__
TEST(AnalogNetwork, TakesDenormalsForZeroWhileItComputes) {
  const Graph graph = resnet("resnet8", "he");
  const auto backend = make_backend("cpu");
  Periphery periphery;
  periphery.adc = Adc{};
  const MappedNetwork mapped(graph, test::random_weights(graph), {}, {}, periphery,
                             test::awgn(0.1));
  float during = -1;
  const auto report = [&](double) { during = test::denormal_product(); };
  Calibration ranges = calibrate(mapped, *backend, random_image_set(2), {}, 2, report);
  EXPECT_EQ(during, 0.0f);
  during = -1;
  AnalogNetwork network(mapped, *backend, std::move(ranges), {}, report);
  network.program(kSeed, 0).evaluate(random_image_set(2), {}, 0, 2, 2);
  EXPECT_EQ(during, 0.0f);
  EXPECT_EQ(test::denormal_product(), 1e-39f);
}
#endif

TEST(AnalogNetwork, PredictionsDoNotDependOnTheBatch) {
  const Graph graph = resnet("resnet8", "he");
  test::Chip chip(graph, test::random_weights(graph), {}, 0.1, "", {}, "cpu");
  LoadedNetwork& programmed = chip.network.program(kSeed, 0);
  const ImageSet set = random_image_set(60);
  const auto whole = programmed.evaluate(set, {}, 0, 60, 60).scores;
  EXPECT_EQ(whole.size(), 60u);
  EXPECT_EQ(programmed.evaluate(set, {}, 0, 60, 7).scores, whole);
  const auto part = programmed.evaluate(set, {}, 20, 25, 10).scores;
  EXPECT_EQ(part, std::vector<Score>(whole.begin() + 20, whole.begin() + 45));
}

TEST(AnalogNetwork, FineCalibratedConvertersChangeLittleAndCoarseOnesMuch) {
  // 14 bits: steps of 1e-4 of full scale in each of 9 layers; 3 bits: steps of a seventh.
  const Graph graph = resnet("resnet8", "keras_v1");
  const Weights weights = test::random_weights(graph);
  const ImageSet set = random_image_set(20);
  std::vector<float> x(20 * ImageSet::kPixels);
  normalized_batch(set, {}, 0, 20, x.data());
  const auto backend = make_backend("cpu");
  const auto error_with = [&](int bits) {
    Periphery periphery;
    periphery.dac = Dac{.bits = bits};
    periphery.adc = Adc{.bits = bits, .percentile = 100};
    AnalogNetwork network = test::calibrated(
        {graph, weights, tiles_of(64), {}, periphery, test::awgn(0.1)}, *backend, set, 20);
    const auto wanted = network.load_ideal().logits(x.data(), 20, 0);
    LoadedNetwork& exact = network.load_noise_free();
    const auto got = exact.logits(x.data(), 20, 0);
    EXPECT_GT(exact.take_tally().adc_samples, 0u);
    return relative_error(got, wanted);
  };
  EXPECT_LT(error_with(14), 1e-3);
  EXPECT_GT(error_with(3), 3e-2);
}

TEST(AnalogNetwork, Bf16ProductsMoveLogitsByTheirRounding) {
  const Graph graph = resnet("resnet20", "he");
  const Weights weights = test::random_weights(graph);
  const auto x = random_images(20);
  const auto backend = make_backend("cpu");
  const auto logits_with = [&](Products products) {
    Periphery periphery;
    periphery.products = products;
    AnalogNetwork network({graph, weights, {}, {}, periphery, test::awgn(0.1)}, *backend);
    return network.load_noise_free().logits(x.data(), 20, 0);
  };
  LayerOnTiles probe;
  probe.periphery.products = Products::bf16;
  if (!backend->refusal(probe).empty()) GTEST_SKIP() << backend->refusal(probe);
  const auto wanted = logits_with(Products::f32);
  // Inputs and weights keep 8 bits: each is off by 2^-9 of itself at most, half of it on average,
  // at random, in each of 20 layers. The second part of a weight leaves its inputs' error.
  const double both = relative_error(logits_with(Products::bf16), wanted);
  const double inputs = relative_error(logits_with(Products::bf16x2), wanted);
  EXPECT_GT(both, std::exp2(-11));
  EXPECT_LT(both, std::exp2(-9) * std::sqrt(2 * 20));
  EXPECT_GT(inputs, std::exp2(-11));
  EXPECT_LT(inputs, both);
}

/// Every convolution has a bias.
class AnalogBias : public testing::Test {
 protected:
  AnalogBias() { mapping.bias = BiasPlace::analog; }
  test::Chip chip_of(const NoiseSettings& noise = {}) const {
    return {graph, weights, noise, 0.1, "", mapping, "cpu", set};
  }
  std::vector<float> logits(LoadedNetwork& network) const {
    std::vector<float> x(4 * ImageSet::kPixels);
    normalized_batch(set, {}, 0, 4, x.data());
    return network.logits(x.data(), 4, 0);
  }
  const Graph graph = resnet("resnet8", "keras_v1");
  const Weights weights = test::random_weights(graph);
  const ImageSet set = random_image_set(20);
  MappingSettings mapping = tiles_of(64);
};

TEST_F(AnalogBias, OnExactDevicesIsADigitalBias) {
  test::Chip chip = chip_of();
  EXPECT_TRUE(chip.network.mapped().needs_ranges());
  const auto wanted = logits(chip.network.load_ideal());
  LoadedNetwork& exact = chip.network.load_noise_free();
  expect_close(logits(exact), wanted);
  const Weights got = exact.effective_weights();
  for (const auto& [name, tensor] : weights)
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      ASSERT_NEAR(got.at(name).values[i], tensor.values[i], 1e-6) << name;
}

TEST_F(AnalogBias, IsNoisyLikeWeights) {
  // Awgn at eta 0.1: the std of a bias is that of the layer's weights times what drives the row.
  test::Chip chip = chip_of();
  double squares = 0, count = 0;
  for (std::uint64_t draw = 0; draw < 20; ++draw) {
    const Weights got = chip.network.program(kSeed, draw).effective_weights();
    for (std::size_t i = 0; i < chip.network.layers().size(); ++i) {
      const MappedLayer& layer = chip.network.layers()[i];
      const double std = 0.1 * layer.scale().sigma_w * chip.network.calibration()[i].input;
      const auto& bias = got.at(layer.name() + ".bias").values;
      const auto& wanted = weights.at(layer.name() + ".bias").values;
      for (std::size_t n = 0; n < bias.size(); ++n, ++count)
        squares += std::pow((bias[n] - wanted[n]) / std, 2);
    }
  }
  EXPECT_NEAR(squares / count, 1.0, 6 * std::sqrt(2 / count));  // false alarm: 2e-9
}

TEST_F(AnalogBias, ComputesWhatItsEffectiveTensorsComputeInLibTorch) {
  for (const Semantics semantics : {Semantics::kernels, Semantics::folded})
    for (const std::string layout : {"he", "keras_v1"}) {
      SCOPED_TRACE(layout + (semantics == Semantics::folded ? ", folded" : ""));
      const Graph network = resnet("resnet8", layout);
      const Weights tensors = test::random_weights(network);
      NoiseSettings noise;
      noise.semantics = semantics;
      test::Chip chip(network, tensors, noise, 0.2, "", mapping, "cpu", set);
      LoadedNetwork& programmed = chip.network.program(kSeed, 0);
      TorchNetwork torch(network, tensors, "cpu");
      torch.set_weights(programmed.effective_weights());
      std::vector<float> x(4 * ImageSet::kPixels);
      normalized_batch(set, {}, 0, 4, x.data());
      expect_close(logits(programmed), torch.logits(x.data(), 4));
    }
}

TEST_F(AnalogBias, HoldsTheShiftOfAFoldedBatchNorm) {
  NoiseSettings folded;
  folded.semantics = Semantics::folded;
  test::Chip chip(resnet("resnet8", "he"), test::random_weights(resnet("resnet8", "he")), folded,
                  0.1, "", mapping, "cpu", set);
  const auto wanted = logits(chip.network.load_ideal());
  for (const MappedLayer& layer : chip.network.layers()) EXPECT_EQ(layer.geometry().bias_rows, 1);
  const auto shift = [](const LoadedNetwork& loaded) {
    return loaded.effective_weights().at("layer1.0.bn1.bias").values;
  };
  LoadedNetwork& exact = chip.network.load_noise_free();
  expect_close(logits(exact), wanted);
  const auto exact_shift = shift(exact);
  EXPECT_NE(shift(chip.network.program(kSeed, 0)), exact_shift);
}

TEST_F(AnalogBias, TakesTheRangesOfAnotherNetwork) {
  test::Chip first = chip_of();
  AnalogNetwork second({graph, weights, mapping, {}, {}, test::awgn(0.1)}, *first.backend,
                       first.network.calibration());
  EXPECT_EQ(logits(second.program(kSeed, 3)), logits(first.network.program(kSeed, 3)));
}

TEST_F(AnalogBias, LeavesBatchNormAsTrainedOnAChipWithoutError) {
  test::Chip chip = chip_of();
  AnalogNetwork following(chip.network.mapped(), *chip.backend, chip.network.calibration(),
                          BatchNormImages(set, {}, 20));
  expect_close(logits(following.load_noise_free()), logits(chip.network.load_ideal()));
}

TEST_F(AnalogBias, IsExactInSparedColumns) {
  const std::string norm = "layer1.0.bn1", layer = "layer1.0.conv1";
  Weights with_dead = weights;
  with_dead.at(norm + ".running_var").values[2] = 1e-9f;
  NoiseSettings noise;
  noise.spare_dead_filters = true;
  test::Chip chip(graph, with_dead, noise, 0.1, "", mapping, "cpu", set);
  const auto& wanted = weights.at(layer + ".bias").values;
  const auto got = chip.network.program(kSeed, 0).effective_weights().at(layer + ".bias").values;
  for (std::size_t n = 0; n < got.size(); ++n)
    EXPECT_EQ(std::abs(got[n] - wanted[n]) < 1e-6, n == 2) << n;
}

TEST_F(AnalogBias, IsDrivenThroughConvertersLikeAnyInput) {
  // 14 bits: steps of 1e-4 of full scale in each of 9 layers.
  Periphery periphery;
  periphery.dac = Dac{.bits = 14};
  periphery.adc = Adc{.bits = 14, .percentile = 100};
  const auto backend = make_backend("cpu");
  AnalogNetwork network = test::calibrated(
      {graph, weights, mapping, {}, periphery, test::awgn(0.1)}, *backend, set, 20);
  const auto wanted = logits(network.load_ideal());
  const auto got = logits(network.load_noise_free());
  double error = 0, size = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += std::pow(got[i] - wanted[i], 2);
    size += std::pow(wanted[i], 2);
  }
  EXPECT_LT(std::sqrt(error / size), 1e-3);
}

// Images of class 0 are dark: the first ten say nothing of those of class 1.
TEST(Calibration, SeesEveryClassOfSamplesThatLieClassByClass) {
  const Graph graph = resnet("resnet8", "keras_v1");
  const Weights weights = test::random_weights(graph);
  ImageSet sorted = random_image_set(20);
  std::fill_n(sorted.pixels.begin(), 10 * ImageSet::kPixels, std::uint8_t{0});
  for (std::size_t i = 0; i < 20; ++i) sorted.labels[i] = i < 10 ? 0 : 1;
  Periphery periphery;
  periphery.dac = Dac{.bits = 8};
  const auto ranges = [&](const ImageSet& set, std::int64_t images) {
    const auto backend = make_backend("cpu");
    const MappedNetwork mapped(graph, weights, tiles_of(64), {}, periphery, test::awgn(0.1));
    return calibrate(mapped, *backend, set, {}, images).front().input;
  };
  EXPECT_GT(ranges(sorted, 10), 0.9);
  sorted.labels[19] = 0;  // no longer class by class: the first ten
  EXPECT_LT(ranges(sorted, 10), 0.1);
}

TEST_F(AnalogBias, DrivesItsRowFullyInTheCost) {
  Periphery periphery;
  periphery.dac = Dac{.bits = 4, .slice_bits = 1};
  const auto backend = make_backend("cpu");
  AnalogNetwork network = test::calibrated(
      {graph, weights, mapping, {}, periphery, test::awgn(0.1)}, *backend, set, 20);
  const auto drives = network.row_drives(set, {}, 20);
  for (std::size_t i = 0; i < drives.size(); ++i) {
    ASSERT_EQ(std::ssize(drives[i]), network.layers()[i].geometry().rows());
    EXPECT_DOUBLE_EQ(drives[i].back(), 1.0);
  }
}

TEST_F(AnalogBias, IsNotPerturbedInDigitalMemoryToo) {
  NoiseSettings noise;
  noise.semantics = Semantics::trainable;
  EXPECT_THROW(chip_of(noise), ConfigError);
}

TEST(AnalogNetwork, CorrectMeansTheLabelHasTheLargestLogit) {
  const Graph graph = resnet("resnet8", "he");
  const Weights weights = test::random_weights(graph);
  test::Chip chip(graph, weights, {}, 0.1, "", {}, "cpu");
  const ImageSet set = random_image_set(30);
  std::vector<float> x(30 * ImageSet::kPixels);
  normalized_batch(set, {}, 0, 30, x.data());
  const auto logits = TorchNetwork(graph, weights, "cpu").logits(x.data(), 30);
  const Predictions got = chip.network.load_ideal().evaluate(set, {}, 0, 30, 30);
  int right = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(10 * i);
    const bool correct = std::max_element(row, row + 10) - row == set.labels[i];
    EXPECT_EQ(got.scores[i].part, correct);
    right += correct;
  }
  EXPECT_DOUBLE_EQ(got.accuracy(), right / 30.0);
}

TEST(PredictedClass, IsTheFirstLargestAndZeroForNan) {
  const float nan = std::nanf("");
  EXPECT_EQ(predicted_class(std::vector<float>{0, 3, 3}.data(), 3), 1);
  EXPECT_EQ(predicted_class(std::vector<float>{nan, nan, nan}.data(), 3), 0);
}

/// Mean and std of the noise of one layer against eta * sigma_w: standard errors are
/// eta sigma_w / sqrt(n) and eta sigma_w / sqrt(2n). Bounds of 5 of them on 2 numbers of each of 22
/// layers of ResNet-20: false alarm 3e-5 per form.
void expect_paper_noise(const std::string& form) {
  MappingSettings mapping;
  mapping.form = form == "one_sided" ? DifferentialForm::one_sided : DifferentialForm::two_sided;
  const Graph graph = resnet("resnet20", "keras_v1");
  const Weights weights = test::random_weights(graph);
  test::Chip chip(graph, weights, {}, 0.1, "clip = 'none'", mapping, "cpu");
  const auto layers = chip.network.measure_noise(kSeed, 0);
  ASSERT_EQ(layers.size(), 22u);
  for (const LayerNoise& layer : layers) {
    const double n = static_cast<double>(layer.weights), sigma = 0.1 * layer.sigma_w;
    EXPECT_NEAR(layer.std, sigma, 5 * sigma / std::sqrt(2 * n)) << layer.layer;
    EXPECT_NEAR(layer.bias, 0, 5 * sigma / std::sqrt(n)) << layer.layer;
    EXPECT_NEAR(layer.signed_bias, 0, 5 * sigma / std::sqrt(n)) << layer.layer;
  }
}

TEST(WeightNoise, OfOneSidedCellsIsEtaSigmaWithoutBias) { expect_paper_noise("one_sided"); }
TEST(WeightNoise, OfTwoSidedCellsIsEtaSigmaWithoutBias) { expect_paper_noise("two_sided"); }

TEST(WeightNoise, OfClippedOneSidedCellsPullsTowardsZero) {
  // A device that idles at 0 keeps only the upper half of its noise. In units of eta sigma_w =
  // sqrt(2) s sigma_G a weight far from 0 gets bias -0.399/sqrt(2) sign(w) and std 1.158/sqrt(2).
  // At eta 1 % at most 2 % of normal weights lie within 3 sigma_G of 0 and see less; the largest
  // layers (36,864 weights) add standard errors of 0.004 to both, of which five are allowed.
  const Graph graph = resnet("resnet20", "keras_v1");
  test::Chip chip(graph, test::random_weights(graph), {}, 0.01, "g_min_S = 0.0\nclip = 'positive'",
                  {}, "cpu");
  int checked = 0;
  for (const LayerNoise& layer : chip.network.measure_noise(kSeed, 0)) {
    if (layer.weights < 36864) continue;
    ++checked;
    const double sigma = 0.01 * layer.sigma_w;
    EXPECT_NEAR(layer.signed_bias / sigma, -0.399 / std::sqrt(2), 0.026) << layer.layer;
    EXPECT_NEAR(layer.std / sigma, 1.158 / std::sqrt(2), 0.036) << layer.layer;
  }
  EXPECT_EQ(checked, 5);
}

}  // namespace
}  // namespace ohmic
