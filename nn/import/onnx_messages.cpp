#include "nn/import/onnx_messages.hpp"

#include <string>

#include "nn/import/draft.hpp"
#include "nn/import/protobuf_wire.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

OnnxAttribute read_attribute(std::string_view message) {
  OnnxAttribute attribute{{}, {}, message};
  each_field(message, [&](const WireField& f) {
    if (f.number() == 1) attribute.name = f.bytes();
    if (f.number() == 21) attribute.reference = f.bytes();
  });
  return attribute;
}

OnnxNode read_node(std::string_view message) {
  OnnxNode node;
  each_field(message, [&](const WireField& f) {
    switch (f.number()) {
      case 1:
        return node.inputs.push_back(f.bytes());
      case 2:
        return node.outputs.push_back(f.bytes());
      case 3:
        return void(node.name = f.bytes());
      case 4:
        return void(node.op = f.bytes());
      case 5:
        return node.attributes.push_back(read_attribute(f.bytes()));
      case 7:
        return void(node.domain = f.bytes());
      case 8:
        return void(node.overload = f.bytes());
    }
  });
  return node;
}

OnnxOpset read_opset(std::string_view message) {
  OnnxOpset opset;
  each_field(message, [&](const WireField& f) {
    if (f.number() == 1) opset.domain = f.bytes();
    if (f.number() == 2) opset.version = f.integer();
  });
  return opset;
}

void append_node(std::vector<OnnxNode>& nodes, std::string_view message) {
  if (nodes.size() == kMostNodes)
    throw DataError("has more than " + std::to_string(kMostNodes) + " nodes");
  nodes.push_back(read_node(message));
}

void read_graph(std::string_view message, OnnxGraph& graph) {
  each_field(message, [&](const WireField& f) {
    switch (f.number()) {
      case 1:
        return append_node(graph.nodes, f.bytes());
      case 5:
        return graph.initializers.push_back(f.bytes());
      case 11:
        return graph.inputs.push_back(f.bytes());
      case 12:
        return graph.outputs.push_back(f.bytes());
      case 15:
        return graph.sparse_initializers.push_back(f.bytes());
    }
  });
}

OnnxFunction read_function(std::string_view message) {
  OnnxFunction function;
  each_field(message, [&](const WireField& f) {
    switch (f.number()) {
      case 1:
        return void(function.name = f.bytes());
      case 4:
        return function.inputs.push_back(f.bytes());
      case 5:
        return function.outputs.push_back(f.bytes());
      case 7:
        return append_node(function.nodes, f.bytes());
      case 9:
        return function.opsets.push_back(read_opset(f.bytes()));
      case 10:
        return void(function.domain = f.bytes());
      case 11:
        return function.defaults.push_back(read_attribute(f.bytes()));
      case 13:
        return void(function.overload = f.bytes());
    }
  });
  return function;
}

}  // namespace

OnnxModel read_onnx_model(std::string_view bytes) {
  OnnxModel model;
  each_field(bytes, [&](const WireField& f) {
    switch (f.number()) {
      case 2:
        return void(model.producer = f.bytes());
      case 3:
        return void(model.producer_version = f.bytes());
      case 7:
        model.has_graph = true;
        return read_graph(f.bytes(), model.graph);
      case 8:
        return model.opsets.push_back(read_opset(f.bytes()));
      case 25:
        return model.functions.push_back(read_function(f.bytes()));
    }
  });
  return model;
}

bool is_default_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

std::int64_t default_opset(const std::vector<OnnxOpset>& opsets) {
  for (const OnnxOpset& opset : opsets)
    if (is_default_domain(opset.domain)) return opset.version;
  return 1;
}

}  // namespace ohmic
