#include "nn/analog/layer_devices.hpp"

#include <algorithm>

namespace ohmic {

const DeviceModel& LayerDevices::of(const std::string& layer) const {
  const auto found = own.find(layer);
  return found == own.end() ? *common : *found->second;
}

bool LayerDevices::reads_noisily() const {
  return common->reads_noisily() || std::any_of(own.begin(), own.end(), [](const auto& entry) {
           return entry.second->reads_noisily();
         });
}

bool LayerDevices::non_linear() const {
  return common->non_linear() || std::any_of(own.begin(), own.end(), [](const auto& entry) {
           return entry.second->non_linear().has_value();
         });
}

void LayerDevices::check(const Graph& graph) const {
  std::vector<Fault> faults;
  for (const auto& [layer, model] : own)
    if (const std::string message = unknown_layer(graph, layer); !message.empty())
      faults.push_back({{}, "device.layers." + layer, message});
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

void LayerDevices::check_cells(const std::vector<LayerCells>& layers) const {
  common->check_cells(layers);
  for (const auto& [layer, model] : own) model->check_cells(layers);
}

std::vector<std::string> crossbar_layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes)
    if (has_own_crossbar(node)) names.push_back(node.name);
  return names;
}

std::string unknown_layer(const Graph& graph, const std::string& layer) {
  const std::vector<std::string> names = crossbar_layers(graph);
  if (std::count(names.begin(), names.end(), layer) > 0) return {};
  const std::string start = graph.model + " has no such crossbar layer";
  if (layer.find_first_of("*?") != layer.npos)
    return start +
           ": a table is for one layer, and patterns are for mapping.digital and "
           "mapping.crossbar; expected a layer's name";
  const std::string near = did_you_mean(layer, names);
  if (!near.empty()) return start + "; did you mean \"" + near + "\"?";
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return start + "; it has " + all;
}

}  // namespace ohmic
