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
  /// By name of the layer, or by a pattern (name_pattern.hpp) for all that have none by name.
  std::map<std::string, std::shared_ptr<const DeviceModel>> own;

  LayerDevices(std::shared_ptr<const DeviceModel> common_model,
               std::map<std::string, std::shared_ptr<const DeviceModel>> own_models = {})
      : common(std::move(common_model)), own(std::move(own_models)) {}

  const DeviceModel& of(const std::string& layer) const;
  /// Whether any layer's devices do.
  bool reads_noisily() const;
  bool non_linear() const;
  /// Throws ConfigError for what unknown_layers() finds.
  void check(const Graph&) const;
  /// Throws DataError where files of any model name cells that are not there.
  void check_cells(const std::vector<LayerCells>&) const;
};

/// Names of the layers of a graph that have a crossbar of their own, in the order of nodes.
std::vector<std::string> crossbar_layers(const Graph&);

/// Those of `names` that are no layer of the graph, patterns that none fits and patterns that share
/// a layer, each with what is wrong.
std::map<std::string, std::string> unknown_layers(const Graph&,
                                                  const std::vector<std::string>& names);

}  // namespace ohmic
