// A layer's periphery in numbers: how inputs drive the rows, what each tile's columns do to a
// product, and how codes add up to weights' units. All back ends compute from this one description:
//
//   code(x)  = quantize(x / step, lowest, highest)                          (or x, without a DAC)
//   d        = the phase's slice of the code; of the bias row: of the highest code
//   v[n]     = sum_k d[k] G[n, k]  +  sqrt(sum_k d[k]^2 variance[n, k]) z_read  +  noise[n]
//   z_output
//              + sum_k d[k] |d[k]| a[n, k] + d[k]^3 b[n, k]                 of non-linear cells
//              + offset[n] + thermal z_thermal                              in codes of the ADC
//   y[n]    += phase.weight * digital[n] * ADC(v[n])
//
// over all phases and all products (one per plane and row tile). The z are the short normals of
// random/short_normal.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "simulator/backend.hpp"
#include "simulator/mvm_noise.hpp"

namespace ohmic {

/// One application of inputs to the rows.
struct Phase {
  int sign = 0;         ///< 0: both signs at once; 1, -1: only inputs of that sign, as magnitudes
  int shift = 0;        ///< lowest bit of the code that is applied
  double weight = 1.0;  ///< of the digital result
  double bias = 0.0;    ///< drive of the bias row
};

struct InputPlan {
  bool converts = false;               ///< false: rows are driven by x itself, in one phase
  double step = 1.0;                   ///< x per code
  double lowest = 0.0, highest = 0.0;  ///< codes
  double drive_step = 1.0;  ///< x that one unit of a phase's drive stands for, before its weight
  int slice_mask = 0;       ///< 2^bits of a slice - 1; 0: codes are applied whole
  std::vector<Phase> phases;
  bool unipolar = false;  ///< no drive is negative
  double volts = 0.0;     ///< of a row at one unit of drive; 0: cells are ohmic

  bool whole_codes() const { return phases.size() == 1 && phases[0].sign == 0 && slice_mask == 0; }
};

struct AdcPlan {
  bool converts = false;
  int bits = 0;
  double inl = 0.0, thermal = 0.0;  ///< codes
  bool dithers = false;
  bool has_capacitors = false;
};

/// One array of non-linear cells on resistive wires.
struct WiredTile {
  double sign = 1.0;                  ///< of its currents in the columns' sums
  int first_column = 0, columns = 0;  ///< of the layer's
  std::vector<double> G_S;            ///< element (k, n) at n*rows + k
};

/// The rows of one row tile of one plane and the converters below them; N columns.
struct TileProduct {
  int first_row = 0, rows = 0;
  std::vector<double> G;     ///< codes per unit of drive; element (k, n) at n*rows + k; empty
                             ///< where devices are still to be programmed
  std::vector<double> a, b;  ///< codes per drive^2 and drive^3; empty when cells are ohmic
  bool reads_noisily = false;
  std::vector<double> variance;  ///< of the read noise, codes^2 per drive^2; empty when quiet, or
                                 ///< where devices are still to be programmed
  std::vector<double> noise;     ///< std of the output noise, codes; N, empty without
  std::vector<double> offset;    ///< codes; N, empty without
  std::vector<double> digital;   ///< weights' units of y per code; N
  double lowest = 0.0, highest = 0.0;  ///< codes
  std::vector<double> capacitors;      ///< [bit][column], codes; empty without mismatch
  /// What a conductance is multiplied by in G: N, or [plane][row tile][column] without an ADC.
  std::vector<double> codes_per_S;

  // Where circuits are solved for each MVM, in place of G, a and b.
  std::vector<WiredTile> circuits;
  std::vector<double> codes_per_A;  ///< N
  double reference_S = 0.0;         ///< of an exact cell that every cell is set against

  /// Rows that inputs drive: all but the bias row.
  int driven_rows(const ConvGeometry& g) const {
    return std::min(rows, g.kernel_rows() - first_row);
  }
};

struct LayerPlan {
  InputPlan input;
  AdcPlan adc;
  std::vector<TileProduct> products;  ///< [plane][row tile], or one for all without an ADC
  std::int64_t positions = 0;         ///< output positions of an image
  int columns = 0;

  /// First element of the noise that one image sees in one phase of one product; then
  /// position * N + column. The event is the image's index.
  std::uint64_t first_element(std::size_t product, std::size_t phase) const {
    return (static_cast<std::uint64_t>(product) * input.phases.size() + phase) *
           static_cast<std::uint64_t>(positions) * static_cast<std::uint64_t>(columns);
  }
};

/// The plan of inputs whose largest magnitude is `range`. `linear`: nothing between the DAC and the
/// digital sum depends on the phase, so that one computes all of them.
InputPlan plan_input(const Periphery&, double range, bool linear);
/// The plan of a layer whose ranges are known (they are not looked at when none is needed).
LayerPlan plan_layer(const LayerOnTiles&, const LayerRanges&);
/// The plan that calibration observes with: every product in units of x * S, nothing noisy, and
/// inputs converted with the range found so far.
LayerPlan plan_observation(const LayerOnTiles&, double input_range);

}  // namespace ohmic
