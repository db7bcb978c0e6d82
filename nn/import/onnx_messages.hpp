// The messages of an ONNX file, in place: texts and tensors point into the file.
// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ohmic {

/// AttributeProto, whose value is read when it is asked for.
struct OnnxAttribute {
  std::string_view name;
  std::string_view reference;  ///< within a function: the attribute of the call that it takes
  std::string_view message;
};

struct OnnxNode {
  std::string_view op, name, domain, overload;
  std::vector<std::string_view> inputs, outputs;
  std::vector<OnnxAttribute> attributes;
};

struct OnnxOpset {
  std::string_view domain;
  std::int64_t version = 0;
};

struct OnnxGraph {
  std::vector<OnnxNode> nodes;
  std::vector<std::string_view> initializers;         ///< TensorProto
  std::vector<std::string_view> sparse_initializers;  ///< SparseTensorProto
  std::vector<std::string_view> inputs, outputs;      ///< ValueInfoProto
};

struct OnnxFunction {
  std::string_view name, domain, overload;
  std::vector<std::string_view> inputs, outputs;
  std::vector<OnnxAttribute> defaults;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxOpset> opsets;
};

struct OnnxModel {
  std::string_view producer, producer_version;
  std::vector<OnnxOpset> opsets;
  bool has_graph = false;
  OnnxGraph graph;
  std::vector<OnnxFunction> functions;
};

/// Throws DataError (without the file's name) for what is damaged or no protobuf message.
OnnxModel read_onnx_model(std::string_view bytes);

/// Whether the domain is that of ONNX's own operators.
bool is_default_domain(std::string_view domain);
/// The version of ONNX's own operators among those that are imported; 1: none is said.
std::int64_t default_opset(const std::vector<OnnxOpset>&);

}  // namespace ohmic
