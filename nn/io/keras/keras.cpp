#include "nn/io/keras/keras.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "nn/io/archive.hpp"
#include "nn/io/file.hpp"
#include "nn/io/keras/match.hpp"
#include "nn/io/keras/tensors.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using namespace keras;
namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

/// [kh, kw, in, out] -> [out, in, kh, kw], [in, out] -> [out, in], [kh, kw, in, k] of a depthwise
/// kernel -> [in k, 1, kh, kw].
HostTensor to_our_order(const HostTensor& keras, const Shape& ours) {
  HostTensor turned{ours, std::vector<float>(keras.values.size())};
  const auto out = static_cast<std::size_t>(ours[0]), in = static_cast<std::size_t>(ours[1]);
  const std::size_t window = out * in == 0 ? 0 : keras.values.size() / (out * in);
  for (std::size_t p = 0; p < window; ++p)
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o)
        turned.values[(o * in + i) * window + p] = keras.values[(p * in + i) * out + o];
  return turned;
}

/// A parameter's shape as Keras has it.
Shape keras_shape(const Node& node, const Shape& ours) {
  if (ours.size() == 1) return ours;
  if (ours.size() == 2) return {ours[1], ours[0]};
  if (node.conv.groups > 1 && ours[1] == 1)  // depthwise
    return {ours[2], ours[3], node.conv.groups, ours[0] / node.conv.groups};
  return {ours[2], ours[3], ours[1], ours[0]};
}

/// What Keras calls a parameter, and its number among the layer's tensors in Keras 3.
struct Item {
  std::string name;
  std::string number;
};

/// The file's names for the tensors of a node; `operation`, where the file describes it, says which
/// of them are not there.
std::optional<Item> item_of(const Node& node, const std::string& parameter,
                            const Operation* operation) {
  const bool scale = !operation || operation->scale, center = !operation || operation->center;
  if (parameter == ".weight" && node.op != Op::batch_norm) return Item{"kernel", "0"};
  if (parameter == ".weight") return scale ? std::optional(Item{"gamma", "0"}) : std::nullopt;
  if (parameter == ".bias" && node.op == Op::batch_norm)
    return center ? std::optional(Item{"beta", scale ? "1" : "0"}) : std::nullopt;
  if (parameter == ".bias")
    return !operation || operation->use_bias ? std::optional(Item{"bias", "1"}) : std::nullopt;
  const int first = static_cast<int>(scale) + static_cast<int>(center);
  if (parameter == ".running_mean") return Item{"moving_mean", std::to_string(first)};
  return Item{"moving_variance", std::to_string(first + 1)};
}

struct Kinds {
  Op op;
  const char* keras;
  const char* plural;
};

constexpr Kinds kKinds[] = {{Op::convolution, "conv2d", "convolutions"},
                            {Op::batch_norm, "batch_normalization", "BatchNorms"},
                            {Op::dense, "dense", "dense layers"}};

class CheckpointReader {
 public:
  CheckpointReader(std::string name, std::string_view bytes, Graph& graph)
      : name_(std::move(name)), graph_(graph), h5_(name_, bytes), layers_(stored_layers(h5_)) {}

  LoadedCheckpoint read(const std::optional<std::string>& config) {
    LoadedCheckpoint checkpoint;
    checkpoint.metadata = {
        {"architecture", graph_.model}, {"layout", graph_.layout}, {"source", "Keras"}};
    if (config)
      read_described(*config, checkpoint);
    else
      read_in_order(checkpoint.weights);
    return checkpoint;
  }

