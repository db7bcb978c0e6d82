// A file of weights whose tensors have been listed but not read: which ones are wanted is decided
// by names and shapes, so that nothing else in the file costs memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "nn/io/stored_array.hpp"
#include "nn/network/tensor_names.hpp"

namespace ohmic {

/// Of a tensor: PyTorch's own limit.
inline constexpr std::size_t kMostDimensions = 64;

struct WeightFile {
  std::vector<FileTensor> tensors;
  /// The values of a tensor without a foreign type, by its index. Throws DataError (naming the
  /// file) for what is damaged.
  std::function<HostTensor(std::size_t)> read;
  Metadata metadata;
};

// Each throws DataError naming the file.

/// Any of the kinds below, by content.
WeightFile open_weights(const std::filesystem::path&);
WeightFile open_safetensors(const std::filesystem::path&);
/// Its tensors by name, whole numbers too; of a type that has no NumberFormat: 0 bytes per number.
std::vector<StoredArray> safetensors_arrays(const std::filesystem::path&);
/// The .safetensors.index.json of a network that is spread over several files beside it.
WeightFile open_safetensors_index(const std::filesystem::path&);
/// The files that such an index names, sorted.
std::vector<std::filesystem::path> shards_of(const std::filesystem::path& index);
/// A zip archive of torch.save (since 1.6) or TorchScript, stored or deflated, of either byte
/// order.
WeightFile open_torch_zip(const std::filesystem::path&);
/// A pickle of torch.save before 1.6.
WeightFile open_torch_legacy(const std::filesystem::path&);

}  // namespace ohmic
