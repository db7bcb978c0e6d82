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
  std::string fault_of(const std::string& table) { return fault_with(table, ""); }
  /// With further keys of [device].
  std::string fault_with(const std::string& table, const std::string& keys) {
    const std::string what = test::error_of<Error>([&] { make_device(write_table(table) + keys); });
    if (what.empty()) return "accepted";
    const auto error = what.find("error: ");
    std::string text = error == std::string::npos ? what : what.substr(error + 7);
    const std::string folder = folder_.path().string() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.erase(at, folder.size());
    return text;
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

TEST_F(Lookup, TakesItsRangeFromTheTable) {
  const auto device = make_device(write_table(kTable));
  EXPECT_NEAR(device->g_min_S, 5e-6, 1e-18);
  EXPECT_NEAR(device->g_max_S, 25e-6, 1e-18);
  const auto given = make_device(write_table(kTable) + "g_min_S = 6e-6\ng_max_S = 20e-6");
  EXPECT_EQ(given->g_min_S, 6e-6);
  EXPECT_EQ(given->g_max_S, 20e-6);
  EXPECT_EQ(make_device("g_max_S = 20e-6\n" + write_table(kTable))->g_max_S, 20e-6);
}

TEST_F(Lookup, RefusesWhatLiesOutsideTheTable) {
  EXPECT_EQ(fault_with(kTable, "g_max_S = 40e-6"),
            "device.g_max_S: 4e-05 S is outside the targets of measured.csv, 5e-06 to 2.5e-05 S; "
            "expected one within, or extrapolate = \"nearest\" or \"linear\"");
  EXPECT_EQ(fault_with(kTable, "g_min_S = 0.0"),
            "device.g_min_S: 0 S is outside the targets of measured.csv, 5e-06 to 2.5e-05 S; "
            "expected one within, or extrapolate = \"nearest\" or \"linear\"");
  for (const char* age : {"315000000", "60"})
    EXPECT_EQ(fault_with(kTable, std::string("time_s = ") + age),
              "device.time_s: " + std::string(age) +
                  " s is outside the times of measured.csv, 3600 to 360000 s; expected one "
                  "within, or extrapolate = \"nearest\" or \"linear\"");
  EXPECT_EQ(fault_with(kTable, "time_s = 0"), "accepted");
  EXPECT_EQ(fault_with(kTable, "time_s = 360000"), "accepted");
  EXPECT_EQ(fault_with("g_target_uS,g_mean_uS,g_std_uS\n1,1,0\n2,2,0\n", "time_s = 60"),
            "device.time_s: measured.csv has no column time, so that nothing is known at 60 s; "
            "expected 0, or extrapolate = \"nearest\" to hold it for all ages");
}

TEST_F(Lookup, HoldsTheNearestEntryWhereAsked) {
  const auto device = make_device(write_table(kTable) +
                                  "programming_scale = 0.0\nextrapolate = \"nearest\"\n"
                                  "g_min_S = 0.0\ng_max_S = 40e-6\ntime_s = 1e9\n");
  EXPECT_NEAR(sample(*device, 1e-6, 0, 1).G_S[0], 5e-6, 1e-18);
  EXPECT_NEAR(sample(*device, 40e-6, 1e9, 1).G_S[0], 20e-6, 1e-18);
}

// Means 5, 14, 24 at 1 h and 4, 12, 20 at 100 h for 5, 15, 25 uS. By hand: 29 and 24 at 30 uS, and
// at 10000 h, a factor of 100 later, twice the later less the earlier, 19.
TEST_F(Lookup, FollowsTheLastLineWhereAsked) {
  const auto device = make_device(write_table(kTable) +
                                  "programming_scale = 0.0\nextrapolate = \"linear\"\n"
                                  "g_min_S = 0.0\ng_max_S = 30e-6\ntime_s = 36e6\n");
  EXPECT_NEAR(sample(*device, 30e-6, 3600, 1).G_S[0], 29e-6, 1e-15);
  EXPECT_NEAR(sample(*device, 30e-6, 36e6, 1).G_S[0], 19e-6, 1e-15);
  EXPECT_NEAR(sample(*device, 0, 3600, 1).G_S[0], 0.5e-6, 1e-15);
  EXPECT_EQ(fault_with("g_target_uS,g_mean_uS,g_std_uS,time_s\n1,1,0,9\n2,2,0,9\n",
                       "extrapolate = \"linear\"\ntime_s = 60"),
            "device.time_s: 60 s is outside the times of measured.csv, only 9 s; expected one "
            "within, or extrapolate = \"nearest\"");
}

TEST_F(Lookup, ReadsHeadersAsTheyAreWritten) {
  const std::string rows = "5,  5.0, 0.2, 1\r\n25, 24.0, 0.8, 1\r\n";
  for (const char* header : {"g_target (uS),g_mean (uS),g_std (uS),time (h)\r\n",
                             "\xEF\xBB\xBFg_target [uS], \"g_mean [uS]\", g_std_uS, time [h]\r\n",
                             "time_hours, g_std_\xC2\xB5S, g_mean_uS, g_target (\xCE\xBCS)\n"}) {
    const bool turned = std::string(header).starts_with("time");
    const auto device =
        make_device(write_table(header + (turned ? "1, 0.2, 5, 5\n1, 0.8, 24, 25\n" : rows)) +
                    "programming_scale = 0.0\ntime_s = 3600");
    EXPECT_NEAR(sample(*device, 15e-6, 3600, 1).G_S[0], 14.5e-6, 1e-18) << header;
  }
}

TEST_F(Lookup, ReadsTheExampleOfItsManual) {
  const std::string manual = find_device_kind("lookup")->schema->manual;
  const auto begin = manual.find("  # 64 devices"), end = manual.find("\n\nand what uses it");
  ASSERT_LT(begin, end);
  const auto device = make_device(write_table(manual.substr(begin, end - begin)) +
                                  "time_s = 3600\nprogramming_scale = 0.0");
  EXPECT_NEAR(device->g_min_S, 1e-6, 1e-18);
  EXPECT_NEAR(device->g_max_S, 25e-6, 1e-18);
  EXPECT_NEAR(sample(*device, 10e-6, 86400, 1).G_S[0], 9.1e-6, 1e-18);
}

TEST_F(Lookup, DoubtsUnits) {
  EXPECT_EQ(fault_of("g_target_S,g_mean_S,g_std_S\n0,0,0\n25,24,1\n"),
            "device.file: measured.csv: targets reach 25 S, more than the usual 0.01 S; is the "
            "column in uS (g_target_uS)? If it is meant, write allow = [\"device.file\"] above the "
            "first table");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_nS,g_std_uS\n0,0,0\n25,24,1\n"),
            "device.file: measured.csv: a target of 2.5e-05 S has a mean of 2.4e-08 S; are both "
            "columns in the units that the header gives? If it is meant, write allow = "
            "[\"device.file\"] above the first table");
}

