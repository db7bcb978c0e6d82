// Models of Keras: .keras archives, and HDF5 files that hold the whole model. Layers in ONNX's
// words; channels last, as Keras has them, become channels first where a layer asks for it.
// Source: Keras 2 and 3, models/functional.py, models/sequential.py, saving/saving_lib.py.
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <unordered_map>

#include "nn/import/keras/keras_layer.hpp"
#include "nn/import/readers.hpp"
#include "nn/io/archive.hpp"
#include "nn/io/mapped_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kDeepest = 16;
constexpr std::size_t kMostLayers = 100'000;

std::string text_or(const Json& json, const char* key, const std::string& otherwise) {
  const Json* found = find(json, key);
  return found && found->is_string() ? found->get<std::string>() : otherwise;
}

/// Keras 3 stores the layers of a class below "batch_normalization", "batch_normalization_1", ...
std::string snake_case(const std::string& name) {
  const auto is = [&](std::size_t i, int (*kind)(int)) {
    return i < name.size() && kind(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string snake;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins =
        is(i, std::isupper) && i > 0 && (is(i + 1, std::islower) || is(i - 1, std::islower));
    if (begins) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return snake;
}

bool is_model(const std::string& type) {
  return type == "Functional" || type == "Model" || type == "Sequential";
}

/// A call's output: layer, call, output.
struct Place {
  std::string layer;
  std::int64_t call = 0;
};

Place place_of(const Json& history) {
  if (!history.is_array() || history.size() < 3 || !history[0].is_string() ||
      !history[1].is_number_integer() || !history[2].is_number_integer())
    throw DataError("is damaged: a layer's input is no [layer, call, output]");
  if (history[2].get<std::int64_t>() != 0)
    throw DataError("uses output " + history[2].dump() + " of layer " +
                    in_quotes(history[0].get<std::string>()) + "; expected layers of one output");
  return {history[0].get<std::string>(), history[1].get<std::int64_t>()};
}

/// Inputs of one call, however deep they stand: [["conv2d", 0, 0, {}], ...] in Keras 2,
/// {"args": [{"config": {"keras_history": ["conv2d", 0, 0]}}]} in Keras 3.
void append_places(const Json& call, std::vector<Place>& places) {
  if (call.is_array() && !call.empty() && call[0].is_string()) {
    places.push_back(place_of(call));
  } else if (call.is_array()) {
    for (const Json& part : call) append_places(part, places);
  } else if (const Json* history = find(call, "keras_history")) {
    places.push_back(place_of(*history));
  } else if (call.is_object()) {
    for (const char* key : {"args", "kwargs", "config"})
      if (const Json* part = find(call, key)) append_places(*part, places);
    if (!find(call, "args"))
      for (const auto& [key, part] : call.items())
        if (find(part, "config")) append_places(part, places);
  }
}

/// [null, 32, 32, 3], the batch first.
std::vector<std::int64_t> batch_shape_of(const Json& config) {
  for (const char* key : {"batch_shape", "batch_input_shape"}) {
    const Json* shape = find(config, key);
    if (!shape || !shape->is_array()) continue;
    std::vector<std::int64_t> sides;
    for (const Json& side : *shape)
      sides.push_back(
          side.is_number_integer() && side.get<std::int64_t>() > 0 ? side.get<std::int64_t>() : -1);
    return sides;
  }
  return {};
}

class KerasModel {
 public:
  explicit KerasModel(KerasGraph& graph) : graph_(graph) {}

  void read(const Json& model) {
    std::vector<KerasValue*> outputs = expand(model, "", "", {}, 0);
    const Json none = Json::object();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      KerasLayer ends(graph_, "Output", "output", "", none, {outputs[i]});
      graph_.draft.model.outputs.push_back({ends.last(), ElementType::f32, {}, false});
    }
  }

 private:
  using Values = std::map<std::pair<std::string, std::int64_t>, KerasValue*>;

  KerasValue* keep(KerasValue value) {
    values_.push_back(std::make_unique<KerasValue>(std::move(value)));
    return values_.back().get();
  }

  std::vector<KerasValue*> expand(const Json& model, const std::string& path,
                                  const std::string& group, std::vector<KerasValue*> inputs,
                                  int depth) {
    if (depth > kDeepest) throw DataError("has models nested more than 16 deep");
    const Json& config = member(model, "config");
    const Json& layers = config.is_array() ? config : member(config, "layers");
    if (!layers.is_array()) throw DataError("is damaged: a model has no list of layers");
    if (text_or(model, "class_name", "") == "Sequential")
      return {sequential(model, layers, path, group, inputs, depth)};
    return functional(config, layers, path, group, std::move(inputs), depth);
  }

  /// Group names of layers, which count by class.
  std::vector<std::string> groups_of(const Json& layers, const std::string& group) {
    if (count_ += layers.size(); count_ > kMostLayers)
      throw DataError("has more than " + std::to_string(kMostLayers) + " layers");
    std::map<std::string, int> used;
    std::vector<std::string> groups;
    for (const Json& layer : layers) {
      const std::string snake = snake_case(text_or(layer, "class_name", ""));
      const int number = used[snake]++;
      groups.push_back(group + "layers/" + snake + (number ? "_" + std::to_string(number) : ""));
    }
    return groups;
  }

  static std::string name_of(const Json& layer) {
    const Json* config = find(layer, "config");
    return text_or(layer, "name", config ? text_or(*config, "name", "") : "");
  }

  std::vector<KerasValue*> call(const Json& layer, const std::string& path,
                                const std::string& group, std::vector<KerasValue*> inputs,
                                int depth) {
    const std::string type = text_or(layer, "class_name", "");
    if (is_model(type)) return expand(layer, path + "/", group + "/", std::move(inputs), depth + 1);
    static const Json none = Json::object();
    const Json* config = find(layer, "config");
    KerasLayer translated(graph_, type, path, group, config ? *config : none, std::move(inputs));
    return {keep(translate(translated))};
  }

  KerasValue* add_input(const std::string& path, const Json& config) {
    const std::vector<std::int64_t> shape = batch_shape_of(config);
    if (shape.empty()) throw DataError("input " + in_quotes(path) + " has no shape");
    const std::string type = text_or(config, "dtype", "float32");
    const bool whole = type.starts_with("int");
    graph_.draft.model.inputs.push_back(
        {path, whole ? ElementType::i32 : ElementType::f32, shape, true});
    return keep({path, {}, static_cast<int>(shape.size())});
  }

  KerasValue* sequential(const Json& model, const Json& layers, const std::string& path,
                         const std::string& group, std::vector<KerasValue*> inputs, int depth) {
    const std::vector<std::string> groups = groups_of(layers, group);
    KerasValue* value = inputs.empty() ? nullptr : inputs[0];
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Json& config = member(layers[i], "config");
      const std::string name = path + name_of(layers[i]);
      const bool is_input = text_or(layers[i], "class_name", "") == "InputLayer";
      if (!value && (is_input || !batch_shape_of(config).empty()))
        value = add_input(is_input ? name : "input", config);
      else if (!value)
        value = add_input("input", built_input(model));
      if (!is_input) value = single(call(layers[i], name, groups[i], {value}, depth), name);
    }
    if (!value) throw DataError("is a model without layers");
    return value;
  }

  static Json built_input(const Json& model) {
    const Json* build = find(member(model, "config"), "build_input_shape");
    const Json* config = find(model, "build_config");
    if (!build && config) build = find(*config, "input_shape");
    return Json{{"batch_shape", build ? *build : Json()}};
  }

  static KerasValue* single(const std::vector<KerasValue*>& values, const std::string& name) {
    if (values.size() != 1)
      throw DataError("layer " + in_quotes(name) + " has " + std::to_string(values.size()) +
                      " outputs; expected one");
    return values[0];
  }

  std::vector<KerasValue*> functional(const Json& config, const Json& layers,
                                      const std::string& path, const std::string& group,
                                      std::vector<KerasValue*> inputs, int depth) {
    const std::vector<std::string> groups = groups_of(layers, group);
    Values values;
    const std::vector<Place> given = places_of(member(config, "input_layers"));
    if (!inputs.empty() && inputs.size() != given.size())
      throw DataError("model " + in_quotes(path) + " has " + std::to_string(given.size()) +
                      " inputs, but is given " + std::to_string(inputs.size()));
    for (std::size_t i = 0; i < inputs.size(); ++i) values[{given[i].layer, 0}] = inputs[i];
    std::vector<std::pair<std::size_t, std::size_t>> open;  // layer, call
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string name = name_of(layers[i]);
      const Json* calls = find(layers[i], "inbound_nodes");
      if (text_or(layers[i], "class_name", "") == "InputLayer") {
        if (inputs.empty()) values[{name, 0}] = add_input(path + name, member(layers[i], "config"));
      } else if (calls && calls->is_array()) {
        for (std::size_t c = 0; c < calls->size(); ++c) open.push_back({i, c});
      }
    }
    run(layers, groups, path, open, values, depth);
    std::vector<KerasValue*> outputs;
    for (const Place& place : places_of(member(config, "output_layers")))
      outputs.push_back(value_at(values, place));
    return outputs;
  }

  /// Calls in the file's order, those that must wait after the others.
  void run(const Json& layers, const std::vector<std::string>& groups, const std::string& path,
           std::vector<std::pair<std::size_t, std::size_t>> open, Values& values, int depth) {
    for (int round = 0; !open.empty(); ++round) {
      std::vector<std::pair<std::size_t, std::size_t>> waiting;
      for (const auto& [i, c] : open) {
        std::vector<Place> places;
        append_places(layers[i]["inbound_nodes"][c], places);
        std::vector<KerasValue*> inputs;
        for (const Place& place : places) {
          const auto found = values.find({place.layer, place.call});
          if (found != values.end()) inputs.push_back(found->second);
        }
        if (inputs.size() < places.size()) {
          waiting.push_back({i, c});
          continue;
        }
        const std::string name = name_of(layers[i]);
        values[{name, static_cast<std::int64_t>(c)}] =
            single(call(layers[i], path + name, groups[i], std::move(inputs), depth), name);
      }
      if (waiting.size() == open.size() || round > 100)
        throw DataError("layer " + in_quotes(path + name_of(layers[waiting[0].first])) +
                        " waits for a layer that is not there, or for itself");
      open = std::move(waiting);
    }
  }

  static std::vector<Place> places_of(const Json& json) {
    std::vector<Place> places;
    append_places(json, places);
    return places;
  }

  static KerasValue* value_at(const Values& values, const Place& place) {
    const auto found = values.find({place.layer, place.call});
    if (found == values.end())
      throw DataError("its output " + in_quotes(place.layer) + " is no layer");
    return found->second;
  }

  KerasGraph& graph_;
  std::vector<std::unique_ptr<KerasValue>> values_;
  std::size_t count_ = 0;
};

