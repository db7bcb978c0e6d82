// The products of a layer's tiles where inputs are applied one bit at a time, without
// multiplications.
//
// A bit drives its row or does not, so that four rows of a column have sixteen sums. They are
// tables, made when the layer is loaded; a product of K rows is then K / 4 additions, the same for
// every processor's vectors. (The method of the four Russians: V. L. Arlazarov et al., 1970.)
//
// With bf16 products, and by themselves where that is exact enough (Products::automatic) and reads
// are quiet, tables and sums are 16-bit integers: of each column of a tile in steps of
// 1 / 32,000 of the most it can reach, so that a sum is off by half a step for every four rows at
// worst, 2^-10 of that most for 256 rows. Tiles of more than 512 rows, where this would be more
// than a bf16's 2^-9, have tables of floats, as all have with float products and with weights of
// two bf16.
#pragma once

#include <memory>
#include <vector>

#include "simulator/backends/cpu/bit_tables.hpp"
#include "simulator/backends/cpu/image_part.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class BitProducts {
 public:
  /// Whether this is how a layer's inputs are applied.
  static bool cover(const LayerOnTiles&, const LayerPlan&);

  BitProducts(const LayerOnTiles&, const LayerPlan&, Products format);

  /// What roundings of integers move a sum by at worst, whatever the inputs, in its units (codes of
  /// the ADC); of floats 0.
  double worst_error() const { return worst_error_; }

  /// Hands what `codes` of one image, H x W x C, drive to `take`: every phase of every product.
  void multiply(const float* codes, Workspace&, const TakePart& take) const;

 private:
  /// Phases whose bits lie in one set of words.
  struct Batch {
    int sign, shift;
    std::size_t first_phase, bits;
    unsigned bias;  ///< mask of the bits that drive the bias row
  };
  struct Product {
    std::unique_ptr<BitTables> sums, variances;  ///< variances null where reads are quiet
  };

  void make_tables(const LayerPlan&, bool may_be_short);
  static std::vector<Batch> batches_of(const InputPlan&);
  Product product_of(const TileProduct&, bool are_short, std::shared_ptr<const BitWindows>) const;
  void multiply(std::size_t product, const Batch&, const BitImage&, const std::vector<bool>& broken,
                Workspace&, const TakePart&) const;

  ConvGeometry geometry_;
  std::size_t columns_;
  bool has_negative_drive_;
  std::vector<Batch> batches_;
  std::vector<Product> products_;
  double worst_error_ = 0;
};

}  // namespace ohmic::cpu
