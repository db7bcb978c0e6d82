// The products of a layer's tiles where kernels are 3 x 3 with stride 1 and inputs are codes, with
// half of the multiplications, in 16-bit integers (winograd.hpp).
//
// This is what `products = "bf16"` does on processors that multiply pairs of 16-bit integers as
// fast as they multiply bf16 numbers. Codes are exact. Sums of taps are rounded to steps of their
// own, of each column 1 / 32,767 of the largest, or as many as 32 bits hold sums of: some forty
// times finer than bf16 weights where inputs have 8 bits, never coarser.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/backends/cpu/image_part.hpp"
#include "simulator/backends/cpu/winograd.hpp"
#include "simulator/backends/cpu/workspace.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class WinogradProducts {
 public:
  /// Whether a layer's products can be computed like this, and are faster so on this processor.
  static bool cover(const LayerOnTiles&, const LayerPlan&);

  WinogradProducts(const LayerOnTiles&, const LayerPlan&);

  /// Hands what `codes` of one image, H x W x C, drive to `take`: every phase of every product.
  void multiply(const float* codes, Workspace&, const TakePart& take) const;

 private:
  struct Product {
    std::size_t first_pair, pairs;
    std::vector<std::int16_t> points;  ///< [columns / 16][tap][pair][point][column][channel]
    std::vector<float> steps;          ///< [columns / 16][point][column]
    std::vector<float> start;          ///< [phase][column]: the bias row's currents
  };

  struct RowRange {
    std::size_t first, end;
  };

  Product product_of(const TileProduct&, const InputPlan&) const;
  static void pack(const std::vector<double>& points, std::size_t n, double most_drive, Product&);

  ImagePart part_of(std::size_t product, std::size_t phase, RowRange, const std::int16_t* points,
                    const std::vector<bool>& broken, Workspace&) const;

  ConvGeometry geometry_;
  std::size_t columns_;
  winograd::Rows rows_;
  int slice_mask_;
  std::vector<Phase> phases_;
  std::vector<Product> products_;
};

}  // namespace ohmic::cpu
