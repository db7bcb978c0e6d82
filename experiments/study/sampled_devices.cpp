#include "experiments/study/sampled_devices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ohmic {
namespace {

constexpr int kSampled = 256;                    // devices
constexpr int kMany = 1 << 16;                   // so that a rare fault is among them
constexpr double kNoLevel = 0.6180339887498949;  // of a range: between the levels of any grid
constexpr double kLate_s = 1e7, kLittleLater = 1.01;

/// Devices of one layer of usual weights, all asked for the same conductance: mid-range at first.
class Sample {
 public:
  explicit Sample(const DeviceModel& device)
      : Sample(device, (device.g_min_S + device.g_max_S) / 2) {}
  Sample(const DeviceModel& device, double target_S, int count = kSampled, std::uint64_t chip = 0)
      : Sample(device, std::vector<double>(static_cast<std::size_t>(count), target_S), chip) {}
  Sample(const DeviceModel& device, std::vector<double> targets_S, std::uint64_t chip = 0)
      : device_(device),
        scale_{0.1, 0.4, 0.4 / (device.g_max_S - device.g_min_S), 2},
        layout_{static_cast<int>(targets_S.size()), 1, 0, 0},
        block_{noise_key(1, chip), 0, 0, 0, &scale_, &layout_},
        targets_S_(std::move(targets_S)) {}

  double mid_S() const { return targets_S_.front(); }

  std::vector<double> conductances_S(double age_s) const {
    std::vector<double> G_S(targets_S_.size());
    device_.program(block_, targets_S_, G_S);
    if (age_s > 0) device_.drift(block_, age_s, targets_S_, G_S);
    return G_S;
  }

  std::vector<double> read_sigma_S(double age_s) const {
    std::vector<double> sigma_S(targets_S_.size());
    if (device_.reads_noisily()) device_.read_sigma(block_, age_s, targets_S_, targets_S_, sigma_S);
    return sigma_S;
  }

 private:
  const DeviceModel& device_;
  const LayerScale scale_;
  const CellLayout layout_;
  const DeviceBlock block_;
  const std::vector<double> targets_S_;
};

/// Devices asked for conductances all over the range: one alone may be where nothing changes.
Sample over_the_range(const DeviceModel& device) {
  std::vector<double> targets_S;
  for (int i = 0; i < kSampled; ++i)
    targets_S.push_back(device.g_min_S + (device.g_max_S - device.g_min_S) * i / (kSampled - 1));
  return {device, std::move(targets_S)};
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool differs(const Sample& sample, double age_s, double later_s) {
  return sample.conductances_S(later_s) != sample.conductances_S(age_s) ||
         sample.read_sigma_S(later_s) != sample.read_sigma_S(age_s);
}

}  // namespace

bool ages(const DeviceModel& device) {
  return differs(over_the_range(device), 0, std::max(device.time_s, kLate_s));
}

bool has_aged(const DeviceModel& device) {
  const Sample sample = over_the_range(device);
  return differs(sample, 0, device.time_s) ||
         differs(sample, device.time_s, device.time_s * kLittleLater);
}

bool holds_within(const DeviceModel& device, double most) {
  const double most_S = most * (device.g_max_S - device.g_min_S);
  const auto is_exact = [&](double target_S, int count) {
    const Sample sample(device, target_S, count);
    const auto same = [&](double G_S) { return std::abs(G_S - target_S) <= most_S; };
    const auto little = [&](double sigma_S) { return sigma_S <= most_S; };
    return std::ranges::all_of(sample.conductances_S(device.time_s), same) &&
           std::ranges::all_of(sample.read_sigma_S(device.time_s), little);
  };
  return is_exact(device.g_min_S, kSampled) && is_exact(device.g_max_S, kSampled) &&
         is_exact(device.g_min_S + kNoLevel * (device.g_max_S - device.g_min_S), kMany);
}

bool differs_between_chips(const DeviceModel& device) {
  const double no_level_S = device.g_min_S + kNoLevel * (device.g_max_S - device.g_min_S);
  const auto held_S = [&](std::uint64_t chip) {
    return Sample(device, no_level_S, kMany, chip).conductances_S(device.time_s);
  };
  return device.reads_noisily() || held_S(0) != held_S(1);
}

HeldAtEnds held_at_ends(const DeviceModel& device) {
  return {mean(Sample(device, device.g_min_S).conductances_S(device.time_s)),
          mean(Sample(device, device.g_max_S).conductances_S(device.time_s))};
}

double shift_of_mid_range(const DeviceModel& device) {
  const Sample sample(device);
  const double mean_S = mean(sample.conductances_S(device.time_s));
  return 2 * (mean_S - sample.mid_S()) / (device.g_max_S - device.g_min_S);
}

double stuck_share(const DeviceModel& device) {
  const std::vector<double> low_S = Sample(device, device.g_min_S).conductances_S(0);
  const std::vector<double> high_S = Sample(device, device.g_max_S).conductances_S(0);
  int stuck = 0;
  for (std::size_t i = 0; i < kSampled; ++i) stuck += low_S[i] == high_S[i];
  return static_cast<double>(stuck) / kSampled;
}

}  // namespace ohmic
