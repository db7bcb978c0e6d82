#include "simulator/range_observer.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/converters.hpp"

namespace ohmic {

void MagnitudeHistogram::widen() {
  for (int i = 0; i < kBins / 2; ++i) counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
  std::fill(counts_.begin() + kBins / 2, counts_.end(), 0);
  width_ *= 2;
}

void MagnitudeHistogram::add(double magnitude) {
  if (!std::isfinite(magnitude)) return;
  if (counts_.empty()) counts_.assign(kBins, 0);
  ++total_;
  largest_ = std::max(largest_, magnitude);
  if (magnitude == 0) {
    ++counts_[0];
    return;
  }
  if (width_ == 0) width_ = magnitude / (kBins / 2);
  while (magnitude >= kBins * width_) widen();
  ++counts_[static_cast<std::size_t>(magnitude / width_)];
}

double MagnitudeHistogram::percentile(double percent) const {
  if (percent >= 100) return largest_;
  const double wanted = percent / 100 * static_cast<double>(total_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (static_cast<double>(seen) >= wanted)
      return std::min((static_cast<double>(i) + 1) * width_, largest_);
  }
  return largest_;
}

RangeObserver::RangeObserver(const LayerOnTiles& layer)
    : input_percentile_(layer.periphery.dac ? layer.periphery.dac->percentile : 100),
      columns_(layer.geometry.columns()),
      width_(layer.tile.columns > 0 ? layer.tile.columns : columns_),
      products_(layer.planes.size() *
                static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows()))) {
  const Adc adc = layer.periphery.adc.value_or(Adc{});
  output_percentile_ = adc.percentile;
  per_ = adc.per;
  shared_ = adc.columns_per_adc;
  outputs_.resize(group(products_ - 1, columns_ - 1) + 1);
}

std::size_t RangeObserver::group(std::size_t product, int n) const {
  if (per_ == RangePer::layer) return 0;
  const int tiles = (columns_ + width_ - 1) / width_, per_tile = (width_ + shared_ - 1) / shared_;
  const auto tile =
      product * static_cast<std::size_t>(tiles) + static_cast<std::size_t>(n / width_);
  if (per_ == RangePer::tile) return tile;
  return tile * static_cast<std::size_t>(per_tile) + static_cast<std::size_t>(n % width_ / shared_);
}

void RangeObserver::see_inputs(std::span<const float> x) {
  for (const float v : x) inputs_.add(std::abs(double{v}));
}

void RangeObserver::see_output(std::size_t product, int n, double output) {
  outputs_[group(product, n)].add(std::abs(output));
}

void RangeObserver::write(LayerRanges& ranges) const {
  ranges.input = input_range();
  ranges.output.clear();
  std::vector<double> found;
  for (const MagnitudeHistogram& h : outputs_) found.push_back(h.percentile(output_percentile_));
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
