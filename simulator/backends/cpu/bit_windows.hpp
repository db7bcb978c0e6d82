// Which words of an image the rows of one row tile see at every output position.
#pragma once

#include <utility>
#include <vector>

#include "simulator/backends/cpu/bit_sums.hpp"
#include "simulator/layer.hpp"

namespace ohmic::cpu {

/// Taps [first, second) of a kernel along one axis.
using Taps = std::pair<int, int>;

/// A lookup is one word of a window, at one tap of the kernel, with a table of its own; numbered
/// tap after tap.
class BitWindows {
 public:
  /// Rows [first_row, end_row) of the kernel; at most `at_once` tables are used in one pass.
  BitWindows(const ConvGeometry&, int first_row, int end_row, std::size_t at_once);
  BitWindows(const BitWindows&) = delete;  // points into itself
  BitWindows& operator=(const BitWindows&) = delete;

  std::size_t lookups() const;
  std::size_t passes() const { return passes_.size(); }
  const Runs* in_pass(std::size_t pass) const { return passes_[pass].data(); }  ///< [window]
  const Place* places() const { return places_.data(); }                        ///< [position]

  /// The kernel's row that bit `i` of a lookup's patterns drives; it may lie beyond the last.
  int kernel_row(std::size_t lookup, int i) const;

 private:
  struct List {
    std::vector<Run> all;
    std::vector<std::size_t> ends{0};  ///< of each pass
  };

  List list(Taps rows, Taps columns, std::size_t passes) const;

  ConvGeometry g_;
  int taps_, first_word_, width_ = 0;  ///< words of a tap
  std::vector<Place> places_;
  std::vector<List> lists_;  ///< [window]
  std::vector<std::vector<Runs>> passes_;
};

}  // namespace ohmic::cpu
