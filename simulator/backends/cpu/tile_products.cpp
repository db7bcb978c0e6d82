#include "simulator/backends/cpu/tile_products.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <type_traits>

#include "simulator/backends/cpu/rounding_bounds.hpp"
#include "simulator/bf16.hpp"

namespace ohmic::cpu {
namespace {

onednn::Format format_of(Products products) {
  return are_rounded(products) ? onednn::Format::bf16 : onednn::Format::f32;
}

bool is_bf16(double cell) { return std::isfinite(float_of(bf16_of(static_cast<float>(cell)))); }

/// Whether what drives rows in front of an ADC is exact in bf16.
bool are_exact_codes(const LayerPlan& plan) {
  constexpr double kMostCode = 256;  // 8 bits and the even number behind them
  return plan.adc.converts && plan.input.converts && most_drive(plan.input) <= kMostCode;
}

/// What rounding to bf16 leaves.
float remainder_of(float value) { return value - float_of(bf16_of(value)); }

/// The bias row of a tile's matrix; empty where it has none.
std::vector<double> bias_row(const ConvGeometry& g, const TileProduct& t,
                             const std::vector<double>& matrix) {
  std::vector<double> row;
  if (t.driven_rows(g) < t.rows && !matrix.empty())
    for (int n = 1; n <= g.columns(); ++n)
      row.push_back(matrix[static_cast<std::size_t>(n) * t.rows - 1]);
  return row;
}

struct Term {
  double factor;
  const std::vector<double>& row;
};

/// What bias rows add at their factors; null without any.
const float* driven(std::initializer_list<Term> terms, Buffer<float>& buffer) {
  const std::size_t N = terms.begin()->row.size();
  if (N == 0) return nullptr;
  float* sums = buffer.at_least(N);
  for (std::size_t n = 0; n < N; ++n) {
    double sum = 0;
    for (const Term& term : terms)
      if (!term.row.empty()) sum += term.factor * term.row[n];
    sums[n] = static_cast<float>(sum);
  }
  return sums;
}

}  // namespace

TileProducts::TileProducts(const LayerOnTiles& layer, const LayerPlan& plan, int images,
                           Products format)
    : geometry_(layer.geometry),
      images_(images),
      format_(format),
      is_ohmic_(!layer.cells),
      is_twice_(format == Products::bf16x2 && layer.geometry.groups == 1),
      channels_(layer.geometry, images, is_twice_ ? 2 : 1) {
  for (std::size_t t = 0; t < plan.products.size(); ++t) {
    const TileProduct& product = plan.products[t];
    const std::size_t at = channels_.of(product);
    if (at == slices_.size()) slices_.push_back(make_slice(at, product));
    slices_[at].products.push_back(pack(at, product, t));
    slices_[at].is_noisy |= !product.variance.empty();
    if (format_ == Products::bf16x2 && are_exact_codes(plan)) note_rounding(product, plan.input);
  }
}

bool TileProducts::may_be_short(const LayerOnTiles& layer, const LayerPlan& plan) {
  return onednn::has_amx() && are_exact_codes(plan) && layer.geometry.groups == 1 && !layer.cells;
}

void TileProducts::drop_nan(DriveBuffers<Bf16>& drives) const {
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    Bf16* values = drives.slices[s].get();
    std::replace_if(
        values, values + channels_.values(s), [](Bf16 v) { return std::isnan(float_of(v)); },
        Bf16{0});
  }
}

void TileProducts::note_rounding(const TileProduct& t, const InputPlan& input) {
  const auto rows = static_cast<std::size_t>(t.rows);
  const auto driven = static_cast<std::size_t>(std::max(t.driven_rows(geometry_), 0));
  for (std::size_t first = 0; first < t.G.size(); first += rows) {
    double above = 0, below = 0;
    for (std::size_t k = 0; k < driven; ++k) {
      const auto cell = static_cast<float>(t.G[first + k]);
      const double error = remainder_of(remainder_of(cell));
      above += std::max(error, 0.0);
      below += std::max(-error, 0.0);
      if (!is_bf16(t.G[first + k]) || (!t.variance.empty() && !is_bf16(t.variance[first + k])))
        worst_error_ = std::numeric_limits<double>::infinity();
    }
    worst_error_ = std::max(worst_error_, worst_sum(above, below, input));
  }
}

