#include "experiments/commands/bench_clock.hpp"

#include <algorithm>

namespace ohmic {

double median(std::vector<double> v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

double BenchClock::now_s() const {
  timespec t{};
  clock_gettime(of_thread_ ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void BenchClock::measure(const std::string& what, const std::function<void()>& work) {
  const double start = now_s();
  work();
  seconds_[what].push_back(now_s() - start);
}

double BenchClock::median_of(const std::string& what) const {
  const std::vector<double>& all = seconds_.at(what);
  return median({all.begin() + (all.size() > 1 ? 1 : 0), all.end()});
}

}  // namespace ohmic
