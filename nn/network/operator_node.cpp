#include "nn/network/operator_node.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;

int push(Graph& graph, Node node) {
  graph.nodes.push_back(std::move(node));
  return static_cast<int>(graph.nodes.size()) - 1;
}

}  // namespace

void set_shape(Node& node, Shape shape, bool samples_first) {
  if (shape.size() == 3 && samples_first) {
    node.channels = static_cast<int>(shape[0]);
    node.height = static_cast<int>(shape[1]);
    node.width = static_cast<int>(shape[2]);
  } else {
    node.channels = static_cast<int>(shape.empty() ? 1 : shape.back());
    node.width = 1;
    node.height = 1;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i) node.height *= static_cast<int>(shape[i]);
  }
  node.shape = std::move(shape);
}

int add_integers(Graph& graph, const std::vector<std::int64_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  auto held = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  Node node;
  node.op = Op::constant;
  node.constant = std::make_shared<const ConstantTensor>(
      ConstantTensor{ElementType::i64,
                     {std::ssize(values)},
                     std::shared_ptr<const std::byte>(held, held->data())});
  set_shape(node, node.constant->shape, false);
  return push(graph, std::move(node));
}

int add_operator(Graph& graph, const std::string& op, std::vector<int> inputs, Shape shape,
                 std::map<std::string, Attribute> attributes) {
  ModelNode call{
      op, op + "." + std::to_string(graph.nodes.size()), {}, {"y"}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i) call.inputs.push_back("x" + std::to_string(i));
  Node node;
  node.op = Op::digital;
  node.inputs = std::move(inputs);
  node.call = std::make_shared<const ModelNode>(std::move(call));
  set_shape(node, std::move(shape));
  return push(graph, std::move(node));
}

}  // namespace ohmic
