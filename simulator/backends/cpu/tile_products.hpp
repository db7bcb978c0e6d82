// The products of a layer's tiles as oneDNN convolutions over slices of input channels.
//
// A row tile that begins or ends inside a channel takes the whole channel, with zeros for the rows
// that belong to its neighbour. Each slice is a dense buffer of its own: oneDNN is slow on views.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/backends/cpu/passes.hpp"
#include "simulator/backends/cpu/workspace.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class TileProducts {
 public:
  /// `images` are computed at a time; in floats unless `format` is shorter.
  TileProducts(const LayerOnTiles&, const LayerPlan&, int images, Products format);

  bool multiplies_bf16() const { return are_rounded(format_); }

  /// Drives the rows with `count` images, the rest of the images with zeros. `produce(first, size,
  /// out)` writes values [first, first + size) of images x H x W x C, in the format of the products
  /// (T); it is called for blocks that stay in the first-level cache while slices are cut from
  /// them.
  template <class T, class Produce>
  void drive(std::size_t count, DriveBuffers<T>&, const Produce& produce) const;

  /// Computes every product of what drives the rows and hands each to `take(product, sums,
  /// variances)`: images x positions x N, variances null where reads are quiet. `take` may write
  /// into both. `bias` drives the bias row. Row tile after row tile, all planes of each: the plan's
  /// first product comes first and its last one last.
  using Take = std::function<void(std::size_t product, float* sums, float* variances)>;
  void multiply(double bias, Workspace&, const Take& take) const;

 private:
  struct Packed {
    std::size_t product;
    onednn::Weights high, low, variance, a, b;
    bool is_noisy = false;
    /// Bias rows, per unit of drive and of its powers; empty without one.
    std::vector<double> bias, bias_variance, bias_a, bias_b;
  };
  /// Channels [first, first + count) of every group and the products that are computed from them.
  struct Slice {
    int first, count;
    onednn::Convolution convolution, accumulating;
    std::vector<Packed> products;
    bool is_noisy = false;
  };

  Slice make_slice(const TileProduct&) const;
  Packed pack(const Slice&, const TileProduct&, std::size_t index) const;
  int channels_of_group() const { return geometry_.in_channels / geometry_.groups; }
  /// Channels of a slice's buffer, those of one group after those of another.
  std::size_t width(const Slice& slice) const {
    return static_cast<std::size_t>(slice.count) * static_cast<std::size_t>(geometry_.groups);
  }
  /// A slice's channels of `pixels` pixels.
  template <class T>
  void cut(const T* x, std::size_t pixels, const Slice& slice, T* out) const;
  std::size_t pixels(std::size_t images) const {
    return images * static_cast<std::size_t>(geometry_.in_height * geometry_.in_width);
  }
  template <class T>
  void multiply_slices(double bias, DriveBuffers<T>&, Workspace&, const Take&) const;
  void add_powers(const Slice&, const Packed&, Workspace&) const;

  ConvGeometry geometry_;
  int images_;
  Products format_;
  bool is_ohmic_;
  std::vector<Slice> slices_;
};

template <class T>
void TileProducts::cut(const T* x, std::size_t pixels, const Slice& slice, T* out) const {
  if (geometry_.groups == 1)
    return take_channels(x, pixels, geometry_.in_channels, slice.first, slice.count, out);
  for (std::size_t pixel = 0; pixel < pixels; ++pixel, x += geometry_.in_channels)
    for (int channel = slice.first; channel < geometry_.in_channels; channel += channels_of_group())
      out = std::copy_n(x + channel, slice.count, out);
}

template <class T, class Produce>
void TileProducts::drive(std::size_t count, DriveBuffers<T>& to, const Produce& produce) const {
  constexpr std::size_t kBlockValues = 2048;
  const auto channels = static_cast<std::size_t>(geometry_.in_channels);
  const std::size_t given = pixels(count), all = pixels(static_cast<std::size_t>(images_));
  if (to.slices.size() < slices_.size()) to.slices.resize(slices_.size());
  const bool is_whole = slices_.size() == 1 && slices_[0].count == channels_of_group();
  const std::size_t step = is_whole ? given : std::max(kBlockValues / channels, std::size_t{1});
  for (std::size_t s = 0; s < slices_.size(); ++s) to.slices[s].at_least(all * width(slices_[s]));
  for (std::size_t first = 0; first < given; first += step) {
    const std::size_t size = std::min(step, given - first);
    T* block = is_whole ? to.slices[0].get() : to.block.at_least(step * channels);
    produce(first * channels, size * channels, block);
    if (is_whole) break;
    for (std::size_t s = 0; s < slices_.size(); ++s)
      cut(block, size, slices_[s], to.slices[s].get() + first * width(slices_[s]));
  }
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    T* values = to.slices[s].get();
    std::fill(values + given * width(slices_[s]), values + all * width(slices_[s]), T{0});
  }
}

}  // namespace ohmic::cpu
