#include "simulator/backends/cpu/bit_products.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "simulator/backends/cpu/not_numbers.hpp"

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
  const bool is_free = format == Products::automatic;
  const bool is_noisy = !plan.products.front().variance.empty();
  make_tables(plan, format == Products::bf16 || (is_free && plan.adc.converts && !is_noisy));
  if (is_free && worst_error_ > kMostRounding) make_tables(plan, false);
}

void BitProducts::make_tables(const LayerPlan& plan, bool may_be_short) {
  products_.clear();
  worst_error_ = 0;
  std::map<int, std::shared_ptr<const BitWindows>> by_first_row;  // planes have the same tiles
  for (const TileProduct& t : plan.products) {
    const bool are_short = may_be_short && t.rows <= kMostShortRows;
    std::shared_ptr<const BitWindows>& windows = by_first_row[t.first_row];
    if (!windows)
      windows = std::make_shared<const BitWindows>(geometry_, t.first_row,
                                                   t.first_row + t.driven_rows(geometry_),
                                                   bit_tables_at_once(columns_, are_short));
    products_.push_back(product_of(t, are_short, windows));
    worst_error_ = std::max(worst_error_, products_.back().sums->worst_error());
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

void BitProducts::multiply(const float* codes, Workspace& w, const TakePart& take) const {
  const ConvGeometry& g = geometry_;
  const auto pixels = static_cast<std::size_t>(g.in_height * g.in_width);
  const auto positions = static_cast<std::size_t>(g.out_height() * g.out_width());
  const std::size_t step = std::min(positions, std::max(kBlock / columns_, std::size_t{1}));
  const std::size_t size = pixels * static_cast<std::size_t>(words_of(g.in_channels));
  std::uint64_t* image = w.words.at_least(2 * size);
  std::uint64_t* negative = has_negative_drive_ ? image + size : nullptr;
  const std::vector<bool> broken = broken_positions(g, codes);
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
                           const std::vector<bool>& broken, Workspace& w,
                           const TakePart& take) const {
  const Product& product = products_[p];
  product.sums->add_up(image, w.bit_sums);
  if (product.variances) product.variances->add_up(image, w.bit_variances);
  const std::size_t step = std::max(kConvertedBlock / columns_, std::size_t{1});
  for (std::size_t first = 0; first < image.positions; first += step) {
    const std::size_t count = std::min(step, image.positions - first);
    for (std::size_t b = 0; b < batch.bits; ++b) {
      float* sums = product.sums->floats(image, w.bit_sums, b, first, count, w.sums);
      break_sums(broken, image.first + first, count, columns_, sums);
      float* variances = product.variances ? product.variances->floats(image, w.bit_variances, b,
                                                                       first, count, w.variances)
                                           : nullptr;
      take({0, p, batch.first_phase + b, image.first + first, count, sums, variances});
    }
  }
}

}  // namespace ohmic::cpu
