#include "nn/analog/layer_devices.hpp"

#include <algorithm>
#include <optional>

#include "nn/network/name_pattern.hpp"

namespace ohmic {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

/// What is wrong with `layer` as a name or a pattern of some of `names`; empty when nothing is.
std::string unknown_layer(const std::string& model, const std::vector<std::string>& names,
                          const std::string& layer) {
  if (std::ranges::find(names, layer) != names.end()) return {};
  if (is_pattern(layer)) {
    if (std::ranges::any_of(names, [&](const auto& name) { return matches(layer, name); }))
      return {};
    return model + " has no crossbar layer of such a name; it has " + listed(names);
  }
  const std::string start = model + " has no such crossbar layer";
  const std::string near = did_you_mean(layer, names);
  return start + (near.empty() ? "; it has " : "; did you mean \"" + near + "\"? It has ") +
         listed(names);
}

/// A pattern of `patterns` other than `one` that a layer fits which `one` fits too, with the layer.
std::optional<std::pair<std::string, std::string>> shared_layer(
    const std::vector<std::string>& names, const std::vector<std::string>& patterns,
    const std::string& one) {
  for (const std::string& name : names)
    for (const std::string& other : patterns)
      if (other != one && is_pattern(other) && matches(one, name) && matches(other, name))
        return std::pair(other, name);
  return std::nullopt;
}

}  // namespace

const DeviceModel& LayerDevices::of(const std::string& layer) const {
  const auto found = find_by_name(own, layer);
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
  std::vector<std::string> names;
  for (const auto& [layer, model] : own) names.push_back(layer);
  std::vector<Fault> faults;
  for (const auto& [layer, message] : unknown_layers(graph, names))
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

std::map<std::string, std::string> unknown_layers(const Graph& graph,
                                                  const std::vector<std::string>& names) {
  const std::vector<std::string> layers = crossbar_layers(graph);
  std::map<std::string, std::string> wrong;
  for (const std::string& name : names) {
    if (std::string message = unknown_layer(graph.model, layers, name); !message.empty()) {
      wrong[name] = std::move(message);
    } else if (!is_pattern(name) || std::ranges::find(layers, name) != layers.end()) {
      continue;
    } else if (const auto shared = shared_layer(layers, names, name)) {
      wrong[name] = "fits " + shared->second + ", and so does \"" + shared->first +
                    "\": expected one pattern for a layer, or its name, which goes over patterns";
    }
  }
  return wrong;
}

}  // namespace ohmic
