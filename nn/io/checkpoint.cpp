#include "nn/io/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string_view>

#include "nn/io/keras/keras.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/weight_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using namespace std::string_view_literals;

namespace fs = std::filesystem;

constexpr const char* kExpected =
    "; expected safetensors (or their .index.json), Keras .h5 or .keras, or a PyTorch .pt, .pth, "
    ".ckpt or .th";

/// The first bytes of a file, at most 64.
std::string first_bytes(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) throw DataError(file.string() + ": no such file");
  if (fs::is_directory(file, error)) throw DataError(file.string() + ": is a folder" + kExpected);
  if (!fs::is_regular_file(file, error)) throw DataError(file.string() + ": is not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw DataError(file.string() + ": cannot be read: " + std::strerror(errno));
  std::array<char, 64> bytes;
  stream.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(stream.gcount())};
}

bool is_index(const fs::path& file, std::string_view start) {
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && start[first] == '{' && file.extension() == ".json";
}

/// torch.save before 1.6 begins with this number as a pickle of its own, of whichever protocol.
bool is_torch_legacy(std::string_view start) {
  return start.starts_with('\x80') &&
         start.substr(0, 32).find("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv) !=
             std::string_view::npos;
}

/// What a file is that is often taken for one of weights.
std::string unreadable_kind(std::string_view start) {
  struct Kind {
    std::string_view start;
    const char* name;
  };
  static constexpr Kind kKinds[] = {
      {"version https://git-lfs"sv, "is a pointer of Git LFS, not the file itself (git lfs pull)"},
      {"<!DOCTYPE"sv, "is a web page"},
      {"<html"sv, "is a web page"},
      {"\x1f\x8b"sv, "is packed with gzip"},
      {"\xfd"
       "7zXZ"sv,
       "is packed with xz"},
      {"\x93NUMPY"sv, "is a NumPy array"},
      {"GGUF"sv, "is a GGUF file"},
      {"\x80"sv, "is a pickle that torch.save did not write"},
  };
  for (const Kind& kind : kKinds)
    if (start.starts_with(kind.start)) return kind.name;
  if (start.empty()) return "is empty";
  return "is no weight file that is known, or damaged";
}

WeightFile open_any(const fs::path& file, std::string_view start) {
  if (start.starts_with("PK\x03\x04"sv) || start.starts_with("PK\x05\x06"sv))
    return open_torch_zip(file);
  if (is_torch_legacy(start)) return open_torch_legacy(file);
  if (is_index(file, start)) return open_safetensors_index(file);
  if (start.size() > 8 && start[8] == '{') return open_safetensors(file);
  throw DataError(file.string() + ": " + unreadable_kind(start) + kExpected);
}

Checkpoint read_fitting(const WeightFile& opened, const Graph& graph, const std::string& file,
                        const TensorChoice& choice) {
  Checkpoint checkpoint{{}, opened.metadata};
  for (const auto& [name, i] : fit_names(opened.tensors, graph, file, choice))
    checkpoint.weights[name] = opened.read(i);
  return checkpoint;
}

LoadedCheckpoint read_any(const fs::path& file, Graph& graph, const TensorChoice& choice) {
  const std::string start = first_bytes(file);
  const bool is_h5 = start.starts_with("\x89HDF\r\n\x1a\n"sv);
  if (!is_h5 && !(start.starts_with("PK\x03\x04"sv) && is_keras_archive(file)))
    return {read_fitting(open_any(file, start), graph, file.string(), choice), {}};
  if (!choice.name.empty())
    throw DataError(file.string() + ": is a Keras file, which holds one network; expected no " +
                    choice.key + " beside it");
  return is_h5 ? read_keras_h5(file, graph) : read_keras_archive(file, graph);
}

/// Weights are finite, and so are statistics, of which a spread is not negative.
void check_values(const Weights& weights, const std::string& file) {
  for (const auto& [name, tensor] : weights) {
    const bool spread = name.ends_with(".running_var") || name.ends_with(".running_dev");
    const auto is_wrong = [&](float v) { return !std::isfinite(v) || (spread && v < 0); };
    const auto it = std::find_if(tensor.values.begin(), tensor.values.end(), is_wrong);
    if (it == tensor.values.end()) continue;
    const auto count = std::count_if(it, tensor.values.end(), is_wrong);
    throw DataError(file + ": " + name + " has the value " + std::to_string(*it) + " at " +
                    std::to_string(it - tensor.values.begin()) + " (" + std::to_string(count) +
                    " of its " + std::to_string(tensor.values.size()) + " are so); expected " +
                    (spread ? "finite numbers that are not negative" : "finite numbers"));
  }
}

}  // namespace

WeightFile open_weights(const fs::path& file) {
  const std::string start = first_bytes(file);
  const bool is_zip = start.starts_with("PK\x03\x04"sv);
  if (start.starts_with("\x89HDF\r\n\x1a\n"sv) || (is_zip && is_keras_archive(file)))
    throw DataError(file.string() +
                    ": is a file of Keras; expected safetensors (or their .index.json), or a "
                    "PyTorch .pt, .pth, .ckpt or .th (Keras's weights are read with their model)");
  return open_any(file, start);
}

LoadedCheckpoint load_checkpoint(const fs::path& file, Graph& graph, const TensorChoice& choice) {
  LoadedCheckpoint checkpoint = read_any(file, graph, choice);
  check_weights(graph, checkpoint.weights, file.string());
  if (checkpoint.metadata.contains("ohmic") && !is_intact(checkpoint))
    throw DataError(file.string() +
                    ": is damaged: its content does not have the SHA-256 it states");
  check_values(checkpoint.weights, file.string());
  return checkpoint;
}

LoadedCheckpoint load_checkpoint(const std::filesystem::path& file, const Graph& graph,
                                 const TensorChoice& choice) {
  Graph stated = graph;
  LoadedCheckpoint checkpoint = load_checkpoint(file, stated, choice);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (stated.nodes[i].epsilon != graph.nodes[i].epsilon)
      throw DataError(file.string() + ": " + graph.nodes[i].name +
                      " has epsilon = " + std::to_string(stated.nodes[i].epsilon) + ", expected " +
                      std::to_string(graph.nodes[i].epsilon));
  return checkpoint;
}

std::string content_hash(const Checkpoint& checkpoint) {
  std::string bytes;
  for (const auto& [key, value] : checkpoint.metadata)
    if (key != kContentHash) bytes += key + '\0' + value + '\0';
  for (const auto& [name, tensor] : checkpoint.weights) {
    bytes += name + '\0';
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
                 tensor.values.size() * sizeof(float));
  }
  return sha256(bytes);
}

bool is_intact(const Checkpoint& checkpoint) {
  const auto stated = checkpoint.metadata.find(kContentHash);
  return stated == checkpoint.metadata.end() || stated->second == content_hash(checkpoint);
}

std::string sha256_of_weights(const fs::path& file) {
  if (!is_index(file, first_bytes(file))) return sha256_of_file(file);
  std::string hashes = sha256_of_file(file);
  for (const fs::path& shard : shards_of(file)) hashes += sha256_of_file(shard);
  return sha256(hashes);
}

}  // namespace ohmic
