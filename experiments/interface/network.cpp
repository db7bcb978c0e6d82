#include "experiments/interface/network.hpp"

#include "experiments/interface/graph_check.hpp"
#include "experiments/interface/state.hpp"
#include "nn/analog/layer_devices.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// Of an image channels, height, width.
std::vector<std::int64_t> shape_of(const Node& node) {
  if (!node.shape.empty()) return node.shape;
  return {node.channels, node.height, node.width};
}

}  // namespace

Network::Network(Graph graph, Weights weights, std::string name) {
  check_graph(graph, name);
  check_weights(graph, weights, name);
  auto built = std::make_shared<LoweredNetwork>();
  built->sample = shape_of(graph.nodes.front());
  built->inputs = {{"input", ElementType::f32, built->sample}};
  built->answer = {graph.classes};
  built->graph = std::move(graph);
  built->weights = std::move(weights);
  auto state = std::make_shared<State>();
  state->built = state->plain = std::move(built);
  state->name = std::move(name);
  state_ = std::move(state);
}

const std::string& Network::name() const { return state_->name; }

const std::vector<std::int64_t>& Network::sample_shape() const { return state_->plain->sample; }

std::vector<std::string> Network::inputs() const {
  std::vector<std::string> names;
  for (const SampleInput& input : state_->plain->inputs) names.push_back(input.name);
  return names;
}

const std::vector<std::int64_t>& Network::answer_shape() const { return state_->plain->answer; }

std::vector<std::string> Network::layers() const { return crossbar_layers(state_->plain->graph); }

Network load_network(const std::filesystem::path& file) {
  ModelSettings model;
  model.file = file.string();
  return load_network(model);
}

Network load_network(const ModelSettings& model) {
  if (model.file.empty())
    throw ConfigError("load_network: model.file is empty; expected an ONNX, .pt2 or Keras file");
  auto state = std::make_shared<Network::State>();
  state->model = model;
  state->plain = load_network(model, MappingSettings{});
  state->name = std::filesystem::path(model.file).filename().string();
  return Network(std::move(state));
}

Network matrix_network(const std::vector<float>& matrix, int rows, int columns) {
  if (rows < 1 || columns < 1 ||
      matrix.size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns))
    throw DataError("matrix_network: " + std::to_string(matrix.size()) +
                    " numbers are no matrix of " + std::to_string(rows) + " x " +
                    std::to_string(columns));
  Graph graph;
  graph.model = "matrix";
  graph.classes = rows;
  Node input;
  input.height = input.width = 1;
  input.channels = columns;
  input.shape = {columns};
  Node dense = input;
  dense.op = Op::dense;
  dense.name = "matrix";
  dense.inputs = {0};
  dense.conv.in_channels = columns;
  dense.conv.out_channels = dense.channels = rows;
  dense.shape = {rows};
  graph.nodes = {input, dense};
  return {std::move(graph), {{"matrix.weight", {{rows, columns}, matrix}}}, "matrix"};
}

}  // namespace ohmic
