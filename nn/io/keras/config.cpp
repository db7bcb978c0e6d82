#include "nn/io/keras/config.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "nn/io/keras/layers.hpp"
#include "simulator/error.hpp"

namespace ohmic::keras {
namespace {

using Json = nlohmann::json;

constexpr int kDepth = 200;  // of brackets in each other
constexpr int kModels = 16;  // of models in each other
constexpr int kPasses = 64;  // over layers that stand before their inputs

/// How deep brackets lie in each other, strings left out.
int depth_of(const std::string& json) {
  int depth = 0, most = 0;
  bool inside = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inside && c == '\\') {
      ++i;
    } else if (c == '"') {
      inside = !inside;
    } else if (!inside && (c == '{' || c == '[')) {
      most = std::max(most, ++depth);
    } else if (!inside && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return most;
}

/// The output of one call of a layer.
struct Source {
  std::string layer;
  std::size_t call = 0, tensor = 0;
};

std::size_t index_of(const Json& json) {
  return json.is_number_unsigned() ? json.get<std::size_t>() : 0;
}

/// Every tensor that `json` refers to, in order: ["conv2d", 0, 0, {}] or Keras 3's
/// __keras_tensor__.
void collect(const Json& json, std::vector<Source>& sources) {
  if (json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number() &&
      json[2].is_number()) {
    sources.push_back({json[0].get<std::string>(), index_of(json[1]), index_of(json[2])});
  } else if (json.is_object() && json.contains("keras_history")) {
    collect(json["keras_history"], sources);
  } else if (json.is_structured()) {
    for (const Json& element : json) collect(element, sources);
  }
}

std::string text_or(const Json& json, const char* key, const std::string& otherwise) {
  if (!json.is_object()) return otherwise;
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : otherwise;
}

/// Keras 3's group for the layers of a class: BatchNormalization -> batch_normalization.
std::string snake_case(const std::string& name) {
  std::string snake;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto is_upper = [&](std::size_t k) {
      return k < name.size() && std::isupper(static_cast<unsigned char>(name[k]));
    };
    const bool next_is_lower =
        i + 1 < name.size() && std::islower(static_cast<unsigned char>(name[i + 1]));
    const bool after_lower = i > 0 && std::islower(static_cast<unsigned char>(name[i - 1]));
    if (i > 0 && is_upper(i) && (next_is_lower || after_lower)) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return snake;
}

class ConfigReader {
 public:
  explicit ConfigReader(const std::string& file) : file_(file) {}

