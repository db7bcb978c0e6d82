// A programmed chip for the lab: every device's target and programmed conductance with its place.
//
// conductances.csv   one line per device: layer,tile_row,tile_column,row,column,polarity,slice,
//                    target_S,programmed_S; row and column count within the tile, from 0; with
//                    mapping.bias = "analog" a layer's last row holds its biases; with
//                    mapping.replicas a last column, replica, counts them from 0
// conductances.h5    group /LAYER/tile_R_C/POLARITY_SLICE (of further replicas
//                    POLARITY_SLICE_replica_N, N from 1) with the datasets target_S and
//                    programmed_S, rows x columns, and the attributes first_row, first_column
//                    (place of the tile's first cell in the layer's matrix); attributes of /LAYER
//                    are weight_per_S and index; of the file devices, negative_devices and, where
//                    there are any, the text note
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "mapping/mapped_layer.hpp"
#include "nn/analog/layer_devices.hpp"

namespace ohmic {

/// One role's devices of one tile: "plus" or "minus" of one slice of one replica. Matrices: element
/// (i, j) at j*rows + i.
struct ProgrammedTile {
  std::string layer;
  int tile_row = 0, tile_column = 0;
  int first_row = 0, first_column = 0;
  int rows = 0, columns = 0;
  std::string polarity;
  int slice = 0;
  std::vector<double> target_S, programmed_S;
  int replica = 0;
};

/// Devices whose programmed conductance is below 0, which no device has: noise without a limit
/// makes them. `of`: all that were looked at.
struct Negatives {
  std::int64_t count = 0, of = 0;
  void add(std::span<const double> programmed_S);
  /// "12 of 480 devices have a negative conductance, ..." and what to do; empty where none has.
  std::string text() const;
};

/// One draw of a network's layers at the device's time_s.
struct ProgrammedChip {
  const std::vector<MappedLayer>& layers;
  TileShape tile;
  LayerDevices devices;
  NoiseKey key;

  /// Each crossbar once, however often the network uses it.
  std::vector<const MappedLayer*> crossbars() const;
  void for_each_tile(const std::function<void(const MappedLayer&, const ProgrammedTile&)>&) const;
  bool has_replicas() const;
  /// Of the first replica. Throws UnsupportedError naming what there is when there is no such tile.
  ProgrammedTile tile_at(const std::string& layer, int tile_row, int tile_column,
                         const std::string& polarity, int slice = 0) const;
};

/// The cells' tile as it is wired, with its column of reference devices furthest from the drivers.
/// Every column of `references` is that column, as the cells see it.
ProgrammedTile with_reference_column(ProgrammedTile cells, const ProgrammedTile& references);

/// Both throw OutputError naming the file, and return how many devices are negative.
Negatives write_conductances_csv(const std::filesystem::path&, const ProgrammedChip&);
Negatives write_conductances_hdf5(const std::filesystem::path&, const ProgrammedChip&);

}  // namespace ohmic
