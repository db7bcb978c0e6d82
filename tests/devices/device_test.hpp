// What every test of a device model needs: a model from TOML, a sample of its devices, its moments.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic::testing {

/// The model that a [device] table describes; throws ConfigError on any fault.
inline std::unique_ptr<DeviceModel> make_device(const std::string& toml) {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml(toml, "device.toml"), "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return device;
}

/// Everything a device does from its target to a read, on devices [first, first + size).
struct Sample {
  std::vector<double> target_S, G_S, read_sigma_S;
};

inline Sample sample(const DeviceModel& device, std::vector<double> target_S, double age_s,
                     DeviceBlock block) {
  static constexpr LayerScale kScale{0.05, 0.3, 0.3 / 25e-6, 2};
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
  double mean_error() const { return std / std::sqrt(n); }
};

inline Moments moments(const std::vector<double>& values) {
  const double origin = values.front();  // equal values have exactly no spread
  double sum = 0, squares = 0;
  for (const double v : values) sum += v - origin;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) squares += (v - origin - sum / n) * (v - origin - sum / n);
  return {origin + sum / n, std::sqrt(squares / (n - 1)), n};
}

}  // namespace ohmic::testing
