// One layer's weight matrix on its devices: from weights to target conductances, through a device
// model to programmed ones, and back to the matrix that the layer will compute with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mapping/cell_code.hpp"
#include "mapping/settings.hpp"
#include "mapping/tile_grid.hpp"
#include "simulator/device_model.hpp"
#include "simulator/layer.hpp"
#include "simulator/programming_plan.hpp"
#include "simulator/wires.hpp"

namespace ohmic {

class MappedLayer {
 public:
  /// `weights`: K x N, element (k, n) at n*K + k (LibTorch's [out, in, kh, kw] flattened); where
  /// geometry.bias_rows is 1 the last row holds biases over `input_full_scale`, which drives it and
  /// which non-linear cells need. [g_min, g_max] is the device's. `owner` keeps `weights` alive and
  /// as they are, so that they need no copy unless some are clipped; without one they are copied.
  /// Throws DataError when a weight is not finite.
  MappedLayer(std::string name, std::uint16_t layer, ConvGeometry geometry,
              std::span<const float> weights, const MappingSettings& settings, double g_min_S,
              double g_max_S, double input_full_scale = 0.0,
              std::shared_ptr<const void> owner = nullptr);

  /// Makes the devices of the columns that are marked hold their targets exactly, whatever the
  /// device model: never written amiss, never drifting, read quietly. One entry per column, or
  /// none. Devices of a reference column stay as they are.
  void spare(std::vector<bool> columns);

  const std::string& name() const { return name_; }
  const LayerScale& scale() const { return scale_; }
  const ConvGeometry& geometry() const { return geometry_; }
  TileShape tile() const { return settings_.tile; }
  const CellCode& code() const { return code_; }
  /// Weights beyond +-w_max, clipped at the mapping (none when the percentile is 100).
  std::int64_t clipped_weights() const { return clipped_weights_; }
  /// Writes that a device took on average in one draw; references are not counted.
  double writes_per_device(const DeviceModel& device, NoiseKey key) const;
  /// Devices of one cell; role r of cell i has target conductance target_S(r, ...).
  int roles() const { return static_cast<int>(code_.roles().size()); }
  /// Target conductances of cells [first, first + out.size()) of one role, before any repair. A
  /// reference column's device stands in every cell that is measured against it.
  void target_S(int role, std::uint64_t first, std::span<double> out) const;

  /// Programs every device at (key), ages it to device.time_s, and returns the planes; `solver`
  /// finds what wires make of them. Throws UnsupportedError where wires or non-linear cells are not
  /// computed for such a layer.
  LayerOnTiles program(const DeviceModel& device, NoiseKey key, const Periphery& periphery,
                       const WireSolver& solver = apply_wires) const;
  /// What one product computes with: LayerOnTiles::effective_weights() and effective_bias().
  struct Product {
    std::vector<float> weights, bias;
  };
  /// That of what program() returns, to the bit, as parts of neighbouring columns in order. Where
  /// columns know nothing of each other (no wires, no compensation, no reference columns, no
  /// denoising) they are programmed a few at a time, so that neither conductances nor weights of
  /// all are in memory.
  void each_product(const DeviceModel& device, NoiseKey key, const Periphery& periphery,
                    const WireSolver& solver, const std::function<void(Product)>& take) const;
  /// All of it.
  Product program_product(const DeviceModel& device, NoiseKey key, const Periphery& periphery,
                          const WireSolver& solver = apply_wires) const;
  /// What program() does, for whoever does it elsewhere: the same effective weights and variances,
  /// to the bit (on wires to twelve digits). Absent where it is more than effects on single ohmic
  /// devices and their wires: compensation, reference columns on wires, a device model without a
  /// list of effects or, where reads are noisy, of reads; program and verify, repair, denoising.
  std::optional<ProgrammingPlan> plan(const DeviceModel& device, const Periphery& periphery) const;
  /// What program() returns, without conductances: for Backend::load_devices.
  LayerOnTiles unprogrammed(const DeviceModel& device, const Periphery& periphery) const;
  /// Conductances of one role's devices at device.time_s, without wires (export, tests); the same
  /// bits that program() uses.
  std::vector<double> programmed_S(int role, const DeviceModel& device, NoiseKey key) const;

