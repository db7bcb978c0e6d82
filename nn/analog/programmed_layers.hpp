// The layers of one programmed chip, each by itself, for whoever computes what lies between them.
// Free of LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "nn/analog/crossbars.hpp"
#include "nn/analog/layer_loader.hpp"

namespace ohmic {

/// A layer with its bias, and nothing of what follows it.
struct ProgrammedLayer {
  /// Null: the layer is one product with its weights on devices.
  std::unique_ptr<LoadedLayer> layer;
  /// What a DAC takes inputs for, [least, most]; absent without one.
  struct Drive {
    double least, most;
  };
  std::optional<Drive> drive;
};

/// How often weights on devices are the same.
enum class WrittenFor { one_update, all_updates };

class ProgrammedLayers {
 public:
  /// The back end must outlive it. Throws what AnalogNetwork and its program() do. What devices
  /// hold beside their targets is taken times `strength`, as is the noise of their reads.
  ProgrammedLayers(const MappedNetwork&, Calibration, Backend&, std::uint64_t seed,
                   std::uint64_t draw, double strength = 1, WrittenFor = WrittenFor::one_update);

  /// Of layers that were written for all updates: digital biases are those of these weights, all
  /// else stays as it was programmed.
  void take_biases(const Weights&);

  /// Tensors on devices, by name: kernels, and biases with mapping.bias = "analog".
  const Weights& on_devices() const { return on_devices_; }
  /// That of a node with a matrix.
  const ProgrammedLayer& of(int node) const { return layers_.at(node); }

 private:
  MappedLayer::Product product_of(const Step&, double strength) const;
  LayerOnTiles tiles_of(const Step&, double strength) const;
  void hold(const Step&, MappedLayer::Product);
  Epilogue bias_of(const Step&, const Weights&) const;

  Crossbars crossbars_;
  NoiseKey key_;
  Weights on_devices_;
  std::map<int, ProgrammedLayer> layers_;  ///< by node
  std::map<int, LayerLoader> loaders_;     ///< likewise, of what is written for all updates
};

}  // namespace ohmic
