#include "nn/io/checkpoint.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "nn/io/keras/keras.hpp"
#include "nn/io/torch_pickle.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using namespace std::string_view_literals;

/// The first bytes of a file, at most 16.
std::string first_bytes(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) throw DataError(file.string() + ": no such file");
  if (!std::filesystem::is_regular_file(file, error))
    throw DataError(file.string() + ": is not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw DataError(file.string() + ": cannot be read: " + std::strerror(errno));
  std::array<char, 16> bytes;
  stream.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(stream.gcount())};
}

LoadedCheckpoint read_any(const std::filesystem::path& file, Graph& graph) {
  const std::string start = first_bytes(file);
  if (start.starts_with("\x89HDF\r\n\x1a\n"sv)) return read_keras_h5(file, graph);
  if (start.starts_with("PK\x03\x04"sv) && is_keras_archive(file))
    return read_keras_archive(file, graph);
  if (start.starts_with("PK\x03\x04"sv)) return {read_torch_zip(file), {}};
  if (start.starts_with("\x80\x02\x8a\x0a"sv)) return {read_torch_legacy(file), {}};
  if (start.size() > 8 && start[8] == '{') return {read_safetensors(file), {}};
  throw DataError(file.string() +
                  ": is no weight file that is known, or damaged; expected safetensors, Keras .h5 "
                  "or .keras, or a PyTorch .pt, .pth or .th");
}

}  // namespace

LoadedCheckpoint load_checkpoint(const std::filesystem::path& file, Graph& graph) {
  LoadedCheckpoint checkpoint = read_any(file, graph);
  check_weights(graph, checkpoint.weights, file.string());
  return checkpoint;
}

LoadedCheckpoint load_checkpoint(const std::filesystem::path& file, const Graph& graph) {
  Graph stated = graph;
  LoadedCheckpoint checkpoint = load_checkpoint(file, stated);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (stated.nodes[i].epsilon != graph.nodes[i].epsilon)
      throw DataError(file.string() + ": " + graph.nodes[i].name +
                      " has epsilon = " + std::to_string(stated.nodes[i].epsilon) + ", expected " +
                      std::to_string(graph.nodes[i].epsilon));
  return checkpoint;
}

}  // namespace ohmic
