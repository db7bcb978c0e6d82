#include "nn/lowering/network.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// What decides what a file gives.
std::string key_of(const ModelSettings& model, const MappingSettings& mapping) {
  std::error_code absent;
  const fs::path file = model.file;
  std::string key = fs::absolute(file).string() + '\n' +
                    std::to_string(fs::file_size(file, absent)) + ' ' +
                    std::to_string(fs::last_write_time(file, absent).time_since_epoch().count());
  for (const std::string& part : {model.input, model.output}) key += '\n' + part;
  for (const auto* patterns : {&mapping.digital, &mapping.crossbar}) {
    key += "\n\n";
    for (const std::string& pattern : *patterns) key += pattern + '\n';
  }
  return key;
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

}  // namespace

std::shared_ptr<const LoweredNetwork> load_network(const ModelSettings& model,
                                                   const MappingSettings& mapping) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const LoweredNetwork>> known;
  const std::lock_guard lock(mutex);
  auto& network = known[key_of(model, mapping)];
  if (!network) {
    const LoweringOptions options{model.input, model.output, mapping.digital, mapping.crossbar};
    auto made = std::make_shared<LoweredNetwork>(lower(read_model(model.file), options));
    check_patterns(*made, mapping);
    if (std::none_of(made->graph.nodes.begin(), made->graph.nodes.end(), has_matrix))
      throw DataError(model.file + ": no layer is left on crossbars; `ohmic inspect` says why");
    network = std::move(made);
  }
  return network;
}

std::string hash_of_network(const fs::path& file) {
  const fs::path beside = file.string() + ".data";
  const std::string own = sha256_of_file(file);
  return fs::is_regular_file(beside) ? sha256(own + sha256_of_file(beside)) : own;
}

}  // namespace ohmic
