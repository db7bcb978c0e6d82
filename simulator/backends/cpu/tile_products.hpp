// The products of a layer's tiles as oneDNN convolutions over slices of input channels.
//
// Weights that are sums of two bf16 numbers are twice as many, over inputs that are there twice:
// one convolution, whose sums are written once. Groups of channels have two: with two inputs for
// each output they would no longer be what oneDNN has its fast depthwise code for.
#pragma once

#include <functional>
#include <vector>

#include "simulator/backends/cpu/channel_slices.hpp"
#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/backends/cpu/workspace.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cpu {

class TileProducts {
 public:
  /// `images` are computed at a time; in floats unless `format` is shorter.
  TileProducts(const LayerOnTiles&, const LayerPlan&, int images, Products format);

  /// Whether `products = "auto"` may take weights of two bf16 numbers for floats: what drives rows
  /// is exact in bf16, and the processor multiplies such numbers faster (AMX), but not of groups.
  static bool may_be_short(const LayerOnTiles&, const LayerPlan&);

  bool multiplies_bf16() const { return are_rounded(format_); }

  /// What rounding weights to two bf16 numbers moves a sum by at worst, whatever the inputs, in its
  /// units (codes of the ADC), where nothing else is rounded; else 0. Infinite where a cell is no
  /// finite bf16 number. Variances of reads are off by 2^-9 of themselves at most: squares of codes
  /// are rounded to bf16.
  double worst_error() const { return worst_error_; }

  /// As ChannelSlices::drive, in the format of the products (T).
  template <class T, class Produce>
  void drive(std::size_t count, DriveBuffers<T>& to, const Produce& produce) const {
    channels_.drive(count, to, produce);
  }

  /// Rows that something drives which is no number are driven by nothing.
  void drop_nan(DriveBuffers<Bf16>&) const;

  /// Computes every product of what drives the rows and hands each to `take(product, sums,
  /// variances)`: images x positions x N, variances null where reads are quiet. `take` may write
  /// into both. `bias` drives the bias row. Row tile after row tile, all planes of each: the plan's
  /// first product comes first and its last one last.
  using Take = std::function<void(std::size_t product, float* sums, float* variances)>;
  void multiply(double bias, Workspace&, const Take& take) const;

 private:
  struct Packed {
    std::size_t product;
    onednn::Weights sums, rest, variance, a, b;
    bool is_noisy = false;
    /// Bias rows, per unit of drive and of its powers; empty without one.
    std::vector<double> bias, bias_variance, bias_a, bias_b;
  };
  /// The products that are computed from one slice of the channels.
  struct Slice {
    onednn::Convolution convolution, accumulating;
    std::vector<Packed> products;
    bool is_noisy = false;
  };

  Slice make_slice(std::size_t slice, const TileProduct&) const;
  Packed pack(std::size_t slice, const TileProduct&, std::size_t index) const;
  /// In as many numbers each as inputs are there times.
  std::vector<float> weights_of(std::size_t slice, const TileProduct&,
                                const std::vector<double>& matrix) const;
  void note_rounding(const TileProduct&, const InputPlan&);
  template <class T>
  void multiply_slices(double bias, DriveBuffers<T>&, Workspace&, const Take&) const;
  void add_powers(const Slice&, const Packed&, Workspace&) const;

  ConvGeometry geometry_;
  int images_;
  Products format_;
  bool is_ohmic_, is_twice_;  ///< is_twice_: inputs are, and weights beside what rounding left
  ChannelSlices channels_;
  std::vector<Slice> slices_;
  double worst_error_ = 0;
};

}  // namespace ohmic::cpu
