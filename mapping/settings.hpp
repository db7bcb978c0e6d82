// The [mapping] table: how a weight becomes conductances and where they are placed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

enum class Encoding {
  differential,  ///< G+ and G-, subtracted
  offset,        ///< one device against a reference at mid-range
  bit_sliced,    ///< several cells of a few bits each, differential or offset
};

enum class DifferentialForm {
  one_sided,  ///< the idle device stays at g_min: G+- = g_min + max(+-w, 0)/s
  two_sided,  ///< both move oppositely about mid-range: G+- = g_mid +- w/(2s)
};

/// Where the two columns of a weight are subtracted.
enum class Subtraction {
  analog,   ///< as currents, before one converter
  digital,  ///< as numbers, after a converter each
};

/// What an offset cell is measured against.
enum class Reference {
  ideal,     ///< exactly mid-range
  physical,  ///< a column of devices per tile, written to mid-range like any other
};

/// The cells that share one w_max.
enum class ScaleGroup { layer, tile, column };

/// What a drifted array is compared with: its response right after programming.
enum class Compensation {
  none,
  tile,    ///< one digital factor per tile
  column,  ///< one per column of a tile
};

/// Where a layer adds its bias.
enum class BiasPlace {
  digital,  ///< as numbers, after the converters
  analog,   ///< as one more row of devices, driven at full scale
};

/// How much of its weight each replica of a cell holds.
enum class Fill {
  equal,    ///< the same as the others
  maximal,  ///< as much as it can, one after the other
};

/// What is done about devices that are known not to take what is written to them.
enum class Repair {
  none,
  partners,  ///< other devices of their cells hold the difference, as far as their range goes
};

/// The [mapping.denoise] table: weights as they are estimated from what devices hold.
struct DenoiseSettings {
  double lambda = 0;  ///< 1 with beta = 0: what devices hold
  double beta = 0;    ///< over sigma_w^2 the mean that weights are drawn to where lambda is 0

  static const Schema<DenoiseSettings>& schema();
};

struct MappingSettings {
  Encoding encoding = Encoding::differential;
  DifferentialForm form = DifferentialForm::one_sided;
  Subtraction subtraction = Subtraction::analog;
  Reference reference = Reference::ideal;
  Encoding slices = Encoding::differential;  ///< of bit_sliced: differential or offset
  int weight_bits = 8;
  int slice_bits = 2;
  TileShape tile{256, 256};        ///< "tile = [rows, columns]" or "unlimited"
  double weight_percentile = 100;  ///< w_max = this percentile of |W|; 100 is the maximum
  ScaleGroup weight_scale = ScaleGroup::layer;
  int replicas = 1;  ///< cells whose mean is a weight
  Fill fill = Fill::equal;
  int writes = 1;                 ///< of a device, at most
  double write_tolerance = 0.02;  ///< over g_max - g_min; devices further off are written again
  Repair repair = Repair::none;
  Compensation compensation = Compensation::none;
  std::optional<double> compensation_s;  ///< age at which its factors are read; absent: every age
  std::optional<DenoiseSettings> denoise;
  BiasPlace bias = BiasPlace::digital;
  /// Patterns (* and ?) of names of layers; only of networks that were read from a file.
  std::vector<std::string> digital;   ///< stay digital
  std::vector<std::string> crossbar;  ///< where given, only these are on crossbars

  static const Schema<MappingSettings>& schema();
};

}  // namespace ohmic
