// A trained network. Made once and not changed; copies share what they hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

class Network {
 public:
  /// One that was built here: see nn/network/builder.hpp and initialize() of graph.hpp. Throws
  /// DataError that names the node for a graph that does not fit itself, and for weights that are
  /// not those of the graph.
  Network(Graph, Weights, std::string name = "network");

  const std::string& name() const;
  /// Of one sample, as its file has it; of built ones channels, height, width; of several inputs,
  /// how many numbers they have together.
  const std::vector<std::int64_t>& sample_shape() const;
  /// Names of what samples go to: of several inputs, those that an array is given for.
  std::vector<std::string> inputs() const;
  /// Of one sample's answer.
  const std::vector<std::int64_t>& answer_shape() const;
  /// Layers that lie on crossbars, in the order in which they are computed: the names that
  /// Hardware::layers and mapping.digital take.
  std::vector<std::string> layers() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Network(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  friend Network load_network(const ModelSettings&);
  std::shared_ptr<const State> state_;
};

/// One crossbar alone: y = W x, with W row-major, `rows` numbers of the answer by `columns` numbers
/// of the sample; its layer is called "matrix". Throws DataError for another count of numbers.
Network matrix_network(const std::vector<float>& matrix, int rows, int columns);

/// The network of a file: ONNX, PyTorch's .pt2, Keras. Throws DataError as `ohmic inspect` does.
Network load_network(const std::filesystem::path& file);
/// The same with all that [model] says of it: other weights, which input and output. Needs
/// model.file; throws ConfigError without.
Network load_network(const ModelSettings&);

}  // namespace ohmic
