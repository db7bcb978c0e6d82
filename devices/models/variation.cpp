// variation - chips, arrays and neighbourhoods that differ
//
// Theory. Film thickness, line width and supply differ from die to die, from array to array and,
// over many cells, within an array: devices near each other err alike. These errors do not average
// out over a column as independent ones do.
//
// Equation. With $a$, $b$ and $c$ the keys die_std, tile_std and spatial_std,
//
// ```math
// G = G_T (1 + a X)(1 + b Y)(1 + c Z)
// ```
//
// cut at 0; $X$ one standard normal per draw, $Y$ one per tile of a layer, $Z$ in each tile a
// Gaussian field of unit variance with the correlation
//
// ```math
// \rho(\delta) = \exp\left(-\frac{\delta^2}{2 L^2}\right)
// ```
//
// at a distance of $\delta$ cells: the sum over a square lattice of spacing $L$ of standard normals
// at distances $\epsilon$, each weighted by $\exp(-(\epsilon/L)^2)$, over the root of the sum of
// squared weights. The devices of one cell share all three.
//
// Source. Definition; the field is white noise smoothed by a Gaussian.
//
// Limits. Within 2 % of the stated correlation. Without a layout (a model used by itself) all
// devices are one column of one array.

#include <algorithm>
#include <array>
#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

// Lattice points on either side that still weigh: exp(-3.5^2) = 5e-6.
constexpr int kReach = 3;
constexpr int kNodes = 2 * kReach + 2;
// Tiles up to this height have the weights of all their rows found at once.
constexpr int kWholeTile = 2048;

/// For a range of cells along one axis, the lattice nodes about each and their normalised weights.
class Smoother {
 public:
  Smoother() = default;
  Smoother(int begin, int end, double spacing)
      : begin_(begin), size_(static_cast<std::size_t>(end - begin)), node_(size_) {
    weight_.resize(size_ * kNodes);
    std::vector<double> x(size_), squares(size_, 0.0);
    for (std::size_t i = 0; i < size_; ++i) {
      x[i] = (begin + static_cast<double>(i)) / spacing;
      node_[i] = static_cast<int>(std::floor(x[i])) - kReach;
    }
    for (int a = 0; a < kNodes; ++a)
      for (std::size_t i = 0; i < size_; ++i) {
        const double d = x[i] - (node_[i] + a);
        const double w = exp_of(-d * d);
        weight_[static_cast<std::size_t>(a) * size_ + i] = w;
        squares[i] += w * w;
      }
    for (std::size_t i = 0; i < weight_.size(); ++i) weight_[i] /= std::sqrt(squares[i % size_]);
  }

  bool covers(int begin, int end) const {
    return begin >= begin_ && end <= begin_ + static_cast<int>(size_);
  }
  /// The first of the kNodes nodes about a cell, and the weight of node `first + a`.
  int node(int cell) const { return node_[static_cast<std::size_t>(cell - begin_)]; }
  double weight(int a, int cell) const {
    return weight_[static_cast<std::size_t>(a) * size_ + static_cast<std::size_t>(cell - begin_)];
  }

 private:
  int begin_ = 0;
  std::size_t size_ = 0;
  std::vector<int> node_;
  std::vector<double> weight_;  ///< [node][cell]
};

