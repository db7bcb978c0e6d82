// The slices of a layer's input channels that its row tiles see, each a dense buffer of its own:
// oneDNN is slow on views.
//
// A row tile that begins or ends inside a channel takes the whole channel, with zeros for the rows
// that belong to its neighbour.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "simulator/backends/cpu/passes.hpp"
#include "simulator/backends/cpu/workspace.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class ChannelSlices {
 public:
  /// `images` are computed at a time. A slice holds the channels of each group `copies` times, one
  /// after the other.
  ChannelSlices(const ConvGeometry& geometry, int images, int copies)
      : geometry_(geometry), images_(images), copies_(copies) {}

  /// The slice of a tile's rows, in the order in which they come first.
  std::size_t of(const TileProduct&);
  /// Of a convolution over a slice, without bias rows.
  ConvGeometry geometry(std::size_t slice) const;
  /// A row tile's matrix as weights [out][in][kh][kw] of such a convolution, of one copy.
  std::vector<float> weights(std::size_t slice, const TileProduct&,
                             const std::vector<double>& matrix) const;
  /// Values of all images in a slice's buffer.
  std::size_t values(std::size_t slice) const {
    return pixels(static_cast<std::size_t>(images_)) * width(slices_[slice]);
  }

  /// Drives the rows with `count` images, the rest of the images with zeros. `produce(first, size,
  /// out)` writes values [first, first + size) of images x H x W x C; it is called for blocks that
  /// stay in the first-level cache while slices are cut from them.
  template <class T, class Produce>
  void drive(std::size_t count, DriveBuffers<T>&, const Produce& produce) const;

 private:
  /// Channels [first, first + count) of every group.
  struct Slice {
    int first_row, first, count;
  };

  int channels_of_group() const { return geometry_.in_channels / geometry_.groups; }
  /// Channels of a slice's buffer, those of one group after those of another.
  std::size_t width(const Slice& slice) const {
    return static_cast<std::size_t>(slice.count * copies_ * geometry_.groups);
  }
  std::size_t pixels(std::size_t images) const {
    return images * static_cast<std::size_t>(geometry_.in_height * geometry_.in_width);
  }
  /// A slice's channels of `pixels` pixels.
  template <class T>
  void cut(const T* x, std::size_t pixels, const Slice& slice, T* out) const;

  ConvGeometry geometry_;
  int images_, copies_;
  std::vector<Slice> slices_;
};

template <class T>
void ChannelSlices::cut(const T* x, std::size_t pixels, const Slice& slice, T* out) const {
  if (geometry_.groups == 1)
    return take_channels(x, pixels, geometry_.in_channels, slice.first, slice.count, copies_, out);
  for (std::size_t pixel = 0; pixel < pixels; ++pixel, x += geometry_.in_channels)
    for (int channel = slice.first; channel < geometry_.in_channels; channel += channels_of_group())
      for (int copy = 0; copy < copies_; ++copy) out = std::copy_n(x + channel, slice.count, out);
}

template <class T, class Produce>
void ChannelSlices::drive(std::size_t count, DriveBuffers<T>& to, const Produce& produce) const {
  constexpr std::size_t kBlockValues = 2048;
  const auto channels = static_cast<std::size_t>(geometry_.in_channels);
  const std::size_t given = pixels(count);
  if (to.slices.size() < slices_.size()) to.slices.resize(slices_.size());
  const bool is_whole =
      slices_.size() == 1 && slices_[0].count == channels_of_group() && copies_ == 1;
  const std::size_t step = is_whole ? given : std::max(kBlockValues / channels, std::size_t{1});
  for (std::size_t s = 0; s < slices_.size(); ++s) to.slices[s].at_least(values(s));
  for (std::size_t first = 0; first < given; first += step) {
    const std::size_t size = std::min(step, given - first);
    T* block = is_whole ? to.slices[0].get() : to.block.at_least(step * channels);
    produce(first * channels, size * channels, block);
    if (is_whole) break;
    for (std::size_t s = 0; s < slices_.size(); ++s)
      cut(block, size, slices_[s], to.slices[s].get() + first * width(slices_[s]));
  }
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    T* all = to.slices[s].get();
    std::fill(all + given * width(slices_[s]), all + values(s), T{0});
  }
}

}  // namespace ohmic::cpu
