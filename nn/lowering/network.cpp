#include "nn/lowering/network.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include "nn/import/imported_model.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/weight_file.hpp"
#include "nn/lowering/replaced_weights.hpp"
#include "nn/network/name_pattern.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

std::string version_of(const fs::path& file) {
  std::error_code absent;
  return fs::absolute(file).string() + '\n' + std::to_string(fs::file_size(file, absent)) + ' ' +
         std::to_string(fs::last_write_time(file, absent).time_since_epoch().count()) + '\n';
}

/// What decides what a file gives.
std::string key_of(const ModelSettings& model, const MappingSettings& mapping) {
  std::string key;
  for (const fs::path file : {model.file, model.weights})
    if (!file.empty()) key += version_of(file);
  for (const std::string& part : {model.output, model.tensors}) key += '\n' + part;
  for (const std::string& input : model.inputs) key += "\n\t" + input;
  for (const auto* patterns : {&mapping.digital, &mapping.crossbar}) {
    key += "\n\n";
    for (const std::string& pattern : *patterns) key += pattern + '\n';
  }
  return key;
}

/// The files that models consist of, by version of the first: a large one is read only once.
class FilesOfModels {
 public:
  std::vector<fs::path> remember(const fs::path& model, const std::vector<MappedFile>& files) {
    const std::lock_guard lock(mutex_);
    auto& paths = known_[version_of(model)];
    paths.clear();
    for (const MappedFile& file : files) paths.push_back(file.file);
    return paths;
  }

  std::vector<fs::path> of(const fs::path& model) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = known_.find(version_of(model));
      if (found != known_.end()) return found->second;
    }
    return remember(model, read_model(model).files);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<fs::path>> known_;
};

FilesOfModels& files_of_models() {
  static FilesOfModels files;
  return files;
}

/// Names of the layers of constants, wherever they are computed.
std::vector<std::string> layers_of(const LoweredNetwork& network) {
  std::vector<std::string> names;
  for (const Node& node : network.graph.nodes)
    if (has_matrix(node)) names.push_back(node.name);
  for (const DigitalMatrix& matrix : network.digital) names.push_back(matrix.name);
  return names;
}

void check_patterns(const LoweredNetwork& network, const MappingSettings& mapping) {
  const std::vector<std::string> names = layers_of(network);
  std::vector<Fault> faults;
  const auto check = [&](const char* key, const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      const auto named = [&](const std::string& name) { return matches(pattern, name); };
      if (std::any_of(names.begin(), names.end(), named)) continue;
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
      faults.push_back({{}, key, "\"" + pattern + "\" names no layer; layers are " + all});
    }
  };
  check("mapping.digital", mapping.digital);
  check("mapping.crossbar", mapping.crossbar);
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

/// What `read` gives; its errors begin with the key that named the file.
template <class Read>
auto said_of_weights(const Read& read) {
  try {
    return read();
  } catch (const DataError& error) {
    throw DataError(std::string("model.weights: ") + error.what());
  }
}

/// Weights that were trained here for a network of a file, which have the names and shapes of its
/// graph; none where they are others.
std::optional<Weights> trained_weights(const ModelSettings& model) {
  std::error_code absent;
  if (!fs::is_regular_file(model.weights, absent)) return std::nullopt;  // said elsewhere
  const WeightFile file = open_weights(model.weights);
  const auto layout = file.metadata.find("layout");
  if (layout == file.metadata.end() || layout->second != kImportedLayout) return std::nullopt;
  if (!model.tensors.empty())
    throw DataError(model.weights + ": holds one network's tensors; model.tensors chooses nothing");
  Checkpoint checkpoint = read_safetensors(model.weights);
  if (!is_intact(checkpoint))
    throw DataError(model.weights + ": is damaged: it does not have the SHA-256 it states");
  return std::move(checkpoint.weights);
}

std::shared_ptr<const LoweredNetwork> read_network(const ModelSettings& model,
                                                   const MappingSettings& mapping) {
  const LoweringOptions options{model.inputs, model.output, mapping.digital, mapping.crossbar};
  std::optional<Weights> trained = said_of_weights([&] { return trained_weights(model); });
  const ImportedModel imported = trained ? read_model(model.file) : read_model_of(model);
  auto network = std::make_shared<LoweredNetwork>(lower(imported, options));
  if (trained) {
    said_of_weights([&] {
      check_weights(network->graph, *trained, model.weights);
      return 0;
    });
    network->weights = std::move(*trained);
  }
  for (const MappedFile& file : imported.files) file.forget();
  files_of_models().remember(model.file, imported.files);
  check_patterns(*network, mapping);
  return network;
}

