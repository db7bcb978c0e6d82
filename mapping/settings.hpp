// The [mapping] table: how a weight becomes conductances and where they are placed.
#pragma once

#include "simulator/config/schema.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

enum class Encoding {
  differential,  ///< G+ and G-, subtracted before the converter
  offset,        ///< one device against a reference at mid-range
  bit_sliced,    ///< several cells of a few bits each
};

enum class DifferentialForm {
  one_sided,  ///< the idle device stays at g_min: G+- = g_min + max(+-w, 0)/s
  two_sided,  ///< both move oppositely about mid-range: G+- = g_mid +- w/(2s)
};

struct MappingSettings {
  Encoding encoding = Encoding::differential;
  DifferentialForm form = DifferentialForm::one_sided;
  TileShape tile{256, 256};        ///< "tile = [rows, columns]" or "unlimited"
  double weight_percentile = 100;  ///< w_max = this percentile of |W|; 100 is the maximum

  static const Schema<MappingSettings>& schema();
};

}  // namespace ohmic
