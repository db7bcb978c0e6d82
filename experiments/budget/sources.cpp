#include "experiments/budget/sources.hpp"

#include <algorithm>

namespace ohmic {
namespace {

/// A number of a device table that, at its ideal value, makes a source vanish.
struct DeviceSwitch {
  const char* source;
  const char* model;  ///< "": any that has the key
  const char* key;
  Value ideal;
};

const std::vector<DeviceSwitch>& device_switches() {
  static const std::vector<DeviceSwitch> switches = {
      {"states", "quantized", "bits", {std::int64_t{16}}},  // 65536 states: an error of 8 ppm
      {"programming", "awgn", "eta", {0.0}},
      {"programming", "proportional", "std_relative", {0.0}},
      {"programming", "inverse_proportional", "std_relative", {0.0}},
      {"programming", "uniform", "size", {0.0}},
      {"programming", "", "programming_scale", {0.0}},
      {"variation", "variation", "die_std", {0.0}},
      {"variation", "variation", "tile_std", {0.0}},
      {"variation", "variation", "spatial_std", {0.0}},
      {"drift", "", "drift_scale", {0.0}},
      {"drift", "retention", "nu", {0.0}},
      {"drift", "retention", "nu_std", {0.0}},
      {"disturb", "read_disturb", "reads", {0.0}},
      {"read", "telegraph", "amplitude", {0.0}},
      {"faults", "stuck", "min_rate", {0.0}},
      {"faults", "stuck", "max_rate", {0.0}},
      {"faults", "stuck", "open_rate", {0.0}},
      {"faults", "stuck", "short_rate", {0.0}},
      {"faults", "stuck", "map", {std::string()}},
  };
  return switches;
}

bool applies(const DeviceSwitch& device_switch, const Value& device) {
  const Value* model = device.at("model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  const Value* present = device.at(device_switch.key);
  const bool is_named = *device_switch.model == '\0' || (name && *name == device_switch.model);
  return is_named && present && present->text() != device_switch.ideal.text();
}

/// Of a device table written under `prefix`, and of the entries of a stack.
void add_device_keys(const Value& device, const std::string& prefix, const std::string& source,
                     KeyValues& off) {
  for (const DeviceSwitch& s : device_switches())
    if (s.source == source && applies(s, device)) off.push_back({prefix + "." + s.key, s.ideal});
  const Value* models = device.at("models");
  for (std::size_t i = 0; models && i < models->array().size(); ++i)
    add_device_keys(models->array()[i], prefix + ".models." + std::to_string(i), source, off);
}

void add_periphery_keys(const Experiment& e, const std::string& source, KeyValues& off) {
  const NetworkPeriphery& p = e.periphery;
  const auto add = [&](const char* name, bool is_there) {
    if (!is_there || source != name) return;
    off.push_back({"periphery." + source, {std::string("ideal")}});
    for (const auto& [layer, keys] : p.layers)
      if (keys.at(source)) off.push_back({"periphery.layers." + layer + "." + source, {Table{}}});
  };
  add("wires", p.wires.has_value());
  add("dac", p.dac.has_value());
  add("output_noise", p.output_noise.has_value());
  add("adc", p.adc.has_value());
  if (source == "read" && p.read_noise && e.device->reads_noisily())
    off.push_back({"periphery.read_noise", {false}});
}

}  // namespace

const std::vector<std::string>& source_names() {
  static const std::vector<std::string> names = {"states", "programming",  "variation", "faults",
                                                 "drift",  "disturb",      "wires",     "dac",
                                                 "read",   "output_noise", "adc"};
  return names;
}

std::vector<Source> sources_of(const Experiment& experiment) {
  std::vector<Source> sources;
  const Value device = *experiment.resolved().at("device");
  for (const std::string& name : source_names()) {
    if (name == "drift" && experiment.device->time_s <= 0) continue;
    Source source{name, {}};
    add_device_keys(device, "device", name, source.off);
    add_periphery_keys(experiment, name, source.off);
    if (!source.off.empty()) sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace ohmic