  std::optional<std::string> config() const { return h5_.text("", "model_config"); }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw DataError(name_ + ": " + why); }

  void read_described(const std::string& config, LoadedCheckpoint& checkpoint) {
    const Network network = read_config(name_, config);
    const Match found = match(name_, network, graph_);
    if (!found.scalings.empty()) checkpoint.preprocessing = scaling_of(network, found);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (node.name.empty()) continue;
      const Operation& operation =
          network.operations[static_cast<std::size_t>(found.operations[i])];
      const StoredLayer* layer = find(layers_, operation);
      if (!layer) fail("describes layer \"" + operation.layer + "\" and holds no tensors of it");
      read_node(node, *layer, &operation, checkpoint.weights);
    }
  }

  /// The layers of each kind, in Keras's order, as the graph's nodes of that kind.
  void read_in_order(Weights& weights) {
    std::map<Op, std::vector<const StoredLayer*>> by_kind;
    for (const StoredLayer& layer : layers_)
      if (const auto op = kind_of(layer)) by_kind[*op].push_back(&layer);
    for (const Kinds& kind : kKinds) {
      auto& left = by_kind[kind.op];
      std::vector<const Node*> nodes;
      for (const Node& node : graph_.nodes)
        if (node.op == kind.op) nodes.push_back(&node);
      if (nodes.size() != left.size())
        fail("has " + std::to_string(left.size()) + " " + kind.plural + " (" + kind.keras +
             "_N), " + graph_.model + " in layout keras_v1 has " + std::to_string(nodes.size()) +
             "; resnetD has D + 1 convolutions");
      for (const Node* node : nodes) {
        const auto fits = [&](const StoredLayer* layer) { return fits_node(*layer, *node); };
        auto it = std::find_if(left.begin(), left.end(), fits);
        if (it == left.end()) it = left.begin();  // whose shape is then the message
        read_node(*node, **it, nullptr, weights);
        left.erase(it);
      }
    }
  }

  /// What a layer is by its tensors; nothing for what has no weights (seeds of Dropout).
  std::optional<Op> kind_of(const StoredLayer& layer) const {
    const std::string* kernel = item(layer, "kernel", "0");
    const std::size_t rank = kernel ? h5_.shape(*kernel).size() : 0;
    if (rank == 4) return Op::convolution;
    if (rank == 2) return Op::dense;
    if (layer.items.contains("gamma") || layer.items.contains("moving_mean") ||
        (layer.numbered && layer.items.size() == 4 && rank == 1))
      return Op::batch_norm;
    for (const auto& [name, dataset] : layer.items)
      if (name.find("seed") == name.npos)
        fail("has layer \"" + layer.group + "\" of tensors " + names(layer) +
             ", which no layer of " + graph_.model + " has");
    return {};
  }

  bool fits_node(const StoredLayer& layer, const Node& node) const {
    for (const ParameterShape& p : parameters(node)) {
      if (!p.name.ends_with(".weight")) continue;
      const std::string* dataset =
          node.op == Op::batch_norm ? item(layer, "gamma", "0") : item(layer, "kernel", "0");
      return dataset && h5_.shape(*dataset) == keras_shape(node, p.shape);
    }
    return false;
  }

  std::vector<ParameterShape> parameters(const Node& node) const {
    Graph alone;
    alone.nodes = {node};
    return parameter_shapes(alone);
  }

  static const std::string* item(const StoredLayer& layer, const std::string& name,
                                 const std::string& number) {
    auto it = layer.items.find(layer.numbered ? number : name);
    if (it == layer.items.end() && !layer.numbered && name == "kernel")
      it = layer.items.find("depthwise_kernel");
    return it == layer.items.end() ? nullptr : &it->second;
  }

  static std::string names(const StoredLayer& layer) {
    std::string all;
    for (const auto& [name, dataset] : layer.items) all += (all.empty() ? "" : ", ") + name;
    return all;
  }

  void read_node(const Node& node, const StoredLayer& layer, const Operation* operation,
                 Weights& weights) {
    for (const ParameterShape& p : parameters(node)) {
      const std::string suffix = p.name.substr(node.name.size());
      const auto wanted = item_of(node, suffix, operation);
      const std::string* dataset = wanted ? item(layer, wanted->name, wanted->number) : nullptr;
      if (dataset)
        weights[p.name] = tensor(*dataset, node, p);
      else if (wanted)
        fail("layer \"" + layer.group + "\" has no " + wanted->name + "; its tensors are " +
             names(layer));
      else
        weights[p.name] = {p.shape, std::vector<float>(static_cast<std::size_t>(node.channels),
                                                       suffix == ".weight" ? 1.0f : 0.0f)};
    }
  }

  HostTensor tensor(const std::string& dataset, const Node& node, const ParameterShape& p) {
    const Shape shape = h5_.shape(dataset), expected = keras_shape(node, p.shape);
    if (shape != expected)
      fail("\"" + dataset + "\" has shape " + shape_text(shape) + ", " + p.name + " of " +
           graph_.model + " in layout keras_v1 has " + shape_text(expected));
    HostTensor values = h5_.read(dataset);
    return shape.size() > 1 ? to_our_order(values, p.shape) : values;
  }

  Preprocessing scaling_of(const Network& network, const Match& found) {
    Preprocessing all{"", {1, 1, 1}, {0, 0, 0}};
    for (const int i : found.scalings) {
      const Operation& o = network.operations[static_cast<std::size_t>(i)];
      auto [factors, offsets] =
          o.factors.empty() ? stored_scaling(o) : std::pair(o.factors, o.offsets);
      factors.resize(3, factors[0]), offsets.resize(3, offsets[0]);
      for (std::size_t c = 0; c < 3; ++c) {
        all.factor[c] *= factors[c];
        all.offset[c] = all.offset[c] * factors[c] + offsets[c];
      }
      all.layers += (all.layers.empty() ? "" : ", ") + ("\"" + o.layer + "\" (" + o.type + ")");
    }
    return all;
  }

  /// Of a Normalization that has its statistics among the weights.
  std::pair<std::vector<double>, std::vector<double>> stored_scaling(const Operation& o) {
    const StoredLayer* layer = find(layers_, o);
    const std::string* mean = layer ? item(*layer, "mean", "0") : nullptr;
    const std::string* variance = layer ? item(*layer, "variance", "1") : nullptr;
    if (!mean || !variance)
      fail("layer \"" + o.layer + "\" (" + o.type + ") has no mean or no variance");
    const std::vector<float> m = h5_.read(*mean).values, v = h5_.read(*variance).values;
    if ((m.size() != 1 && m.size() != 3) || v.size() != m.size())
      fail("layer \"" + o.layer + "\" (" + o.type + ") has " + std::to_string(m.size()) +
           " means and " + std::to_string(v.size()) + " variances; expected one or three");
    std::pair<std::vector<double>, std::vector<double>> scaling;
    for (std::size_t c = 0; c < m.size(); ++c) {
      const double std = std::max(std::sqrt(static_cast<double>(v[c])), 1e-7);
      scaling.first.push_back(1 / std);
      scaling.second.push_back(-m[c] / std);
    }
    return scaling;
  }

  std::string name_;
  Graph& graph_;
  Hdf5File h5_;
  std::vector<StoredLayer> layers_;
};