std::vector<float> TileProducts::weights_of(std::size_t slice, const TileProduct& t,
                                            const std::vector<double>& matrix) const {
  const std::vector<float> weights = channels_.weights(slice, t, matrix);
  if (!is_twice_) return weights;
  const std::size_t row = weights.size() / static_cast<std::size_t>(geometry_.columns());
  std::vector<float> both(2 * weights.size());
  for (std::size_t first = 0; first < weights.size(); first += row) {
    std::copy_n(&weights[first], row, &both[2 * first]);
    std::transform(&weights[first], &weights[first] + row, &both[2 * first + row], remainder_of);
  }
  return both;
}

TileProducts::Slice TileProducts::make_slice(std::size_t slice, const TileProduct& t) const {
  onednn::ConvolutionSpec spec{channels_.geometry(slice),         images_, format_of(format_),
                               t.driven_rows(geometry_) < t.rows, false,   false};
  onednn::Convolution plain(spec);
  spec.has_bias = false;
  spec.accumulates = true;
  return {std::move(plain), onednn::Convolution(spec), {}};
}

TileProducts::Packed TileProducts::pack(std::size_t at, const TileProduct& t,
                                        std::size_t index) const {
  const Slice& slice = slices_[at];
  Packed packed;
  packed.product = index;
  packed.is_noisy = !t.variance.empty();
  packed.bias = bias_row(geometry_, t, t.G);
  packed.bias_variance = bias_row(geometry_, t, t.variance);
  packed.bias_a = bias_row(geometry_, t, t.a);
  packed.bias_b = bias_row(geometry_, t, t.b);
  std::vector<float> weights = weights_of(at, t, t.G);
  packed.sums = slice.convolution.pack(weights);
  if (format_ == Products::bf16x2 && !is_twice_) {
    std::ranges::transform(weights, weights.begin(), remainder_of);
    packed.rest = slice.accumulating.pack(weights);
  }
  if (packed.is_noisy) packed.variance = slice.convolution.pack(weights_of(at, t, t.variance));
  if (t.a.empty()) return packed;
  packed.a = slice.accumulating.pack(weights_of(at, t, t.a));
  packed.b = slice.accumulating.pack(weights_of(at, t, t.b));
  return packed;
}

/// What cells that are not ohmic add, of the powers of what drives their slice.
void TileProducts::add_powers(const Slice& slice, const Packed& p, Workspace& w) const {
  slice.accumulating.run(w.signed_squares.get(), p.a, nullptr, w.sums.get());
  slice.accumulating.run(w.cubes.get(), p.b, nullptr, w.sums.get());
}

template <class T>
void TileProducts::multiply_slices(double bias, DriveBuffers<T>& drives, Workspace& w,
                                   const Take& take) const {
  const std::size_t size = static_cast<std::size_t>(images_) * geometry_.out_height() *
                           geometry_.out_width() * geometry_.out_channels;
  float* sums = w.sums.at_least(size);
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const Slice& slice = slices_[s];
    const std::size_t values = channels_.values(s);
    const T* x = drives.slices[s].get();
    T* squares = slice.is_noisy ? drives.squares.at_least(values) : nullptr;
    if (squares) square(x, values, squares);
    if constexpr (std::is_same_v<T, float>)
      if (!is_ohmic_) {
        signed_square(x, values, w.signed_squares.at_least(values));
        cube(x, values, w.cubes.at_least(values));
      }
    for (const Packed& p : slice.products) {
      slice.convolution.run(
          x, p.sums,
          driven(
              {{bias, p.bias}, {bias * std::abs(bias), p.bias_a}, {bias * bias * bias, p.bias_b}},
              w.bias),
          sums);
      if (format_ == Products::bf16x2 && !is_twice_)
        slice.accumulating.run(x, p.rest, nullptr, sums);
      if (!is_ohmic_) add_powers(slice, p, w);
      float* variances = p.is_noisy ? w.variances.at_least(size) : nullptr;
      if (variances)
        slice.convolution.run(squares, p.variance, driven({{bias * bias, p.bias_variance}}, w.bias),
                              variances);
      take(p.product, sums, variances);
    }
  }
}

void TileProducts::multiply(double bias, Workspace& w, const Take& take) const {
  multiplies_bf16() ? multiply_slices(bias, w.bf16, w, take)
                    : multiply_slices(bias, w.f32, w, take);
}

}  // namespace ohmic::cpu
