// Calibration: what inputs and column outputs a layer's converters would see, as percentiles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulator/backend.hpp"

namespace ohmic {

/// Percentiles of magnitudes that are seen once: 2048 equal bins whose width doubles as larger
/// values come.
class MagnitudeHistogram {
 public:
  void add(double magnitude);
  /// Smallest magnitude that at least `percent` of those seen do not exceed, up to half a per mille
  /// of the largest; exact for 100. 0 when nothing was seen.
  double percentile(double percent) const;

 private:
  static constexpr int kBins = 2048;
  void widen();

  std::vector<std::uint64_t> counts_;
  double width_ = 0.0, largest_ = 0.0;
  std::uint64_t total_ = 0;
};

/// Histograms of one layer, each over the columns that share a range (Adc::per, columns_per_adc).
class RangeObserver {
 public:
  explicit RangeObserver(const LayerOnTiles&);

  void see_inputs(std::span<const float> x);
  double input_range() const { return inputs_.percentile(input_percentile_); }
  /// Output of column n below row tile r of plane p, in x * S.
  void see_output(std::size_t product, int n, double output);
  /// Everything seen so far.
  void write(LayerRanges&) const;

 private:
  std::size_t group(std::size_t product, int n) const;

  double input_percentile_, output_percentile_;
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
