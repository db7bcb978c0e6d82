// The products of a layer's tiles as oneDNN convolutions over slices of input channels.
//
// A row tile that begins or ends inside a channel takes the whole channel, with zeros for the rows
// that belong to its neighbour. Each slice is a dense buffer of its own: oneDNN is slow on views.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/backends/cpu/passes.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

/// Buffers of one thread.
struct Workspace {
  Buffer<float> codes, drive, slice, squares, sums, variances;
  Buffer<Bf16> drive_bf16, slice_bf16, squares_bf16;
};

/// What drives the rows, images x H x W x C, in the format of the products: one is null.
struct Drive {
  const float* f32 = nullptr;
  const Bf16* bf16 = nullptr;
};

class TileProducts {
 public:
  /// `images` are computed at a time.
  TileProducts(const LayerOnTiles&, const LayerPlan&, int images, Products format);

  bool multiplies_bf16() const { return format_ != Products::f32; }

  /// Computes every product of one drive and hands each to `take(product, sums,
  /// variances)`: images x positions x N, variances null where reads are quiet. `take` may write
  /// into both.
  using Take = std::function<void(std::size_t product, float* sums, float* variances)>;
  void multiply(Drive drive, Workspace&, const Take& take) const;

 private:
  struct Packed {
    std::size_t product;
    onednn::Weights high, low, variance;
    bool is_noisy = false;
  };
  /// Channels [first, first + count) and the products that are computed from them.
  struct Slice {
    int first, count;
    onednn::Convolution convolution, accumulating;
    std::vector<Packed> products;
    bool is_noisy = false;
  };

  Slice make_slice(const TileProduct&) const;
  Packed pack(const Slice&, const TileProduct&, std::size_t index) const;
  const void* input(const Slice&, Drive drive, bool squared, Workspace&) const;

  ConvGeometry geometry_;
  int images_;
  Products format_;
  std::vector<Slice> slices_;
};

}  // namespace ohmic::cpu
