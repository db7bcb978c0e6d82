// A layer's plan as the flat arrays that the kernels read.
#pragma once

#include <span>
#include <vector>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "simulator/backends/cuda/resident_devices.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cuda {

struct PackedLayer {
  int columns = 0;  ///< a multiple of kLane
  std::vector<Row> rows;
  std::vector<float> weights, variances;
  /// Where each product's rows, as they lie on the tile, begin in the weights.
  std::vector<std::int32_t> places;
  std::vector<PhaseArguments> phases;
  std::vector<ProductArguments> products;
  std::vector<float> noise, offset, digital, capacitors, shift;
};

/// Rows of each product by kernel position, then channel, so that neighbouring rows read
/// neighbouring inputs; `epilogue.scale` joins the digital weights. Without conductances there are
/// no weights.
PackedLayer pack(const ConvGeometry&, const LayerPlan&, const Epilogue&);

/// A packed layer in a machine's memory.
class DeviceLayer {
 public:
  explicit DeviceLayer(const std::shared_ptr<Machine>&);

  /// `plans`: one for all draws, or one for each where they differ in their converters' errors.
  /// Where they hold no conductances there is room for the weights, and variances, of `draws`.
  void load(const LayerOnTiles&, std::span<const LayerPlan> plans, const Epilogue&, int draws = 1);

  /// Everything but the batch: pixels, pointers to activations, image number, draws and their keys,
  /// counter. As it is, of one draw.
  const TileArguments& arguments() const { return arguments_; }
  /// Where devices write the weights of these plans, one for all draws or one for each.
  WeightsPlace place(std::span<const LayerPlan> plans);

 private:
  std::shared_ptr<Machine> machine_;
  Array<Row> rows_;
  Array<float> weights_, variances_, noise_, offset_, digital_, capacitors_, shift_;
  Array<PhaseArguments> phases_;
  Array<ProductArguments> products_;
  std::vector<std::int32_t> places_;
  TileArguments arguments_{};
};

/// What a siemens counts for, plan after plan: WeightsPlace::factors.
std::vector<double> factors_of(std::span<const LayerPlan> plans);

}  // namespace ohmic::cuda
