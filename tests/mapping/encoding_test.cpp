// Every encoding from weights to outputs. Statistical tests use seed 5; bounds are five standard
// errors (false alarm 6e-7 each).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mapping/mapped_layer.hpp"
#include "simulator/backend.hpp"
#include "simulator/wires.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/mapping/encodings.hpp"

namespace ohmic {
namespace {

using test::EncodingCase;
using test::encodings;
using test::make_device;
using test::Moments;
using test::moments;

const NoiseKey kKey = noise_key(5, 0);

ConvGeometry dense(int rows, int columns) {
  ConvGeometry g;
  g.in_channels = rows;
  g.out_channels = columns;
  return g;
}

std::vector<float> normals(int n, std::uint64_t event) {
  std::vector<float> w(static_cast<std::size_t>(n));
  fill_normals(noise_key(5, 99), {Stream::initialization, 0, 0, event}, 0, std::span(w));
  return w;
}

class EveryEncoding : public ::testing::TestWithParam<EncodingCase> {
 protected:
  MappedLayer map(const std::vector<float>& w, int rows, int columns,
                  ScaleGroup group = ScaleGroup::layer,
                  Compensation compensation = Compensation::none) const {
    MappingSettings s = GetParam().settings;
    s.weight_scale = group;
    s.compensation = compensation;
    return {"dense", 3, dense(rows, columns), w, s, 1e-6, 25e-6};
  }
  double step() const {
    return GetParam().settings.encoding == Encoding::bit_sliced ? 1.0 / 32767 : 0.0;
  }
};

TEST_P(EveryEncoding, GivesTheWeightsBack) {
  const auto w = normals(100 * 70, 0);
  for (const ScaleGroup group : {ScaleGroup::layer, ScaleGroup::tile, ScaleGroup::column}) {
    const MappedLayer layer = map(w, 100, 70, group);
    const auto got = layer.program(*make_device("model = \"ideal\""), kKey, {}).effective_weights();
    const double half_step = 0.5 * step() * layer.scale().w_max;
    for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(got[i], w[i], half_step * 1.001 + 1e-6);
  }
}

// 25,600 weights; the noise of a physical reference is shared by 32 columns, so that only 100 x 8
// of its draws are independent.
TEST_P(EveryEncoding, GetsWeightNoiseOfEtaSigma) {
  const auto w = normals(100 * 256, 1);
  const MappedLayer layer = map(w, 100, 256);
  const auto exact = layer.program(*make_device("model = \"ideal\""), kKey, {}).effective_weights();
  const auto got =
      layer.program(*make_device("model = \"awgn\"\neta = 0.2"), kKey, {}).effective_weights();
  std::vector<double> error(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) error[i] = double{got[i]} - exact[i];
  const bool shared = GetParam().settings.reference == Reference::physical;
  const double independent = shared ? 800 : static_cast<double>(w.size());
  const double sigma = 0.2 * layer.scale().sigma_w;
  const Moments m = moments(error);
  EXPECT_NEAR(m.mean, 0, 5 * sigma / std::sqrt(independent));
  EXPECT_NEAR(m.std, sigma, 5 * sigma / std::sqrt(2 * independent));
}

// Through converters of 16 bits on every row tile, with each kind of weight scale: y = W x.
TEST_P(EveryEncoding, ComputesThroughConverters) {
  const auto w = normals(100 * 70, 2), x = normals(100, 3);
  Periphery periphery;
  periphery.adc = Adc{};
  periphery.adc->bits = 16;
  periphery.adc->range = AdcRange::max;
  for (const ScaleGroup group : {ScaleGroup::layer, ScaleGroup::tile, ScaleGroup::column})
    for (const char* backend : {"reference", "cpu"}) {
      const auto programmed =
          map(w, 100, 70, group).program(*make_device("model = \"ideal\""), kKey, periphery);
      LayerRanges ranges;
      ranges.input = 4;
      ranges.output.assign(programmed.planes.size() * 2 * 70, 1.0);  // not used by range = max
      const Epilogue plain{std::vector<float>(70, 1.0f), std::vector<float>(70, 0.0f), false};
      std::vector<float> y(70);
      Tally tally;
      make_backend(backend)
          ->load(programmed, plain, &ranges)
          ->forward(x.data(), 1, 0, nullptr, y.data(), tally);
      for (std::size_t n = 0; n < y.size(); ++n) {
        double exact = 0;
        for (std::size_t k = 0; k < 100; ++k) exact += double{w[n * 100 + k]} * x[k];
        ASSERT_NEAR(y[n], exact, 0.3) << backend << " column " << n;
      }
      EXPECT_GT(tally.adc_samples, 0u);
    }
}

// All devices lose the same share: compensation undoes it exactly where nothing is subtracted that
// does not drift.
TEST_P(EveryEncoding, IsCompensatedForUniformDrift) {
  if (GetParam().settings.reference == Reference::ideal &&
      GetParam().settings.encoding == Encoding::offset)
    GTEST_SKIP() << "an ideal reference does not drift with the array";
  if (GetParam().settings.slices == Encoding::offset) GTEST_SKIP() << "an ideal reference";
  const auto w = normals(100 * 70, 4);
  const auto device = make_device("model = \"retention\"\nnu = 0.05\ntime_s = 3600.0");
  for (const Compensation how : {Compensation::tile, Compensation::column}) {
    const auto got = map(w, 100, 70, ScaleGroup::column, how).program(*device, kKey, {});
    const auto weights = got.effective_weights();
    for (std::size_t i = 0; i < w.size(); ++i)
      ASSERT_NEAR(weights[i], w[i], 0.51 * step() * 5 + 2e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryEncoding, ::testing::ValuesIn(encodings()),
                         [](const auto& info) { return std::string(info.param.name); });

// 1 day of PCM: the mean loss of conductance is undone, the spread between devices is not.
TEST(Compensation, RestoresTheMeanOfDriftedPcm) {
  const auto w = normals(100 * 70, 5);
  const auto device = make_device("model = \"pcm\"\ntime_s = 86400.0");
  const auto slope = [&](Compensation how) {
    MappingSettings s;
    s.tile = {64, 32};
    s.compensation = how;
    const auto got = MappedLayer("dense", 3, dense(100, 70), w, s, 0, 25e-6)
                         .program(*device, kKey, {})
                         .effective_weights();
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      sum += double{got[i]} * w[i];
      squares += double{w[i]} * w[i];
    }
    return sum / squares;
  };
  EXPECT_LT(slope(Compensation::none), 0.7);
  EXPECT_NEAR(slope(Compensation::tile), 1, 0.03);
  EXPECT_NEAR(slope(Compensation::column), 1, 0.03);
}

// Factors that were read at an age stay: what was lost since then is lost, and younger chips have
// none. Devices that all drift alike as t^-nu: of an hour's factors a day leaves (86400/3600)^-nu.
TEST(Compensation, KeepsTheFactorsOfTheAgeAtWhichTheyWereRead) {
  const auto w = normals(100 * 70, 6);
  constexpr double kNu = 0.05;
  const auto weights = [&](double age_s, std::optional<double> read_s, Compensation how) {
    MappingSettings s;
    s.tile = {64, 32};
    s.compensation = how;
    s.compensation_s = read_s;
    const auto device = make_device("model = \"retention\"\nnu = " + std::to_string(kNu) +
                                    "\ntime_s = " + std::to_string(age_s));
    return MappedLayer("dense", 3, dense(100, 70), w, s, 0, 25e-6)
        .program(*device, kKey, {})
        .effective_weights();
  };
  for (const Compensation how : {Compensation::tile, Compensation::column}) {
    const auto anew = weights(86400, {}, how), old = weights(86400, 3600, how),
               none = weights(60, {}, Compensation::none), young = weights(60, 3600, how),
               same = weights(3600, 3600, how), now = weights(3600, {}, how);
    for (std::size_t i = 0; i < w.size(); ++i) {
      ASSERT_NEAR(old[i], anew[i] * std::pow(24.0, -kNu), 1e-5) << i;
      ASSERT_EQ(young[i], none[i]) << i;
      ASSERT_EQ(same[i], now[i]) << i;
    }
  }
}

// Tiles of 2 x 2: rows 0, 1 and 2; columns 0, 1 and 2, each tile with its reference column last.
TEST(PhysicalReference, StandsOnTheWiresOfItsArray) {
  MappingSettings s;
  s.encoding = Encoding::offset;
  s.reference = Reference::physical;
  s.tile = {2, 2};
  Periphery periphery;
  periphery.wires = Wires{100, 200, 50, 30};
  const std::vector<float> w{0.1f, -0.2f, 0.3f, 0.4f, -0.5f, 0.6f, 1.0f, -0.8f, 0.7f};
  const MappedLayer layer("dense", 3, dense(3, 3), w, s, 0, 100e-6);
  const Plane plane =
      layer.program(*make_device("model = \"ideal\"\ng_max_S = 100e-6"), kKey, periphery)
          .planes.at(0);
  const auto G = [&](int k, int n) { return (0.5 + 0.5 * double{w[n * 3 + k]}) * 100e-6; };
  const auto expect_tile = [&](std::vector<int> rows, std::vector<int> columns) {
    std::vector<double> tile;
    for (const int n : columns)
      for (const int k : rows) tile.push_back(G(k, n));
    tile.insert(tile.end(), rows.size(), 50e-6);
    const auto R = rows.size();
    wired_effective_S(static_cast<int>(R), static_cast<int>(columns.size()) + 1, tile,
                      *periphery.wires, tile);
    for (std::size_t c = 0; c < columns.size(); ++c)
      for (std::size_t r = 0; r < R; ++r)
        EXPECT_NEAR(plane.G_S[static_cast<std::size_t>(columns[c] * 3 + rows[r])],
                    tile[c * R + r] - tile[columns.size() * R + r], 1e-15);
  };
  expect_tile({0, 1}, {0, 1});
  expect_tile({2}, {0, 1});
  expect_tile({0, 1}, {2});
  expect_tile({2}, {2});
}

TEST(PhysicalReference, RefusesWiresOfAGroupedLayer) {
  ConvGeometry g = dense(4, 2);
  g.groups = 2;
  Periphery periphery;
  periphery.wires = Wires{};
  const MappedLayer layer("depthwise", 3, g, std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f}, {}, 0,
                          25e-6);
  EXPECT_THROW(layer.program(*make_device("model = \"ideal\""), kKey, periphery), UnsupportedError);
}

// A weight scale per column makes small columns as large as the range: less noise in them.
TEST(WeightScale, PerColumnWeakensNoiseInSmallColumns) {
  auto w = normals(64 * 32, 6);
  for (std::size_t i = 0; i < 64; ++i) w[i] *= 0.01f;
  const auto device = make_device("model = \"awgn\"\neta = 0.01\nreference = \"g_max\"");
  const auto noise = [&](ScaleGroup group) {
    MappingSettings s;
    s.weight_scale = group;
    const MappedLayer layer("dense", 3, dense(64, 32), w, s, 0, 25e-6);
    const auto got = layer.program(*device, kKey, {}).effective_weights();
    std::vector<double> error(64);
    for (std::size_t i = 0; i < 64; ++i) error[i] = double{got[i]} - w[i];
    return moments(error).std;
  };
  EXPECT_LT(noise(ScaleGroup::column), 0.02 * noise(ScaleGroup::layer));
}

}  // namespace
}  // namespace ohmic
