#include "nn/io/torch_pickle.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "nn/io/archive.hpp"
#include "nn/io/file.hpp"
#include "nn/io/pickle.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Storages = std::map<std::string, std::string_view>;  ///< bytes by key

/// Of the numbers that are read as weights; 0: of others.
std::size_t element_bytes(const std::string& storage_type) {
  if (storage_type == "torch FloatStorage") return 4;
  if (storage_type == "torch DoubleStorage") return 8;
  return 0;
}

/// Of any storage, to find the next; 0: unknown.
std::size_t stored_bytes(const std::string& storage_type) {
  static const std::map<std::string, std::size_t> others{
      {"torch LongStorage", 8}, {"torch IntStorage", 4},     {"torch ShortStorage", 2},
      {"torch CharStorage", 1}, {"torch ByteStorage", 1},    {"torch BoolStorage", 1},
      {"torch HalfStorage", 2}, {"torch BFloat16Storage", 2}};
  const auto found = others.find(storage_type);
  return found == others.end() ? element_bytes(storage_type) : found->second;
}

float element(std::string_view bytes, std::size_t size, std::size_t index) {
  const char* from = bytes.data() + index * size;
  if (size == 4) {
    float value;
    std::memcpy(&value, from, size);
    return value;
  }
  double value;
  std::memcpy(&value, from, sizeof value);
  return static_cast<float>(value);
}

/// The largest index that a view reads, or -1 for an empty one.
std::int64_t last_index(const PickledTensor& t) {
  if (t.offset < 0 || t.shape.size() != t.strides.size())
    throw DataError("damaged: a tensor's shape");
  std::int64_t last = t.offset;
  for (std::size_t d = 0; d < t.shape.size(); ++d) {
    if (t.shape[d] == 0) return -1;
    const bool sane =
        t.shape[d] > 0 && t.shape[d] < (1 << 30) && t.strides[d] >= 0 && t.strides[d] < (1 << 30);
    if (!sane || last > (std::int64_t{1} << 50)) throw DataError("damaged: a tensor's shape");
    last += (t.shape[d] - 1) * t.strides[d];
  }
  return last;
}

HostTensor gather(const PickledTensor& t, std::string_view bytes, std::size_t size) {
  HostTensor tensor{t.shape, {}};
  if (last_index(t) >= static_cast<std::int64_t>(bytes.size() / size))
    throw DataError("truncated: storage " + t.storage + " is too short");
  const std::function<void(std::size_t, std::int64_t)> walk = [&](std::size_t d, std::int64_t at) {
    if (d == t.shape.size())
      return tensor.values.push_back(element(bytes, size, static_cast<std::size_t>(at)));
    for (std::int64_t i = 0; i < t.shape[d]; ++i) walk(d + 1, at + i * t.strides[d]);
  };
  walk(0, t.offset);
  return tensor;
}

void collect(const Pickled& p, const std::string& name, const Storages& storages, int depth,
             Weights& weights) {
  if (depth > 16) throw DataError("damaged: nested too deeply");
  if (p.kind == Pickled::Kind::dictionary)
    for (const auto& [key, value] : *p.entries)
      collect(value, name.empty() ? key.text : name + "." + key.text, storages, depth + 1, weights);
  if (p.kind != Pickled::Kind::tensor) return;
  const std::size_t size = element_bytes(p.tensor->storage_type);
  if (size == 0 && p.tensor->shape.empty()) return;  // num_batches_tracked
  if (size == 0)
    throw DataError(name + " is in a " + p.tensor->storage_type + "; expected float32 or float64");
  const auto it = storages.find(p.tensor->storage);
  if (it == storages.end())
    throw DataError("damaged: storage " + p.tensor->storage + " is missing");
  weights[name] = gather(*p.tensor, it->second, size);
}

/// DataParallel puts "module." before every name.
Weights without_module(Weights weights) {
  const std::string prefix = "module.";
  for (const auto& [name, tensor] : weights)
    if (!name.starts_with(prefix)) return weights;
  Weights bare;
  for (auto& [name, tensor] : weights) bare[name.substr(prefix.size())] = std::move(tensor);
  return bare;
}

Checkpoint checkpoint_of(const Pickled& root, const Storages& storages) {
  const Pickled* state = root.find("state_dict");
  Checkpoint checkpoint;
  collect(state ? *state : root, "", storages, 0, checkpoint.weights);
  if (checkpoint.weights.empty()) throw DataError("holds no tensors");
  checkpoint.weights = without_module(std::move(checkpoint.weights));
  checkpoint.metadata["source"] = "PyTorch";
  return checkpoint;
}

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Checkpoint read_zip(const fs::path& file) {
  const auto entries = read_zip_entries(file);
  std::string_view pickle;
  Storages storages;
  for (const auto& [path, bytes] : entries) {
    const std::size_t root = path.find('/');
    const std::string inside = root == std::string::npos ? path : path.substr(root + 1);
    if (inside == "data.pkl") pickle = view(bytes);
    if (inside.starts_with("data/")) storages[inside.substr(5)] = view(bytes);
  }
  if (pickle.empty()) throw DataError("is a zip archive, but has no data.pkl: not PyTorch's");
  return checkpoint_of(read_pickle(pickle), storages);
}

/// After the object: a list of keys, then for each its number of elements and its bytes.
Storages legacy_storages(const Pickled& keys, std::string_view bytes,
                         const std::map<std::string, std::size_t>& sizes) {
  Storages storages;
  if (keys.kind != Pickled::Kind::sequence) throw DataError("damaged: no list of storages");
  for (const Pickled& key : *keys.items) {
    std::uint64_t elements = 0;
    if (bytes.size() < sizeof elements) throw DataError("truncated");
    std::memcpy(&elements, bytes.data(), sizeof elements);
    bytes.remove_prefix(sizeof elements);
    const auto it = sizes.find(key.text);
    const std::size_t size = it == sizes.end() ? 0 : it->second;
    if (size == 0) throw DataError("holds a kind of storage that is not known");
    if (elements > bytes.size() / size) throw DataError("truncated");
    storages[key.text] = bytes.substr(0, elements * size);
    bytes.remove_prefix(elements * size);
  }
  return storages;
}

void storage_sizes(const Pickled& p, int depth, std::map<std::string, std::size_t>& sizes) {
  if (p.kind == Pickled::Kind::tensor)
    sizes[p.tensor->storage] = stored_bytes(p.tensor->storage_type);
  if (p.kind == Pickled::Kind::dictionary && depth < 16)
    for (const auto& [key, value] : *p.entries) storage_sizes(value, depth + 1, sizes);
}

Checkpoint read_legacy(const fs::path& file) {
  const std::string content = read_bytes(file);
  std::string_view bytes = content;
  for (int header = 0; header < 3; ++header) read_pickle(bytes);  // magic, version, machine
  const Pickled root = read_pickle(bytes);
  const Pickled keys = read_pickle(bytes);
  std::map<std::string, std::size_t> sizes;
  storage_sizes(root, 0, sizes);
  return checkpoint_of(root, legacy_storages(keys, bytes, sizes));
}

/// Puts the file's name before what its reader found.
Checkpoint named(const fs::path& file, Checkpoint (*read)(const fs::path&)) {
  try {
    return read(file);
  } catch (const DataError& error) {
    const std::string what = error.what();
    throw DataError(what.starts_with(file.string()) ? what : file.string() + ": " + what);
  }
}

}  // namespace

Checkpoint read_torch_zip(const fs::path& file) { return named(file, read_zip); }
Checkpoint read_torch_legacy(const fs::path& file) { return named(file, read_legacy); }

}  // namespace ohmic
