// Weights on devices and back. Statistical tests use seed 5 and one draw of a 256 x 512 layer
// (131,072 weights); bounds are five standard errors (false alarm 6e-7 each).
#include "mapping/mapped_layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::Moments;
using test::moments;

const NoiseKey kKey = noise_key(5, 0);
constexpr int kRows = 256, kColumns = 512;

ConvGeometry dense(int rows, int columns) {
  ConvGeometry g;
  g.in_channels = rows;
  g.out_channels = columns;
  return g;
}

std::vector<float> normal_weights(int rows, int columns, float std = 0.05f) {
  std::vector<float> w(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  fill_normals(noise_key(5, 99), {Stream::initialization}, 0, std::span(w));
  for (float& x : w) x *= std;
  return w;
}

MappingSettings settings(DifferentialForm form, TileShape tile = {256, 256}) {
  MappingSettings s;
  s.form = form;
  s.tile = tile;
  return s;
}

MappedLayer mapped(const std::vector<float>& weights, const MappingSettings& s, int rows = kRows,
                   int columns = kColumns, double g_min_S = 1e-6, double g_max_S = 25e-6) {
  return {"dense", 3, dense(rows, columns), weights, s, g_min_S, g_max_S};
}

std::vector<double> effective(const LayerOnTiles& layer) {
  std::vector<double> w(layer.planes.front().G_S.size());
  for (const Plane& plane : layer.planes)
    for (std::size_t i = 0; i < w.size(); ++i) w[i] += plane.weight_per_S * plane.G_S[i];
  return w;
}

std::vector<double> errors(const MappedLayer& layer, const std::vector<float>& weights,
                           const std::string& device) {
  auto w = effective(layer.program(*make_device(device), kKey, {}));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] -= weights[i];
  return w;
}

// Worked by hand: w_max = 0.5, range 20 uS, so 0.025 weight per uS.
TEST(MappedLayer, OneSidedKeepsTheIdleDeviceAtTheBottom) {
  const std::vector<float> w{0.5f, -0.25f, 0.0f, 0.125f};
  const auto layer = mapped(w, settings(DifferentialForm::one_sided), 2, 2, 5e-6, 25e-6);
  EXPECT_DOUBLE_EQ(layer.scale().weight_per_S, 0.5 / 20e-6);
  EXPECT_DOUBLE_EQ(layer.scale().w_max, 0.5);
  std::vector<double> plus(4), minus(4);
  layer.target_S(0, 0, plus);
  layer.target_S(1, 0, minus);
  const std::vector<double> expected_plus{25e-6, 5e-6, 5e-6, 10e-6};
  const std::vector<double> expected_minus{5e-6, 15e-6, 5e-6, 5e-6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(plus[i], expected_plus[i], 1e-18);
    EXPECT_NEAR(minus[i], expected_minus[i], 1e-18);
  }
}

TEST(MappedLayer, TwoSidedMovesBothAboutMidRange) {
  const std::vector<float> w{0.5f, -0.25f, 0.0f, 0.125f};
  const auto layer = mapped(w, settings(DifferentialForm::two_sided), 2, 2, 5e-6, 25e-6);
  std::vector<double> plus(4), minus(4);
  layer.target_S(0, 0, plus);
  layer.target_S(1, 0, minus);
  const std::vector<double> expected_plus{25e-6, 10e-6, 15e-6, 17.5e-6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(plus[i], expected_plus[i], 1e-18);
    EXPECT_NEAR(minus[i], 30e-6 - expected_plus[i], 1e-18);
  }
}

TEST(MappedLayer, ScalesByTheStdOfAllWeightsAboutTheirMean) {
  const auto layer = mapped({1, 2, 3, 6}, settings(DifferentialForm::one_sided), 2, 2);
  EXPECT_DOUBLE_EQ(layer.scale().sigma_w, std::sqrt(3.5));
}

TEST(MappedLayer, IsTheIdentityWithoutNoise) {
  const auto w = normal_weights(kRows, kColumns);
  for (const auto form : {DifferentialForm::one_sided, DifferentialForm::two_sided})
    for (const char* device : {"model = \"ideal\"", "model = \"awgn\"\neta = 0.0"}) {
      const auto e = errors(mapped(w, settings(form)), w, device);
      for (const double x : e) ASSERT_LT(std::abs(x), 1e-15);
    }
}

