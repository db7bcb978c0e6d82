// Reads of the models that are read with noise: mean and std at five conductances and three ages
// against the published formula. Key (11, draw); see device_test.hpp for sample and false-alarm
// rate.
#include <algorithm>

#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::expect_published_reads;
using test::Expected;
using test::make_device;

const std::string kExact = "programming_scale = 0.0\ndrift_scale = 0.0\n";

/// Nandakumar's and the Hermes chip's 1/f noise: Q(r) sqrt(ln((t + t_0 + t_read)/(2 t_read))).
double one_over_f(double age_s, double t0_s, double read_s) {
  return std::sqrt(std::log((age_s + t0_s + read_s) / (2 * read_s)));
}

TEST(PcmRead, FollowsItsMoments) {
  expect_published_reads(
      *make_device("model = \"pcm\"\n" + kExact), {0.2e-6, 2e-6, 8e-6, 16e-6, 25e-6},
      {0, 3600, 3.15e7}, [](double G, double age_s) {
        const double Q = std::min(0.0088 / std::max(std::pow(G / 25e-6, 0.65), 1e-3), 0.2);
        return Expected{G, G * Q * one_over_f(age_s, 20, 250e-9)};
      });
}

TEST(PcmHermesRead, FollowsItsMomentsWithOneDevice) {
  expect_published_reads(
      *make_device("model = \"pcm_hermes\"\n" + kExact), {0.5e-6, 1.2e-6, 2.5e-6, 6e-6, 10.35e-6},
      {0, 3600, 3.15e7}, [](double G, double age_s) {
        const double r = G / 10.35e-6;
        const double Q = r < 0.1591 ? std::clamp(-0.0078 * std::log(r) + 0.0038, 0.0179, 0.04)
                                    : 0.0664 * r * r * r - 0.1352 * r * r + 0.0768 * r + 0.0088;
        return Expected{G, G * Q * one_over_f(age_s, 200, 512e-9)};
      });
}

TEST(PcmHermesRead, FollowsItsMomentsWithTwoDevices) {
  expect_published_reads(
      *make_device("model = \"pcm_hermes\"\ndevices = 2\ng_max_S = 20.7e-6\n" + kExact),
      {1e-6, 2.4e-6, 5e-6, 12e-6, 20.7e-6}, {0, 3600, 3.15e7}, [](double G, double age_s) {
        const double r = G / 20.7e-6;
        const double Q = r < 0.16 ? std::clamp(-0.0117 * std::log(r) - 0.0069, 0.015, 0.04)
                                  : 0.0069 * r * r * r - 0.0280 * r * r + 0.0211 * r + 0.0123;
        return Expected{G, G * Q * one_over_f(age_s, 300, 512e-9)};
      });
}

TEST(RramCmoRead, FollowsItsMoments) {
  expect_published_reads(*make_device("model = \"rram_cmo\"\n" + kExact),
                         {9e-6, 20e-6, 40e-6, 60e-6, 88.2e-6}, {1, 3600, 3.15e7},
                         [](double G, double age_s) {
                           const double span = std::sqrt(std::log((age_s + 1e-6) / 2e-6));
                           return Expected{G, 1e-6 * 0.0277316483 * std::log10(G * 1e6) * span};
                         });
}

TEST(SonosRead, FollowsItsMoments) {
  expect_published_reads(*make_device("model = \"sonos\"\nprogramming_scale = 0.0"),
                         {2e-6, 4e-6, 8e-6, 16e-6, 32e-6}, {0, 86400, 432000},
                         [](double G, double) {
                           const double I_nA = G * 0.1 * 1e9;
                           const double sigma_nA = 12.580 * (1 - std::exp(-I_nA / 215.366));
                           return Expected{G, sigma_nA * 1e-9 / 0.1};
                         });
}

TEST(TelegraphRead, FollowsItsMoments) {
  expect_published_reads(*make_device("model = \"telegraph\"\namplitude = 0.2\noccupancy = 0.3"),
                         {2e-6, 5e-6, 10e-6, 18e-6, 25e-6}, {0, 1, 3600}, [](double G, double) {
                           return Expected{G * (1 - 0.2 * 0.3), G * 0.2 * std::sqrt(0.3 * 0.7)};
                         });
}

}  // namespace
}  // namespace ohmic
