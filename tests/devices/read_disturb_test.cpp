// Read disturb against its closed form: a power of the time under the read voltage from the
// transition time on. Key (11, draw).
#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::sample;

const std::string kModel = "model = \"read_disturb\"\n";

double after(const std::string& keys, double target_S = 25e-6, double age_s = 0) {
  return sample(*make_device(kModel + keys), target_S, age_s, 1).G_S[0];
}

// By hand, at 300 K (k T/q = 25.852 mV): at 0.2 V p = 0.0068 exp(0.022/0.025852) = 0.0159255 and
// t_t = 15.5 ns * 1.43339^(1/p) = 102.05 s; at 0.5 V p = 0.0570779, t_t = 8.508 us.
TEST(ReadDisturb, FollowsThePowerLawFromItsTransitionTimeOn) {
  struct Case {
    const char* voltage;
    double p, transition_s;
  };
  for (const Case& c : {Case{"0.2", 0.0159255, 102.05}, Case{"0.5", 0.0570779, 8.508e-6}}) {
    const auto at = [&](double stress_s) {  // of reads of 1 us
      return after(std::string("t_read_s = 1e-6\nv_read_V = ") + c.voltage +
                   "\nreads = " + std::to_string(stress_s / 1e-6) + "\n") /
             25e-6;
    };
    EXPECT_EQ(at(0.95 * c.transition_s), 1);
    EXPECT_LT(at(1.05 * c.transition_s), 1);
    for (const double ratio : {10.0, 1e4})
      EXPECT_NEAR(at(ratio * c.transition_s), std::pow(ratio, -c.p), 2e-4) << c.voltage;
  }
}

// 10,000 cycles leave 1 - 0.003 * 10^(4 * 0.41) = 0.86905 of A, so that t_t at 0.5 V is 0.0856
// times as long (0.86905^(1/0.0570779)) and conductance from there on 0.86905 of what it would be.
TEST(ReadDisturb, ComesEarlierAfterCycles) {
  const std::string keys = "v_read_V = 0.5\nt_read_s = 1e-6\nreads = 1e6\n";
  EXPECT_NEAR(after(keys + "cycles = 10000\n") / after(keys), 0.86905, 1e-5);
  const std::string early = "v_read_V = 0.5\nt_read_s = 1e-8\nreads = 100\n";  // 1 us
  EXPECT_EQ(after(early), 25e-6);
  EXPECT_LT(after(early + "cycles = 10000\n"), 25e-6);
}

TEST(ReadDisturb, EndsWhereItIsTold) {
  const std::string keys = "v_read_V = 0.5\nreads = 1e12\n";
  const double left = after(keys) / 25e-6;
  EXPECT_NEAR(after(keys + "g_end_S = 5e-6\n", 20e-6), 5e-6 + 15e-6 * left, 1e-18);
  EXPECT_NEAR(after(keys + "g_end_S = 5e-6\n", 5e-6), 5e-6, 1e-18) << "the lowest state stays";
  EXPECT_NEAR(after(keys, 10e-6), 10e-6 * left, 1e-18);
}

// Half of the reads at half of the age; all that lie ahead at none.
TEST(ReadDisturb, SpreadsReadsOverTheAge) {
  const auto device = make_device(kModel + "v_read_V = 0.5\nreads = 2e6\ntime_s = 100.0\n");
  EXPECT_EQ(sample(*device, 25e-6, 0, 1).G_S[0], 25e-6);
  EXPECT_EQ(sample(*device, 25e-6, 50, 1).G_S[0], after("v_read_V = 0.5\nreads = 1e6\n"));
  EXPECT_EQ(sample(*device, 25e-6, 100, 1).G_S[0], after("v_read_V = 0.5\nreads = 2e6\n"));
}

// ln(G/G_T) is -p (1 + s xi) ln(t/t_t): log-normal where 1 + s xi stays above 0 (s = 0.1).
TEST(ReadDisturb, HasTheMomentsOfItsExponents) {
  const auto device =
      make_device(kModel + "v_read_V = 0.5\nt_read_s = 1e-6\nreads = 1e6\nexponent_std = 0.1\n");
  const double mean = std::log(after("v_read_V = 0.5\nt_read_s = 1e-6\nreads = 1e6\n") / 25e-6);
  test::expect_published_moments(*device, {2e-6, 8e-6, 12e-6, 18e-6, 25e-6}, {0, 10, 1e6},
                                 [&](double G, double) {
                                   const double s2 = 0.01 * mean * mean;
                                   const double m = G * std::exp(mean + s2 / 2);
                                   return test::Expected{m, m * std::sqrt(std::exp(s2) - 1)};
                                 });
}

// Not read, not moved: the bits of what stands before it in a stack, whatever those are.
TEST(ReadDisturb, LeavesDevicesThatAreNotRead) {
  const std::string pcm = "{ model = \"pcm\", clip = \"none\" }";
  const auto stack = [&](const std::string& more) {
    const auto device =
        make_device("model = \"stack\"\ntime_s = 3600.0\nmodels = [" + pcm + more + "]\n");
    return sample(*device, 1e-6, 3600, 1000).G_S;
  };
  EXPECT_EQ(stack(", { model = \"read_disturb\", exponent_std = 0.3 }"), stack(""));
  EXPECT_NE(stack(", { model = \"read_disturb\", reads = 1e12 }"), stack(""));
}

TEST(ReadDisturb, RefusesMoreCyclesThanItsLawHolds) {
  EXPECT_EQ(test::error_of<ConfigError>([] { make_device(kModel + "cycles = 2e6\n"); }),
            "device.toml:2:10: error: device.cycles: 2e+06 cycles leave no transition time; "
            "expected at most 1423517");
}

}  // namespace
}  // namespace ohmic
