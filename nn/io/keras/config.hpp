// What a Keras file says of its network: the layers of `model_config` (or a .keras archive's
// config.json) as operations one after the other.
// Source: Keras 2 and 3, models/functional.py, models/sequential.py, layers/*.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ohmic::keras {

/// How a layer differs from what stands in its place.
struct Difference {
  std::string key, in_file, expected;
};

enum class Kind {
  input,
  convolution,
  dense,
  batch_norm,
  activation,
  add,
  concatenate,
  average_pool,
  max_pool,
  flatten,
  probabilities,  ///< softmax and the like, which keep the order of logits
  scaling,        ///< Rescaling, Normalization
  other,
};

struct Pads {
  int top = 0, bottom = 0, left = 0, right = 0;
};

/// One operation of the network. A layer with an activation of its own is two; one that does
/// nothing when a network is used (Dropout) is none.
struct Operation {
  Kind kind = Kind::other;
  std::string layer;        ///< its name, after those of the models around it: "body/conv2d"
  std::string type;         ///< "Conv2D"
  std::string group;        ///< where Keras 3 stores its weights: "layers/conv2d_1"
  std::vector<int> inputs;  ///< indices of earlier operations
  int height = 0, width = 0, channels = 0;  ///< of its output; 0 where unknown
  int kernel_height = 1, kernel_width = 1, stride_height = 1, stride_width = 1;
  Pads pads;
  int groups = 1;
  bool depthwise = false;
  bool use_bias = true;                  ///< convolution, dense
  bool center = true, scale = true;      ///< batch_norm
  double epsilon = 1e-3;                 ///< batch_norm
  std::vector<double> factors, offsets;  ///< scaling: one or one per channel; empty: in the weights
  /// What no network of ohmic has: an activation that is not relu, a dilation, another axis.
  std::vector<Difference> differences;
};

struct Network {
  std::vector<Operation> operations;  ///< inputs before what uses them
  int output = -1;                    ///< index of the operation that gives the result
};

/// Layers that a file may describe, those of models in models counted each time.
constexpr std::size_t kLayers = 16384;

/// Throws DataError that names `file`, the layer and the key.
Network read_config(const std::string& file, const std::string& json);

}  // namespace ohmic::keras
