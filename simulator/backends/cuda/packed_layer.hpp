// A layer's plan as the flat arrays that the kernels read.
#pragma once

#include <vector>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "simulator/converters.hpp"

namespace ohmic::cuda {

struct PackedLayer {
  int columns = 0;  ///< a multiple of kLane
  std::vector<Row> rows;
  std::vector<float> weights, variances;
  std::vector<PhaseArguments> phases;
  std::vector<ProductArguments> products;
  std::vector<float> noise, offset, digital, capacitors, shift;
};

/// Rows of each product by kernel position, then channel, so that neighbouring rows read
/// neighbouring inputs; `epilogue.scale` joins the digital weights.
PackedLayer pack(const ConvGeometry&, const LayerPlan&, const Epilogue&);

/// A packed layer in a machine's memory.
class DeviceLayer {
 public:
  DeviceLayer(const std::shared_ptr<Machine>&, const LayerOnTiles&, const LayerPlan&,
              const Epilogue&);

  /// Everything but the batch: pixels, pointers to activations, image number and counter.
  const TileArguments& arguments() const { return arguments_; }

 private:
  Array<Row> rows_;
  Array<float> weights_, variances_, noise_, offset_, digital_, capacitors_, shift_;
  Array<PhaseArguments> phases_;
  Array<ProductArguments> products_;
  TileArguments arguments_;
};

}  // namespace ohmic::cuda
