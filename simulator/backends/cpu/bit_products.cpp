#include "simulator/backends/cpu/bit_products.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/backends/cpu/bit_windows.hpp"

namespace ohmic::cpu {
namespace {

constexpr std::size_t kBlock = 4096;           // sums of one bit that are added up at a time
constexpr std::size_t kConvertedBlock = 1024;  // of them handed over at a time, bit after bit
constexpr int kMostShortRows = 512;            // that sums of 16 bits are exact enough for

}  // namespace

bool BitProducts::compute(const LayerOnTiles& layer, const LayerPlan& plan) {
  return plan.input.slice_mask == 1 && layer.geometry.groups == 1;
}

BitProducts::BitProducts(const LayerOnTiles& layer, const LayerPlan& plan)
    : geometry_(layer.geometry),
      columns_(static_cast<std::size_t>(plan.columns)),
      has_negative_drive_(plan.input.phases.front().sign == 0 && plan.input.lowest < 0),
      batches_(batches_of(plan.input)) {
  for (const TileProduct& t : plan.products) products_.push_back(product_of(layer, t));
}

std::vector<BitProducts::Batch> BitProducts::batches_of(const InputPlan& input) {
  std::vector<Batch> batches;
  for (std::size_t f = 0; f < input.phases.size(); ++f) {
    const Phase& phase = input.phases[f];
    if (batches.empty() || batches.back().sign != phase.sign ||
        batches.back().bias.size() == kBitsPerWord)
      batches.push_back({phase.sign, phase.shift, f, {}});
    batches.back().bias.push_back(phase.bias != 0);
  }
  return batches;
}

BitProducts::Product BitProducts::product_of(const LayerOnTiles& layer,
                                             const TileProduct& t) const {
  const int driven = std::clamp(geometry_.kernel_rows() - t.first_row, 0, t.rows);
  BitMatrix m{has_negative_drive_ ? -1.0 : 0.0, t.first_row, t.rows, driven, t.G};
  // A driven cell that is not ohmic adds G x + a x |x| + b x^3 with x = 1 or -1.
  for (std::size_t i = 0; i < t.a.size(); ++i) m.cells[i] += t.a[i] + t.b[i];
  const bool are_short = layer.periphery.products == Products::bf16 && t.rows <= kMostShortRows;
  Product product{make_bit_tables(geometry_, m, are_short), nullptr};
  if (t.variance.empty()) return product;
  m.when_negative = -m.when_negative;  // of x^2
  m.cells = t.variance;
  product.variances = make_bit_tables(geometry_, m, are_short);
  return product;
}

/// Which positions of an image see a pixel with a code that is no number; empty when none does.
std::vector<bool> BitProducts::broken_positions(const float* codes) const {
  const ConvGeometry& g = geometry_;
  const std::size_t size = static_cast<std::size_t>(g.in_height * g.in_width * g.in_channels);
  if (!has_nan(codes, size)) return {};
  std::vector<bool> broken(static_cast<std::size_t>(g.out_height() * g.out_width()));
  for (std::size_t i = 0; i < size; ++i) {
    if (!std::isnan(codes[i])) continue;
    const int pixel = static_cast<int>(i) / g.in_channels;
    for (int y = 0; y < g.out_height(); ++y)
      for (int x = 0; x < g.out_width(); ++x) {
        const int ky = pixel / g.in_width - y * g.stride + g.pad_top;
        const int kx = pixel % g.in_width - x * g.stride + g.pad_left;
        if (ky >= 0 && ky < g.kernel_height && kx >= 0 && kx < g.kernel_width)
          broken[static_cast<std::size_t>(y * g.out_width() + x)] = true;
      }
  }
  return broken;
}

void BitProducts::multiply(const float* codes, Workspace& w, const Take& take) const {
  const ConvGeometry& g = geometry_;
  const auto pixels = static_cast<std::size_t>(g.in_height * g.in_width);
  const auto positions = static_cast<std::size_t>(g.out_height() * g.out_width());
  const std::size_t step = std::min(positions, std::max(kBlock / columns_, std::size_t{1}));
  const std::size_t size = pixels * static_cast<std::size_t>(words(g.in_channels));
  std::uint64_t* image = w.words.at_least(2 * size);
  std::uint64_t* negative = has_negative_drive_ ? image + size : nullptr;
  const std::vector<bool> broken = broken_positions(codes);
  for (const Batch& batch : batches_) {
    pack_bits(codes, pixels, g.in_channels, {batch.sign < 0 ? -1 : 1, batch.shift}, image);
    if (negative) pack_bits(codes, pixels, g.in_channels, {-1, batch.shift}, negative);
    for (std::size_t first = 0; first < positions; first += step) {
      const BitImage part{image, negative, first, std::min(step, positions - first), batch.bias};
      for (std::size_t p = 0; p < products_.size(); ++p) multiply(batch, part, p, broken, w, take);
    }
  }
}

void BitProducts::multiply(const Batch& batch, const BitImage& image, std::size_t p,
                           const std::vector<bool>& broken, Workspace& w, const Take& take) const {
  const Product& product = products_[p];
  product.sums->add_up(image, w.bit_sums);
  if (product.variances) product.variances->add_up(image, w.bit_variances);
  const std::size_t step = std::max(kConvertedBlock / columns_, std::size_t{1});
  for (std::size_t first = 0; first < image.positions; first += step) {
    const std::size_t count = std::min(step, image.positions - first);
    for (std::size_t b = 0; b < batch.bias.size(); ++b) {
      float* sums = product.sums->floats(image, w.bit_sums, b, first, count, w.sums);
      for (std::size_t i = 0; i < count && !broken.empty(); ++i)
        if (broken[image.first + first + i])
          std::fill_n(sums + i * columns_, columns_, std::numeric_limits<float>::quiet_NaN());
      float* variances = product.variances ? product.variances->floats(image, w.bit_variances, b,
                                                                       first, count, w.variances)
                                           : nullptr;
      take({p, batch.first_phase + b, image.first + first, count, sums, variances});
    }
  }
}

}  // namespace ohmic::cpu
