// Seed 11. One factor per draw or tile needs many draws: bounds are five standard errors (false
// alarm 6e-7 each).
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::Moments;
using test::moments;
using test::sample;

const CellLayout kLayout{128, 96, 64, 32};
constexpr double kTarget_S = 10e-6;

// One layer of devices, as factors about 1.
std::vector<double> factors(const DeviceModel& device, std::uint64_t draw, std::uint16_t layer = 2,
                            std::uint8_t role = 0, int columns = 96,
                            const CellLayout& layout = kLayout) {
  const DeviceBlock block{noise_key(11, draw), layer, role, 0, nullptr, &layout};
  auto G_S = sample(device, std::vector<double>(128 * static_cast<std::size_t>(columns), kTarget_S),
                    0, block)
                 .G_S;
  for (double& G : G_S) G = G / kTarget_S - 1;
  return G_S;
}

double at(const std::vector<double>& layer, int row, int column) {
  return layer[static_cast<std::size_t>(column * 128 + row)];
}

TEST(Variation, GivesAWholeChipOneFactor) {
  const auto device = make_device("model = \"variation\"\ndie_std = 0.1");
  std::vector<double> chips;
  for (std::uint64_t draw = 0; draw < 2000; ++draw) {
    const auto layer = factors(*device, draw);
    chips.push_back(layer[0]);
    if (draw > 3) continue;
    for (const double x : layer) ASSERT_EQ(x, layer[0]);
    ASSERT_EQ(factors(*device, draw, 7, 1)[500], layer[0]);
  }
  const Moments m = moments(chips);
  EXPECT_NEAR(m.mean, 0, 5 * m.mean_error());
  EXPECT_NEAR(m.std, 0.1, 5 * m.std_error);
}

TEST(Variation, GivesEachTileAFactorOfItsOwn) {
  const auto device = make_device("model = \"variation\"\ntile_std = 0.1");
  std::vector<double> first, product;
  for (std::uint64_t draw = 0; draw < 2000; ++draw) {
    const auto layer = factors(*device, draw);
    first.push_back(at(layer, 0, 0));
    product.push_back(at(layer, 0, 0) * at(layer, 64, 0));
    ASSERT_EQ(at(layer, 63, 31), at(layer, 0, 0));
    ASSERT_NE(at(layer, 63, 32), at(layer, 0, 0));
  }
  EXPECT_NEAR(moments(first).std, 0.1, 5 * moments(first).std_error);
  EXPECT_NEAR(moments(product).mean, 0, 5 * moments(product).mean_error());
}

// Two groups of 48 columns: tiles 32 and 16 wide in each.
TEST(Variation, GivesGroupsOfAConvolutionTilesOfTheirOwn) {
  const auto device = make_device("model = \"variation\"\ntile_std = 0.1");
  CellLayout layout = kLayout;
  layout.groups = 2;
  const auto layer = factors(*device, 0, 2, 0, 96, layout);
  const auto column = [&](int n) { return at(layer, 0, n); };
  for (const auto& [first, last] : {std::pair{0, 31}, {32, 47}, {48, 79}, {80, 95}})
    for (int n = first; n <= last; ++n) EXPECT_EQ(column(n), column(first)) << n;
  for (const int first : {32, 48, 80}) EXPECT_NE(column(first), column(first - 1)) << first;
}

// Correlation exp(-d^2/(2 L^2)) at distances along a row, a column and the diagonal, over 4000
// draws.
TEST(Variation, CorrelatesNeighboursAsStated) {
  const auto device =
      make_device("model = \"variation\"\nspatial_std = 0.1\ncorrelation_cells = 8.0");
  struct Pair {
    int row, column, row2, column2;
  };
  const Pair pairs[] = {{5, 7, 5, 7},   {5, 7, 13, 7},   {5, 7, 5, 15},
                        {5, 7, 13, 15}, {20, 3, 20, 19}, {30, 10, 60, 30}};
  std::vector<double> sums[std::size(pairs)];
  for (std::uint64_t draw = 0; draw < 2000; ++draw) {
    const auto layer = factors(*device, draw, 2, 0, 32);
    for (std::size_t p = 0; p < std::size(pairs); ++p)
      sums[p].push_back(at(layer, pairs[p].row, pairs[p].column) *
                        at(layer, pairs[p].row2, pairs[p].column2) / 0.01);
  }
  for (std::size_t p = 0; p < std::size(pairs); ++p) {
    const double dr = pairs[p].row - pairs[p].row2, dc = pairs[p].column - pairs[p].column2;
    const Moments m = moments(sums[p]);
    EXPECT_NEAR(m.mean, std::exp(-(dr * dr + dc * dc) / (2 * 64)), 5 * m.mean_error() + 0.02);
  }
}

TEST(Variation, DoesNotDependOnHowDevicesAreSplitIntoBlocks) {
  const auto device = make_device(
      "model = \"variation\"\ndie_std = 0.1\ntile_std = 0.1\nspatial_std = 0.1\n"
      "correlation_cells = 8.0");
  const auto whole = factors(*device, 0);
  for (const std::size_t first : {0u, 1u, 63u, 64u, 777u, 5000u}) {
    const DeviceBlock block{noise_key(11, 0), 2, 0, first, nullptr, &kLayout};
    const auto part = sample(*device, std::vector<double>(257, kTarget_S), 0, block).G_S;
    for (std::size_t i = 0; i < part.size(); ++i)
      ASSERT_EQ(part[i] / kTarget_S - 1, whole[first + i]) << first + i;
  }
}

}  // namespace
}  // namespace ohmic