TEST_F(Lookup, DoubtsColumnsAndRowsThatAreMixedUp) {
  const std::string way_out =
      " If it is meant, write allow = [\"device.file\"] above the first table";
  EXPECT_EQ(
      fault_of("g_target_uS,g_mean_uS,g_std_uS\n0,0.3,0\n10,0.6,9.8\n25,0.9,24.5\n"),
      "device.file: measured.csv: a target of 2.5e-05 S has a mean of 9e-07 S, and all "
      "targets lie within 2.5e-05 S; is it g_mean that this column holds, and the row right?" +
          way_out);
  EXPECT_EQ(
      fault_of("g_target_uS,g_mean_uS,g_std_uS\n0,0,0.3\n10,98,0.6\n25,24.5,0.9\n"),
      "device.file: measured.csv: a target of 1e-05 S has a mean of 9.8e-05 S, and all "
      "targets lie within 2.5e-05 S; is it g_mean that this column holds, and the row right?" +
          way_out);
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n0,0,0.3\n10,9.8,60\n25,24.5,0.9\n"),
            "device.file: measured.csv: a target of 1e-05 S has a std of 6e-05 S, more than lies "
            "between all targets; is it g_std that this column holds, in the unit that the header "
            "gives?" +
                way_out);
}

TEST_F(Lookup, TakesATableWithoutTime) {
  const auto device =
      make_device(write_table("g_target_S,g_mean_S,g_std_S\n0,1e-6,0\n2e-5,2e-5,0") +
                  "time_s = 3600\nextrapolate = \"nearest\"");
  EXPECT_NEAR(sample(*device, 1e-5, 3600, 1).G_S[0], 1.05e-5, 1e-18);
}

TEST_F(Lookup, SaysWhatIsWrongWithATable) {
  EXPECT_EQ(fault_of("g_target_uS,g_std_uS\n"),
            "measured.csv: has no column g_mean_S, g_mean_mS, g_mean_uS or g_mean_nS");
  EXPECT_EQ(fault_of("g_target,g_mean_uS,g_std_uS\n"),
            "measured.csv: column \"g_target\": expected a unit, one of S, mS, uS or nS, as in "
            "g_target_S");
  EXPECT_EQ(fault_of("g_target (ohm),g_mean_uS,g_std_uS\n"),
            "measured.csv: column \"g_target (ohm)\": expected a unit, one of S, mS, uS or nS, as "
            "in g_target_S");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS,time\n1,1,0,1\n"),
            "measured.csv: column \"time\": expected a unit, one of s, min, h, day or year, as in "
            "time_s");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS,t_s\n1,1,0,1\n"),
            "measured.csv: column \"t_s\" is not known; did you mean \"time\"?");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS,g_std_nS\n1,1,0,1\n"),
            "measured.csv: has two columns of g_std, \"g_std_uS\" and \"g_std_nS\"");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n-1,1,0\n"),
            "measured.csv:2: g_target_uS: expected at least 0");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,nan,0\n"),
            "measured.csv:2: g_mean_uS: expected a number, got \"nan\"");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2\n"),
            "measured.csv:2: expected 3 cells as in the header, got 2");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2,x\n"),
            "measured.csv:2: g_std_uS: expected a number, got \"x\"");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS\n1,2,0\n1,2,0\n"),
            "measured.csv:3: this target and time were given before");
  EXPECT_EQ(fault_of("g_target_uS,g_mean_uS,g_std_uS,time_s\n1,2,0,1\n2,2,0,1\n1,2,0,9\n"),
            "measured.csv: the targets at time 9 s are not those of the first time");
  EXPECT_EQ(fault_of(""), "measured.csv: has no header line");
}

}  // namespace
}  // namespace ohmic
