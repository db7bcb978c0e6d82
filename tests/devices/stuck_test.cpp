// Key (11, 0), 2^16 devices; the count of each kind is binomial, bounds are five of its stds (false
// alarm 6e-7 each).
#include <algorithm>

#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::sample;

constexpr double kTarget_S = 10e-6;
const std::string kRates =
    "model = \"stuck\"\ng_min_S = 1e-6\nmin_rate = 0.02\nmax_rate = 0.01\nopen_rate = 0.005\n"
    "short_rate = 0.001\n";

std::size_t count(const std::vector<double>& G_S, double value_S) {
  return static_cast<std::size_t>(std::count(G_S.begin(), G_S.end(), value_S));
}

TEST(Stuck, FailsDevicesAtTheirRates) {
  const double n = 65536;
  const auto G_S = sample(*make_device(kRates), kTarget_S, 0, 65536).G_S;
  const std::pair<double, double> kinds[] = {
      {1e-6, 0.02}, {25e-6, 0.01}, {0, 0.005}, {1e-3, 0.001}};
  for (const auto& [value_S, rate] : kinds)
    EXPECT_NEAR(static_cast<double>(count(G_S, value_S)), n * rate, 5 * std::sqrt(n * rate));
  EXPECT_NEAR(static_cast<double>(count(G_S, kTarget_S)), n * 0.964, 5 * std::sqrt(n * 0.036));
}

TEST(Stuck, FailsExactlyItsShareWhenAsked) {
  const auto device = make_device(kRates + "count = \"exact\"");
  const CellLayout layout{100, 50, 64, 64};
  const DeviceBlock block{noise_key(11, 0), 2, 0, 0, nullptr, &layout};
  const auto G_S = sample(*device, std::vector<double>(5000, kTarget_S), 0, block).G_S;
  EXPECT_EQ(count(G_S, 1e-6), 100u);
  EXPECT_EQ(count(G_S, 25e-6), 50u);
  EXPECT_EQ(count(G_S, 0), 25u);
  EXPECT_EQ(count(G_S, 1e-3), 5u);
  DeviceBlock tail = block;
  tail.first = 1234;
  const auto part = sample(*device, std::vector<double>(500, kTarget_S), 0, tail).G_S;
  EXPECT_TRUE(std::equal(part.begin(), part.end(), G_S.begin() + 1234));
}

TEST(Stuck, FailsTheCellsOfAMap) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("map.csv",
                   "# broken row 3\nlayer, role, row, column, state\n2, 0, 3, 0, min\n"
                   "2, 0, 3, 1, short\n2, 1, 3, 2, max\n5, 0, 0, 0, open\n");
  const auto device = make_device("model = \"stuck\"\nmap = \"" + file + "\"");
  const CellLayout layout{10, 4, 0, 0};
  const DeviceBlock block{noise_key(11, 0), 2, 0, 0, nullptr, &layout};
  const auto G_S = sample(*device, std::vector<double>(40, kTarget_S), 0, block).G_S;
  EXPECT_EQ(G_S[3], 0.0);
  EXPECT_EQ(G_S[13], 1e-3);
  EXPECT_EQ(count(G_S, kTarget_S), 38u);
}

TEST(Stuck, NamesTheLineOfAMapThatItCannotRead) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("map.csv", "layer, role, row, column, state\n2, 0, 3, 0, stuck\n");
  EXPECT_EQ(test::error_of([&] { make_device("model = \"stuck\"\nmap = \"" + file + "\""); }),
            file + ":2: state: expected min, max, open or short, got \"stuck\"");
}

TEST(Stuck, RefusesRatesBeyondOne) {
  EXPECT_THROW(make_device("model = \"stuck\"\nmin_rate = 0.6\nmax_rate = 0.6"), ConfigError);
}

}  // namespace
}  // namespace ohmic