TEST(MappedLayer, GetsWeightNoiseOfEtaSigmaWithoutBias) {
  const auto w = normal_weights(kRows, kColumns);
  for (const auto form : {DifferentialForm::one_sided, DifferentialForm::two_sided}) {
    const auto layer = mapped(w, settings(form));
    const Moments m = moments(errors(layer, w, "model = \"awgn\"\neta = 0.1"));
    const double sigma = 0.1 * layer.scale().sigma_w;
    EXPECT_NEAR(m.mean, 0, 5 * m.mean_error());
    EXPECT_NEAR(m.std, sigma, 5 * sigma / std::sqrt(2 * m.n));
  }
}

// Weights far from 0 of a one-sided pair with one device at the clip: bias -0.399 sign(w),
// std 1.158 in units of s sigma_G (mean and std of N(0,1) minus a rectified normal).
TEST(MappedLayer, ClippedIdleDevicesGiveTheirBiasAndStd) {
  std::vector<float> w(static_cast<std::size_t>(kRows) * kColumns);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = i % 2 == 0 ? 0.2f : -0.2f;
  w[0] = 0.4f;
  const auto layer = mapped(w, settings(DifferentialForm::one_sided), kRows, kColumns, 0.0, 25e-6);
  const double unit = layer.scale().weight_per_S * 0.01 * 25e-6;
  for (const char* clip : {"positive", "range"}) {
    const std::string device =
        std::string("model = \"awgn\"\neta = 0.01\nreference = \"g_max\"\nclip = \"") + clip + "\"";
    auto e = errors(layer, w, device);
    for (std::size_t i = 0; i < e.size(); ++i) e[i] *= w[i] < 0 ? -1 : 1;
    const Moments m = moments({e.begin() + 1, e.end()});
    EXPECT_NEAR(m.mean / unit, -1 / std::sqrt(2 * M_PI), 5 * m.mean_error() / unit);
    EXPECT_NEAR(m.std / unit, std::sqrt(1.5 - 0.5 / M_PI), 5 * 1.158 / std::sqrt(2 * m.n) * 1.1);
  }
}

TEST(MappedLayer, NoiseDoesNotDependOnTileShape) {
  const auto w = normal_weights(100, 60);
  const auto device = make_device("model = \"awgn\"\neta = 0.2");
  const auto whole =
      mapped(w, settings(DifferentialForm::one_sided, {0, 0}), 100, 60).program(*device, kKey, {});
  for (const TileShape tile : {TileShape{64, 64}, TileShape{7, 13}, TileShape{256, 256}}) {
    const auto tiled =
        mapped(w, settings(DifferentialForm::one_sided, tile), 100, 60).program(*device, kKey, {});
    EXPECT_EQ(tiled.planes[0].G_S, whole.planes[0].G_S);
  }
}

TEST(MappedLayer, ExportsTheSameBitsThatItComputesWith) {
  const auto w = normal_weights(31, 33);
  const auto device = make_device("model = \"awgn\"\neta = 0.2");
  const auto layer = mapped(w, settings(DifferentialForm::one_sided), 31, 33);
  const auto plus = layer.programmed_S(0, *device, kKey);
  const auto minus = layer.programmed_S(1, *device, kKey);
  const auto plane = layer.program(*device, kKey, {}).planes[0].G_S;
  for (std::size_t i = 0; i < plane.size(); ++i) ASSERT_EQ(plane[i], plus[i] - minus[i]);
}

TEST(MappedLayer, ClipsAndCountsWeightsBeyondThePercentile) {
  std::vector<float> w(101);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i) / 100.0f;
  MappingSettings s;
  s.weight_percentile = 95;
  const auto layer = mapped(w, s, 101, 1);
  EXPECT_NEAR(layer.scale().w_max, 0.95, 1e-7);
  EXPECT_EQ(layer.clipped_weights(), 5);
  const auto got = effective(layer.program(*make_device("model = \"ideal\""), kKey, {}));
  EXPECT_NEAR(got[100], 0.95, 1e-7);
  EXPECT_NEAR(got[40], 0.40, 1e-7);
}

