#include "simulator/backends/cpu/bit_windows.hpp"

#include <algorithm>

namespace ohmic::cpu {
namespace {

/// Along one axis of the outputs: which taps lie inside the image, each choice of them once.
struct Axis {
  std::vector<Taps> choices;
  std::vector<std::size_t> choice;  ///< [output]
};

Axis axis_of(int outputs, int stride, int dilation, int pad, int kernel, int size) {
  Axis axis;
  for (int i = 0; i < outputs; ++i) {
    const int first = i * stride - pad;
    const auto taps_before = [&](int pixel) { return (pixel - first + dilation - 1) / dilation; };
    const int begin = std::clamp(taps_before(0), 0, kernel);
    const Taps taps{begin, std::clamp(taps_before(size), begin, kernel)};
    const auto known = std::find(axis.choices.begin(), axis.choices.end(), taps);
    axis.choice.push_back(static_cast<std::size_t>(known - axis.choices.begin()));
    if (known == axis.choices.end()) axis.choices.push_back(taps);
  }
  return axis;
}

}  // namespace

BitWindows::BitWindows(const ConvGeometry& g, int first_row, int end_row, std::size_t at_once)
    : g_(g),
      taps_(g.kernel_height * g.kernel_width),
      first_word_(first_row / taps_ / kRowsPerWord) {
  if (end_row > first_row) width_ = words_of((end_row - 1) / taps_ + 1) - first_word_;
  const std::size_t passes = std::max<std::size_t>(1, (lookups() + at_once - 1) / at_once);
  const Axis rows = axis_of(g.out_height(), g.stride_height, g.dilation_height, g.pad_top,
                            g.kernel_height, g.in_height);
  const Axis columns = axis_of(g.out_width(), g.stride_width, g.dilation_width, g.pad_left,
                               g.kernel_width, g.in_width);
  for (const Taps& in_rows : rows.choices)
    for (const Taps& in_columns : columns.choices)
      lists_.push_back(list(in_rows, in_columns, passes));
  for (int y = 0; y < g.out_height(); ++y)
    for (int x = 0; x < g.out_width(); ++x) {
      const int pixel =
          (y * g.stride_height - g.pad_top) * g.in_width + x * g.stride_width - g.pad_left;
      const std::size_t window = rows.choice[static_cast<std::size_t>(y)] * columns.choices.size() +
                                 columns.choice[static_cast<std::size_t>(x)];
      places_.push_back({pixel * words_of(g.in_channels), static_cast<std::uint32_t>(window)});
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

BitWindows::List BitWindows::list(Taps rows, Taps columns, std::size_t passes) const {
  List list;
  for (std::size_t pass = 1; pass <= passes; ++pass) {
    for (std::size_t l = (pass - 1) * lookups() / passes; l < pass * lookups() / passes; ++l) {
      const int table = static_cast<int>(l), tap = table / width_, word = table % width_;
      const int ky = tap / g_.kernel_width, kx = tap % g_.kernel_width;
      if (ky < rows.first || ky >= rows.second || kx < columns.first || kx >= columns.second)
        continue;
      const Run run{(ky * g_.dilation_height * g_.in_width + kx * g_.dilation_width) *
                            words_of(g_.in_channels) +
                        first_word_ + word,
                    table, 1};
      const bool begins = list.all.size() == list.ends.back();
      Run* last = begins ? nullptr : &list.all.back();
      if (last && run.word == last->word + last->words && table == last->table + last->words)
        ++last->words;
      else
        list.all.push_back(run);
    }
    list.ends.push_back(list.all.size());
  }
  return list;
}

}  // namespace ohmic::cpu
