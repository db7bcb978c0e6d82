// Retention to a state, beside the laws in generic_test.cpp: ends, stretched exponentials, and the
// bits of every law. Key (11, 0).
#include "simulator/elementary.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::sample;

const std::string kExponential =
    "model = \"retention\"\nlaw = \"exponential\"\nnu = 1.0\nt0_s = 1000.0\ng_min_S = 5e-6\n";

// A quarter of the way is left after ln 4 times t0.
TEST(RetentionToAState, EndsAtTheStateThatIsNamed) {
  const std::pair<const char*, double> ends[] = {
      {"g_min", 5e-6}, {"g_max", 25e-6}, {"middle", 15e-6}, {"g_end_S", 0}};
  for (const auto& [end, end_S] : ends) {
    const auto device = make_device(kExponential + "end = \"" + end + "\"\n");
    for (const double target_S : {5e-6, 11e-6, 25e-6}) {
      EXPECT_NEAR(sample(*device, target_S, 1000 * std::log(4.0), 1).G_S[0],
                  end_S + (target_S - end_S) / 4, 1e-18)
          << end;
      EXPECT_NEAR(sample(*device, target_S, 1e7, 1).G_S[0], end_S, 1e-18) << end;
      EXPECT_EQ(sample(*device, target_S, 0, 1).G_S[0], target_S) << end;
    }
  }
}

// exp(-(t/t0)^(1/2)): at t0 as without, at 9 t0 e^-3 instead of e^-9.
TEST(RetentionToAState, IsStretched) {
  const auto device = make_device(kExponential + "stretch = 0.5\n");
  for (const auto& [age_s, left] : {std::pair{1000.0, std::exp(-1.0)}, {9000.0, std::exp(-3.0)}})
    EXPECT_NEAR(sample(*device, 20e-6, age_s, 1).G_S[0], 20e-6 * left, 1e-18);
}

// With rates nu + nu_std xi, (G - G_end)/(G_T - G_end) is log-normal.
TEST(RetentionToAState, HasTheMomentsOfItsRates) {
  const auto device = make_device(kExponential + "nu_std = 0.2\nend = \"g_max\"\nstretch = 0.7\n");
  const std::vector<double> targets_S{5e-6, 8e-6, 12e-6, 18e-6, 22e-6}, ages_s{100, 1000, 3000};
  test::expect_published_moments(*device, targets_S, ages_s, [](double G, double age_s) {
    const double x = std::pow(age_s / 1000, 0.7), s2 = 0.04 * x * x;
    const double left = (G - 25e-6) * std::exp(-x + s2 / 2);
    return test::Expected{25e-6 + left, std::abs(left) * std::sqrt(std::exp(s2) - 1)};
  });
}

// As the three laws are written down, each device by its own normal: the same bits.
TEST(RetentionToAState, ChangesNoBitOfTheLaws) {
  struct Law {
    const char* name;
    double (*aged)(double G, double rate, double t);
  };
  const Law laws[] = {
      {"power", [](double G, double rate, double t) { return G * exp_of(-rate * std::log(t)); }},
      {"logarithmic", [](double G, double rate, double t) { return G * (1 - rate * std::log(t)); }},
      {"exponential",
       [](double G, double rate, double t) { return 3e-6 + (G - 3e-6) * exp_of(-rate * t); }}};
  constexpr std::size_t n = 500;
  std::vector<double> xi(n);
  DeviceBlock{noise_key(11, 0), 2, 0, 0}.normals(Stream::drift, 0, std::span(xi));
  for (const Law& law : laws)
    for (const double nu_std : {0.0, 0.03}) {
      const auto device = make_device(
          std::string("model = \"retention\"\nnu = 0.05\nt0_s = 20.0\nconductance_per_K = 1e-3\n") +
          "temperature_K = 310.0\ng_end_S = 3e-6\nlaw = \"" + law.name +
          "\"\nnu_std = " + std::to_string(nu_std) + "\n");
      const auto G_S = sample(*device, 11e-6, 3600, n).G_S;
      const double warm = 1.0 + 1e-3 * (310.0 - 300.0);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(G_S[i], law.aged(11e-6, 0.05 + nu_std * xi[i], 3600.0 / 20.0) * warm) << law.name;
    }
}

TEST(RetentionToAState, SaysWhatDoesNotGoTogether) {
  const auto fault = [](const std::string& keys) {
    return test::error_of<ConfigError>([&] { make_device("model = \"retention\"\n" + keys); });
  };
  EXPECT_EQ(fault("stretch = 0.5\n"),
            "device.toml:2:11: error: device.stretch: is of the exponential law; expected law = "
            "\"exponential\", or 1");
  EXPECT_EQ(fault("end = \"g_min\"\n"),
            "device.toml:2:7: error: device.end: is of the exponential law; expected law = "
            "\"exponential\", or \"g_end_S\"");
  EXPECT_EQ(fault("law = \"exponential\"\nend = \"g_max\"\ng_end_S = 1e-6\n"),
            "device.toml:4:11: error: device.g_end_S: is given, and end names another state; "
            "expected end = \"g_end_S\"");
}

}  // namespace
}  // namespace ohmic
