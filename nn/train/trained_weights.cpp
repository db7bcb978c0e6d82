#include "nn/train/trained_weights.hpp"

#include "nn/io/checkpoint.hpp"
#include "nn/io/sha256.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

std::string text(const std::vector<float>& values) {
  std::string list;
  for (const float v : values)
    list += (list.empty() ? "" : " ") + Value{static_cast<double>(v)}.text();
  return list;
}

/// How pixels were normalised: the values themselves where they are few, else their SHA-256.
void describe(const Normalization& n, Metadata& metadata) {
  metadata["normalization"] = n.kind;
  constexpr std::size_t kFew = 3;
  const auto put = [&](const std::string& name, const std::vector<float>& values) {
    if (values.empty()) return;
    if (values.size() <= kFew)
      metadata["normalization_" + name] = text(values);
    else
      metadata["normalization_" + name + "_sha256"] =
          sha256({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  };
  put("mean", n.mean);
  put("std", n.std);
}

}  // namespace

Metadata metadata_of(const Graph& graph, const Dataset& data, const TrainSettings& settings,
                     std::uint64_t seed, const std::string& identity, std::int64_t kept_epoch) {
  Metadata m{{"architecture", graph.model},
             {"layout", graph.layout},
             {"width", std::to_string(graph.nodes[1].channels)},
             {"classes", std::to_string(graph.classes)},
             {"data_sha256", data.train.hash()},
             {"train", to_toml(TrainSettings::schema().write(&settings, Stage::training))},
             {"epoch", std::to_string(kept_epoch)},
             {"seed", std::to_string(seed)},
             {"precision", settings.precision},
             {"libtorch", libtorch_version()},
             {"ohmic", version()},
             {"identity", identity}};
  describe(data.normalization, m);
  if (settings.hardware && settings.hardware->chip)
    m[kChipKey] = std::to_string(*settings.hardware->chip);
  return m;
}

std::optional<Checkpoint> finished_weights(const fs::path& file, const Graph& graph,
                                           const std::string& identity) {
  if (!fs::exists(file)) return std::nullopt;
  Checkpoint checkpoint = read_safetensors(file);
  const auto found = checkpoint.metadata.find("identity");
  if (found == checkpoint.metadata.end() || found->second != identity)
    throw DataError(file.string() + ": holds the weights of another training (identity " +
                    (found == checkpoint.metadata.end() ? "unknown" : found->second) + ", here " +
                    identity + "). Move it away, or choose another folder");
  if (!checkpoint.metadata.contains(kContentHash) || !is_intact(checkpoint))
    throw DataError(file.string() +
                    ": is damaged: its content does not have the SHA-256 it states. Move it away "
                    "to train again, or choose another folder");
  check_weights(graph, checkpoint.weights, file.string());
  return checkpoint;
}

}  // namespace ohmic
