// One live line for what is running, with rate and time left; plain lines now and then when stderr
// is no terminal.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace ohmic {

class Progress {
 public:
  /// `prefix` begins every line; `on_update` is called by every update() and may throw.
  explicit Progress(std::string prefix = "", std::function<void()> on_update = {});
  ~Progress();

  /// Names what runs from here on. Its pace counts from the first fraction reported.
  void begin(const std::string& what);
  /// `detail` holds what is known so far, "loss 0.42, 910 images/s"; the time left is added.
  void update(double fraction, const std::string& detail);
  /// Removes the live line and prints a line that stays.
  void say(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void clear();

  std::string prefix_;
  std::function<void()> on_update_;
  bool live_;
  bool line_is_open_ = false;
  std::string what_;
  double first_fraction_ = -1;
  Clock::time_point began_, shown_;
};

/// "8 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace ohmic
