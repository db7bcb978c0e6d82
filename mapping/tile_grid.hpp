// The cells of a layer's matrix by tile and column.
#pragma once

#include <algorithm>
#include <cstddef>

#include "mapping/settings.hpp"
#include "simulator/column_places.hpp"

namespace ohmic {

/// A slot is one column of one row tile: [row tile][column]. Its cells lie side by side. Every
/// group of a convolution has tiles of its own.
class TileGrid {
 public:
  TileGrid(const ConvGeometry& geometry, TileShape tile)
      : K_(geometry.rows()),
        N_(geometry.columns()),
        row_tiles_(tile.row_tiles(K_)),
        height_(tile.within(K_, N_).rows),
        places_(geometry, tile, 1) {}

  std::size_t slots() const { return at(row_tiles_, 0); }
  /// Of all groups, side by side.
  int column_tiles() const { return places_.tiles; }
  int column_tile(int n) const { return places_.tile(n); }
  std::size_t slot_of(std::uint64_t cell) const {
    const auto K = static_cast<std::uint64_t>(K_);
    return at(static_cast<int>(cell % K) / height_, static_cast<int>(cell / K));
  }

  std::size_t groups(ScaleGroup group) const {
    if (group == ScaleGroup::layer) return 1;
    const int across = group == ScaleGroup::tile ? column_tiles() : N_;
    return static_cast<std::size_t>(row_tiles_) * static_cast<std::size_t>(across);
  }
  std::size_t group_of(ScaleGroup group, std::size_t slot) const {
    if (group == ScaleGroup::column) return slot;
    if (group == ScaleGroup::layer) return 0;
    const auto N = static_cast<std::size_t>(N_);
    return slot / N * static_cast<std::size_t>(column_tiles()) +
           static_cast<std::size_t>(column_tile(static_cast<int>(slot % N)));
  }

  /// visit(slot, first cell, cells) for every slot.
  template <class Visit>
  void for_each_slot(const Visit& visit) const {
    for (int n = 0; n < N_; ++n)
      for (int k = 0; k < K_; k += height_)
        visit(at(k / height_, n),
              static_cast<std::size_t>(n) * static_cast<std::size_t>(K_) +
                  static_cast<std::size_t>(k),
              static_cast<std::size_t>(std::min(height_, K_ - k)));
  }

 private:
  std::size_t at(int row_tile, int n) const {
    return static_cast<std::size_t>(row_tile) * static_cast<std::size_t>(N_) +
           static_cast<std::size_t>(n);
  }

  int K_, N_, row_tiles_, height_;
  ColumnPlaces places_;
};

}  // namespace ohmic
