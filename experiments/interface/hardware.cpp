#include "experiments/interface/hardware.hpp"

#include <algorithm>

#include "experiments/interface/state.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {
namespace {

Value value_of(const Setting& setting) {
  return std::visit([](const auto& v) { return Value{v}; }, setting.value);
}

/// Throws what is wrong with the tables of a hardware.
Experiment read_tables(const Value& table) {
  static const char* const kTables[] = {"preset", "allow",     "mapping",
                                        "device", "periphery", "noise"};
  std::vector<Fault> faults;
  std::string expected;
  for (const char* name : kTables) expected += (expected.empty() ? "" : ", ") + std::string(name);
  for (const auto& entry : table.table().entries())
    if (std::find(std::begin(kTables), std::end(kTables), entry.key) == std::end(kTables))
      faults.push_back({entry.where, entry.key, "is no table of hardware; expected " + expected});
  Experiment experiment = Experiment::read(table, faults, std::make_shared<const Graph>());
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return experiment;
}

Hardware hardware_of(const Experiment& e) {
  Hardware hardware{
      e.mapping,         {e.device_model, e.device, {}}, {}, e.periphery, e.noise, e.allow,
      e.periphery.layers};
  for (const auto& [layer, own] : e.layer_devices)
    hardware.layers[layer] = {own.model_name, own.model, own.keys};
  return hardware;
}

}  // namespace

Device make_device(const std::string& model, const std::vector<Setting>& settings) {
  Value table{Table{}};
  table.set("model", {model});
  for (const Setting& setting : settings) table.set(setting.key, value_of(setting));
  std::vector<Fault> faults;
  std::shared_ptr<const DeviceModel> parameters = read_device(table, "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return {model, std::move(parameters), {}};
}

namespace {

Value device_table(const Device& device, const std::string& key) {
  if (!device.parameters)
    throw ConfigError({{{}, key, "has no parameters; expected a Device that make_device() made"}});
  return write_device(device.model, *device.parameters);
}

}  // namespace

Value table_of(const Hardware& hardware) {
  Value table{Table{}};
  if (!hardware.allow.empty()) {
    Array keys;
    for (const std::string& key : hardware.allow) keys.push_back({key});
    table.set("allow", {std::move(keys)});
  }
  table.set("mapping", MappingSettings::schema().write(&hardware.mapping));
  Value device = device_table(hardware.device, "device");
  for (const auto& [layer, own] : hardware.layers) {
    Value layers = device.at(kLayersKey) ? *device.at(kLayersKey) : Value{Table{}};
    layers.table()[layer] = own.given ? *own.given : device_table(own, "device.layers." + layer);
    device.table()[kLayersKey] = std::move(layers);
  }
  table.set("device", std::move(device));
  const NetworkPeriphery around(hardware.periphery, hardware.converters);
  table.set("periphery", NetworkPeriphery::schema().write(&around));
  table.set("noise", NoiseSettings::schema().write(&hardware.noise));
  return table;
}

Hardware preset_hardware(const std::string& name) {
  Value table{Table{}};
  table.set("preset", {name});
  return read_hardware(table);
}

Hardware read_hardware(const Value& table) { return hardware_of(read_tables(table)); }

Hardware with_setting(const Hardware& hardware, const std::string& key, const Value& value) {
  Value table = table_of(hardware);
  set_key(table, key, value);
  return read_hardware(table);
}

}  // namespace ohmic
