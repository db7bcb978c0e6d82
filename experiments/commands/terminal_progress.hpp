// Progress on a terminal: one live line for what is running, with rate and time left; plain lines
// now and then when stderr is no terminal.
#pragma once

#include <chrono>
#include <string>

#include "experiments/measure/progress.hpp"

namespace ohmic {

class TerminalProgress final : public Progress {
 public:
  /// `prefix` begins every line.
  explicit TerminalProgress(std::string prefix = "");
  ~TerminalProgress() override;

  void begin(const std::string& what) override;
  void update(double fraction, const std::string& detail) override;
  /// Removes the live line and prints a line that stays.
  void say(const std::string& line) override;

 private:
  using Clock = std::chrono::steady_clock;
  void clear();

  std::string prefix_;
  bool live_;
  bool line_is_open_ = false;
  std::string what_;
  double first_fraction_ = -1;
  Clock::time_point began_, shown_;
};

}  // namespace ohmic