  Network read(const Json& model) {
    const std::vector<int> outputs = expand(model, "", "", {}, 0);
    if (outputs.size() != 1)
      fail("describes a network of " + std::to_string(outputs.size()) + " outputs; expected one");
    network_.output = outputs[0];
    return std::move(network_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw DataError(file_ + ": " + why); }

  static bool is_model(const std::string& type) {
    return type == "Functional" || type == "Model" || type == "Sequential";
  }

  static const Json& config_of(const Json& layer) {
    static const Json none = Json::object();
    return layer.is_object() && layer.contains("config") ? layer["config"] : none;
  }

  const Json& layers_of(const std::string& type, const Json& model) const {
    const Json& config = config_of(model);
    const Json& layers =
        config.is_object() && config.contains("layers") ? config["layers"] : config;
    if (!is_model(type) || !layers.is_array())
      fail("describes a network of class " + type +
           "; expected Functional, Model or Sequential with a list of layers");
    return layers;
  }

  /// The operations of a model applied to `inputs` (none: it has inputs of its own); its outputs.
  std::vector<int> expand(const Json& model, const std::string& path, const std::string& group,
                          const std::vector<int>& inputs, int depth) {
    if (depth > kModels)
      fail("has models in models, more than " + std::to_string(kModels) + " deep");
    const std::string type = text_or(model, "class_name", "(none)");
    const Json& layers = layers_of(type, model);
    std::map<std::string, int> of_class;
    std::vector<Layer> all;
    for (const Json& layer : layers) {
      const std::string snake = snake_case(text_or(layer, "class_name", ""));
      const int number = of_class[snake]++;
      const std::string name = text_or(layer, "name", text_or(config_of(layer), "name", snake));
      all.push_back({&layer, path + name, name,
                     group + "layers/" + snake + (number ? "_" + std::to_string(number) : "")});
    }
    return type == "Sequential" ? sequence(all, inputs, depth)
                                : graph(config_of(model), all, inputs, depth);
  }

  struct Layer {
    const Json* json;
    std::string path, name, group;
  };

  std::vector<int> apply(const Layer& layer, const std::vector<int>& inputs, int depth) {
    if (++layers_ > kLayers) fail("has more than " + std::to_string(kLayers) + " layers");
    const std::string type = text_or(*layer.json, "class_name", "(none)");
    if (is_model(type))
      return expand(*layer.json, layer.path + "/", layer.group + "/", inputs, depth + 1);
    Operation operation;
    operation.layer = layer.path;
    operation.type = type;
    operation.group = layer.group;
    operation.inputs = inputs;
    return {add_layer(file_, std::move(operation), config_of(*layer.json), network_)};
  }

  std::vector<int> sequence(const std::vector<Layer>& layers, std::vector<int> last, int depth) {
    for (const Layer& layer : layers) {
      const bool is_input = text_or(*layer.json, "class_name", "") == "InputLayer";
      if (is_input && !last.empty()) continue;  // the model's input is given
      if (!is_input && last.empty()) last = own_input(layer);
      last = apply(layer, last, depth);
    }
    return last;
  }

  /// Sequential models may leave out the input; the first layer then knows its shape.
  std::vector<int> own_input(const Layer& layer) {
    Operation input;
    input.layer = layer.path;
    input.type = "InputLayer";
    return {add_layer(file_, std::move(input), config_of(*layer.json), network_)};
  }

  std::vector<int> graph(const Json& config, const std::vector<Layer>& layers,
                         const std::vector<int>& inputs, int depth) {
    Calls calls;
    bind_inputs(config, inputs, calls);
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (!calls.contains(layers[i].name)) waiting.push_back(i);
    for (int pass = 0; pass < kPasses && !waiting.empty(); ++pass) {
      std::vector<std::size_t> still;
      for (const std::size_t i : waiting)
        if (!call(layers[i], calls, depth)) still.push_back(i);
      if (still.size() == waiting.size()) break;
      waiting = std::move(still);
    }
    if (!waiting.empty())
      fail("layer \"" + layers[waiting[0]].path + "\" has inputs that no layer gives");
    std::vector<Source> sources;
    if (config.contains("output_layers")) collect(config["output_layers"], sources);
    const auto outputs = look_up(sources, calls);
    if (!outputs) fail("has outputs that no layer gives");
    return *outputs;
  }

  /// By name of a layer: for each of its calls, the operations that give its outputs.
  using Calls = std::map<std::string, std::vector<std::vector<int>>>;

  void bind_inputs(const Json& config, const std::vector<int>& inputs, Calls& calls) const {
    std::vector<Source> sources;
    if (inputs.empty() || !config.contains("input_layers")) return;
    collect(config["input_layers"], sources);
    if (sources.size() != inputs.size()) fail("calls a model with another number of inputs");
    for (std::size_t i = 0; i < inputs.size(); ++i) calls[sources[i].layer] = {{inputs[i]}};
  }

  /// Makes the calls of a layer whose inputs are all there; whether that was so.
  bool call(const Layer& layer, Calls& calls, int depth) {
    static const Json none = Json::array();
    const Json& nodes =
        layer.json->contains("inbound_nodes") ? (*layer.json)["inbound_nodes"] : none;
    std::vector<std::vector<int>> made;
    std::vector<std::vector<int>> all_inputs;
    for (const Json& node : nodes) {
      std::vector<Source> sources;
      collect(node, sources);
      const auto found = look_up(sources, calls);
      if (!found) return false;
      all_inputs.push_back(*found);
    }
    if (all_inputs.empty()) all_inputs.emplace_back();  // an input layer
    for (const auto& inputs : all_inputs) made.push_back(apply(layer, inputs, depth));
    calls[layer.name] = std::move(made);
    return true;
  }

  /// Keras counts from a later call where a model was called before it became part of another.
  static std::optional<std::vector<int>> look_up(const std::vector<Source>& sources,
                                                 const Calls& calls) {
    std::vector<int> found;
    for (const Source& source : sources) {
      const auto it = calls.find(source.layer);
      if (it == calls.end()) return {};
      const auto& outputs = it->second[std::min(source.call, it->second.size() - 1)];
      if (source.tensor >= outputs.size()) return {};
      found.push_back(outputs[source.tensor]);
    }
    return found;
  }

  const std::string& file_;
  Network network_;
  std::size_t layers_ = 0;
};

}  // namespace

Network read_config(const std::string& file, const std::string& json) {
  if (depth_of(json) > kDepth) throw DataError(file + ": its model_config is nested too deeply");
  const Json model = Json::parse(json, nullptr, false);
  if (model.is_discarded() || !model.is_object())
    throw DataError(file + ": its model_config is no JSON object");
  return ConfigReader(file).read(model);
}

}  // namespace ohmic::keras