TEST(MappedLayer, MapsALayerOfZeros) {
  const auto layer = mapped({0, 0, 0, 0}, settings(DifferentialForm::one_sided), 2, 2);
  for (const double x :
       effective(layer.program(*make_device("model = \"awgn\"\neta = 0.5"), kKey, {})))
    EXPECT_EQ(x, 0);
}

TEST(MappedLayer, RefusesAWeightThatIsNotFinite) {
  try {
    mapped({0, NAN, 0, 0}, settings(DifferentialForm::one_sided), 2, 2);
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "layer dense: weight 1 is nan; only finite weights can be mapped");
  }
}

TEST(MappedLayer, SparedColumnsAreExactAndTheOthersAsBefore) {
  const std::vector<float> w = normal_weights(33, 5);
  const std::string device = "model = 'awgn'\neta = 0.5\n";
  MappedLayer layer = mapped(w, settings(DifferentialForm::one_sided, {16, 2}), 33, 5);
  const std::vector<double> before = errors(layer, w, device);
  layer.spare({false, true, false, false, true});
  const std::vector<double> after = errors(layer, w, device);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::size_t column = i / 33;
    if (column == 1 || column == 4)
      EXPECT_NEAR(after[i], 0, 1e-8) << i;
    else
      EXPECT_EQ(after[i], before[i]) << i;
  }
}

TEST(MappedLayer, SparedColumnsNeitherDriftNorReadNoisily) {
  const std::vector<float> w = normal_weights(33, 5);
  MappedLayer layer = mapped(w, settings(DifferentialForm::one_sided), 33, 5);
  layer.spare({false, true, false, false, true});
  Periphery periphery;
  periphery.read_noise = true;
  const auto device = make_device("model = 'pcm'\ntime_s = 1e6\n");
  const LayerOnTiles tiles = layer.program(*device, kKey, periphery);
  const std::vector<double> effective_w = effective(tiles);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const bool spared = i / 33 == 1 || i / 33 == 4;
    EXPECT_EQ(std::abs(effective_w[i] - w[i]) < 1e-8, spared) << i;
    EXPECT_EQ(tiles.planes[0].read_variance_S2[i] == 0, spared) << i;
  }
}

TEST(MappedLayer, HoldsBiasesInARowBelowTheKernel) {
  // Bias 0.25 driven by 2: weight 0.125 of w_max 1, 1/8 of g_range 24 uS above g_min 1 uS.
  ConvGeometry g = dense(2, 1);
  g.bias_rows = 1;
  const MappedLayer layer{"dense", 3,    g,     std::vector<float>{0.5f, -1.0f, 0.125f},
                          {},      1e-6, 25e-6, 2.0};
  std::vector<double> target_S(3);
  layer.target_S(0, 0, target_S);
  EXPECT_NEAR(target_S[2], 4e-6, 1e-18);
  EXPECT_DOUBLE_EQ(layer.scale().sigma_w, 0.75) << "of the kernel alone";
  const LayerOnTiles tiles = layer.program(*make_device("model = 'ideal'"), kKey, {});
  EXPECT_EQ(tiles.input_full_scale, 2.0);
  EXPECT_NEAR(tiles.effective_bias()[0], 0.25, 1e-7);
  EXPECT_NEAR(tiles.effective_weights()[1], -1.0, 1e-7);
}

TEST(MappedLayer, CompensationRestoresADriftedBias) {
  // pcm after a year, one factor per column of 255 weights and a bias of the same size.
  ConvGeometry g = dense(255, 20);
  g.bias_rows = 1;
  MappingSettings settings;
  settings.compensation = Compensation::column;
  const std::vector<float> w(256 * 20, 0.5f);
  const auto device = make_device("model = 'pcm'\ntime_s = 3e7\n");
  const auto mean_bias = [&](const MappingSettings& s) {
    const MappedLayer layer("dense", 3, g, w, s, 0, 25e-6, 2.0);
    const auto bias = layer.program(*device, kKey, {}).effective_bias();
    return std::accumulate(bias.begin(), bias.end(), 0.0) / 20;
  };
  EXPECT_LT(mean_bias({}), 0.6);
  EXPECT_NEAR(mean_bias(settings), 1.0, 0.1);
}

}  // namespace
}  // namespace ohmic
