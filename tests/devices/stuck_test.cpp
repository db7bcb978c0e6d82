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

TEST(Stuck, RefusesTwoStatesForOneDevice) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("map.csv",
                   "layer, role, row, column, state\n2, 0, 3, 0, min\n2, 0, 3, 0, min\n"
                   "2, 0, 3, 0, max\n");
  EXPECT_EQ(test::error_of([&] { make_device("model = \"stuck\"\nmap = \"" + file + "\""); }),
            file + ":4: line 2 gives another state for this device");
}

TEST(Stuck, NamesEveryLineOfAMapThatNamesNothing) {
  const test::TemporaryFolder folder;
  const std::vector<LayerCells> layers{{"conv1", 36, {4, 4}}, {"linear", 8, {10, 2}}};
  const auto said = [&](const std::string& rows) {
    const std::string file = folder.write("map.csv", "layer,role,row,column,state\n" + rows);
    const std::string stuck = "model = \"stuck\"\nmap = \"" + file + "\"";
    std::string text = test::error_of([&] { make_device(stuck)->check_cells(layers); });
    EXPECT_EQ(test::error_of([&] {
                make_device("model = \"stack\"\n[[models]]\n" + stuck)->check_cells(layers);
              }),
              text);
    for (auto at = text.find(file); at != std::string::npos; at = text.find(file))
      text.erase(at, file.size());
    return text;
  };
  EXPECT_EQ(said("0,0,36,0,max\n0,0,0,4,max\n99,0,0,0,max\n0,2,0,0,max\n1,1,7,1,min\n"),
            ":2: row 36: layer 0 (conv1) has rows 0 to 35\n"
            ":3: column 4: layer 0 (conv1) has columns 0 to 3\n"
            ":4: layer 99: the network has layers 0 to 1\n"
            ":5: role 2: layer 0 (conv1) has roles 0 to 1");
  EXPECT_EQ(said("1,1,7,2,max\n"), ":2: column 2: layer 1 (linear) has columns 0 to 1");
  EXPECT_EQ(said("0,0,35,3,max\n1,0,7,9,max\n"), "");
}

TEST(Stuck, ReadsMapsWithAByteOrderMark) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("map.csv", "\xEF\xBB\xBFlayer,role,row,column,state\r\n2,0,3,0,min\r\n");
  EXPECT_NO_THROW(make_device("model = \"stuck\"\nmap = \"" + file + "\""));
}

TEST(Stuck, RefusesRatesBeyondOne) {
  EXPECT_THROW(make_device("model = \"stuck\"\nmin_rate = 0.6\nmax_rate = 0.6"), ConfigError);
}

TEST(Stuck, SaysWhichDevicesItHoldsAndWhere) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("map.csv", "layer, role, row, column, state\n2, 0, 3, 0, min\n");
  const CellLayout layout{100, 50, 64, 64};
  const DeviceBlock block{noise_key(11, 0), 2, 0, 0, nullptr, &layout};
  for (const std::string& text :
       {kRates, kRates + "count = \"exact\"", kRates + "map = \"" + file + "\"",
        std::string("model = \"stack\"\nmodels = [{ model = \"awgn\", eta = 0.1 }, "
                    "{ model = \"stuck\", max_rate = 0.1 }]\n")}) {
    const auto device = make_device(text);
    EXPECT_TRUE(device->sticks());
    std::vector<double> held_S(5000);
    device->stuck_S(block, held_S);
    const auto low = sample(*device, std::vector<double>(5000, 2e-6), 0, block).G_S;
    const auto high = sample(*device, std::vector<double>(5000, 20e-6), 0, block).G_S;
    for (std::size_t i = 0; i < held_S.size(); ++i) {
      EXPECT_EQ(std::isnan(held_S[i]), low[i] != high[i]) << text << i;
      if (!std::isnan(held_S[i])) {
        EXPECT_EQ(held_S[i], low[i]);
      }
    }
  }
  EXPECT_FALSE(make_device("model = \"stuck\"")->sticks());
  EXPECT_FALSE(make_device("model = \"awgn\"\neta = 0.1")->sticks());
}

}  // namespace
}  // namespace ohmic
