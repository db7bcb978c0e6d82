// A row tile's matrix as tables: for each four rows of a column the sums of all sixteen patterns of
// bits that can drive them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "simulator/backends/cpu/bit_windows.hpp"
#include "simulator/backends/cpu/workspace.hpp"

namespace ohmic::cpu {

/// What each row of a tile adds to its columns where it is driven.
struct BitMatrix {
  double when_negative;  ///< factor on it where the drive is negative; 0: it never is
  int first_row, rows;
  int driven;                 ///< of them by inputs; one more is the bias row
  std::vector<double> cells;  ///< element (k, n) at n*rows + k

  double cell(std::size_t n, int k) const {
    return cells[n * static_cast<std::size_t>(rows) + static_cast<std::size_t>(k)];
  }
  /// 0 for rows of other tiles.
  double kernel_cell(std::size_t n, int kernel_row) const {
    const int k = kernel_row - first_row;
    return k < 0 || k >= driven ? 0 : cell(n, k);
  }
};

/// Some bits of an image's codes, at most 8, and the positions whose sums are wanted.
struct BitImage {
  const std::uint64_t* words;
  const std::uint64_t* negative;  ///< of negative codes; null where there are none
  std::size_t bits;
  unsigned bias;  ///< mask of the bits that drive the bias row
  std::size_t first, positions;
};

class BitTables {
 public:
  virtual ~BitTables() = default;
  /// What the entries' roundings move a sum by at worst, in units of the cells; of floats 0.
  virtual double worst_error() const = 0;
  virtual void add_up(const BitImage&, BitSpace&) const = 0;
  /// Of what was added up there, one bit's sums of positions [first, first + count), counted from
  /// the image's first: count x N, in `buffer` if need be.
  virtual float* floats(const BitImage&, BitSpace&, std::size_t bit, std::size_t first,
                        std::size_t count, Buffer<float>& buffer) const = 0;
};

/// Of N columns. `are_short`: 16-bit integers, of each column in steps of 1 / 32,000 of the most it
/// can reach, to which every table's entry is rounded; floats otherwise.
std::unique_ptr<BitTables> make_bit_tables(const BitMatrix&, std::size_t N, bool are_short,
                                           std::shared_ptr<const BitWindows>);
/// Of such tables, how many fit a first-level cache.
std::size_t bit_tables_at_once(std::size_t N, bool are_short);

}  // namespace ohmic::cpu
