#include "simulator/backends/cpu/bit_windows.hpp"

#include <algorithm>
#include <map>

namespace ohmic::cpu {
namespace {

/// Which taps of a kernel that begins at `first` lie inside.
std::pair<int, int> inside(int first, int kernel, int size) {
  const int begin = std::clamp(-first, 0, kernel);
  return {begin, std::clamp(size - first, begin, kernel)};
}

}  // namespace

BitWindows::BitWindows(const ConvGeometry& g, int first_row, int end_row, std::size_t step,
                       std::size_t at_once)
    : g_(g),
      step_(step),
      taps_(g.kernel_height * g.kernel_width),
      first_word_(first_row / taps_ / kRowsPerWord) {
  if (end_row > first_row) width_ = words((end_row - 1) / taps_ + 1) - first_word_;
  const std::size_t passes = std::max<std::size_t>(1, (lookups() + at_once - 1) / at_once);
  std::map<std::pair<Range, Range>, std::uint32_t> known;
  for (int y = 0; y < g.out_height(); ++y)
    for (int x = 0; x < g.out_width(); ++x) {
      const int top = y * g.stride - g.pad_top, left = x * g.stride - g.pad_left;
      const Range rows = inside(top, g.kernel_height, g.in_height);
      const Range columns = inside(left, g.kernel_width, g.in_width);
      const auto [window, is_new] =
          known.emplace(std::pair{rows, columns}, static_cast<std::uint32_t>(known.size()));
      places_.push_back({(top * g.in_width + left) * words(g.in_channels), window->second});
      if (is_new) lists_.push_back(list(rows, columns, passes));
    }
  passes_.resize(passes);
  for (std::size_t pass = 0; pass < passes; ++pass)
    for (const List& l : lists_)
      passes_[pass].push_back({l.all.data() + l.ends[pass], l.all.data() + l.ends[pass + 1]});
}

std::size_t BitWindows::lookups() const { return static_cast<std::size_t>(taps_ * width_); }

int BitWindows::kernel_row(std::size_t lookup, int i) const {
  const int tap = static_cast<int>(lookup) / width_, word = static_cast<int>(lookup) % width_;
  return ((first_word_ + word) * kRowsPerWord + i) * taps_ + tap;
}

BitWindows::List BitWindows::list(Range rows, Range columns, std::size_t passes) const {
  List list;
  for (std::size_t pass = 1; pass <= passes; ++pass) {
    for (std::size_t l = (pass - 1) * lookups() / passes; l < pass * lookups() / passes; ++l) {
      const int tap = static_cast<int>(l) / width_, word = static_cast<int>(l) % width_;
      const int ky = tap / g_.kernel_width, kx = tap % g_.kernel_width;
      if (ky < rows.first || ky >= rows.second || kx < columns.first || kx >= columns.second)
        continue;
      add({(ky * g_.in_width + kx) * words(g_.in_channels) + first_word_ + word,
           static_cast<std::int32_t>(l * step_), 1},
          list);
    }
    list.ends.push_back(list.all.size());
  }
  return list;
}

/// As part of the last run of its pass where it follows it.
void BitWindows::add(const Run& run, List& list) const {
  if (list.all.size() > list.ends.back()) {
    Run& last = list.all.back();
    if (run.word == last.word + last.words &&
        run.table == last.table + last.words * static_cast<std::int32_t>(step_)) {
      ++last.words;
      return;
    }
  }
  list.all.push_back(run);
}

}  // namespace ohmic::cpu
