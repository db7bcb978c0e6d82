// The arrays of a mapped network whose ranges are known, and what programming them gives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/analog/layer_noise.hpp"
#include "nn/analog/mapped_network_state.hpp"

namespace ohmic {

/// What layers hold.
enum class Loaded {
  digital,  ///< weights as they are
  exact,    ///< arrays without noise
  devices,  ///< one draw
};

/// What is to be loaded.
struct LayerContents {
  Loaded what = Loaded::digital;
  NoiseKey key;
  Weights digital;  ///< all tensors but kernels
};

/// Those of the digital network.
LayerContents digital_contents(const MappedNetwork&);

class Crossbars {
 public:
  /// The back end, which must outlive it, solves wires. CallError unless ranges are those of every
  /// layer, or none where none are needed.
  Crossbars(MappedNetwork, Calibration, Backend&);

  const MappedNetwork& network() const { return network_; }
  const Calibration& calibration() const { return ranges_; }
  const std::vector<MappedLayer>& layers() const { return layers_; }
  const MappedLayer& layer(const Step& step) const {
    return layers_[static_cast<std::size_t>(step.layer)];
  }
  /// Null where none are needed.
  const LayerRanges* ranges_of(const Step&) const;
  /// What holds a layer's weights: its devices or exact ones.
  const DeviceModel& device(const Step& step, Loaded what) const {
    return what == Loaded::exact ? network_->exact_of(step) : network_->device_of(step);
  }
  LayerOnTiles tiles(const Step&, Loaded, NoiseKey) const;
  MappedLayer::Product product(const Step&, Loaded, NoiseKey) const;

  /// Whether draws are of devices, or of digital tensors alone.
  Loaded kind_of_draws() const {
    return network_->noise.perturbs(TensorKind::kernel) ? Loaded::devices : Loaded::exact;
  }
  /// Throws ConfigError when the noise semantics need a form factor that the device does not have.
  LayerContents draw(std::uint64_t seed, std::uint64_t draw) const;
  LayerContents noise_free() const;
  Weights effective_weights(const LayerContents&) const;

  /// See AnalogNetwork.
  std::vector<double> unused_adc_bits() const;
  std::vector<ProgrammingPlan> programming_plans() const;
  std::vector<LayerNoise> measure_noise(std::uint64_t seed, std::uint64_t draw) const;

 private:
  WireSolver wire_solver() const;

  MappedNetwork network_;
  Calibration ranges_;
  Backend& backend_;
  std::vector<MappedLayer> layers_;
};

}  // namespace ohmic
