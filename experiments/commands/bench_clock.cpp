#include "experiments/commands/bench_clock.hpp"

#include <ctime>

#include "experiments/statistics/median.hpp"

namespace ohmic {

double BenchClock::now_s() const {
  timespec t{};
  clock_gettime(seconds_ == Seconds::of_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void BenchClock::measure(const std::string& what, const std::function<void()>& work) {
  const double start = now_s();
  work();
  measured_s_[what].push_back(now_s() - start);
}

Estimate BenchClock::median_of(const std::string& what) const {
  const std::vector<double>& all = measured_s_.at(what);
  return median_estimate({all.begin() + (all.size() > 1 ? 1 : 0), all.end()}, 0.95);
}

}  // namespace ohmic
