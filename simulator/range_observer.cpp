#include "simulator/range_observer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "simulator/converters.hpp"

namespace ohmic {

namespace {

/// Magnitude; 0 for what is not finite.
template <class Real>
Real finite(Real v) {
  const Real m = std::abs(v);
  return m <= std::numeric_limits<Real>::max() ? m : Real{0};
}

}  // namespace

/// Bins are numbered by the leading bits of a double: its exponent, then kBinBits of its fraction.
std::uint32_t& MagnitudeHistogram::counter(std::size_t bin) {
  const std::size_t octave = bin >> kBinBits;
  if (octaves_.empty()) first_octave_ = octave;
  if (octave < first_octave_) {
    octaves_.insert(octaves_.begin(), first_octave_ - octave, {});
    first_octave_ = octave;
  }
  if (octave - first_octave_ >= octaves_.size()) octaves_.resize(octave - first_octave_ + 1);
  std::vector<std::uint32_t>& counts = octaves_[octave - first_octave_];
  if (counts.empty()) counts.assign(kBins, 0);
  return counts[bin % kBins];
}

void MagnitudeHistogram::count(double magnitude) {
  ++total_;
  if (magnitude == 0) {
    ++zeros_;
    return;
  }
  const auto bin =
      static_cast<std::size_t>(std::bit_cast<std::uint64_t>(magnitude) >> kDroppedBits);
  if (++counter(bin) == 0) ++wraps_[bin];
}

template <class Real>
void MagnitudeHistogram::add(const Real* values, std::size_t rows, std::size_t stride,
                             std::size_t width) {
  Real largest = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const Real* v = values + r * stride;
#pragma omp simd reduction(max : largest)
    for (std::size_t i = 0; i < width; ++i) largest = std::max(largest, finite(v[i]));
  }
  largest_ = std::max(largest_, double{largest});
  if (percent_ >= 100) return;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < width; ++i) {
      const double magnitude = std::abs(double{values[r * stride + i]});
      if (std::isfinite(magnitude)) count(magnitude);
    }
}

template void MagnitudeHistogram::add(const float*, std::size_t, std::size_t, std::size_t);
template void MagnitudeHistogram::add(const double*, std::size_t, std::size_t, std::size_t);

double MagnitudeHistogram::percentile() const {
  if (percent_ >= 100) return largest_;
  const double wanted = percent_ / 100 * static_cast<double>(total_);
  std::uint64_t seen = zeros_;
  for (std::size_t i = 0; i < octaves_.size() * kBins; ++i) {
    const auto& counts = octaves_[i / kBins];
    const std::uint64_t count = counts.empty() ? 0 : counts[i % kBins];
    const std::size_t bin = first_octave_ * kBins + i;
    const auto wrapped = wraps_.find(bin);
    seen += count + (wrapped == wraps_.end() ? 0 : wrapped->second << 32);
    if (seen > zeros_ && static_cast<double>(seen) >= wanted)
      return std::min(std::bit_cast<double>(std::uint64_t{bin + 1} << kDroppedBits), largest_);
  }
  return largest_;
}

RangeObserver::RangeObserver(const LayerOnTiles& layer)
    : columns_(layer.geometry.columns()),
      places_(layer.geometry, layer.tile,
              layer.periphery.adc ? layer.periphery.adc->columns_per_adc : 1),
      products_(layer.planes.size() *
                static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows()))),
      inputs_(layer.periphery.dac ? layer.periphery.dac->percentile : 100) {
  const Adc adc = layer.periphery.adc.value_or(Adc{});
  per_ = adc.per;
  outputs_.assign(group(products_ - 1, columns_ - 1) + 1, MagnitudeHistogram(adc.percentile));
}

std::size_t RangeObserver::group(std::size_t product, int n) const {
  if (per_ == RangePer::layer) return 0;
  if (per_ == RangePer::tile)
    return product * static_cast<std::size_t>(places_.tiles) +
           static_cast<std::size_t>(places_.tile(n));
  return product * static_cast<std::size_t>(places_.converters()) +
         static_cast<std::size_t>(places_.converter(n));
}

template <class Real>
void RangeObserver::see_outputs(std::size_t product, std::span<const Real> outputs) {
  const auto columns = static_cast<std::size_t>(columns_);
  for (int n = 0, end = 0; n < columns_; n = end) {
    const std::size_t own = group(product, n);
    while (end < columns_ && group(product, end) == own) ++end;
    outputs_[own].add(outputs.data() + n, outputs.size() / columns, columns,
                      static_cast<std::size_t>(end - n));
  }
}

template void RangeObserver::see_outputs(std::size_t, std::span<const float>);
template void RangeObserver::see_outputs(std::size_t, std::span<const double>);

void RangeObserver::write(LayerRanges& ranges) const {
  ranges.input = input_range();
  ranges.output.clear();
  std::vector<double> found;
  for (const MagnitudeHistogram& h : outputs_) found.push_back(h.percentile());
  for (std::size_t p = 0; p < products_; ++p)
    for (int n = 0; n < columns_; ++n) ranges.output.push_back(found[group(p, n)]);
}

double unused_bits(const LayerOnTiles& layer, const LayerRanges& ranges) {
  if (!layer.periphery.adc || ranges.output.empty()) return 0.0;
  const LayerPlan plan = plan_layer(layer, ranges);
  const std::size_t row_tiles = plan.products.size() / layer.planes.size();
  double largest = 0.0;  // part of a full scale that any column uses
  for (std::size_t t = 0; t < plan.products.size(); ++t)
    for (int n = 0; n < plan.columns; ++n) {
      const TileProduct& product = plan.products[t];
      const double weight =
          layer.weight_per_S(layer.planes[t / row_tiles], static_cast<int>(t % row_tiles), n);
      const auto column = static_cast<std::size_t>(n);
      const double full_scale = product.digital[column] * product.highest / weight;
      const double seen = ranges.output[t * static_cast<std::size_t>(plan.columns) + column];
      if (full_scale > 0) largest = std::max(largest, seen / full_scale);
    }
  return largest > 0 ? -std::log2(largest) : 0.0;
}

}  // namespace ohmic
