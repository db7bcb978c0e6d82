#include "simulator/config/layer_tables.hpp"

#include <algorithm>

namespace ohmic {
namespace {

class Collector {
 public:
  explicit Collector(const std::vector<std::string>& inner) : inner_(inner) {}

  /// `layer`: what the name begins with, null for the table of all.
  void collect(const Table& table, const std::string* layer, const Position& where) {
    const auto& entries = table.entries();
    const bool has_parts =
        std::ranges::any_of(entries, [&](const auto& entry) { return is_part(entry, layer); });
    if (layer && !has_parts) keys_of(*layer, where);
    for (const auto& entry : entries)
      if (is_part(entry, layer)) {
        const std::string name = layer ? *layer + "." + entry.key : entry.key;
        collect(entry.value.table(), &name, entry.where);
      } else {
        add(entry, keys_of(layer ? *layer : "", where));
      }
  }

  std::map<std::string, Value> layers;

 private:
  bool is_part(const Table::Entry& entry, bool is_in_layer) const {
    return entry.value.is_table() && !(is_in_layer && std::ranges::count(inner_, entry.key) > 0);
  }

  Value& keys_of(const std::string& layer, const Position& where) {
    return layers.emplace(layer, Value{Table{}, where}).first->second;
  }

  static void add(const Table::Entry& entry, Value& keys) {
    if (!entry.value.is_table()) return keys.set(entry.key, entry.value, entry.where);
    const Value* present = keys.at(entry.key);
    if (!present || !present->is_table())
      keys.set(entry.key, {Table{}, entry.value.where}, entry.where);
    for (const auto& [key, value, where] : entry.value.table().entries())
      keys.set(entry.key + "." + key, value, where);
  }

  const std::vector<std::string>& inner_;
};

}  // namespace

std::map<std::string, Value> tables_by_layer(const Value& layers,
                                             const std::vector<std::string>& inner) {
  Collector collector(inner);
  collector.collect(layers.table(), nullptr, layers.where);
  return std::move(collector.layers);
}

bool is_table_of_tables(const Value& layers) {
  return layers.is_table() && std::ranges::all_of(layers.table().entries(), [](const auto& entry) {
           return entry.value.is_table();
         });
}

}  // namespace ohmic
