// First-order cost of a layer on its tiles, for one sample: what is built, what is converted and
// moved, and the energy, time and area of that. Leakage, clocks and control are not counted, nor
// is any digital work behind the layers' sums, nor amplifiers between DACs and rows.
//
// A K x N matrix is applied at P output positions, each time in F phases (slices of the inputs'
// bits, once more for inputs of either sign in two phases). Every device of a cell lies in an array
// of its own, as wires and converters are simulated; the arrays of one cell share the drivers of
// their rows, and those that are subtracted as currents share converters. With T_r x T_c tiles of
// R x C cells, D devices per cell, Z planes that are sensed by themselves and k columns per
// converter:
//
//   tiles             T_r T_c D, whole ones: cells beyond K and N are built too
//   DAC conversions   P F K T_c
//   ADC conversions   P F N T_r Z            (each is shifted and added once)
//   energy of arrays  P F sum_k d_k (V^2 t_read sum_n G_kn + T_c D c_wire V^2), d_k the mean square
//                     of row k's drive over full drive, G the target conductances
//   energy of DACs    P F T_c sum_k E(d_k): of one bit a switch that works for ones alone, whose
//                     share is d_k; of several bits dac_energy_pJ
//   latency           t_read + (P F - 1) max(t_read, t_convert) + t_convert, t_convert = k/rate:
//                     converters work on one read while the arrays do the next; layers take turns
//   buffer, router    P (K + N) and P N activations
//
// A convolution of several groups is so many matrices, each on tiles of its own. The recurrent
// matrix of an LSTM, GRU or RNN is applied once per time step of the sample, S times P positions,
// and a step waits for the one before: S times the latency of one. Its input matrix meets all time
// steps one after the other, as a dense layer at every position does.
// A column of reference devices adds R cells per tile and, sensed by itself, one conversion.
// Converters that are "ideal" cost nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mapping/mapped_layer.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

enum class CellArea {
  transistor,  ///< one transistor and one device: 12 F along the row, 4 F along the column
  crossbar,    ///< 2 F x 2 F
};

/// The [cost] table: constants of the circuits around the arrays.
struct CostSettings {
  double tech_nm = 32;
  double read_V = 0.2;
  double read_s = 100e-9;
  CellArea cell = CellArea::transistor;
  double wire_fF_per_um = 0.2;
  std::optional<double> mean_square_drive;  ///< absent: measured on calibration images
  double adc_rate_Hz = 1.2e9;
  std::optional<double> adc_pJ;   ///< per conversion; absent: the regression
  std::optional<double> adc_um2;  ///< of one converter; absent: the regression
  double driver_pJ = 0.390625;    ///< per row that one bit drives: of a one
  double driver_um2 = 0.166;
  std::optional<double> dac_conversion_pJ;  ///< of several bits; absent: dac_energy_pJ
  std::optional<double> dac_area_um2;       ///< of several bits; absent: by dac_unit_um2
  double dac_V = 0.9;
  double dac_bit_fF = 50;       ///< of registers, switches and their drivers, per bit
  double dac_unit_fF = 0.5;     ///< of one of 2^bits capacitors
  double dac_unit_um2 = 1.711;  ///< of one with its switches
  double shift_add_pJ = 0.021;
  double shift_add_um2 = 60;
  int activation_bits = 8;
  double buffer_pJ = 20.45;  ///< per 256 bits
  double buffer_um2 = 83000;
  int tiles_per_buffer = 96;
  double router_pJ = 20.74;  ///< per 256 bits
  double router_um2 = 150000;
  int buffers_per_router = 4;
  static const Schema<CostSettings>& schema();
};

/// Energy of one conversion and area of a converter. Regression over published converters for
/// `bits` >= 4 (below, as for 4) effective bits at `rate_Hz` conversions per second in a technology
/// of `tech_nm`:
///   E = exp(26.0496 + 1.88004 ln tech - 2.82913 ln B - 1.4702) / (2 10^((FOM - SNDR)/10)) pJ
///   FOM = min(213.7807 - 2.8719 ln f, 128.307 + 3.2205 ceil(B)), SNDR = 6.0206 B + 1.761
///   A = exp(1.3462 + 0.99328 ln tech + 0.18072 ln f + 0.29912 ln E) um^2
/// Source: T. Andrulis et al., arXiv 2404.06553 (2024).
struct ConverterCost {
  double energy_pJ = 0, area_um2 = 0;
};
ConverterCost adc_regression(double bits, double rate_Hz, double tech_nm);

/// One conversion of a capacitor DAC of several bits whose output has this mean square, of 1 at
/// full drive: V^2 (bits C_bit + 2^bits C_unit (d - d^2)). Charging the part d of the capacitors
/// against the rest takes d (1 - d) of what charging all of them takes; d is at most the root of
/// `mean_square`, and taken as that.
double dac_energy_pJ(int bits, double mean_square, const CostSettings&);
/// What took the place of a key of [cost] that is no more; empty for any other.
std::string instead_of_price(const std::string& key);

/// A sum with its parts.
struct CostParts {
  double arrays = 0, dac = 0, adc = 0, shift_add = 0, buffer = 0, router = 0;
  double total() const;
  CostParts& operator+=(const CostParts&);
};
struct CostPart {
  const char* name;
  double CostParts::*value;
};
inline constexpr CostPart kCostParts[] = {
    {"arrays", &CostParts::arrays}, {"dac", &CostParts::dac},
    {"adc", &CostParts::adc},       {"shift_add", &CostParts::shift_add},
    {"buffer", &CostParts::buffer}, {"router", &CostParts::router}};

struct LayerCost {
  std::string layer;
  std::int64_t tiles = 0;
  std::int64_t devices = 0;  ///< that hold a weight, a slice of one or a reference
  std::int64_t cells = 0;    ///< places for devices in the tiles
  std::int64_t adcs = 0;
  std::int64_t macs = 0;
  std::int64_t mvms = 0;    ///< products with the whole matrix: S P
  std::int64_t phases = 1;  ///< reads of the arrays per MVM: F; of a sum: the most
  std::int64_t dac_conversions = 0, adc_conversions = 0;
  int dac_bits = 0, adc_bits = 0;  ///< 0: no such converter; of a sum: not said
  CostParts energy_pJ, area_um2;
  double latency_s = 0;

  /// 0 where nothing is built.
  double utilization() const {
    return cells > 0 ? static_cast<double>(devices) / static_cast<double>(cells) : 0;
  }
  /// Another use of a crossbar that is counted already, under a name of its own: nothing is built.
  void use_again(const std::string& name) {
    layer = name;
    tiles = devices = cells = adcs = 0;
    area_um2 = {};
  }
};

/// `periphery` as this layer uses it (the sign of its DAC). `row_drive`: d_k of every row (of every
/// group), or empty: mean_square_drive for all of them, 1 (full drive) without one. `steps`: how
/// often a sample takes its positions through the layer, each time with what the time before gave.
LayerCost layer_cost(const MappedLayer&, const Periphery&, const CostSettings&,
                     std::span<const double> row_drive = {}, std::int64_t steps = 1);

/// Everything added up, layers one after the other; called "total".
LayerCost total_cost(std::span<const LayerCost>);

}  // namespace ohmic
