// The hardware that a network lies on: the tables [mapping], [device], [periphery] and [noise] of
// an experiment file as values.
//
//   const Hardware hw{.mapping = {.tile = {256, 256}},
//                     .device = make_device("pcm", {{"time_s", 86400.0}}),
//                     .periphery = {.dac = Dac{.bits = 8}, .adc = Adc{.bits = 8}}};
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mapping/settings.hpp"
#include "nn/analog/network_periphery.hpp"
#include "nn/analog/noise_settings.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

/// A device model with its parameters; made by make_device.
struct Device {
  std::string model;
  std::shared_ptr<const DeviceModel> parameters;
  /// Of a layer that a table describes, the keys that it gives, as read: all others are those of
  /// Hardware::device, also when these change. Absent: it is whole by itself.
  std::optional<Value> given = {};
};

/// One parameter of a device model: {"eta", 0.1}.
struct Setting {
  std::string key;
  std::variant<bool, std::int64_t, double, std::string> value;
};

/// A registered model (`ohmic list devices`, or one of your own: simulator/device_model.hpp).
/// Throws ConfigError for a model or parameter that does not exist and for values out of range.
Device make_device(const std::string& model, const std::vector<Setting>& = {});

struct Hardware {
  MappingSettings mapping = {};
  Device device = make_device("ideal");
  std::map<std::string, Device> layers = {};  ///< layers whose devices are not `device`
  Periphery periphery = {};
  NoiseSettings noise = {};
  std::vector<std::string> allow = {};  ///< keys whose values are meant though they are unusual
  LayerConverters converters = {};      ///< layers whose converters are not those of `periphery`
};

/// Named hardware: see `ohmic list presets`. Throws ConfigError.
Hardware preset_hardware(const std::string& name);
/// Of a table with preset, mapping, device, periphery and noise, as an experiment file has them.
/// Throws ConfigError with every fault; other keys are faults.
Hardware read_hardware(const Value& table);
/// The tables as read_hardware takes them: every key with its value, of layers that a table
/// describes those that it gives.
Value table_of(const Hardware&);
/// The same hardware with another value for a dotted key: "device.eta", "periphery.adc.bits".
/// Throws ConfigError.
Hardware with_setting(const Hardware&, const std::string& key, const Value&);

}  // namespace ohmic
