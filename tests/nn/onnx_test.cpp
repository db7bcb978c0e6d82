#include <gtest/gtest.h>

#include <cstring>

#include "nn/import/imported_model.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::Message;
using test::Names;
using test::onnx_int;
using test::onnx_model;
using test::onnx_node;
using test::onnx_opset;
using test::onnx_tensor;
using test::onnx_value;
using test::raw;

template <class T>
std::vector<T> values_of(const ConstantTensor& t) {
  EXPECT_EQ(sizeof(T), size_of(t.type));
  std::vector<T> values(static_cast<std::size_t>(t.elements()));
  std::memcpy(values.data(), t.data.get(), values.size() * sizeof(T));
  return values;
}

class Onnx : public ::testing::Test {
 protected:
  std::filesystem::path write(const Message& model) {
    return folder_.write("net.onnx", model.bytes());
  }
  ImportedModel read(const Message& model) { return read_model(write(model)); }
  /// What is said of a graph, without the file's name.
  std::string said(const Message& model) {
    const std::string error = error_of([&] { read(model); });
    const std::string file = (folder_.path() / "net.onnx").string() + ": ";
    EXPECT_TRUE(error.starts_with(file)) << error;
    return error.substr(std::min(file.size(), error.size()));
  }
  std::string said_of(const Message& graph) { return said(onnx_model(graph)); }

  test::TemporaryFolder folder_;
};

/// x -> MatMul with w -> Relu -> y
Message dense() {
  return Message()
      .message(1, onnx_node("MatMul", {"x", "w"}, {"h"}, "fc"))
      .message(1, onnx_node("Relu", {"h"}, {"y"}))
      .message(5, onnx_tensor("w", {2, 3}, raw<float>({1, 2, 3, 4, 5, 6})))
      .message(11, onnx_value("x", {-1, 2}))
      .message(12, onnx_value("y", {-1, 3}));
}

TEST_F(Onnx, IsReadAsItStands) {
  const ImportedModel m = read(onnx_model(dense(), 13));
  EXPECT_EQ(m.format, "ONNX");
  EXPECT_EQ(m.producer, "test 1.0");
  EXPECT_EQ(m.opset, 13);
  ASSERT_EQ(m.inputs.size(), 1u);
  EXPECT_EQ(m.inputs[0].name, "x");
  EXPECT_EQ(m.inputs[0].shape, (std::vector<std::int64_t>{-1, 2}));
  ASSERT_EQ(m.outputs.size(), 1u);
  EXPECT_EQ(m.outputs[0].name, "y");
  ASSERT_EQ(m.nodes.size(), 2u);
  EXPECT_EQ(m.nodes[0].op, "MatMul");
  EXPECT_EQ(m.nodes[0].name, "fc");
  EXPECT_EQ(m.nodes[0].inputs, (std::vector<std::string>{"x", "w"}));
  EXPECT_EQ(m.nodes[1].name, "Relu_1");
  EXPECT_EQ(values_of<float>(m.constants.at("w")), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace ohmic
