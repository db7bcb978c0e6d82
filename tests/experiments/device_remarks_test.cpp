// What is said of devices that do not do what is asked of them.
#include <gtest/gtest.h>

#include "experiments/study/remarks.hpp"
#include "tests/experiments/read_text.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Texts = std::vector<std::string>;

Texts remarks(const std::string& text) {
  return remarks_on(experiments_of(expand(parse_toml(text, "f.toml"))));
}

const std::string kAlike =
    "Nothing here differs from one chip to the next: devices of one target are all alike (std 0), "
    "so "
    "that draws are the same number again, and intervals over them say nothing.";

class MeasuredTable : public ::testing::Test {
 protected:
  Texts remarks_on_rows(const std::string& rows) const {
    const auto file = folder_.write("t.csv", "g_target_uS, g_mean_uS, g_std_uS\n" + rows);
    return remarks("[device]\nmodel = \"lookup\"\nfile = \"" + file.string() + "\"\n");
  }
  const test::TemporaryFolder folder_;
};

TEST_F(MeasuredTable, ThatFallsTurnsEveryWeight) {
  EXPECT_EQ(remarks_on_rows("1, 25, 0\n10, 10, 0\n25, 1, 0\n"),
            (Texts{"Devices of lookup hold less where more is asked of them: written to 1 uS they "
                   "hold 25 uS on average, to 25 uS 1 uS. Every weight has the other sign.",
                   kAlike}));
  EXPECT_EQ(remarks_on_rows("1, 1.1, 0.3\n10, 9.8, 0.6\n25, 24.5, 0.9\n"), Texts{});
}

TEST_F(MeasuredTable, ThatIsFlatHoldsNothing) {
  EXPECT_EQ(remarks_on_rows("0, 12, 2\n25, 12, 2\n"),
            Texts{"About 100 % of the devices of lookup do not follow what is written to them; "
                  "arrays that are measured have less than 1 to some 10 %."});
}

TEST(Heat, ThatNothingFollowsIsSaid) {
  const std::string hot =
      "[device]\nmodel = \"retention\"\nnu = 0.1\ntime_s = 3600\ntemperature_K = 358.0\n";
  EXPECT_EQ(remarks(hot),
            (Texts{kAlike,
                   "device.temperature_K changes nothing while device.activation_eV and "
                   "device.conductance_per_K are 0."}));
  EXPECT_EQ(remarks(hot + "activation_eV = 0.2\n"), Texts{kAlike});
  EXPECT_EQ(remarks(hot + "[sweep]\n\"device.activation_eV\" = [0.0, 0.2]\n"), Texts{kAlike});
}

// Half-way between the ends nothing falls: what is asked for there is what is left.
TEST(AgeingDevices, AreSoWhereverInTheRangeTheyAge) {
  const Texts said = remarks(
      "[device]\nmodel = \"retention\"\nlaw = \"exponential\"\nnu = 1e-4\ng_end_S = 12.5e-6\n"
      "time_s = 3600\n");
  EXPECT_EQ(said, Texts{kAlike});
}

TEST(AgeingDevices, ThatHaveLostWhatWasWrittenAreSaid) {
  EXPECT_EQ(
      remarks("[device]\nmodel = \"retention\"\nlaw = \"exponential\"\nnu = 0.05\n"
              "time_s = 3600\n")
          .front(),
      "Devices of retention have lost what was written: at 3600 s those written to 0 uS hold 0 "
      "uS on average, those written to 25 uS 1.68e-77 uS.");
}

TEST(NetworksTrainedThroughChips, HaveBatchNormsThatFit) {
  const auto is_said = [](const std::string& text) {
    const Experiment e = test::read(text + "[evaluation]\nbatch_norm_images = 500\n");
    return std::ranges::any_of(remarks_on({&e}), [](const std::string& remark) {
      return remark.find("[train.hardware]") != std::string::npos;
    });
  };
  EXPECT_TRUE(is_said("[train.hardware.device]\nmodel = \"awgn\"\neta = 0.1\n"));
  EXPECT_FALSE(is_said("[train]\nepochs = 1\n"));
}

TEST(OneDraw, SaysNothingOfTheNextChip) {
  const std::string one = "evaluation.draws = 1\n[device]\n";
  EXPECT_EQ(
      remarks(one + "model = \"awgn\"\neta = 0.1\n"),
      Texts{"evaluation.draws = 1: one chip has no interval, and the next one may have another "
            "number; 20 draws show how far they lie apart."});
  EXPECT_EQ(remarks("evaluation = { draws = 1, estimator = \"per_batch\", batch = 1 }\n"
                    "[device]\nmodel = \"awgn\"\neta = 0.1\n"),
            Texts{})
      << "a chip for each image";
  EXPECT_EQ(remarks(one + "model = \"quantized\"\nbits = 4\n"), Texts{}) << "all chips are one";
  EXPECT_EQ(remarks("evaluation.draws = 2\n[device]\nmodel = \"awgn\"\neta = 0.1\n"), Texts{});
}

// G = G_T (max(t, t_0)/t_0)^-nu: nothing changes up to t_0.
TEST(YoungDevices, AreSaidToBeAsRightAfterProgramming) {
  const std::string retention = "[device]\nmodel = \"retention\"\nnu = 0.1\nt0_s = 3600\n";
  EXPECT_EQ(remarks(retention + "time_s = 1800\n"),
            (Texts{"Nothing here makes an error: devices of retention hold exactly what is written "
                   "to them with these settings, and there are no converters, wires or noise "
                   "behind them. Every chip is the network itself.",
                   "Devices of retention are at 1800 s as right after programming: what ages them "
                   "begins later, and device.time_s changes nothing yet."}));
  EXPECT_EQ(remarks(retention + "time_s = 7200\n"), Texts{kAlike});
  EXPECT_EQ(remarks(retention + "[sweep]\n\"device.time_s\" = [1800, 7200]\n"), Texts{kAlike});
  EXPECT_EQ(remarks(retention + "[sweep]\n\"device.time_s\" = [7200, 1800]\n"), Texts{kAlike});
  EXPECT_EQ(remarks("[device]\nmodel = \"pcm\"\ntime_s = 60\n"), Texts{});
}

// A table's own first age is what was measured then, though nothing is known of before.
TEST(YoungDevices, AreNotThoseOfATablesFirstAge) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("t.csv",
                                 "g_target_uS, g_mean_uS, g_std_uS, time_h\n"
                                 "1, 1, 0.1, 1\n25, 25, 0.1, 1\n1, 1, 0.1, 9\n25, 20, 0.1, 9\n");
  EXPECT_EQ(
      remarks("[device]\nmodel = \"lookup\"\ntime_s = 3600\nfile = \"" + file.string() + "\"\n"),
      Texts{});
}

}  // namespace
}  // namespace ohmic
