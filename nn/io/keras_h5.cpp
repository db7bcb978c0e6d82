#include "nn/io/keras_h5.hpp"

#include <hdf5.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/hdf5_handle.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw DataError(file.string() + ": " + why);
}

/// HDF5 prints its error stack by default; libraries never print.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

herr_t collect(hid_t, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET)
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

std::vector<std::string> dataset_paths(const fs::path& file, hid_t h5) {
  std::vector<std::string> paths;
  if (H5Ovisit(h5, H5_INDEX_NAME, H5_ITER_INC, collect, &paths) < 0) fail(file, "is damaged");
  return paths;
}

HostTensor read_dataset(const fs::path& file, hid_t h5, const std::string& path) {
  const Hdf5Handle data(H5Dopen2(h5, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Handle space(data >= 0 ? H5Dget_space(data) : -1, H5Sclose);
  const int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (rank < 0) fail(file, "is damaged: " + path + " cannot be read");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  HostTensor tensor{{extents.begin(), extents.end()}, {}};
  const hssize_t values = H5Sget_simple_extent_npoints(space);
  if (values < 0 || values > hssize_t{1} << 31) fail(file, "is damaged: " + path + " is too large");
  tensor.values.resize(static_cast<std::size_t>(values));
  if (H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()) < 0)
    fail(file, "is damaged: " + path + " cannot be read");
  return tensor;
}

/// "[model_weights/]LAYER/.../ITEM:0" as (LAYER, ITEM); empty for what is no layer's weight.
std::pair<std::string, std::string> layer_and_item(std::string path) {
  if (path.starts_with("model_weights/")) path.erase(0, 14);
  const std::size_t first = path.find('/'), last = path.rfind('/');
  if (path.starts_with("optimizer_weights/") || first == std::string::npos) return {};
  return {path.substr(0, first), path.substr(last + 1, path.rfind(':') - last - 1)};
}

/// "conv2d_7" as ("conv2d", 7), "conv2d" as ("conv2d", 0).
std::pair<std::string, int> kind_and_number(const std::string& layer) {
  const std::size_t at = layer.rfind('_');
  int number = 0;
  if (at == std::string::npos) return {layer, 0};
  const char* end = layer.data() + layer.size();
  const auto [stop, error] = std::from_chars(layer.data() + at + 1, end, number);
  if (error != std::errc() || stop != end) return {layer, 0};
  return {layer.substr(0, at), number};
}

using Layer = std::map<std::string, HostTensor>;             ///< by item: kernel, gamma, ...
using Layers = std::map<std::string, std::map<int, Layer>>;  ///< by kind, then number

Layers read_layers(const fs::path& file) {
  const Quiet quiet;
  const Hdf5Handle h5(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (h5 < 0) fail(file, "is damaged or truncated: HDF5 cannot open it");
  Layers layers;
  for (const std::string& path : dataset_paths(file, h5)) {
    const auto [layer, item] = layer_and_item(path);
    const auto [kind, number] = kind_and_number(layer);
    if (!layer.empty()) layers[kind][number][item] = read_dataset(file, h5, path);
  }
  return layers;
}

/// [kh, kw, in, out] -> [out, in, kh, kw], [in, out] -> [out, in].
HostTensor to_our_order(const HostTensor& keras) {
  HostTensor ours = keras;
  const std::size_t rank = keras.shape.size();
  const std::int64_t out = keras.shape[rank - 1], in = keras.shape[rank - 2];
  const std::int64_t window =
      static_cast<std::int64_t>(keras.values.size()) / std::max<std::int64_t>(in * out, 1);
  ours.shape = {out, in};
  ours.shape.insert(ours.shape.end(), keras.shape.begin(), keras.shape.end() - 2);
  for (std::int64_t p = 0; p < window; ++p)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = 0; o < out; ++o)
        ours.values[static_cast<std::size_t>((o * in + i) * window + p)] =
            keras.values[static_cast<std::size_t>((p * in + i) * out + o)];
  return ours;
}

std::string our_name(const fs::path& file, const std::string& item) {
  static const std::map<std::string, std::string> names = {{"kernel", "weight"},
                                                           {"bias", "bias"},
                                                           {"gamma", "weight"},
                                                           {"beta", "bias"},
                                                           {"moving_mean", "running_mean"},
                                                           {"moving_variance", "running_var"}};
  const auto it = names.find(item);
  if (it == names.end()) fail(file, "has a tensor \"" + item + "\" that no layer of ohmic has");
  return it->second;
}

struct Kind {
  Op op;
  const char* keras;
  const char* plural;
};

constexpr Kind kKinds[] = {{Op::convolution, "conv2d", "convolutions"},
                           {Op::batch_norm, "batch_normalization", "BatchNorms"},
                           {Op::dense, "dense", "dense layers"}};

/// The layers of one kind, in Keras's order, under the names of the graph's nodes of that kind.
void map_layers(const fs::path& file, const Graph& graph, const Kind& kind,
                const std::map<int, Layer>& layers, Weights& weights) {
  std::vector<std::string> nodes;
  for (const Node& node : graph.nodes)
    if (node.op == kind.op) nodes.push_back(node.name);
  if (nodes.size() != layers.size())
    fail(file, "has " + std::to_string(layers.size()) + " " + kind.plural + " (" + kind.keras +
                   "_N), " + graph.model + " in layout keras_v1 has " +
                   std::to_string(nodes.size()) + "; resnetD has D + 1 convolutions");
  std::size_t k = 0;
  for (const auto& [number, layer] : layers) {
    for (const auto& [item, tensor] : layer) {
      const bool turn = item == "kernel" && tensor.shape.size() >= 2;
      weights[nodes[k] + "." + our_name(file, item)] = turn ? to_our_order(tensor) : tensor;
    }
    ++k;
  }
}

}  // namespace

Checkpoint read_keras_h5(const fs::path& file, const Graph& graph) {
  if (graph.layout != "keras_v1")
    fail(file,
         "is a Keras file, which needs model.layout = \"keras_v1\", not \"" + graph.layout + "\"");
  Layers layers = read_layers(file);
  Checkpoint checkpoint;
  for (const Kind& kind : kKinds)
    map_layers(file, graph, kind, layers[kind.keras], checkpoint.weights);
  checkpoint.metadata = {
      {"architecture", graph.model}, {"layout", graph.layout}, {"source", "Keras HDF5"}};
  return checkpoint;
}

}  // namespace ohmic
