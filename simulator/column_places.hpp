// Where the columns of a layer lie: on which tile, at which converter.
#pragma once

#include <algorithm>

#include "simulator/layer.hpp"

namespace ohmic {

/// Every group of a convolution has arrays of its own, so a tile, and the converters below it, hold
/// columns of one group.
struct ColumnPlaces {
  ColumnPlaces(const ConvGeometry& geometry, TileShape tile, int columns_per_adc)
      : per_group(geometry.columns() / geometry.groups),
        width(tile.within(geometry.rows(), per_group).columns),
        shared(columns_per_adc),
        tiles_per_group(tile.column_tiles(per_group)),
        per_tile((width + shared - 1) / shared),
        tiles(geometry.groups * tiles_per_group) {}

  int converters() const { return tiles * per_tile; }
  int tile(int n) const { return n / per_group * tiles_per_group + n % per_group / width; }
  /// Of a tile: its first column, and how many it has.
  int first(int tile) const {
    return tile / tiles_per_group * per_group + tile % tiles_per_group * width;
  }
  int columns(int tile) const {
    return std::min(width, per_group - tile % tiles_per_group * width);
  }
  int converter(int n) const { return tile(n) * per_tile + n % per_group % width / shared; }

  int per_group, width, shared, tiles_per_group;
  int per_tile;  ///< converters
  int tiles;     ///< of all groups, side by side
};

}  // namespace ohmic
