// What surrounds the arrays of a network: the same for all layers, but for keys of converters that
// layers have of their own.
//
//   [periphery]
//   adc = { bits = 5 }
//   [periphery.layers.conv1]             # a name with dots may have quotes
//   adc.bits = 8
//   [periphery.layers."layer3.*"]        # all layers of such names (*: any characters, ?: one)
//   adc = { bits = 6, percentile = 99.99 }
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/network/graph.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

/// Tables with keys of `adc` and `dac`, by name of the layer, or by a pattern (name_pattern.hpp)
/// for all that fit it: keys by name go over those of the pattern, these over those of all layers.
using LayerConverters = std::map<std::string, Value>;

/// The [periphery] table.
struct NetworkPeriphery : Periphery {
  NetworkPeriphery(Periphery common = {}, LayerConverters own = {})
      : Periphery(std::move(common)), layers(std::move(own)) {}

  LayerConverters layers;

  /// Whether a layer has keys of its own.
  bool has_own() const;
  /// What surrounds the layer of that name. Throws ConfigError for keys that are none.
  Periphery of(const std::string& layer) const;
  /// What surrounds some layer: the common, and for each of `layers` with its keys.
  std::vector<Periphery> kinds() const;
  /// Throws ConfigError for layers that the graph does not have on crossbars, patterns that share
  /// one, and keys of converters that are ideal.
  void check(const Graph&) const;
  static const Schema<NetworkPeriphery>& schema();
};

}  // namespace ohmic
