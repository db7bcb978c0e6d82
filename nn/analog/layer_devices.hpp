// Which device model each crossbar layer has: one for all, but for layers that have their own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

struct LayerDevices {
  std::shared_ptr<const DeviceModel> common;
  std::map<std::string, std::shared_ptr<const DeviceModel>> own;  ///< by name of the layer

  LayerDevices(std::shared_ptr<const DeviceModel> common_model,
               std::map<std::string, std::shared_ptr<const DeviceModel>> own_models = {})
      : common(std::move(common_model)), own(std::move(own_models)) {}

  const DeviceModel& of(const std::string& layer) const;
  /// Whether any layer's devices do.
  bool reads_noisily() const;
  bool non_linear() const;
  /// Throws ConfigError that names every layer of `own` which the graph does not have.
  void check(const Graph&) const;
  /// Throws DataError where files of any model name cells that are not there.
  void check_cells(const std::vector<LayerCells>&) const;
};

/// Names of the layers of a graph that have a crossbar of their own, in the order of nodes.
std::vector<std::string> crossbar_layers(const Graph&);

/// What is wrong with `layer` as the name of one, with names that are near; empty when nothing is.
std::string unknown_layer(const Graph&, const std::string& layer);

}  // namespace ohmic
