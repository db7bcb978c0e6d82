// Calibration: what inputs and column outputs a layer's converters would see, as percentiles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulator/backend.hpp"

namespace ohmic {

/// A percentile of magnitudes that are seen once: 2048 equal bins whose width doubles as larger
/// values come. What is not finite is not counted.
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
  /// Smallest magnitude that at least that percentage of those seen do not exceed, up to one per
  /// mille of the largest; exact for 100. 0 when nothing was seen.
  double percentile() const;

 private:
  static constexpr int kBins = 2048;
  void widen_to(double largest, double first);

  double percent_;
  std::vector<std::uint64_t> counts_;
  double width_ = 0.0, largest_ = 0.0;
  std::uint64_t total_ = 0;
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
  int columns_, width_, shared_;
  std::size_t products_;
  MagnitudeHistogram inputs_;
  std::vector<MagnitudeHistogram> outputs_;
};

/// Bits of the converters that even the busiest column leaves unused: log2 of its full scale over
/// the percentile that calibration saw (negative where outputs saturate). 0 without converters or
/// where nothing was seen.
double unused_bits(const LayerOnTiles&, const LayerRanges&);

}  // namespace ohmic
