// Denoised weights: seed 5, draw 0 of a layer of 256 x 512 normal weights (131,072; the mean of
// their squared errors is known to 0.4 %, bounds are five times that).
#include "mapping/denoise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "mapping/mapped_layer.hpp"
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

constexpr int kRows = 256, kColumns = 512;
constexpr double kSigma_w = 0.05, kMean = 0.02, kEta = 0.6;

std::vector<float> normal_weights(double mean) {
  std::vector<float> w(std::size_t{kRows} * kColumns);
  fill_normals(noise_key(5, 99), {Stream::initialization}, 0, std::span(w));
  for (float& x : w) x = static_cast<float>(mean + kSigma_w * x);
  return w;
}

struct Layer {
  std::vector<float> w;
  std::shared_ptr<const DeviceModel> device = test::make_device("model = \"awgn\"\neta = 0.6\n");

  std::vector<float> held(const MappingSettings& s) const {
    ConvGeometry g;
    g.in_channels = kRows;
    g.out_channels = kColumns;
    const MappedLayer layer("dense", 3, g, w, s, device->g_min_S, device->g_max_S);
    return layer.program_product(*device, noise_key(5, 0), {}).weights;
  }
  std::vector<float> denoised(double lambda, double beta) const {
    MappingSettings s;
    s.denoise = DenoiseSettings{lambda, beta};
    return held(s);
  }
  double squared_error(const std::vector<float>& held) const {
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += std::pow(double{held[i]} - w[i], 2);
    return sum / static_cast<double>(w.size());
  }
};

TEST(Denoise, IsTheFormulaOfWhatDevicesHold) {
  const Layer layer{normal_weights(kMean)};
  const std::vector<float> r = layer.held({}), w = layer.denoised(0.3, 4);
  double sum = 0, squares = 0;
  for (const double x : layer.w) {
    sum += x;
    squares += x * x;
  }
  const double n = static_cast<double>(r.size()), variance_w = squares / n - sum * sum / (n * n);
  const double e2 = layer.squared_error(r) / variance_w;
  EXPECT_NEAR(e2, kEta * kEta, 0.02 * kEta * kEta);
  for (std::size_t i = 0; i < r.size(); ++i)
    EXPECT_NEAR(w[i], (r[i] + variance_w * 4 * e2) / (1 + 0.7 * e2), 1e-6);
}

TEST(Denoise, ChangesNothingAtMaximumLikelihood) {
  const Layer layer{normal_weights(kMean)};
  EXPECT_EQ(layer.denoised(1, 0), layer.held({}));
}

// Of normal weights the posterior mean has least error, e^2 / (1 + e^2) of sigma_w^2.
TEST(Denoise, HasTheErrorOfThePosteriorMean) {
  const double least = kSigma_w * kSigma_w * kEta * kEta / (1 + kEta * kEta);
  const Layer centred{normal_weights(0)}, shifted{normal_weights(kMean)};
  const double beta = kMean / (kSigma_w * kSigma_w);
  EXPECT_NEAR(centred.squared_error(centred.denoised(0, 0)) / least, 1, 0.02);
  EXPECT_NEAR(shifted.squared_error(shifted.denoised(0, beta)) / least, 1, 0.02);
  EXPECT_GT(shifted.squared_error(shifted.denoised(0, 0)) / least, 1.03);
  for (const double lambda : {-0.5, 0.5})
    EXPECT_GT(centred.squared_error(centred.denoised(lambda, 0)) / least, 1.01) << lambda;
}

TEST(Denoise, ReachesTheBiasRowAndLeavesItsMeanAlone) {
  Layer layer{normal_weights(kMean)};
  ConvGeometry g;
  g.in_channels = kRows - 1;
  g.bias_rows = 1;
  g.out_channels = kColumns;
  const auto held = [&](std::optional<DenoiseSettings> denoise) {
    MappingSettings s;
    s.tile = {100, 60};
    s.denoise = denoise;
    const MappedLayer mapped("dense", 3, g, layer.w, s, layer.device->g_min_S,
                             layer.device->g_max_S, 2.0);
    return mapped.program_product(*layer.device, noise_key(5, 0), {});
  };
  const auto r = held({}), w = held(DenoiseSettings{0, 50});
  const double factor = w.bias[0] / r.bias[0], added = w.weights[0] - factor * r.weights[0];
  EXPECT_NEAR(factor, 1 / (1 + kEta * kEta), 0.01);
  EXPECT_NEAR(added, 50 * kSigma_w * kSigma_w * kEta * kEta * factor, 0.001);
  for (std::size_t n = 0; n < r.bias.size(); ++n) EXPECT_NEAR(w.bias[n], factor * r.bias[n], 1e-6);
  for (std::size_t i = 0; i < r.weights.size(); ++i)
    EXPECT_NEAR(w.weights[i], factor * r.weights[i] + added, 1e-6);
}

TEST(Denoise, IsLeftToTheHost) {
  const Layer layer{normal_weights(0)};
  ConvGeometry g;
  g.in_channels = kRows;
  g.out_channels = kColumns;
  MappingSettings s;
  s.denoise = DenoiseSettings{};
  const auto& device = *layer.device;
  const MappedLayer mapped("dense", 3, g, layer.w, s, device.g_min_S, device.g_max_S);
  EXPECT_FALSE(mapped.plan(device, {}).has_value());
}

}  // namespace
}  // namespace ohmic
