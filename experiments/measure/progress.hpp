// Who hears of work while it goes on.
#pragma once

#include <string>

namespace ohmic {

/// Nobody, unless something that derives from it says otherwise. What a function of it throws stops
/// the work and reaches the caller; whatever was finished stays.
class Progress {
 public:
  virtual ~Progress() = default;

  /// Names what runs from here on.
  virtual void begin(const std::string&) {}
  /// Called often: the share that is done, 0 to 1, and what is known so far, "loss 0.42, 910
  /// images/s".
  virtual void update(double, const std::string&) {}
  /// Called often while there is nothing to do but to wait.
  virtual void wait() {}
  /// A line for whoever reads along.
  virtual void say(const std::string&) {}
};

/// "8 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace ohmic
