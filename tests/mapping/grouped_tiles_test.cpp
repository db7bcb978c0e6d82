// Every group of a convolution has arrays of its own: factors that a tile shares are those of one
// group. Expectations are loops over groups and their tiles, written out here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mapping/mapped_layer.hpp"
#include "simulator/backend.hpp"
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::make_device;

const NoiseKey kKey = noise_key(5, 0);

// 3 groups of 5 columns and 6 rows, in tiles of 4 x 3: per group 2 x 2, of which two are narrow.
constexpr int kGroups = 3, kPerGroup = 5, kRows = 6, kColumns = 15;
constexpr TileShape kTile{4, 3};

ConvGeometry grouped() {
  ConvGeometry g;
  g.in_channels = kGroups * kRows;
  g.out_channels = kColumns;
  g.groups = kGroups;
  return g;
}

/// Groups of very different sizes.
std::vector<float> weights() {
  std::vector<float> w(kRows * kColumns);
  fill_normals(noise_key(5, 99), {Stream::initialization}, 0, std::span(w));
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] *= std::pow(10.0f, static_cast<float>(i / (kRows * kPerGroup)));
  return w;
}

MappedLayer mapped(const std::vector<float>& w, ScaleGroup scale, Compensation compensation) {
  MappingSettings s;
  s.tile = kTile;
  s.weight_scale = scale;
  s.compensation = compensation;
  return {"grouped", 3, grouped(), w, s, 0, 25e-6};
}

/// The cells of each tile: of group g, rows from 4 r on, columns from 3 c of the group on.
std::vector<std::vector<std::size_t>> cells_by_tile() {
  std::vector<std::vector<std::size_t>> tiles;
  for (int g = 0; g < kGroups; ++g)
    for (int top = 0; top < kRows; top += 4)
      for (int left = 0; left < kPerGroup; left += 3) {
        tiles.emplace_back();
        for (int n = left; n < std::min(left + 3, kPerGroup); ++n)
          for (int k = top; k < std::min(top + 4, kRows); ++k)
            tiles.back().push_back(static_cast<std::size_t>((g * kPerGroup + n) * kRows + k));
      }
  return tiles;
}

TEST(GroupedTiles, HaveWeightScalesOfTheirOwn) {
  const std::vector<float> w = weights();
  const MappedLayer layer = mapped(w, ScaleGroup::tile, Compensation::none);
  std::vector<double> plus(w.size()), minus(w.size());
  layer.target_S(0, 0, plus);
  layer.target_S(1, 0, minus);
  for (const auto& cells : cells_by_tile()) {
    float largest = 0;
    for (const std::size_t i : cells) largest = std::max(largest, std::abs(w[i]));
    for (const std::size_t i : cells)
      EXPECT_NEAR(plus[i] - minus[i], 25e-6 * double{w[i]} / double{largest}, 1e-12) << i;
  }
}

/// Of devices that forget each at a speed of its own: what each tile's devices answered right after
/// programming over what they answer now.
std::vector<double> expected_weights(const std::vector<float>& w, const std::string& device) {
  const MappedLayer plain = mapped(w, ScaleGroup::layer, Compensation::none);
  const auto old = make_device(device + "time_s = 1e6\n"), fresh = make_device(device);
  std::vector<double> now(w.size()), then(w.size());
  for (const int role : {0, 1}) {
    const auto a = plain.programmed_S(role, *old, kKey), b = plain.programmed_S(role, *fresh, kKey);
    for (std::size_t i = 0; i < w.size(); ++i) {
      now[i] += (role == 0 ? 1 : -1) * a[i];
      then[i] += (role == 0 ? 1 : -1) * b[i];
    }
  }
  const double weight_per_S = plain.scale().w_max / 25e-6;
  std::vector<double> expected(w.size());
  for (const auto& cells : cells_by_tile()) {
    double before = 0, after = 0;
    for (const std::size_t i : cells) before += std::abs(then[i]), after += std::abs(now[i]);
    for (const std::size_t i : cells) expected[i] = weight_per_S * now[i] * before / after;
  }
  return expected;
}

TEST(GroupedTiles, AreCompensatedByThemselvesOnEveryBackend) {
  const std::vector<float> w = weights();
  const std::string device = "model = \"pcm\"\n";
  const std::vector<double> expected = expected_weights(w, device);
  Periphery quiet;
  quiet.read_noise = false;
  const LayerOnTiles programmed =
      mapped(w, ScaleGroup::layer, Compensation::tile)
          .program(*make_device(device + "time_s = 1e6\n"), kKey, quiet);
  std::vector<float> x(kGroups * kRows);
  fill_normals(noise_key(5, 98), {Stream::initialization}, 0, std::span(x));
  const Epilogue plain{std::vector<float>(kColumns, 1.0f), std::vector<float>(kColumns, 0.0f),
                       false};
  for (const char* backend : {"reference", "cpu"}) {
    std::vector<float> y(kColumns);
    Tally tally;
    make_backend(backend)
        ->load(programmed, plain, nullptr)
        ->forward(x.data(), 1, 0, nullptr, y.data(), tally);
    for (int n = 0; n < kColumns; ++n) {
      double sum = 0, size = 0;
      for (int k = 0; k < kRows; ++k) {
        const double term = expected[static_cast<std::size_t>(n * kRows + k)] *
                            double{x[static_cast<std::size_t>(n / kPerGroup * kRows + k)]};
        sum += term;
        size += std::abs(term);
      }
      EXPECT_NEAR(y[static_cast<std::size_t>(n)], sum, 1e-5 * size) << backend << " " << n;
    }
  }
}

}  // namespace
}  // namespace ohmic
