// What a MappedNetwork holds, for those that program and run it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/analog/exact_device.hpp"
#include "nn/analog/mapped_network.hpp"
#include "nn/analog/plan.hpp"

namespace ohmic {

struct MappedNetwork::State {
  State(const Graph&, std::shared_ptr<const Weights>, const MappingSettings&, const NoiseSettings&,
        const NetworkPeriphery&, LayerDevices);

  const Node& node(int i) const { return graph.nodes[static_cast<std::size_t>(i)]; }
  const ConvGeometry& geometry(const Step& step) const { return node(step.mvm).conv; }
  std::span<const float> kernel(const Weights& of, const Step& step) const {
    return of.at(node(step.mvm).name + ".weight").values;
  }
  /// Values that one MVM call of a step takes and gives per sample.
  std::int64_t values_in(const Step&) const;
  std::int64_t values_out(const Step&) const;
  /// The tensor that holds this step's bias, with BatchNorm folded its shift; empty: no bias.
  std::string bias_of(const Step&) const;
  bool has_bias_row(const Step& step) const {
    return mapping.bias == BiasPlace::analog && !bias_of(step).empty();
  }
  /// The node whose crossbar a step drives: its own, or the one that it shares.
  const Node& owner(const Step&) const;
  /// The number of that crossbar, which addresses what happens to its devices.
  int crossbar_number(const Step&) const;
  const Periphery& periphery_of(const Step& step) const {
    return surroundings[static_cast<std::size_t>(step.layer)];
  }
  const DeviceModel& device_of(const Step& step) const { return devices.of(owner(step).name); }
  const DeviceModel& exact_of(const Step& step) const {
    return exact[static_cast<std::size_t>(step.layer)];
  }
  /// Whether the full scale of the inputs decides what arrays do: it drives a bias row or stands
  /// for the voltage of non-linear cells.
  bool needs_full_scale(const Step& step) const {
    return has_bias_row(step) || device_of(step).non_linear();
  }
  bool needs_full_scales() const;
  /// Whether all matrices together fill so much that what loading leaves is given back layer by
  /// layer.
  bool has_large_weights() const;
  /// With a bias row, or for non-linear cells, as soon as ranges say what drives them.
  MappedLayer map(const Step&, const Calibration&) const;

  Graph graph;
  std::shared_ptr<const Weights> weights;   ///< as given
  std::shared_ptr<const Weights> mappable;  ///< what is mapped: BatchNorm folded where the
                                            ///< semantics say so, else as given
  MappingSettings mapping;
  NoiseSettings noise;
  NetworkPeriphery periphery;
  LayerDevices devices;
  std::vector<ExactDevice> exact;  ///< by layer
  Plan plan;
  std::vector<Step> crossbar;  ///< the crossbar steps, by layer
  std::vector<MappedLayer> layers;
  std::vector<Periphery> surroundings;  ///< by layer

 private:
  void check() const;
  void part_different_uses();
  Periphery periphery_around(const Step&) const;
  double full_scale(const Step&, const Calibration&) const;
};

/// Numbers worth giving memory back for.
constexpr std::int64_t kLargeTensor = std::int64_t{1} << 24;

}  // namespace ohmic
