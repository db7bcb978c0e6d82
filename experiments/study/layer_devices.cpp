#include "experiments/study/layer_devices.hpp"

#include <algorithm>

#include "experiments/study/measured_age.hpp"
#include "nn/network/name_pattern.hpp"
#include "simulator/config/layer_tables.hpp"

namespace ohmic {
namespace {

constexpr const char* kCommon[] = {"g_min_S", "g_max_S", "time_s"};

std::string model_of(const Value& table) {
  const Value* model = table.at("model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  return name ? *name : "ideal";
}

/// What the layer's devices are: [device] with the layer's keys over it.
Value merged(const Value& common, const Value& own) {
  Value table = own;
  const bool same_model = !own.at("model") || model_of(own) == model_of(common);
  for (const auto& entry : common.table().entries()) {
    const bool is_common = std::count(std::begin(kCommon), std::end(kCommon), entry.key) > 0;
    if ((same_model || is_common) && !own.at(entry.key))
      table.set(entry.key, entry.value, entry.where);
  }
  return table;
}

/// What a layer of that name takes over: of all devices, and of the patterns that it fits.
Value common_to(const std::string& layer, Value common, const std::map<std::string, Value>& given) {
  if (is_pattern(layer)) return common;
  for (const auto& [pattern, own] : given)
    if (is_pattern(pattern) && matches(pattern, layer)) common = merged(common, own);
  return common;
}

/// The keys that were given, with the values that were read.
Value as_read(const Value& given, const Value& whole) {
  Value keys{Table{}, given.where};
  for (const auto& entry : whole.table().entries())
    if (given.at(entry.key)) keys.set(entry.key, entry.value);
  return keys;
}

}  // namespace

const OwnDevice* own_device(const OwnDevices& devices, const std::string& layer) {
  const auto found = find_by_name(devices, layer);
  return found == devices.end() ? nullptr : &found->second;
}

Value without_layers(const Value& device_table) {
  Value table = device_table;
  if (table.is_table()) table.table().erase(kLayersKey);
  return table;
}

OwnDevices read_layer_devices(const Value& device_table, const std::string& key,
                              std::vector<Fault>& faults) {
  OwnDevices devices;
  const Value* layers = device_table.at(kLayersKey);
  if (!layers) return devices;
  const std::string prefix = key + "." + kLayersKey;
  if (!is_table_of_tables(*layers)) {
    faults.push_back({layers->where, prefix, "expected a table for each layer, by its name"});
    return devices;
  }
  const std::map<std::string, Value> given = tables_by_layer(*layers);
  for (const auto& [layer, own] : given) {
    const Value table = merged(common_to(layer, without_layers(device_table), given), own);
    if (std::shared_ptr<const DeviceModel> model =
            read_device(table, prefix + "." + layer, faults)) {
      const std::string name = model_of(table);
      check_age(table.at("time_s"), prefix + "." + layer + ".time_s", name, *model, faults);
      devices[layer] = {as_read(own, write_device(name, *model)), name, std::move(model)};
    }
  }
  return devices;
}

Value write_layer_devices(const OwnDevices& devices) {
  if (devices.empty()) return {};
  Value table{Table{}};
  for (const auto& [layer, device] : devices) table.set(layer, device.keys);
  return table;
}

}  // namespace ohmic
