// Named tensors on the host: what checkpoints hold. Nothing here needs LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ohmic {

struct HostTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< row-major; convolutions [out, in, kh, kw], dense [out, in]
};

/// "layer1.0.conv1.weight" -> tensor; BatchNorm: .weight .bias .running_mean .running_var.
using Weights = std::map<std::string, HostTensor>;

/// Metadata of a checkpoint: strings by key (architecture, layout, normalisation, data hash,
/// recipe).
using Metadata = std::map<std::string, std::string>;

struct Checkpoint {
  Weights weights;
  Metadata metadata;
};

}  // namespace ohmic
