#include "experiments/commands/terminal_progress.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "experiments/commands/print_note.hpp"
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

TerminalProgress::TerminalProgress(std::string prefix)
    : prefix_(std::move(prefix)), live_(::isatty(STDERR_FILENO) == 1) {}

TerminalProgress::~TerminalProgress() { clear(); }

void TerminalProgress::begin(const std::string& what) {
  what_ = what;
  first_fraction_ = -1;
  shown_ = Clock::now();
}

void TerminalProgress::update(double fraction, const std::string& detail) {
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
  if (!live_) return print_note("{}\n", line);
  print_note("\r\033[K{}", line.substr(0, terminal_columns() - 1));
  std::fflush(stderr);
  line_is_open_ = true;
}

void TerminalProgress::say(const std::string& line) {
  clear();
  print_note("{}{}\n", prefix_, lines(line));
}

void TerminalProgress::clear() {
  if (line_is_open_) print_note("\r\033[K");
  line_is_open_ = false;
}

}  // namespace ohmic
