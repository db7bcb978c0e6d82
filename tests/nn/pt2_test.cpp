#include <gtest/gtest.h>

#include <cstring>

#include "nn/import/imported_model.hpp"
#include "tests/nn/zip_writer.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ZipWriter;

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> values_of(const ConstantTensor& t) {
  EXPECT_EQ(t.type, ElementType::f32);
  std::vector<float> values(static_cast<std::size_t>(t.elements()));
  std::memcpy(values.data(), t.data.get(), values.size() * sizeof(float));
  return values;
}

std::string whole_numbers(const std::vector<int>& values) {
  std::string text;
  for (const int value : values)
    text += (text.empty() ? "" : ",") + (value < 0 ? R"({"as_expr":{"expr_str":"s0"}})"
                                                   : R"({"as_int":)" + std::to_string(value) + "}");
  return "[" + text + "]";
}

/// A tensor's facts as torch.export writes them; side -1: free.
std::string meta(const std::vector<int>& shape, const std::vector<int>& strides, int type = 7,
                 int offset = 0) {
  return R"({"dtype":)" + std::to_string(type) + R"(,"sizes":)" + whole_numbers(shape) +
         R"(,"strides":)" + whole_numbers(strides) + R"(,"storage_offset":{"as_int":)" +
         std::to_string(offset) + "}}";
}

std::string tensor(const char* name) {
  return std::string(R"({"as_tensor":{"name":")") + name + "\"}}";
}

std::string argument(const char* name, const std::string& value) {
  return std::string(R"({"name":")") + name + R"(","arg":)" + value + "}";
}

std::string node(const char* op, const std::string& inputs, const char* output,
                 const char* module = "") {
  return std::string(R"({"target":"torch.ops.aten.)") + op + R"(","name":")" + output +
         R"(","inputs":[)" + inputs + R"(],"outputs":[)" + tensor(output) +
         R"(],"metadata":{"nn_module_stack":")" + module + "\"}}";
}

/// linear of x (free x 2) with w (3 x 2), then what `more` says; `out` is the output.
struct Program {
  std::string more, values, out = "y";
  std::string weight_meta = meta({3, 2}, {2, 1});
  std::string weight = floats({1, 2, 3, 4, 5, 6});
  std::string schema = R"({"major":8,"minor":17})";

  std::string json() const {
    const std::string linear = node(
        "linear.default", argument("input", tensor("x")) + "," + argument("weight", tensor("p_w")),
        "y", "L__self__,,Net;L__self__fc,fc,torch.nn.modules.linear.Linear");
    return R"({"schema_version":)" + schema +
           R"(,"torch_version":"2.11.0","graph_module":{"graph":{)" +
           R"("inputs":[],"outputs":[],"nodes":[)" + linear + more + R"(],"tensor_values":{"x":)" +
           meta({-1, 2}, {2, 1}) + R"(,"p_w":)" + meta({3, 2}, {2, 1}) + R"(,"y":)" +
           meta({-1, 3}, {3, 1}) + values + R"(}},"signature":{"input_specs":[{"parameter":{)" +
           R"("arg":{"name":"p_w"},"parameter_name":"fc.weight"}},{"user_input":{"arg":)" +
           tensor("x") + R"(}}],"output_specs":[{"user_output":{"arg":)" + tensor(out.c_str()) +
           "}}]}}}";
  }
  ZipWriter archive() const {
    return ZipWriter()
        .add("net/models/model.json", json())
        .add("net/byteorder", "little")
        .add("net/data/weights/weight_0", weight)
        .add("net/data/weights/model_weights_config.json",
             R"({"config":{"fc.weight":{"path_name":"weight_0","use_pickle":false,"tensor_meta":)" +
                 weight_meta + "}}}");
  }
};

class Pt2 : public ::testing::Test {
 protected:
  ImportedModel read(const Program& program) { return read(program.archive()); }
  ImportedModel read(const ZipWriter& archive) {
    return read_model(folder_.write("net.pt2", archive.bytes()));
  }
  template <class Source>
  std::string said(const Source& source) {
    const std::string error = test::error_of([&] { read(source); });
    const std::string file = (folder_.path() / "net.pt2").string() + ": ";
    EXPECT_TRUE(error.starts_with(file)) << error;
    return error.substr(std::min(file.size(), error.size()));
  }
  test::TemporaryFolder folder_;
};

