// Calibration: what inputs and column outputs a layer's converters would see, as percentiles.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "simulator/backend.hpp"
#include "simulator/column_places.hpp"

namespace ohmic {

/// A percentile of magnitudes that are seen once: bins of equal width within each octave, 512 of
/// them, made as values come. What is not finite is not counted. The result depends on which values
/// were seen alone, not on their order or portions.
class MagnitudeHistogram {
 public:
  /// 100 keeps the largest magnitude alone.
  explicit MagnitudeHistogram(double percent) : percent_(percent) {}

  template <class Real>
  void add(std::span<const Real> values) {
    add(values.data(), 1, values.size(), values.size());
  }
  /// `width` values of each of `rows` rows that begin `stride` values apart; float or double.
  template <class Real>
  void add(const Real* values, std::size_t rows, std::size_t stride, std::size_t width);
  /// Smallest magnitude that at least that percentage of those seen do not exceed, or up to 1/512
  /// of it more, at every scale from 1e-307 on; exact for 100. Where this is 0 the smallest above
  /// 0, as a range of nothing has no steps; 0 when nothing else was seen.
  double percentile() const;

 private:
  static constexpr int kBinBits = 9, kDroppedBits = 52 - kBinBits;  ///< of a double's fraction
  static constexpr std::size_t kBins = std::size_t{1} << kBinBits;
  void count(double magnitude);
  std::uint32_t& counter(std::size_t bin);

  double percent_;
  /// By exponent, from first_octave_ on; empty where no value fell.
  std::vector<std::vector<std::uint32_t>> octaves_;
  std::size_t first_octave_ = 0;
  std::map<std::size_t, std::uint64_t> wraps_;  ///< by bin, of counters that went round to 0
  double largest_ = 0.0;
  std::uint64_t zeros_ = 0, total_ = 0;
};

/// Histograms of one layer, each over the columns that share a range (Adc::per, columns_per_adc).
class RangeObserver {
 public:
  explicit RangeObserver(const LayerOnTiles&);

  void see_inputs(std::span<const float> x) { inputs_.add(x); }
  double input_range() const { return inputs_.percentile(); }
  /// Outputs of every column at any number of positions (positions x columns, in x * S) below a row
  /// tile of a plane, LayerPlan::products[product]. Float or double.
  template <class Real>
  void see_outputs(std::size_t product, std::span<const Real> outputs);
  /// Everything seen so far.
  void write(LayerRanges&) const;

 private:
  std::size_t group(std::size_t product, int n) const;

  RangePer per_;
  int columns_;
  ColumnPlaces places_;
  std::size_t products_;
  MagnitudeHistogram inputs_;
  std::vector<MagnitudeHistogram> outputs_;
};

/// Bits of the converters that even the busiest column leaves unused: log2 of its full scale over
/// the percentile that calibration saw (negative where outputs saturate). 0 without converters or
/// where nothing was seen.
double unused_bits(const LayerOnTiles&, const LayerRanges&);

}  // namespace ohmic
