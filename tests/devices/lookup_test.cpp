#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::expect_published_moments;
using test::Expected;
using test::make_device;
using test::sample;

class Lookup : public ::testing::Test {
 protected:
  std::string write_table(const std::string& text) {
    return "model = \"lookup\"\nfile = \"" + folder_.write("measured.csv", text).string() + "\"\n";
  }
  std::string fault_of(const std::string& table) {
    const std::string what = test::error_of([&] { make_device(write_table(table)); });
    return what.empty() ? "accepted" : what.substr(what.find("measured.csv"));
  }

 private:
  test::TemporaryFolder folder_;
};

const std::string kTable =
    "g_target_uS, g_mean_uS, g_std_nS, time_h\n"
    "5,  5.0, 200, 1\n15, 14.0, 400, 1\n25, 24.0, 800, 1\n"
    "5,  4.0, 300, 100\n15, 12.0, 600, 100\n25, 20.0, 1000, 100\n";

// Knots, half way between targets, and 10 hours, half way between 1 and 100 in ln t.
TEST_F(Lookup, IsBilinearInTargetAndLogTime) {
  expect_published_moments(
      *make_device(write_table(kTable)), {5e-6, 10e-6, 15e-6, 20e-6, 25e-6}, {3600, 36000, 360000},
      [](double target_S, double age_s) {
        const double knots[3][4] = {{5, 4, 0.2, 0.3}, {14, 12, 0.4, 0.6}, {24, 20, 0.8, 1.0}};
        const double at = (target_S * 1e6 - 5) / 10, late = std::log10(age_s / 3600) / 2;
        const int i = at >= 1.5 ? 1 : at >= 1 ? 1 : 0;
        const auto value = [&](int early) {
          const double low = knots[i][early] + late * (knots[i][early + 1] - knots[i][early]);
          const double high =
              knots[i + 1][early] + late * (knots[i + 1][early + 1] - knots[i + 1][early]);
          return 1e-6 * (low + (at - i) * (high - low));
        };
        return Expected{value(0), value(2)};
      });
}

TEST_F(Lookup, HoldsTheNearestEntryBeyondItsEnds) {
  const auto device = make_device(write_table(kTable) + "programming_scale = 0.0");
  EXPECT_NEAR(sample(*device, 1e-6, 0, 1).G_S[0], 5e-6, 1e-18);
  EXPECT_NEAR(sample(*device, 40e-6, 1e9, 1).G_S[0], 20e-6, 1e-18);
}

TEST_F(Lookup, TakesATableWithoutTime) {
  const auto device =
      make_device(write_table("g_target_S,g_mean_S,g_std_S\n0,1e-6,0\n2e-5,2e-5,0"));
  EXPECT_NEAR(sample(*device, 1e-5, 3600, 1).G_S[0], 1.05e-5, 1e-18);
}

TEST_F(Lookup, SaysWhatIsWrongWithATable) {
  EXPECT_EQ(fault_of("g_target,g_mean_uS,g_std_uS\n"),
            "measured.csv: has no column g_target_S, g_target_mS, g_target_uS or "
            "g_target_nS");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2\n"),
            "measured.csv:2: expected 3 cells as in the header, got 2");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2,x\n"),
            "measured.csv:2: g_std_uS: expected a number, got \"x\"");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2,0\n1,2,0\n"),
            "measured.csv:3: this target and time were given before");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS,time_s\n1,2,0,1\n2,2,0,1\n1,2,0,9\n"),
            "measured.csv: the targets at time 9.0 s are not those of the first time");
  EXPECT_EQ(fault_of(""), "measured.csv: has no header line");
}

}  // namespace
}  // namespace ohmic
