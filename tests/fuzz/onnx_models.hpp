// Small models as exporters write them, for seeds, and words of the format.
#pragma once

#include <string>
#include <vector>

#include "tests/nn/protobuf_writer.hpp"

namespace ohmic::test {

inline Message onnx_ints(const char* name, const std::vector<std::int64_t>& values) {
  Message m;
  m.text(1, name);
  for (const std::int64_t v : values) m.number(8, v);
  return m.number(20, 7);
}

inline Message whole_numbers(const char* name, const std::vector<std::int64_t>& values) {
  return onnx_tensor(name, {std::ssize(values)}, raw<std::int64_t>(values), 7);
}

inline Message zeros(const char* name, const std::vector<std::int64_t>& shape) {
  std::size_t n = 1;
  for (const std::int64_t side : shape) n *= static_cast<std::size_t>(side);
  return onnx_tensor(name, shape, raw(std::vector<float>(n, 0.25f)));
}

/// Convolution, BatchNorm, pooling, dense.
inline Message images() {
  return Message()
      .message(1, onnx_node("Conv", {"x", "k"}, {"c"}, "conv", {onnx_ints("pads", {1, 1, 1, 1})}))
      .message(1, onnx_node("BatchNormalization", {"c", "one", "one", "one", "one"}, {"b"}))
      .message(1, onnx_node("Relu", {"b"}, {"r"}))
      .message(1, onnx_node("MaxPool", {"r"}, {"m"}, "", {onnx_ints("kernel_shape", {2, 2})}))
      .message(1, onnx_node("GlobalAveragePool", {"m"}, {"g"}))
      .message(1, onnx_node("Flatten", {"g"}, {"f"}))
      .message(1, onnx_node("Gemm", {"f", "w"}, {"y"}, "fc", {onnx_int("transB", 1)}))
      .message(5, zeros("k", {2, 1, 3, 3}))
      .message(5, zeros("one", {2}))
      .message(5, zeros("w", {3, 2}))
      .message(11, onnx_value("x", {-1, 1, 4, 4}))
      .message(12, onnx_value("y", {-1, 3}));
}

/// Shapes that are computed, as exporters write them.
inline Message shapes() {
  return Message()
      .message(1, onnx_node("Shape", {"x"}, {"s"}))
      .message(1, onnx_node("Gather", {"s", "zero"}, {"n"}))
      .message(1, onnx_node("Concat", {"n", "rest"}, {"t"}, "", {onnx_int("axis", 0)}))
      .message(1, onnx_node("Reshape", {"x", "t"}, {"r"}))
      .message(1, onnx_node("ConstantOfShape", {"rest"}, {"z"}))
      .message(1, onnx_node("Expand", {"z", "wide"}, {"e"}))
      .message(1, onnx_node("Slice", {"r", "zero", "three", "one"}, {"l"}))
      .message(1, onnx_node("Pad", {"l", "pads"}, {"p"}))
      .message(1, onnx_node("Tile", {"p", "tiles"}, {"i"}))
      .message(1, onnx_node("ReduceMean", {"e"}, {"a"}, "", {onnx_int("keepdims", 0)}))
      .message(1, onnx_node("Add", {"i", "a"}, {"q"}))
      .message(1, onnx_node("MatMul", {"q", "w"}, {"y"}, "fc"))
      .message(5, whole_numbers("zero", {0}))
      .message(5, whole_numbers("one", {1}))
      .message(5, whole_numbers("three", {3}))
      .message(5, whole_numbers("rest", {4}))
      .message(5, whole_numbers("wide", {2, 4}))
      .message(5, whole_numbers("pads", {0, 1, 0, 0}))
      .message(5, whole_numbers("tiles", {1, 1}))
      .message(5, zeros("w", {4, 2}))
      .message(11, onnx_value("x", {-1, 4}))
      .message(12, onnx_value("y", {-1, 2}));
}

/// What goes from step to step.
inline Message steps() {
  return Message()
      .message(1, onnx_node("Transpose", {"x"}, {"t"}, "", {onnx_ints("perm", {1, 0, 2})}))
      .message(1, onnx_node("LSTM", {"t", "w", "r"}, {"h", "last"}, "lstm",
                            {onnx_int("hidden_size", 2)}))
      .message(1, onnx_node("Squeeze", {"last", "zero"}, {"s"}))
      .message(1, onnx_node("Softmax", {"s"}, {"y"}))
      .message(5, zeros("w", {1, 8, 3}))
      .message(5, zeros("r", {1, 8, 2}))
      .message(5, whole_numbers("zero", {0}))
      .message(11, onnx_value("x", {-1, 2, 3}))
      .message(12, onnx_value("y", {-1, 2}));
}

/// Words, which of them count, and numbers beside them.
inline Message several_inputs() {
  return Message()
      .message(1, onnx_node("Gather", {"table", "ids"}, {"e"}))
      .message(1, onnx_node("Unsqueeze", {"mask", "last"}, {"u"}))
      .message(1, onnx_node("Where", {"u", "e", "none"}, {"k"}))
      .message(1, onnx_node("Flatten", {"k"}, {"f"}))
      .message(1, onnx_node("Concat", {"f", "x"}, {"all"}, "", {onnx_int("axis", 1)}))
      .message(1, onnx_node("MatMul", {"all", "w"}, {"y"}, "fc"))
      .message(5, zeros("table", {4, 2}))
      .message(5, zeros("none", {1}))
      .message(5, zeros("w", {8, 2}))
      .message(5, whole_numbers("last", {-1}))
      .message(11, onnx_value("x", {-1, 2}))
      .message(11, onnx_value("ids", {-1, 3}, 7))
      .message(11, onnx_value("mask", {-1, 3}, 9))
      .message(12, onnx_value("y", {-1, 2}));
}

inline std::vector<std::string> onnx_seeds() {
  return {onnx_model(images()).bytes(), onnx_model(shapes()).bytes(), onnx_model(steps()).bytes(),
          onnx_model(several_inputs()).bytes()};
}

inline const std::vector<std::string> kOnnxWords{"Conv",
                                                 "ConvTranspose",
                                                 "Gemm",
                                                 "MatMul",
                                                 "LSTM",
                                                 "GRU",
                                                 "RNN",
                                                 "Reshape",
                                                 "Slice",
                                                 "Pad",
                                                 "Resize",
                                                 "ConstantOfShape",
                                                 "Expand",
                                                 "Tile",
                                                 "Range",
                                                 "Loop",
                                                 "If",
                                                 "Scan",
                                                 "Split",
                                                 "AveragePool",
                                                 "DepthToSpace",
                                                 "OneHot",
                                                 "TopK",
                                                 "CumSum",
                                                 "Einsum",
                                                 "QuantizeLinear",
                                                 "Cast",
                                                 "Gather",
                                                 "ScatterND",
                                                 "GatherND",
                                                 "Trilu",
                                                 "EyeLike",
                                                 "NonZero",
                                                 "Where",
                                                 "strides",
                                                 "pads",
                                                 "dilations",
                                                 "group",
                                                 "kernel_shape",
                                                 "auto_pad",
                                                 "axis",
                                                 "axes",
                                                 "perm",
                                                 "epsilon",
                                                 "to",
                                                 "location",
                                                 "offset",
                                                 "length",
                                                 "../weights.bin",
                                                 "/dev/zero"};

}  // namespace ohmic::test
