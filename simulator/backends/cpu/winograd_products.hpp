// The products of a layer's tiles where kernels are 3 x 3 with stride 1 and inputs are codes, with
// half of the multiplications, in 16-bit integers (winograd.hpp).
//
// This is what `products = "bf16"`, and "auto" where it is exact enough, do on processors that
// multiply pairs of 16-bit integers as fast as they multiply bf16 numbers. Codes are exact. Sums of
// taps are rounded to steps of their own, of each column 1 / 32,767 of the largest, or as many as
// 32 bits hold sums of: some forty times finer than bf16 weights where inputs have 8 bits, never
// coarser.
//
// The squares of codes do not fit: variances of reads stay convolutions of bf16 numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "simulator/backends/cpu/image_part.hpp"
#include "simulator/backends/cpu/tile_products.hpp"
#include "simulator/backends/cpu/winograd.hpp"
#include "simulator/backends/cpu/workspace.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class WinogradProducts {
 public:
  /// Whether a layer's products can be computed like this, and are faster so on this processor.
  static bool cover(const LayerOnTiles&, const LayerPlan&);

  /// At most `images` are computed at a time.
  WinogradProducts(const LayerOnTiles&, const LayerPlan&, int images);

  /// What these roundings move a sum by at worst, whatever the inputs, in its units (codes of the
  /// ADC).
  double worst_error() const { return worst_error_; }
  /// How many images are best given at a time.
  std::size_t images_at_once() const { return images_; }
  /// Hands what `codes` of images, H x W x C each, drive to `take`: every phase of every product.
  void multiply(const float* codes, std::size_t images, Workspace&, const TakePart& take) const;

 private:
  struct Product {
    std::size_t first_pair, pairs;
    std::vector<std::int16_t> points;  ///< [columns / 16][tap][pair][point][column][channel]
    std::vector<float> steps;          ///< [columns / 16][point][column]
    std::vector<float> start;          ///< [phase][column]: the bias row's currents
  };

  /// What drives an image's rows, as points.
  struct Drive {
    const std::int16_t* points;
    std::vector<bool> broken;  ///< positions
  };

  /// Some rows of an image's outputs.
  struct Rows {
    std::size_t image, first, end;
  };

  Product product_of(const TileProduct&, const InputPlan&);
  void pack(const std::vector<double>& points, std::size_t n, const InputPlan&, Product&);

  std::vector<Drive> find_drives(const float* codes, std::size_t images, Workspace&) const;
  /// Adds up one phase of a product on some rows; their variances begin at `variances`, if any.
  ImagePart add_up(std::size_t product, std::size_t phase, Rows, const Drive&, float* variances,
                   Workspace&) const;

  ConvGeometry geometry_;
  std::size_t columns_;
  winograd::Image image_;
  int slice_mask_;
  std::vector<Phase> phases_;
  std::vector<Product> products_;
  std::optional<TileProducts> variances_;  ///< of squares; absent where reads are quiet
  std::size_t images_;
  double worst_error_ = 0;
};

}  // namespace ohmic::cpu