class Variation final : public DeviceModel {
 public:
  double die_std = 0, tile_std = 0, spatial_std = 0;
  double correlation_cells = 16;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    const CellLayout layout = block.layout ? *block.layout : CellLayout{1 << 30, 1};
    const auto K = static_cast<std::uint64_t>(layout.rows);
    const Address chip{Stream::variation, 0, 0, std::uint64_t{block.stage} << 40};
    const double die = 1.0 + die_std * normal_at(block.key, chip, 0);
    Smoother rows;
    for (std::size_t i = 0; i < G_S.size();) {
      const std::uint64_t cell = block.first + i;
      const auto row = static_cast<int>(cell % K), column = static_cast<int>(cell / K);
      const int tile_row = layout.tile_rows > 0 ? row / layout.tile_rows : 0;
      const int top = tile_row * layout.tile_rows;
      const int bottom =
          layout.tile_rows > 0 ? std::min(top + layout.tile_rows, layout.rows) : layout.rows;
      const std::size_t n = std::min(G_S.size() - i, static_cast<std::size_t>(bottom - row));
      const Run run{block, layout, die, tile_row, row - top, bottom - top, column};
      vary(run, rows, target_S.subspan(i, n), G_S.subspan(i, n));
      i += n;
    }
  }

  void drift(const DeviceBlock& block, double, std::span<const double> target_S,
             std::span<double> G_S) const override {
    program(block, target_S, G_S);
  }

  static const Schema<Variation>& schema();

 private:
  /// Devices of one column within one tile, from `row` of the tile on.
  struct Run {
    const DeviceBlock& block;
    const CellLayout& layout;
    double die;
    int tile_row, row, tile_height, column;
  };

  struct Place {
    int tile, column;  ///< across the tiles of all groups; in the tile
  };

  /// Groups of a convolution have tiles of their own.
  static Place place_of(int column, const CellLayout& layout) {
    const int per_group = layout.columns_per_group(), within = column % per_group;
    const int width = layout.tile_columns > 0 ? layout.tile_columns : per_group;
    const int tiles = (per_group + width - 1) / width;
    return {column / per_group * tiles + within / width, within % width};
  }

  void vary(const Run& run, Smoother& rows, std::span<const double> target_S,
            std::span<double> G_S) const {
    const auto [tile_column, column] = place_of(run.column, run.layout);
    const std::uint64_t tile =
        static_cast<std::uint64_t>(run.tile_row) << 20 | static_cast<std::uint64_t>(tile_column);
    const double array =
        run.die * (1.0 + tile_std * normal_at(run.block.key, shared(run.block, 1), tile));
    for (std::size_t i = 0; i < G_S.size(); ++i) G_S[i] = target_S[i] * array;
    if (spatial_std > 0) {
      const int end = run.row + static_cast<int>(G_S.size());
      if (!rows.covers(run.row, end))
        rows = run.tile_height <= kWholeTile ? Smoother(0, run.tile_height, correlation_cells)
                                             : Smoother(run.row, end, correlation_cells);
      vary_in_space(run, rows, tile, column, G_S);
    }
    for (double& G : G_S) G = G > 0 ? G : 0;
  }

  void vary_in_space(const Run& run, const Smoother& rows, std::uint64_t tile, int column,
                     std::span<double> G_S) const {
    const int last = run.row + static_cast<int>(G_S.size()) - 1;
    const int lowest = rows.node(run.row);
    const auto height = static_cast<std::size_t>(rows.node(last) + kNodes - lowest);
    // The lattice smoothed over the columns, for every lattice row that this run touches.
    const Smoother across(column, column + 1, correlation_cells);
    std::vector<double> smooth(height, 0.0), xi(height);
    for (int a = 0; a < kNodes; ++a) {
      const auto node_column = static_cast<std::uint64_t>(across.node(column) + a + kNodes);
      fill_normals(run.block.key, shared(run.block, 2 + tile),
                   (node_column << 24) + static_cast<std::uint64_t>(lowest + kNodes),
                   std::span(xi));
      for (std::size_t r = 0; r < height; ++r) smooth[r] += across.weight(a, column) * xi[r];
    }
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const int row = run.row + static_cast<int>(i);
      const double* nodes = smooth.data() + (rows.node(row) - lowest);
      double Z = 0;
      for (int a = 0; a < kNodes; ++a) Z += rows.weight(a, row) * nodes[a];
      G_S[i] *= 1.0 + spatial_std * Z;
    }
  }

  // A sequence that all devices of a layer share, whatever their role.
  static Address shared(const DeviceBlock& block, std::uint64_t event) {
    return {Stream::variation, block.layer, 0, event | std::uint64_t{block.stage} << 40};
  }
};

const Schema<Variation>& Variation::schema() {
  static const Schema<Variation> schema = [] {
    Schema<Variation> s{"variation", "Chips, arrays and neighbourhoods that differ."};
    declare_common(s);
    const auto std_of = [&](const char* key, double Variation::*member, const char* what) {
      s.add(key, member)
          .unit("1")
          .range(0, 10)
          .doc(std::string("Std of the factor that ") + what + ".");
    };
    std_of("die_std", &Variation::die_std, "a whole chip shares");
    std_of("tile_std", &Variation::tile_std, "an array shares");
    std_of("spatial_std", &Variation::spatial_std, "neighbours within an array share");
    s.add("correlation_cells", &Variation::correlation_cells)
        .unit("cells")
        .range(1, 1e6)
        .doc("Distance L at which the correlation of neighbours has fallen to exp(-1/2).");
    return s;
  }();
  return schema;
}

OHMIC_REGISTER_DEVICE("variation", Variation);

}  // namespace
}  // namespace ohmic