TEST_F(Pt2, IsReadInOnnxWords) {
  const ImportedModel m = read(Program{});
  EXPECT_EQ(m.format, "PyTorch (pt2)");
  EXPECT_EQ(m.producer, "pytorch 2.11.0");
  EXPECT_EQ(m.opset, 20);
  ASSERT_EQ(m.inputs.size(), 1u);
  EXPECT_EQ(m.inputs[0].name, "x");
  EXPECT_EQ(m.inputs[0].shape, (std::vector<std::int64_t>{-1, 2}));
  ASSERT_EQ(m.nodes.size(), 1u);
  EXPECT_EQ(m.nodes[0].op, "Gemm");
  EXPECT_EQ(m.nodes[0].name, "fc");
  EXPECT_EQ(m.nodes[0].inputs, (std::vector<std::string>{"x", "fc.weight"}));
  EXPECT_EQ(std::get<std::int64_t>(m.nodes[0].attributes.at("transB")), 1);
  EXPECT_EQ(values_of(m.constants.at("fc.weight")), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Pt2, StridesAndOffsetsAreFollowed) {
  Program p;
  p.weight_meta = meta({3, 2}, {1, 3});
  EXPECT_EQ(values_of(read(p).constants.at("fc.weight")), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  p.weight = floats({0, 1, 2, 3, 4, 5, 6});
  p.weight_meta = meta({3, 2}, {2, 1}, 7, 1);
  EXPECT_EQ(values_of(read(p).constants.at("fc.weight")), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Pt2, WeightsBeyondTheirBytesAreRefused) {
  Program p;
  const auto say = [&](const std::string& facts) {
    p.weight_meta = facts;
    return said(p);
  };
  const std::string beyond = "constant \"fc.weight\" is larger than its 6 numbers";
  EXPECT_EQ(say(meta({3, 3}, {3, 1})), beyond);
  EXPECT_EQ(say(meta({3, 2}, {2, 1}, 7, 1)), beyond);
  EXPECT_EQ(say(meta({2'000'000'000, 2'000'000'000}, {0, 0})), beyond);
  EXPECT_EQ(say(meta({3}, {2, 1})),
            "constant \"fc.weight\" has a shape and strides that do not fit");
  EXPECT_EQ(say(meta({3, 2}, {2, 1}, 10)),
            "constant \"fc.weight\" has elements of a type that is not accepted; accepted are "
            "float32, float64, float16, bfloat16, int8 to int64, uint8, uint16 and bool");
}

TEST_F(Pt2, UnknownOperatorsKeepTheirName) {
  Program p;
  p.more = "," + node("fft_fft.default", argument("self", tensor("y")), "z");
  p.out = "z";
  EXPECT_EQ(read(p).nodes.at(1).op, "aten.fft_fft.default");
}

TEST_F(Pt2, WhatCannotBeSaidNamesTheNode) {
  Program p;
  p.more = "," + node("dropout.default",
                      argument("input", tensor("y")) + "," + argument("p", R"({"as_float":0.5})") +
                          "," + argument("train", R"({"as_bool":true})"),
                      "z", "L__self__,,Net;L__self__drop,drop,torch.nn.modules.dropout.Dropout");
  p.out = "z";
  EXPECT_EQ(said(p),
            "drop (aten.dropout.default): was exported in training; call model.eval() before "
            "torch.export.export");
}

TEST_F(Pt2, ATensorChangedInPlaceIsTheNewOneFromThenOn) {
  Program p;
  p.more = "," + node("relu_.default", argument("self", tensor("y")), "relu_") + "," +
           node("neg.default", argument("self", tensor("y")), "z");
  p.values = R"(,"relu_":)" + meta({-1, 3}, {3, 1}) + R"(,"z":)" + meta({-1, 3}, {3, 1});
  p.out = "z";
  const ImportedModel m = read(p);
  ASSERT_EQ(m.nodes.size(), 3u);
  EXPECT_EQ(m.nodes[2].inputs, std::vector<std::string>{"relu_"});
}

TEST_F(Pt2, ATensorChangedInPlaceBehindAViewIsRefused) {
  Program p;
  p.more = "," + node("t.default", argument("self", tensor("y")), "v") + "," +
           node("relu_.default", argument("self", tensor("y")), "relu_") + "," +
           node("neg.default", argument("self", tensor("v")), "z");
  p.out = "z";
  EXPECT_EQ(said(p),
            "relu_ (aten.relu_.default): changes \"y\" in place, which \"v\" shares; export with "
            "run_decompositions(), which makes copies");
}

TEST_F(Pt2, OtherArchivesAreRefused) {
  EXPECT_EQ(said(ZipWriter().add("a/b.txt", "x")),
            "is a zip archive, but holds no model of torch.export (models/model.json)");
  EXPECT_EQ(said(ZipWriter().add("serialized_exported_program.json", "{}")),
            "was exported by a PyTorch before 2.8; export it again with torch.export.save");
  EXPECT_EQ(said(ZipWriter().add("archive/data.pkl", "x")),
            "holds pickled weights without a network; accepted are ONNX, PyTorch's .pt2 and "
            "Keras's .keras and .h5");
  Program p;
  p.schema = R"({"major":7,"minor":3})";
  EXPECT_EQ(said(p), "has schema 7 of torch.export; expected 8 (PyTorch 2.6 and later)");
  EXPECT_EQ(said(ZipWriter().add("a/models/model.json", std::string(100'000, '['))),
            "is damaged: model.json is nested too deeply");
  EXPECT_EQ(said(ZipWriter().add("a/models/model.json", "{")),
            "is damaged: model.json is no JSON object");
}

}  // namespace
}  // namespace ohmic
