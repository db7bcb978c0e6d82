#include "nn/io/keras/tensors.hpp"

#include <algorithm>
#include <set>

namespace ohmic::keras {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = path.find('/', from)) != path.npos; from = at + 1)
    parts.push_back(path.substr(from, at - from));
  parts.push_back(path.substr(from));
  return parts;
}

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
  std::string path;
  for (std::size_t i = 0; i < count; ++i) path += (i ? "/" : "") + parts[i];
  return path;
}

bool is_container(const std::string& part) {
  return part == "layers" || part == "_layer_checkpoint_dependencies";
}

/// "conv2d_10" after "conv2d_9": digits compare as numbers.
bool in_number_order(const std::string& a, const std::string& b) {
  const auto key = [](const std::string& s) {
    const std::size_t digits = s.find_last_not_of("0123456789") + 1;
    const bool numbered = digits < s.size() && digits > 0 && s[digits - 1] == '_';
    const std::string number = numbered ? s.substr(digits) : "";
    return std::tuple(numbered ? s.substr(0, digits - 1) : s, number.size(), number);
  };
  return key(a) < key(b);
}

/// Layers by group, of the one form or the other.
using Groups = std::map<std::string, StoredLayer>;

void add_numbered(const Hdf5File& file, const std::string& dataset, Groups& groups) {
  std::vector<std::string> parts = parts_of(dataset);
  const std::size_t n = parts.size();
  if (n < 4 || parts[n - 2] != "vars" || !is_container(parts[n - 4])) return;
  const std::string path = joined(parts, n - 2);
  StoredLayer& layer = groups[path];
  layer.numbered = true;
  layer.top = parts[n - 3];
  layer.name = file.text(path + "/vars", "name").value_or("");
  std::replace(parts.begin(), parts.end(), std::string("_layer_checkpoint_dependencies"),
               std::string("layers"));
  layer.group = joined(parts, n - 2);
  layer.items[parts[n - 1]] = dataset;
}

void add_named(const std::string& root, const std::string& dataset, Groups& groups) {
  if (!dataset.starts_with(root)) return;
  const std::vector<std::string> parts = parts_of(dataset.substr(root.size()));
  const std::size_t n = parts.size();
  static const std::set<std::string> others = {"optimizer_weights", "optimizer",
                                               "top_level_model_weights"};
  if (n < 2 || others.contains(parts[0])) return;
  const std::string group = joined(parts, n - 1);
  StoredLayer& layer = groups[root + group];
  layer.group = root + group;
  layer.top = parts[0];
  layer.name = parts[n - 2];
  const std::string& item = parts[n - 1];
  layer.items[item.substr(0, item.find(':'))] = dataset;
}

/// Positions of names in a list.
std::map<std::string, std::size_t> positions(const std::optional<std::vector<std::string>>& names) {
  std::map<std::string, std::size_t> at;
  if (names)
    for (const std::string& name : *names) at.emplace(name, at.size());
  return at;
}

/// Keras lists layers in layer_names (in pieces layer_names0, ... where they are many), and the
/// tensors of each in weight_names.
void order_as_listed(const Hdf5File& file, const std::string& root,
                     std::vector<StoredLayer>& layers) {
  const std::string parent = root.empty() ? "" : root.substr(0, root.size() - 1);
  auto names = file.texts(parent, "layer_names");
  for (int i = 0; !names || i > 0; ++i) {
    const auto more = file.texts(parent, "layer_names" + std::to_string(i));
    if (!more) break;
    if (!names) names.emplace();
    names->insert(names->end(), more->begin(), more->end());
    if (i == 1 << 16) break;
  }
  const auto tops = positions(names);
  std::map<std::string, std::map<std::string, std::size_t>> tensors;
  std::map<std::string, std::pair<std::size_t, std::size_t>> place;  // by group
  for (const StoredLayer& layer : layers) {
    if (!tensors.contains(layer.top))
      tensors[layer.top] = positions(file.texts(root + layer.top, "weight_names"));
    const auto& listed = tensors[layer.top];
    std::size_t first = listed.size();
    for (const auto& [item, dataset] : layer.items) {
      const auto it = listed.find(dataset.substr(root.size() + layer.top.size() + 1));
      if (it != listed.end()) first = std::min(first, it->second);
    }
    const auto top = tops.find(layer.top);
    place[layer.group] = {top == tops.end() ? tops.size() : top->second, first};
  }
  std::stable_sort(layers.begin(), layers.end(),
                   [&](const auto& a, const auto& b) { return place[a.group] < place[b.group]; });
}

}  // namespace

std::vector<StoredLayer> stored_layers(const Hdf5File& file) {
  const std::vector<std::string> datasets = file.datasets();
  Groups groups;
  for (const std::string& dataset : datasets) add_numbered(file, dataset, groups);
  const bool named = groups.empty();
  const std::vector<std::string> all = file.groups();
  const bool whole = std::find(all.begin(), all.end(), "model_weights") != all.end();
  const std::string root = whole ? "model_weights/" : "";
  if (named)
    for (const std::string& dataset : datasets) add_named(root, dataset, groups);
  std::vector<StoredLayer> layers;
  for (auto& [group, layer] : groups) layers.push_back(std::move(layer));
  std::stable_sort(layers.begin(), layers.end(), [](const auto& a, const auto& b) {
    return in_number_order(a.numbered ? a.group : a.name, b.numbered ? b.group : b.name);
  });
  if (named) order_as_listed(file, root, layers);
  return layers;
}

const StoredLayer* find(const std::vector<StoredLayer>& layers, const Operation& operation) {
  const std::vector<std::string> chain = parts_of(operation.layer);
  const auto first = [&](const auto& fits) -> const StoredLayer* {
    const auto it = std::find_if(layers.begin(), layers.end(), fits);
    return it == layers.end() ? nullptr : &*it;
  };
  // The exact place, then the name alone: Keras 3 may store a layer under its class's name, and
  // Keras 2 below a scope that it made unique.
  if (const auto* layer = first([&](const StoredLayer& l) {
        return l.numbered && chain.size() == 1 && l.name == chain.back();
      }))
    return layer;
  if (const auto* layer =
          first([&](const StoredLayer& l) { return l.numbered && l.group == operation.group; }))
    return layer;
  if (const auto* layer = first([&](const StoredLayer& l) {
        return !l.numbered && l.top == chain.front() && l.name == chain.back();
      }))
    return layer;
  return first([&](const StoredLayer& l) {
    return !l.numbered && chain.size() == 1 && l.top == chain.front();
  });
}

}  // namespace ohmic::keras
