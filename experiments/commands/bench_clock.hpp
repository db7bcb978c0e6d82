// Times of things that take turns.
#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ohmic {

/// Of at least one value.
double median(std::vector<double>);

/// Seconds of what was measured by name, in turns; the first turn does not count (caches, first use
/// of primitives). On one thread it is that thread's processor time, else the clock's.
class BenchClock {
 public:
  explicit BenchClock(int threads) : of_thread_(threads == 1) {}

  void measure(const std::string& what, const std::function<void()>& work);
  double median_of(const std::string& what) const;

 private:
  double now_s() const;

  bool of_thread_;
  std::map<std::string, std::vector<double>> seconds_;
};

}  // namespace ohmic
