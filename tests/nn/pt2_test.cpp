#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "nn/import/imported_model.hpp"
#include "nn/operators/evaluate.hpp"
#include "tests/nn/pt2_program.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ZipWriter;
using namespace test::pt2;

std::vector<float> values_of(const ConstantTensor& t) {
  EXPECT_EQ(t.type, ElementType::f32);
  std::vector<float> values(static_cast<std::size_t>(t.elements()));
  std::memcpy(values.data(), t.data.get(), values.size() * sizeof(float));
  return values;
}

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

TEST_F(Pt2, OutputsHaveTheKeysOfTheDictionary) {
  Program p;
  const auto named = [&](const std::string& keys, int children = 1, const char* type = "null") {
    const std::string child = std::string(R"({\"type\": )") + type + R"(, \"context\": null, )" +
                              R"(\"children_spec\": []})";
    p.calls = R"(,"module_call_graph":[{"fqn":"","signature":{"out_spec":"[1, {\"type\": )"
              R"(\"builtins.dict\", \"context\": \")" +
              keys + R"(\", \"children_spec\": [)" + (children > 0 ? child : "") +
              (children > 1 ? ", " + child : "") + R"(]}]"}}])";
    const ImportedModel m = read(p);
    EXPECT_EQ(m.nodes.at(0).outputs, std::vector<std::string>{m.outputs.at(0).name});
    return m.outputs.at(0).name;
  };
  EXPECT_EQ(named(R"([\\\"logits\\\"])"), "logits");
  EXPECT_EQ(named(R"([\\\"x\\\"])"), "y");          // an input has that name
  EXPECT_EQ(named(R"([\\\"fc.weight\\\"])"), "y");  // a constant has it
  EXPECT_EQ(named("[7]"), "y");
  EXPECT_EQ(named(R"([\\\"a\\\", \\\"b\\\"])", 2), "y");
  EXPECT_EQ(named(R"([\\\"a\\\"])", 1, R"(\"builtins.tuple\")"), "y");
  p.calls = R"(,"module_call_graph":[{"fqn":"","signature":{"out_spec":"[1, {"}}])";
  EXPECT_EQ(said(p), "is damaged: out_spec is no JSON object");
}

TEST_F(Pt2, StoredWeightsAreViewsOfTheFile) {
  const ImportedModel m = read(Program{});
  ASSERT_EQ(m.files.size(), 1u);
  const std::byte *begin = m.files[0].data.get(), *weight = m.constants.at("fc.weight").data.get();
  EXPECT_GT(weight, begin);
  EXPECT_LE(weight + 6 * sizeof(float), begin + m.files[0].size);
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

std::string whole_number(std::int64_t value) {
  return R"({"as_int":)" + std::to_string(value) + "}";
}

// y = (1, 3, 5) for x = (1, 0): the first column of w.
TEST_F(Pt2, APartChangedInPlaceIsWrittenIntoTheWhole) {
  const auto part = [&](const std::string& view, const std::string& change) {
    Program p;
    p.more =
        "," + view + "," + change + "," + node("neg.default", argument("self", tensor("y")), "z");
    for (const char* name : {"v", "u", "w"})
      p.values += ",\"" + std::string(name) + "\":" + meta({-1, 1}, {3, 1});
    p.out = "z";
    const std::vector<float> x{1, 0};
    const ConstantTensor sample{
        ElementType::f32,
        {1, 2},
        {std::shared_ptr<void>(), reinterpret_cast<const std::byte*>(x.data())}};
    return values_of(evaluate(read(p), {sample}).at(0));
  };
  const auto slice = [](const char* of, std::int64_t axis, std::int64_t begin, std::int64_t end,
                        const char* to) {
    return node("slice.Tensor",
                argument("self", tensor(of)) + "," + argument("dim", whole_number(axis)) + "," +
                    argument("start", whole_number(begin)) + "," +
                    argument("end", whole_number(end)),
                to);
  };
  const std::string fill =
      node("fill_.Scalar", argument("self", tensor("v")) + "," + argument("value", whole_number(7)),
           "w");
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  using Numbers = std::vector<float>;
  EXPECT_EQ(part(slice("y", 1, 1, 2, "v"), fill), (Numbers{-1, -7, -5}));
  EXPECT_EQ(part(slice("y", 1, -2, kAll, "v"), fill), (Numbers{-1, -7, -7}));
  EXPECT_EQ(part(slice("y", -1, 0, -1, "v"), fill), (Numbers{-7, -7, -5}));
  EXPECT_EQ(part(slice("y", 0, 0, kAll, "u") + "," + slice("u", 1, 2, 9, "v"), fill),
            (Numbers{-1, -3, -7}));
  const auto select = [](std::int64_t index) {
    return node("select.int",
                argument("self", tensor("y")) + "," + argument("dim", whole_number(1)) + "," +
                    argument("index", whole_number(index)),
                "v");
  };
  EXPECT_EQ(part(select(0), fill), (Numbers{-7, -3, -5}));
  EXPECT_EQ(part(select(-1), fill), (Numbers{-1, -3, -7}));
  EXPECT_EQ(part(select(-2), fill), (Numbers{-1, -7, -5}));
  EXPECT_EQ(part(slice("y", 1, 0, 1, "v") + "," + slice("y", 1, 2, 3, "u"),
                 node("copy_.default",
                      argument("self", tensor("v")) + "," + argument("src", tensor("u")), "w")),
            (Numbers{-5, -3, -5}));
}

TEST_F(Pt2, ATensorChangedInPlaceBehindAViewIsRefused) {
  Program p;
  p.more = "," + node("t.default", argument("self", tensor("y")), "v") + "," +
           node("relu_.default", argument("self", tensor("y")), "relu_") + "," +
           node("neg.default", argument("self", tensor("v")), "z");
  p.out = "z";
  EXPECT_EQ(said(p),
            "relu_ (aten.relu_.default): changes \"y\" in place, which \"v\" shares; export with "
            "run_decompositions(), which makes copies, or to ONNX");
}

TEST_F(Pt2, OtherArchivesAreRefused) {
  EXPECT_EQ(said(ZipWriter().add("a/b.txt", "x")),
            "is a zip archive, but holds no model of torch.export (models/model.json)");
  EXPECT_EQ(said(ZipWriter().add("serialized_exported_program.json", "{}")),
            "was exported by a PyTorch before 2.8; export it again with torch.export.save");
  EXPECT_EQ(said(ZipWriter().add("archive/data.pkl", "x")),
            "holds a pickle, weights without a network or a Python object, which is not run; "
            "accepted are ONNX, PyTorch's .pt2 and Keras's .keras and .h5");
  EXPECT_EQ(said(ZipWriter().add("net/data.pkl", "x").add("net/code/__torch__/net.py", "x")),
            "is TorchScript, which PyTorch alone runs; "
            "torch.export.save(torch.export.export(model, (x,)), \"net.pt2\") makes a file that is "
            "read; accepted are ONNX, PyTorch's .pt2 and Keras's .keras and .h5");
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
