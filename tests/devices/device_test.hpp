// What every test of a device model needs: a model from TOML, a sample of its devices, its moments.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic::test {

/// The model that a [device] table describes; throws ConfigError on any fault.
inline std::unique_ptr<DeviceModel> make_device(const std::string& toml) {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml(toml, "device.toml"), "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return device;
}

constexpr LayerScale kScale{0.05, 0.3, 0.3 / 25e-6, 2};

/// Everything a device does from its target to a read, on devices [first, first + size).
struct Sample {
  std::vector<double> target_S, G_S, read_sigma_S;
};

inline Sample sample(const DeviceModel& device, std::vector<double> target_S, double age_s,
                     DeviceBlock block) {
  if (!block.scale) block.scale = &kScale;
  Sample s{std::move(target_S), {}, {}};
  s.G_S.resize(s.target_S.size());
  s.read_sigma_S.resize(s.target_S.size());
  device.program(block, s.target_S, s.G_S);
  if (age_s > 0) device.drift(block, age_s, s.target_S, s.G_S);
  device.read_sigma(block, age_s, s.target_S, s.G_S, s.read_sigma_S);
  return s;
}

/// `n` devices with one target.
inline Sample sample(const DeviceModel& device, double target_S, double age_s, std::size_t n,
                     NoiseKey key = noise_key(11, 0)) {
  return sample(device, std::vector<double>(n, target_S), age_s, {key, 2, 0, 0});
}

struct Moments {
  double mean = 0, std = 0, n = 0;
  double std_error = 0;  ///< of `std`, from the sample's fourth moment
  double mean_error() const { return std / std::sqrt(n); }
};

inline Moments moments(const std::vector<double>& values) {
  const double origin = values.front();  // equal values have exactly no spread
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0, fourths = 0;
  for (const double v : values) sum += v - origin;
  for (const double v : values) {
    const double d2 = (v - origin - sum / n) * (v - origin - sum / n);
    squares += d2;
    fourths += d2 * d2;
  }
  Moments m{origin + sum / n, std::sqrt(squares / (n - 1)), n};
  if (m.std > 0)
    m.std_error = std::sqrt((fourths / n - m.std * m.std * m.std * m.std) / n) / (2 * m.std);
  return m;
}

struct Expected {
  double mean_S, std_S;
};

/// Measures mean and std at five conductances and three ages and compares all thirty with
/// `expected(target_S, age_s)` at once: chi-square with 30 degrees of freedom is above 82.1 with
/// probability 1e-6. `measure(target_S, age_s, key)` gives the sample of one of the fifteen.
template <class Measure, class Formula>
void expect_moments_of(const Measure& measure, const std::vector<double>& targets_S,
                       const std::vector<double>& ages_s, const Formula& expected) {
  ASSERT_EQ(targets_S.size() * ages_s.size(), 15u);
  double chi2 = 0;
  std::uint64_t draw = 0;
  for (const double target_S : targets_S)
    for (const double age_s : ages_s) {
      const Moments m = moments(measure(target_S, age_s, noise_key(11, ++draw)));
      const Expected e = expected(target_S, age_s);
      const double of_mean = (m.mean - e.mean_S) / m.mean_error();
      const double of_std = (m.std - e.std_S) / m.std_error;
      EXPECT_LT(std::abs(of_mean), 6)
          << target_S << " S at " << age_s << " s: mean " << m.mean << " expected " << e.mean_S;
      EXPECT_LT(std::abs(of_std), 6)
          << target_S << " S at " << age_s << " s: std " << m.std << " expected " << e.std_S;
      chi2 += of_mean * of_mean + of_std * of_std;
    }
  EXPECT_LT(chi2, 82.1);
}

/// Of programmed and aged devices: 2^14 at a time, with draws of their own.
template <class Formula>
void expect_published_moments(const DeviceModel& device, const std::vector<double>& targets_S,
                              const std::vector<double>& ages_s, const Formula& expected) {
  const auto measure = [&](double target_S, double age_s, NoiseKey key) {
    return sample(device, target_S, age_s, std::size_t{1} << 14, key).G_S;
  };
  expect_moments_of(measure, targets_S, ages_s, expected);
}

/// Of reads, one of each of 2^14 devices, which should hold their targets exactly.
template <class Formula>
void expect_published_reads(const DeviceModel& device, const std::vector<double>& targets_S,
                            const std::vector<double>& ages_s, const Formula& expected) {
  const auto measure = [&](double target_S, double age_s, NoiseKey key) {
    Sample s = sample(device, target_S, age_s, std::size_t{1} << 14, key);
    std::vector<double> xi(s.G_S.size());
    DeviceBlock{key, 2, 0, 0}.normals(Stream::read, 0, std::span(xi));
    for (std::size_t i = 0; i < xi.size(); ++i) s.G_S[i] += s.read_sigma_S[i] * xi[i];
    return s.G_S;
  };
  expect_moments_of(measure, targets_S, ages_s, expected);
}

}  // namespace ohmic::test
