// The products of a layer's tiles where kernels are 3 x 3 with stride 1 and inputs are codes, with
// half of the multiplications, in 16-bit integers (winograd.hpp).
//
// This is what `products = "auto"` does where it is exact enough, on processors that multiply pairs
// of 16-bit integers, and "bf16" on those of them that multiply bf16 numbers no faster. Codes are
// exact. Sums of taps are rounded to steps of their own, of each column 1 / 32,767 of the largest,
// or as many as 32 bits hold sums of: some forty times finer than bf16 weights where inputs have 8
// bits, never coarser.
//
// Variances of reads are such products of the squares of codes, which are rounded to integers that
// fit: of 8-bit codes to 1 / 3,276 of the largest square.
#pragma once

#include <cstddef>
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

  /// What these roundings move a sum by at worst, whatever the inputs, in its units (codes of the
  /// ADC).
  double worst_error() const { return worst_error_; }
  /// And the standard deviation of its reads, in the same or, where they are louder than that, in
  /// sixteenths of what it is at full drive.
  double worst_read_error() const { return worst_read_error_; }
  /// Of a variance of reads, in the squares of these units.
  double worst_variance_error() const { return worst_variance_error_; }
  /// Hands what `codes` of an image, H x W x C, drive to `take`: every phase of every product.
  void multiply(const float* codes, Workspace&, const TakePart& take) const;

 private:
  struct Product {
    std::size_t first_pair, pairs;
    std::vector<std::int16_t> points;  ///< [columns / 16][tap][pair][point][column][channel]
    std::vector<float> steps;          ///< [columns / 16][point][column]
    std::vector<float> start;          ///< [phase][column]: the bias row's currents
    double worst_error = 0;
  };

  /// What drives an image's rows, as points.
  struct Drive {
    const std::int16_t* points = nullptr;
    bool has_nan = false;
  };

  /// Some rows of an image's outputs.
  struct Rows {
    std::size_t first, end;
  };

  void add_variances(const LayerPlan&);
  Product product_of(const TileProduct&, const InputPlan&) const;
  static void pack(const std::vector<double>& points, std::size_t n, const InputPlan&, Product&);

  std::size_t inputs() const { return image_.rows * image_.width * image_.given_channels; }
  Drive drive_of(const float* codes, Buffer<std::int16_t>& line,
                 Buffer<std::int16_t>& points) const;
  /// Adds up one phase of a product on some rows.
  void add_up(const Product&, std::size_t phase, Rows, const Drive&, float* sums) const;

  ConvGeometry geometry_;
  std::size_t columns_;
  winograd::Image image_;
  int slice_mask_;
  std::vector<Phase> phases_;
  std::vector<Product> products_, variances_;  ///< of the same tiles; none where reads are quiet
  float squares_per_step_ = 1;                 ///< what drives variances, of 1 of a square
  double worst_error_ = 0, worst_read_error_ = 0, worst_variance_error_ = 0;
};

}  // namespace ohmic::cpu
