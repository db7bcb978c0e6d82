// What stands around the arrays: DACs on the rows, noise and ADCs on the columns, wires between.
// std::nullopt is "ideal" throughout. Order of effects: design in docs/architecture.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// Input converters of one layer. Inputs are scaled to [-1, 1] (or [0, 1]) by the layer's range.
struct Dac {
  int bits = 8;
  bool is_signed = false;   ///< inputs after a ReLU need no sign
  double percentile = 100;  ///< of |input| on calibration data that is mapped to full scale
  static const Schema<Dac>& schema();
};

enum class AdcRange { max, calibrated, fixed };

/// Output converters, one per column of a tile.
struct Adc {
  int bits = 8;
  AdcRange range = AdcRange::calibrated;
  double percentile = 99.9;  ///< of |column output| on calibration data, for calibrated
  double full_scale = 1.0;   ///< for fixed: fraction of the largest possible column output
  static const Schema<Adc>& schema();
};

enum class RowDrive { left, both };

/// Resistances of an array's wires; one segment lies before each cell (see simulator/wires.hpp).
struct Wires {
  double row_ohm = 1.0;     ///< per cell, along a row
  double column_ohm = 1.0;  ///< per cell, along a column
  double driver_ohm = 0.0;  ///< of each row's driver, in series with the row
  double sense_ohm = 0.0;   ///< of each column's sense amplifier, in series with the column
  RowDrive drive = RowDrive::left;
  static const Schema<Wires>& schema();
};

struct OutputNoise {
  double relative = 0.0;  ///< std as a fraction of the converter's full scale
  static const Schema<OutputNoise>& schema();
};

/// The [periphery] table.
struct Periphery {
  std::optional<Dac> dac;
  std::optional<Adc> adc;
  std::optional<Wires> wires;
  std::optional<OutputNoise> output_noise;
  bool read_noise = true;  ///< per-MVM device noise where the device model has it

  /// Whether a layer is exactly one product with its effective weights.
  bool is_ideal_per_mvm(bool device_reads_noisily) const {
    return !dac && !adc && !output_noise && !(read_noise && device_reads_noisily);
  }
  static const Schema<Periphery>& schema();
};

}  // namespace ohmic
