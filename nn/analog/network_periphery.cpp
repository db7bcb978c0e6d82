#include "nn/analog/network_periphery.hpp"

#include <algorithm>

#include "nn/analog/layer_devices.hpp"
#include "nn/network/name_pattern.hpp"
#include "simulator/config/layer_tables.hpp"

namespace ohmic {
namespace {

constexpr char kLayers[] = "periphery.layers.";
const std::vector<std::string> kConverters{"dac", "adc"};

struct Converters {
  Dac dac;
  Adc adc;
  static const Schema<Converters>& schema();
};

const Schema<Converters>& Converters::schema() {
  static const Schema<Converters> schema = [] {
    Schema<Converters> s{"layers", "What converters of one layer have of their own."};
    s.add("dac", &Converters::dac);
    s.add("adc", &Converters::adc);
    return s;
  }();
  return schema;
}

/// Whether there are converters is the same in all layers.
bool are_tables(const Value& keys, const std::string& prefix, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  for (const std::string& converter : kConverters)
    if (const Value* own = keys.at(converter); own && !own->is_table())
      faults.push_back({own->where, prefix + "." + converter,
                        "expected keys of [periphery." + converter +
                            "], as in bits = 6 (converters are ideal in all layers or in none), "
                            "got " +
                            own->text()});
  return faults.size() == before;
}

/// The keys that were given, in the order of their declarations, with the values that were read.
Value as_read(const Value& given, const Converters& read) {
  const Value whole = Converters::schema().write(&read);
  Value keys{Table{}, given.where};
  for (const auto& [converter, own, where] : whole.table().entries())
    for (const auto& entry : own.table().entries()) {
      const std::string key = converter + "." + entry.key;
      if (given.at(key)) keys.set(key, entry.value);
    }
  return keys;
}

void read_layers(const Value& layers, const std::string& key, NetworkPeriphery& periphery,
                 std::vector<Fault>& faults) {
  if (!is_table_of_tables(layers))
    return faults.push_back(
        {layers.where, key, "expected a table for each layer, by its name, got " + layers.text()});
  for (const auto& [layer, given] : tables_by_layer(layers, kConverters)) {
    if (layer.empty()) {
      faults.push_back({given.where, key, "\"\" is no layer's name; expected one, or a pattern"});
      continue;
    }
    const std::string prefix = key + "." + layer;
    const std::size_t before = faults.size();
    Converters read;
    if (are_tables(given, prefix, faults))
      Converters::schema().read_into(given, prefix, read, faults);
    if (faults.size() == before) periphery.layers[layer] = as_read(given, read);
  }
}

Value write_layers(const NetworkPeriphery& periphery) {
  if (periphery.layers.empty()) return {};
  Value table{Table{}};
  for (const auto& [layer, keys] : periphery.layers) table.set(layer, keys);
  return table;
}

/// Of a converter that is ideal, keys change nothing.
Periphery with_keys(Periphery around, const Value& keys, const std::string& layer) {
  std::vector<Fault> faults;
  const std::string prefix = kLayers + layer;
  if (const Value* own = keys.at("dac"); own && around.dac)
    Dac::schema().read_into(*own, prefix + ".dac", *around.dac, faults);
  if (const Value* own = keys.at("adc"); own && around.adc)
    Adc::schema().read_into(*own, prefix + ".adc", *around.adc, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return around;
}

/// Of the part of a NetworkPeriphery that all layers have in common.
Parameter of_common(Parameter p) {
  p.read = [read = p.read](const Value& v, const std::string& key, const Parameter& self,
                           void* object, std::vector<Fault>& faults) {
    Periphery* common = static_cast<NetworkPeriphery*>(object);
    read(v, key, self, common, faults);
  };
  p.write = [write = p.write](const void* object) {
    const Periphery* common = static_cast<const NetworkPeriphery*>(object);
    return write(common);
  };
  return p;
}

struct PeripherySchema : Schema<NetworkPeriphery> {
  PeripherySchema() : Schema<NetworkPeriphery>(Periphery::schema().title, Periphery::schema().doc) {
    for (const Parameter& p : Periphery::schema().parameters()) parameters_.push_back(of_common(p));
    add_custom("layers", "table of tables by layer", read_layers, write_layers)
        .doc(
            "Keys of [periphery.adc] and [periphery.dac] that a layer has of its own, by its name "
            "or a pattern of names: [periphery.layers.NAME] with adc.bits = 6. What a layer does "
            "not give is as the pattern says, and else as for all.");
  }
};

}  // namespace

bool NetworkPeriphery::has_own() const {
  return std::ranges::any_of(
      layers, [](const auto& layer) { return !layer.second.table().entries().empty(); });
}

Periphery NetworkPeriphery::of(const std::string& layer) const {
  Periphery own = *this;
  for (const auto& [pattern, keys] : layers)
    if (pattern != layer && is_pattern(pattern) && matches(pattern, layer))
      own = with_keys(std::move(own), keys, pattern);
  const auto named = layers.find(layer);
  return named == layers.end() ? own : with_keys(std::move(own), named->second, layer);
}

std::vector<Periphery> NetworkPeriphery::kinds() const {
  std::vector<Periphery> kinds{*this};
  for (const auto& [layer, keys] : layers) kinds.push_back(with_keys(*this, keys, layer));
  return kinds;
}

void NetworkPeriphery::check(const Graph& graph) const {
  std::vector<std::string> names;
  std::vector<Fault> faults;
  const std::pair<const char*, bool> converters[] = {{"dac", dac.has_value()},
                                                     {"adc", adc.has_value()}};
  for (const auto& [layer, keys] : layers) {
    names.push_back(layer);
    for (const auto& [name, is_there] : converters)
      if (const Value* own = keys.at(name); own && !is_there)
        faults.push_back({keys.where, kLayers + layer + "." + name,
                          std::string("has no effect on ideal converters; expected periphery.") +
                              name + " = { ... } beside it, for all layers"});
  }
  for (const auto& [layer, message] : unknown_layers(graph, names))
    faults.push_back({layers.at(layer).where, kLayers + layer, message});
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

const Schema<NetworkPeriphery>& NetworkPeriphery::schema() {
  static const PeripherySchema schema;
  return schema;
}

}  // namespace ohmic
