// How long work took in a run folder, to say how long what is left will take. Kept in
// timing.jsonl, apart from the results: times differ from run to run, results do not.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// What is timed: one epoch of training, getting one point ready, one draw. Experiments of the same
/// name take about the same time.
std::string epoch_work(Experiment);
std::string setup_work(const Experiment&);
std::string draw_work(const Experiment&);

/// Seconds by work, over all that a folder remembers.
class Speeds {
 public:
  /// Empty when there is no such file; lines that a dying process left incomplete are skipped.
  explicit Speeds(const std::filesystem::path& timing_file);
  /// Mean seconds per unit of work; nothing when there was none.
  std::optional<double> seconds_per(const std::string& work) const;

 private:
  struct Sum {
    double units = 0, seconds = 0;
  };
  std::map<std::string, Sum> sums_;
};

/// Times units of one kind of work and writes them down now and then, and at the end.
class Timer {
 public:
  Timer(std::filesystem::path timing_file, std::string work);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// One unit is done: it took the time since the last one, or since the timer was made.
  void done();

 private:
  using Clock = std::chrono::steady_clock;
  void write();

  std::filesystem::path file_;
  std::string work_;
  double units_ = 0;
  Clock::time_point written_, last_;
};

}  // namespace ohmic
