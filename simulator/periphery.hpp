// What stands around the arrays: DACs on the rows, noise and ADCs on the columns, wires between.
// std::nullopt is "ideal" throughout. Order of effects: design in docs/architecture.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// How inputs of either sign drive the rows of an array.
enum class SignedDrive {
  bipolar,    ///< drivers of either sign
  two_phase,  ///< positive inputs, then the negative ones in an MVM that is subtracted digitally
};

/// Input converters of one layer. Codes are 0 .. 2^bits - 1 over [0, range of the inputs], or, with
/// a sign, the 2^bits - 1 codes symmetric about 0.
struct Dac {
  int bits = 8;
  bool is_signed = false;   ///< inputs after a ReLU need no sign
  double percentile = 100;  ///< of |input| on calibration data that is mapped to full scale
  SignedDrive drive = SignedDrive::bipolar;
  /// Bits of the code's magnitude that are applied at a time, the lowest first; absent: all at
  /// once.
  std::optional<int> slice_bits = std::nullopt;
  static const Schema<Dac>& schema();
};

enum class AdcRange { max, calibrated, fixed };
enum class RangePer { layer, tile, column };
enum class Rounding { nearest, stochastic };

/// Output converters, one for each column of a tile or for several. Codes are symmetric about 0,
/// 2^bits - 1 of them, or 0 .. 2^bits - 1 where neither inputs nor conductances have a sign.
/// Errors below are in units of one code (LSB) of an ideal converter of the same range; the order
/// is gain, offset, thermal noise, INL, then the decision.
struct Adc {
  int bits = 8;
  AdcRange range = AdcRange::calibrated;
  RangePer per = RangePer::tile;  ///< what shares one calibrated range
  double percentile = 99.9;       ///< of |column output| on calibration data, for calibrated
  double full_scale = 1.0;        ///< for fixed: fraction of the largest possible column output
  int columns_per_adc = 1;        ///< neighbouring columns that take turns on one converter
  double offset_lsb = 0.0;        ///< std over converters
  double gain_error = 0.0;        ///< std over converters, relative
  double inl_lsb = 0.0;           ///< peak of the cubic bend of the transfer curve
  std::optional<double> enob = std::nullopt;  ///< effective bits left by thermal noise
  double capacitor_mismatch = 0.0;            ///< relative std of a SAR converter's unit capacitor
  Rounding rounding = Rounding::nearest;

  /// Whether converters differ, and with them the draws of a chip.
  bool has_frozen_errors() const {
    return offset_lsb > 0 || gain_error > 0 || capacitor_mismatch > 0;
  }
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

/// Number formats of the products that the cpu back end computes; sums are always float, and the
/// reference always computes in double.
enum class Products {
  automatic,  ///< of each layer the fastest whose error stays below kMostRounding for any input:
              ///< bf16x2 (AMX), the 16-bit integers of bf16, or f32. Of ideal arrays of 3 x 3
              ///< kernels Winograd's filtering in float, which rounds two to three times as much
  f32,        ///< sums of float products, one after the other
  bf16,    ///< inputs and weights rounded to 8 bits; codes of a DAC of 8 bits or less stay exact.
           ///< Of inputs that are applied bit by bit, to tiles of 512 rows or less: sums of four
           ///< weights rounded to 16 bits. On some processors sums of three weights of 3 x 3
           ///< kernels, rounded to 16 bits
  bf16x2,  ///< weights as the sum of two bf16 numbers, 16 bits
};

/// What shorter products may move a column's sum, or the standard deviation of its reads, by at
/// worst under Products::automatic, in steps of the ADC behind it: to the neighbour of its code, as
/// the ADC's own rounding does. Of reads that are louder than that, in sixteenths of their standard
/// deviation at full drive. What inputs of networks do is some fifty times less.
constexpr double kMostRounding = 1;

/// Whether shorter products are taken whatever their error.
inline bool are_rounded(Products products) {
  return products == Products::bf16 || products == Products::bf16x2;
}

/// The [periphery] table.
struct Periphery {
  std::optional<Dac> dac;
  std::optional<Adc> adc;
  std::optional<Wires> wires;
  std::optional<OutputNoise> output_noise;
  bool read_noise = true;  ///< per-MVM device noise where the device model has it
  Products products = Products::automatic;

  /// Whether a layer is exactly one product with its effective weights.
  bool is_ideal_per_mvm(bool device_reads_noisily) const {
    return !dac && !adc && !output_noise && !(read_noise && device_reads_noisily);
  }
  /// Whether ranges of inputs or outputs have to be found by calibration before a forward call.
  bool needs_ranges() const { return dac || adc || output_noise; }
  static const Schema<Periphery>& schema();
};

}  // namespace ohmic
