// [device.layers.NAME]: keys of [device] that one layer's devices have of their own.
//
//   [device]
//   model = "awgn"
//   eta = 0.1
//   [device.layers."layer1.0.conv1"]     # the quotes may be left out
//   eta = 0.05
//   [device.layers."layer2.*"]           # all layers of such names (*: any characters, ?: one)
//   eta = 0.2
//
// Everything else is as the pattern says that the name fits, and else as [device] says. With
// another `model`, only the range and the age that [device] gives are taken over. Noise is
// addressed by layer: that of all other layers keeps its bits.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic {

/// The devices of one layer.
struct OwnDevice {
  Value keys;  ///< a table of what was given, as read
  std::string model_name;
  std::shared_ptr<const DeviceModel> model;
};
using OwnDevices = std::map<std::string, OwnDevice>;  ///< by name of the layer, or by a pattern

/// The devices of a layer by its name, else by a pattern; null where it has those of all.
const OwnDevice* own_device(const OwnDevices&, const std::string& layer);

inline constexpr char kLayersKey[] = "layers";

/// A [device] table without its layers.
Value without_layers(const Value& device_table);
/// Reads the layers of a [device] table that is right by itself; `key` is the table's own.
OwnDevices read_layer_devices(const Value& device_table, const std::string& key,
                              std::vector<Fault>& faults);
/// The table of layers, parts of their names nested; nothing when there are none.
Value write_layer_devices(const OwnDevices&);

}  // namespace ohmic
