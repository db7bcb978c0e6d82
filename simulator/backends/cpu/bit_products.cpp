#include "simulator/backends/cpu/bit_products.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace ohmic::cpu {
namespace {

constexpr std::size_t kBlock = 4096;           // sums of one bit that are added up at a time
constexpr std::size_t kConvertedBlock = 1024;  // of them handed over at a time, bit after bit
constexpr int kMostShortRows = 512;            // that sums of 16 bits are exact enough for

}  // namespace

bool BitProducts::cover(const LayerOnTiles& layer, const LayerPlan& plan) {
  return plan.input.slice_mask == 1 && layer.geometry.groups == 1;
}

BitProducts::BitProducts(const LayerOnTiles& layer, const LayerPlan& plan, Products format)
    : geometry_(layer.geometry),
      columns_(static_cast<std::size_t>(plan.columns)),
      has_negative_drive_(plan.input.phases.front().sign == 0 && plan.input.lowest < 0),
      batches_(batches_of(plan.input)) {
  std::map<int, std::shared_ptr<const BitWindows>> by_first_row;  // planes have the same tiles
  for (const TileProduct& t : plan.products) {
    const bool are_short = format == Products::bf16 && t.rows <= kMostShortRows;
    std::shared_ptr<const BitWindows>& windows = by_first_row[t.first_row];
    if (!windows)
      windows = std::make_shared<const BitWindows>(geometry_, t.first_row,
                                                   t.first_row + t.driven_rows(geometry_),
                                                   bit_tables_at_once(columns_, are_short));
    products_.push_back(product_of(t, are_short, windows));
  }
}

std::vector<BitProducts::Batch> BitProducts::batches_of(const InputPlan& input) {
  std::vector<Batch> batches;
  for (std::size_t f = 0; f < input.phases.size(); ++f) {
    const Phase& phase = input.phases[f];
    if (batches.empty() || batches.back().sign != phase.sign || batches.back().bits == kBitsPerWord)
      batches.push_back({phase.sign, phase.shift, f, 0, 0});
    Batch& batch = batches.back();
    batch.bias |= (phase.bias != 0 ? 1u : 0u) << batch.bits++;
  }
  return batches;
}

BitProducts::Product BitProducts::product_of(const TileProduct& t, bool are_short,
                                             std::shared_ptr<const BitWindows> windows) const {
  BitMatrix m{has_negative_drive_ ? -1.0 : 0.0, t.first_row, t.rows, t.driven_rows(geometry_), t.G};
  // A driven cell that is not ohmic adds G x + a x |x| + b x^3 with x = 1 or -1.
  for (std::size_t i = 0; i < t.a.size(); ++i) m.cells[i] += t.a[i] + t.b[i];
  Product product{make_bit_tables(m, columns_, are_short, windows), nullptr};
  if (t.variance.empty()) return product;
  m.when_negative = -m.when_negative;  // of x^2
  m.cells = t.variance;
  product.variances = make_bit_tables(m, columns_, are_short, std::move(windows));
  return product;
}

/// Which positions of an image see a pixel with a code that is no number; empty when none does.
std::vector<bool> BitProducts::broken_positions(const float* codes) const {
  const ConvGeometry& g = geometry_;
  const auto C = static_cast<std::size_t>(g.in_channels);
  const int pixels = g.in_height * g.in_width;
  if (!has_nan(codes, static_cast<std::size_t>(pixels) * C)) return {};
  std::vector<bool> is_broken;
  for (int pixel = 0; pixel < pixels; ++pixel)
    is_broken.push_back(has_nan(codes + static_cast<std::size_t>(pixel) * C, C));
  std::vector<bool> broken;
  for (int y = 0; y < g.out_height(); ++y)
    for (int x = 0; x < g.out_width(); ++x) {
      broken.push_back(false);
      for (int tap = 0; tap < g.kernel_height * g.kernel_width; ++tap) {
        const int row = y * g.stride - g.pad_top + tap / g.kernel_width;
        const int column = x * g.stride - g.pad_left + tap % g.kernel_width;
        if (row >= 0 && row < g.in_height && column >= 0 && column < g.in_width &&
            is_broken[static_cast<std::size_t>(row * g.in_width + column)])
          broken.back() = true;
      }
    }
  return broken;
}

void BitProducts::multiply(const float* codes, Workspace& w, const Take& take) const {
  const ConvGeometry& g = geometry_;
  const auto pixels = static_cast<std::size_t>(g.in_height * g.in_width);
  const auto positions = static_cast<std::size_t>(g.out_height() * g.out_width());
  const std::size_t step = std::min(positions, std::max(kBlock / columns_, std::size_t{1}));
  const std::size_t size = pixels * static_cast<std::size_t>(words_of(g.in_channels));
  std::uint64_t* image = w.words.at_least(2 * size);
  std::uint64_t* negative = has_negative_drive_ ? image + size : nullptr;
  const std::vector<bool> broken = broken_positions(codes);
  for (const Batch& batch : batches_) {
    pack_bits(codes, pixels, g.in_channels, {batch.sign < 0 ? -1 : 1, batch.shift}, image);
    if (negative) pack_bits(codes, pixels, g.in_channels, {-1, batch.shift}, negative);
    for (std::size_t first = 0; first < positions; first += step) {
      const BitImage part{image,      negative, batch.bits,
                          batch.bias, first,    std::min(step, positions - first)};
      for (std::size_t p = 0; p < products_.size(); ++p) multiply(p, batch, part, broken, w, take);
    }
  }
}

void BitProducts::multiply(std::size_t p, const Batch& batch, const BitImage& image,
                           const std::vector<bool>& broken, Workspace& w, const Take& take) const {
  const Product& product = products_[p];
  product.sums->add_up(image, w.bit_sums);
  if (product.variances) product.variances->add_up(image, w.bit_variances);
  const std::size_t step = std::max(kConvertedBlock / columns_, std::size_t{1});
  for (std::size_t first = 0; first < image.positions; first += step) {
    const std::size_t count = std::min(step, image.positions - first);
    for (std::size_t b = 0; b < batch.bits; ++b) {
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
