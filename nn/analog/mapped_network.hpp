// A trained network as it lies on crossbars, before anything is programmed. Free of LibTorch.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "mapping/mapped_layer.hpp"
#include "nn/analog/layer_devices.hpp"
#include "nn/analog/network_periphery.hpp"
#include "nn/analog/noise_settings.hpp"
#include "nn/network/graph.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// Ranges of every crossbar layer, in the order of layers; empty where none are needed. Those of
/// one network are those of every other one of these weights, with the same mapping, periphery and
/// range of conductances.
using Calibration = std::vector<LayerRanges>;

/// Constant; copies share what they hold.
class MappedNetwork {
 public:
  /// Tensors outside the crossbars take the form factor of the common device. Throws ConfigError
  /// (noise settings, names of layers), DataError (weights) or UnsupportedError (`dead` in a
  /// network whose BatchNorms do not all end in a ReLU).
  MappedNetwork(const Graph&, const Weights&, const MappingSettings&, const NoiseSettings&,
                const NetworkPeriphery&, LayerDevices);
  /// The same of weights that are shared, not copied.
  MappedNetwork(const Graph&, std::shared_ptr<const Weights>, const MappingSettings&,
                const NoiseSettings&, const NetworkPeriphery&, LayerDevices);

  /// Whether anything but digital weights needs a Calibration: for converters, for what drives the
  /// biases of mapping.bias = "analog", for non-linear cells.
  bool needs_ranges() const;
  /// Without the bias rows of mapping.bias = "analog", whose size ranges decide.
  const std::vector<MappedLayer>& layers() const;
  /// With them.
  std::vector<MappedLayer> layers(const Calibration&) const;
  /// What surrounds that layer: its own converters' keys are in place of those of all, its DAC has
  /// a sign where inputs can be negative. CallError where there is no such layer.
  Periphery periphery(std::size_t layer) const;
  /// Whether that layer is another use of an earlier one's crossbar.
  bool is_used_again(std::size_t layer) const;

  struct State;
  const State* operator->() const { return state_.get(); }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace ohmic