 private:
  /// Devices of one role as K*N effective conductances, and their read noise (empty when quiet).
  struct RoleMatrix {
    std::vector<double> G_S, read_sigma_S;
  };
  /// At what age, with whose noise, through which periphery devices are seen.
  struct ReadConditions {
    const DeviceModel& device;
    NoiseKey key;
    double age_s;
    const Periphery& periphery;
    const WireSolver& solver;
  };

  /// Neighbouring columns, and their cells.
  struct Columns {
    int first, count;
  };
  Columns all_columns() const { return {0, geometry_.columns()}; }
  std::size_t cells_of(Columns columns) const {
    return static_cast<std::size_t>(columns.count) * static_cast<std::size_t>(geometry_.rows());
  }

  std::span<const float> weights() const { return {weights_.get(), cells_of(all_columns())}; }
  void own(std::vector<float> weights);
  void find_gains();
  void clip_weights();
  double w_max_of(std::size_t slot) const;
  void values(std::uint64_t first, std::span<double> out) const;

  void check(const DeviceModel& device, const Periphery& periphery) const;
  static bool reads_noisily(const DeviceModel& device, const Periphery& periphery);
  bool compensates(const DeviceModel& device) const {
    return settings_.compensation != Compensation::none && device.time_s > 0 &&
           settings_.compensation_s.value_or(device.time_s) <= device.time_s;
  }
  ProgrammingPlan::Role planned_role(int role) const;
  CellLayout layout() const {
    return {geometry_.rows(), geometry_.columns(), settings_.tile.rows, settings_.tile.columns,
            geometry_.groups};
  }
  bool is_spared(std::uint64_t cell) const {
    return !spared_.empty() && spared_[cell / static_cast<std::size_t>(geometry_.rows())];
  }
  void aim(const DeviceModel& device, const DeviceBlock& block, std::span<double> target_S) const;
  void hold_spared(const DeviceBlock& block, std::span<const double> target_S,
                   std::span<double> G_S, std::span<double> read_sigma_S) const;
  RoleMatrix devices(int role, std::uint64_t first, std::size_t count,
                     const ReadConditions& moment) const;
  bool is_reference(int role) const {
    return role < roles() && code_.roles()[static_cast<std::size_t>(role)].is_reference;
  }
  bool has_references() const;
  RoleMatrix references_of(int role, const ReadConditions& moment) const;
  RoleMatrix spread_reference(const RoleMatrix& reference) const;
  void wire(RoleMatrix& cells, RoleMatrix& references, const ReadConditions& moment) const;
  void add_role(int role, const RoleMatrix& matrix, std::vector<Plane>& planes) const;
  void start_cells(const NonLinearCells& cells, double reference_S, Plane& plane) const;
  void add_cells(int role, const RoleMatrix& matrix, const NonLinearCells& cells, bool on_wires,
                 std::vector<Plane>& planes) const;
  std::vector<Plane> planes(Columns columns) const;
  std::vector<Plane> sense(Columns columns, const ReadConditions& moment) const;
  bool has_independent_columns(const ReadConditions& moment) const;
  std::vector<double> response(const Plane& plane, std::size_t index,
                               const ReadConditions& moment) const;
  void compensate(std::vector<Plane>& planes, const ReadConditions& moment) const;

  std::string name_;
  std::uint16_t layer_;
  ConvGeometry geometry_;
  std::shared_ptr<const float> weights_;  ///< as mapped: within what their group can hold
  MappingSettings settings_;
  TileGrid grid_;
  CellCode code_;
  LayerScale scale_;
  std::vector<double> gains_;  ///< w_max of a column's group over the layer's, [row tile][column]
  std::int64_t clipped_weights_ = 0;
  std::vector<bool> spared_;  ///< by column; empty: none
  double input_full_scale_;
};

}  // namespace ohmic
