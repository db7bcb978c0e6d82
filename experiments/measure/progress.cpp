#include "experiments/measure/progress.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

constexpr auto kLiveInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(10);

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

double seconds_between(auto from, auto to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string duration_text(double seconds) {
  const long s = std::lround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

Progress::Progress(std::string prefix, std::function<void()> on_update)
    : prefix_(std::move(prefix)),
      on_update_(std::move(on_update)),
      live_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::begin(const std::string& what) {
  what_ = what;
  first_fraction_ = -1;
  shown_ = Clock::now();
}

void Progress::update(double fraction, const std::string& detail) {
  if (on_update_) on_update_();
  const auto now = Clock::now();
  if (first_fraction_ < 0) {
    first_fraction_ = fraction;
    began_ = now;
  }
  if (now - shown_ < (live_ ? Clock::duration(kLiveInterval) : Clock::duration(kPlainInterval)))
    return;
  shown_ = now;
  std::string line = fmt::format("{}{}: {:3.0f} %", prefix_, one_line(what_), 100 * fraction);
  if (!detail.empty()) line += ", " + detail;
  if (fraction > first_fraction_)
    line += ", " +
            duration_text(seconds_between(began_, now) * (1 - fraction) /
                          (fraction - first_fraction_)) +
            " left";
  if (!live_) return fmt::print(stderr, "{}\n", line);
  fmt::print(stderr, "\r\033[K{}", line.substr(0, terminal_columns() - 1));
  std::fflush(stderr);
  line_is_open_ = true;
}

void Progress::say(const std::string& line) {
  clear();
  fmt::print(stderr, "{}{}\n", prefix_, lines(line));
}

void Progress::clear() {
  if (line_is_open_) fmt::print(stderr, "\r\033[K");
  line_is_open_ = false;
}

}  // namespace ohmic