void check_layout(const fs::path& file, const Graph& graph) {
  if (graph.layout != "keras_v1")
    throw DataError(file.string() +
                    ": is a Keras file, which needs model.layout = \"keras_v1\", not \"" +
                    graph.layout + "\"");
}

}  // namespace

LoadedCheckpoint read_keras_h5(const fs::path& file, Graph& graph) {
  check_layout(file, graph);
  const std::string bytes = read_bytes(file);
  CheckpointReader reader(file.string(), bytes, graph);
  return reader.read(reader.config());
}

bool is_keras_archive(const fs::path& zip) {
  const std::vector<std::string> paths = zip_paths(zip);
  return std::find(paths.begin(), paths.end(), "model.weights.h5") != paths.end();
}

LoadedCheckpoint read_keras_archive(const fs::path& file, Graph& graph) {
  check_layout(file, graph);
  const auto entries = read_zip_entries(file);
  const auto config = entries.find("config.json");
  if (config == entries.end())
    throw DataError(file.string() + ": is a .keras archive without its config.json");
  const auto text = [](const std::vector<std::uint8_t>& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  CheckpointReader reader(file.string() + ", model.weights.h5",
                          text(entries.at("model.weights.h5")), graph);
  return reader.read(std::string(text(config->second)));
}

}  // namespace ohmic
