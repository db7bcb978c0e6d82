// A layer as the hardware sees it: a convolution geometry, planes of conductances, a grid of tiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "simulator/cell_curve.hpp"
#include "simulator/periphery.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

/// Geometry of one MVM layer. A dense layer is a 1x1 convolution on a 1x1 image.
/// Activations are float, N x H x W x C (channels last).
struct ConvGeometry {
  int in_height = 1, in_width = 1, in_channels = 1;
  int out_channels = 1;
  int kernel_height = 1, kernel_width = 1;
  int stride_height = 1, stride_width = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  /// Of channels in and out: group j of the outputs sees group j of the inputs alone, on rows of
  /// its own (an array per group, no idle cells). in_channels groups of one make a depthwise layer.
  int groups = 1;
  int dilation_height = 1, dilation_width = 1;
  /// 1: below the kernel's rows the matrix has one that holds biases, driven by
  /// LayerOnTiles::input_full_scale at every position.
  int bias_rows = 0;

  /// Pixels from the first to the last that a kernel's axis touches, both included.
  int reach_height() const { return (kernel_height - 1) * dilation_height + 1; }
  int reach_width() const { return (kernel_width - 1) * dilation_width + 1; }
  int out_height() const {
    return (in_height + pad_top + pad_bottom - reach_height()) / stride_height + 1;
  }
  int out_width() const {
    return (in_width + pad_left + pad_right - reach_width()) / stride_width + 1;
  }
  int positions() const { return out_height() * out_width(); }
  /// Rows that inputs drive, in_channels/groups * kernel_height * kernel_width of them:
  /// row k = (channel of the group * kernel_height + ky) * kernel_width + kx.
  int kernel_rows() const { return in_channels / groups * kernel_height * kernel_width; }
  /// Rows of the layer's matrix: K = kernel_rows() + bias_rows.
  int rows() const { return kernel_rows() + bias_rows; }
  /// First input channel that output channel n sees.
  int first_channel(int n) const { return n / (out_channels / groups) * (in_channels / groups); }
  /// Columns of the layer's matrix: N = out_channels.
  int columns() const { return out_channels; }
  std::int64_t macs() const {
    return std::int64_t{kernel_rows()} * columns() * out_height() * out_width();
  }
};

/// Tiles cut a layer's K x N matrix into pieces of at most rows x columns cells; 0 is unlimited.
/// Row tile r holds rows [r*rows, (r+1)*rows): a boundary may fall inside a channel, as on a chip.
struct TileShape {
  int rows = 0;
  int columns = 0;

  /// Sides of a whole tile of a K x N matrix.
  TileShape within(int K, int N) const {
    return {rows > 0 ? std::min(rows, K) : K, columns > 0 ? std::min(columns, N) : N};
  }
  int row_tiles(int K) const { return rows <= 0 ? 1 : (K + rows - 1) / rows; }
  int column_tiles(int N) const { return columns <= 0 ? 1 : (N + columns - 1) / columns; }
};

/// K x N devices of one polarity that share arrays, as programmed, before any wire.
struct DeviceArray {
  double sign = 1.0;  ///< of their currents
  std::vector<double> G_S;
};

/// One K x N plane of conductances that is sensed by itself: its converted outputs enter the
/// digital sum with weight `weight_per_S`. Differential cells subtracted before the converter are
/// one plane of G+ - G-; a converter per polarity makes two; b-bit slices make one (or two) each.
/// Stored column by column: element (k, n) at n*K + k, which is LibTorch's [out, in, kh, kw] order.
struct Plane {
  double weight_per_S = 1.0;
  double current_span_S = 0.0;  ///< largest |G| an element can have by design, for range = max
  bool unipolar =
      false;  ///< by design no element is negative: a converter per polarity, offset cells
  /// Digital factor on what comes from [row tile][column]: weight scales of their own, drift
  /// compensation; empty: 1.
  std::vector<double> gain;
  std::vector<double> G_S;  ///< effective conductance, wires included; K*N, or empty: to be
                            ///< programmed by the back end (Backend::load_devices)
  std::vector<double> read_variance_S2;  ///< per-MVM variance, K*N; empty when reads are quiet

  // Of non-linear cells only (LayerOnTiles::cells); G_S is then what they conduct at low voltages.
  std::vector<double> a_A_V2, b_A_V3;  ///< I = G V + a V |V| + b V^3, without wires; K*N
  std::vector<DeviceArray> arrays;     ///< on resistive wires: solved for each MVM
  double reference_S = 0.0;            ///< an exact cell that every cell of `arrays` is set against
};

/// A programmed layer, ready for a back end.
struct LayerOnTiles {
  std::uint16_t layer = 0;
  ConvGeometry geometry;
  TileShape tile;
  std::vector<Plane> planes;
  Periphery periphery;
  NoiseKey key;                   ///< for everything that is redrawn at each MVM
  double input_full_scale = 0.0;  ///< of x; what drives the bias row and the voltages of `cells`
  std::optional<NonLinearCells> cells = std::nullopt;  ///< absent: ohmic
  /// Planes without conductances will have variances of their reads as well.
  bool awaits_noisy_devices = false;
  /// Added to every weight of the kernel by what is digital, a sum of inputs: tiles_loader of
  /// nn/analog/ does it. Back ends know nothing of it.
  double added_weight = 0.0;

  /// Weights that the ideal periphery computes with: sum over planes, kernel_rows()*N in the order
  /// of planes.
  std::vector<float> effective_weights() const;
  /// What the bias row adds to each of N outputs; 0 without one.
  std::vector<float> effective_bias() const;
  /// Whether any plane's devices are, or will be, read with noise.
  bool reads_noisily() const;
  /// Weight of one siemens of a plane in row tile r, column n.
  double weight_per_S(const Plane& plane, int r, int n) const {
    const std::size_t slot = static_cast<std::size_t>(r) * geometry.columns() + n;
    return plane.gain.empty() ? plane.weight_per_S : plane.weight_per_S * plane.gain[slot];
  }
  /// The same for every cell, K*N in plane order.
  std::vector<double> weights_of_cells(const Plane& plane) const;
  /// Whether one MVM is exactly one product with the effective weights.
  bool is_ideal_per_mvm() const { return !cells && periphery.is_ideal_per_mvm(reads_noisily()); }
  /// Whether circuits have to be solved for each MVM.
  bool is_solved_per_mvm() const { return cells && periphery.wires; }

 private:
  std::vector<double> effective_matrix() const;
};

}  // namespace ohmic