ImportedModel read_config(const std::filesystem::path& path, std::string_view config,
                          std::string_view weights, const std::string& version) {
  Hdf5File file(path.string(), weights);
  KerasGraph graph;
  graph.weights = &file;
  graph.stored = keras::stored_layers(file);
  graph.draft.model.file = path;
  graph.draft.model.format = "Keras";
  graph.draft.model.producer = version.empty() ? "keras" : "keras " + printable(version);
  graph.draft.model.opset = kOpsetOfDrafts;
  graph.before_keras_3 = version.starts_with("2.") || version.starts_with("1.");
  const Json json = parse_json(config, "its configuration");
  const std::string type = text_or(json, "class_name", "");
  if (!is_model(type))
    throw DataError("is a " + in_quotes(type) +
                    " of Keras; expected a Sequential or Functional "
                    "model");
  KerasModel(graph).read(json);
  return finish(std::move(graph.draft));
}

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ImportedModel read_keras(const std::filesystem::path& path) {
  const auto entries = read_zip_entries(path);
  const auto config = entries.find("config.json"), weights = entries.find("model.weights.h5");
  if (config == entries.end() || weights == entries.end())
    throw DataError("has no config.json and model.weights.h5; expected a .keras file");
  const auto metadata = entries.find("metadata.json");
  const std::string version =
      metadata == entries.end()
          ? ""
          : text_or(parse_json(view(metadata->second), "metadata.json"), "keras_version", "");
  return read_config(path, view(config->second), view(weights->second), version);
}

ImportedModel read_keras_h5_model(const std::filesystem::path& path) {
  const MappedFile mapped = map_file(path);
  const Hdf5File file(path.string(), mapped.text());
  const auto config = file.text("", "model_config");
  if (!config)
    throw DataError(
        "holds weights of Keras without a network; save the whole model "
        "(model.save)");
  return read_config(path, *config, mapped.text(), file.text("", "keras_version").value_or(""));
}

}  // namespace ohmic
