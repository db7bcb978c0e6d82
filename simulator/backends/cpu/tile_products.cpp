#include "simulator/backends/cpu/tile_products.hpp"

#include <bit>
#include <cmath>
#include <initializer_list>
#include <type_traits>

namespace ohmic::cpu {
namespace {

onednn::Format format_of(Products products) {
  return are_rounded(products) ? onednn::Format::bf16 : onednn::Format::f32;
}

/// What rounding to bf16 leaves of each value.
std::vector<float> remainders(const std::vector<float>& values) {
  std::vector<Bf16> bf16(values.size());
  copy_inputs(values.data(), values.size(), bf16.data());
  std::vector<float> rest(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    rest[i] = values[i] - std::bit_cast<float>(std::uint32_t{bf16[i]} << 16);
  return rest;
}

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

/// A row tile's matrix as convolution weights over its slice of channels.
std::vector<float> slice_weights(const ConvGeometry& g, const TileProduct& t, int first_channel,
                                 int channels, const std::vector<double>& matrix) {
  const int kernel = g.kernel_height * g.kernel_width, K = channels * kernel;
  std::vector<float> weights(static_cast<std::size_t>(K) * g.columns(), 0.0f);
  for (int n = 0; n < g.columns(); ++n)
    for (int k = 0; k < t.driven_rows(g); ++k)
      weights[static_cast<std::size_t>(n) * K + t.first_row - first_channel * kernel + k] =
          static_cast<float>(matrix[static_cast<std::size_t>(n) * t.rows + k]);
  return weights;
}

}  // namespace

TileProducts::TileProducts(const LayerOnTiles& layer, const LayerPlan& plan, int images,
                           Products format)
    : geometry_(layer.geometry), images_(images), format_(format), is_ohmic_(!layer.cells) {
  std::vector<int> first_rows;
  for (std::size_t t = 0; t < plan.products.size(); ++t) {
    const TileProduct& product = plan.products[t];
    const auto known = std::find(first_rows.begin(), first_rows.end(), product.first_row);
    const auto at = static_cast<std::size_t>(known - first_rows.begin());
    if (known == first_rows.end()) {
      first_rows.push_back(product.first_row);
      slices_.push_back(make_slice(product));
    }
    slices_[at].products.push_back(pack(slices_[at], product, t));
    slices_[at].is_noisy |= !product.variance.empty();
  }
}

TileProducts::Slice TileProducts::make_slice(const TileProduct& t) const {
  const int kernel = geometry_.kernel_height * geometry_.kernel_width;
  const int last_row = t.first_row + t.driven_rows(geometry_);
  // A tile of the bias row alone multiplies the last channel by zeros.
  const int first = std::min(t.first_row / kernel, channels_of_group() - 1);
  const int end = std::max((last_row + kernel - 1) / kernel, first + 1);
  onednn::ConvolutionSpec spec{
      geometry_, images_, format_of(format_), t.driven_rows(geometry_) < t.rows, false, false};
  spec.geometry.in_channels = (end - first) * geometry_.groups;
  spec.geometry.bias_rows = 0;
  onednn::Convolution plain(spec);
  spec.has_bias = false;
  spec.accumulates = true;
  return {first, end - first, std::move(plain), onednn::Convolution(spec), {}};
}

TileProducts::Packed TileProducts::pack(const Slice& slice, const TileProduct& t,
                                        std::size_t index) const {
  const auto weights_of = [&](const std::vector<double>& matrix) {
    return slice_weights(geometry_, t, slice.first, slice.count, matrix);
  };
  Packed packed;
  packed.product = index;
  packed.is_noisy = !t.variance.empty();
  packed.bias = bias_row(geometry_, t, t.G);
  packed.bias_variance = bias_row(geometry_, t, t.variance);
  packed.bias_a = bias_row(geometry_, t, t.a);
  packed.bias_b = bias_row(geometry_, t, t.b);
  const auto weights = weights_of(t.G);
  packed.high = slice.convolution.pack(weights);
  if (format_ == Products::bf16x2) packed.low = slice.accumulating.pack(remainders(weights));
  if (packed.is_noisy) packed.variance = slice.convolution.pack(weights_of(t.variance));
  if (t.a.empty()) return packed;
  packed.a = slice.accumulating.pack(weights_of(t.a));
  packed.b = slice.accumulating.pack(weights_of(t.b));
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
    const std::size_t values = pixels(static_cast<std::size_t>(images_)) * width(slice);
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
          x, p.high,
          driven(
              {{bias, p.bias}, {bias * std::abs(bias), p.bias_a}, {bias * bias * bias, p.bias_b}},
              w.bias),
          sums);
      if (format_ == Products::bf16x2) slice.accumulating.run(x, p.low, nullptr, sums);
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
