#include <algorithm>
#include <unordered_map>

#include "nn/import/aten/aten_call.hpp"

namespace ohmic {
namespace {

std::unordered_map<std::string, AtenEntry> all_entries() {
  std::unordered_map<std::string, AtenEntry> table;
  for (const auto& entries :
       {aten_activations(), aten_arithmetic(), aten_attention(), aten_creation(), aten_embeddings(),
        aten_indexing(), aten_matrices(), aten_normalizations(), aten_pooling(), aten_recurrent(),
        aten_reductions(), aten_resizing(), aten_shapes()})
    for (const AtenEntry& entry : entries) table.emplace(entry.op, entry);
  return table;
}

const std::unordered_map<std::string, AtenEntry>& known_entries() {
  static const auto table = all_entries();
  return table;
}

}  // namespace

const AtenEntry* find_aten(const std::string& op) {
  const auto& table = known_entries();
  const auto exact = table.find(op);
  if (exact != table.end()) return &exact->second;
  const auto any = table.find(op.substr(0, op.find('.')));
  return any == table.end() ? nullptr : &any->second;
}

std::vector<std::string> aten_names() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : known_entries()) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

}  // namespace ohmic
