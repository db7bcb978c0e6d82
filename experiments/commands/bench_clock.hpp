// Times of things that take turns.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

enum class Seconds { of_clock, of_thread };
/// Of one thread its processor time, which other work on the machine disturbs least.
inline Seconds seconds_on(int threads) {
  return threads == 1 ? Seconds::of_thread : Seconds::of_clock;
}

/// Seconds of what was measured by name, in turns; the first turn does not count (caches, first use
/// of primitives). Work that is measured may measure parts of itself.
class BenchClock {
 public:
  explicit BenchClock(Seconds seconds) : seconds_(seconds) {}

  void measure(const std::string& what, const std::function<void()>& work);
  /// With its interval of 95 %.
  Estimate median_of(const std::string& what) const;

 private:
  double now_s() const;

  Seconds seconds_;
  std::map<std::string, std::vector<double>> measured_s_;
};

}  // namespace ohmic