/// Whether a node takes numbers of the sample itself, from `first` on.
bool begins_at(const Graph& graph, const Node& slice, std::int64_t first) {
  const auto at = [&](std::size_t i) -> const Node& {
    return graph.nodes[static_cast<std::size_t>(slice.inputs[i])];
  };
  if (slice.inputs.size() < 2 || at(0).op != Op::input || !at(1).constant) return false;
  const ConstantTensor& start = *at(1).constant;
  std::int64_t number = 0;
  if (start.type != ElementType::i64 || start.elements() != 1) return false;
  std::memcpy(&number, start.data.get(), sizeof number);
  return number == first;
}

}  // namespace

ImportedModel read_model_of(const ModelSettings& settings) {
  ImportedModel model = read_model(settings.file);
  if (settings.weights.empty()) return model;
  said_of_weights([&] {
    replace_weights(model, open_weights(settings.weights), settings.weights, settings.tensors);
    return 0;
  });
  return model;
}

std::shared_ptr<const LoweredNetwork> load_network(const ModelSettings& model,
                                                   const MappingSettings& mapping) {
  auto network = load_any_network(model, mapping);
  if (std::ranges::none_of(network->graph.nodes, has_matrix))
    throw DataError(model.file + ": no layer is left on crossbars" +
                    (mapping.digital.empty() && mapping.crossbar.empty()
                         ? ""
                         : ", with mapping.digital and mapping.crossbar as they are") +
                    "; `ohmic inspect` says why");
  return network;
}

std::shared_ptr<const LoweredNetwork> load_any_network(const ModelSettings& model,
                                                       const MappingSettings& mapping) {
  constexpr std::size_t kKept = 8;  // of those that were read last
  static std::mutex mutex;
  static std::deque<std::pair<std::string, std::shared_ptr<const LoweredNetwork>>> known;
  const std::lock_guard lock(mutex);
  const std::string key = key_of(model, mapping);
  const auto found = std::ranges::find(known, key, [](const auto& entry) { return entry.first; });
  if (found != known.end()) return found->second;
  known.emplace_back(key, read_network(model, mapping));
  if (known.size() > kKept) known.pop_front();
  return known.back().second;
}

std::int64_t vocabulary(const Graph& graph, std::optional<std::int64_t> first) {
  std::vector<bool> is_tokens(graph.nodes.size(), false);
  std::int64_t least = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const auto comes_from_tokens = [&](std::size_t input) {
      return input < node.inputs.size() && is_tokens[static_cast<std::size_t>(node.inputs[input])];
    };
    if (node.op == Op::input) is_tokens[i] = !first;
    if (node.op != Op::digital) continue;
    const std::string& op = node.call->op;
    for (const char* same : {"Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze"})
      if (op == same && comes_from_tokens(0)) is_tokens[i] = true;
    if (first && op == "Slice" && begins_at(graph, node, *first)) is_tokens[i] = true;
    if (op != "Gather" || !comes_from_tokens(1)) continue;
    const auto axis = node.call->attributes.find("axis");
    const Node& table = graph.nodes[static_cast<std::size_t>(node.inputs[0])];
    const auto* number =
        axis == node.call->attributes.end() ? nullptr : std::get_if<std::int64_t>(&axis->second);
    const bool is_row = axis == node.call->attributes.end() || (number && *number == 0);
    if (!is_row || table.op != Op::constant || !table.constant) continue;
    const std::int64_t rows = table.constant->shape.at(0);
    least = least == 0 ? rows : std::min(least, rows);
  }
  return least;
}

std::string hash_of_network(const fs::path& file) {
  std::string all = sha256_of_file(file);
  const std::vector<fs::path> files = files_of_models().of(file);
  if (files.size() < 2) return all;
  for (std::size_t i = 1; i < files.size(); ++i) all += sha256_of_file(files[i]);
  return sha256(all);
}

}  // namespace ohmic
