// Small models, each with one thing that can go wrong: the lowered network answers as the operators
// themselves do, computed by LibTorch and through crossbars with every device exact.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "nn/analog/analog_network.hpp"
#include "nn/lowering/lower.hpp"
#include "nn/operators/evaluate.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/random/noise.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/network_outputs.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

template <class T>
ConstantTensor tensor(ElementType type, Shape shape, const std::vector<T>& values) {
  auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(T));
  std::memcpy(bytes->data(), values.data(), bytes->size());
  return {type, std::move(shape), {bytes, bytes->data()}};
}

/// A model that is written node by node, with weights of normal numbers.
struct ModelMaker {
  ImportedModel model;

  ModelMaker(Shape sample, const std::string& output) {
    model.file = "made.onnx";
    model.opset = 17;
    sample.insert(sample.begin(), -1);
    model.inputs = {{"x", ElementType::f32, sample}};
    model.outputs = {{output, ElementType::f32, {}}};
  }
  void weight(const std::string& name, Shape shape) {
    std::size_t size = 1;
    for (const std::int64_t side : shape) size *= static_cast<std::size_t>(side);
    Floats values(size);
    fill_normals(noise_key(7, model.constants.size()), {Stream::synthetic_data}, 0,
                 std::span<float>(values));
    for (float& v : values) v *= 0.3f;
    model.constants[name] = tensor(ElementType::f32, std::move(shape), values);
  }
  void integers(const std::string& name, const Shape& values) {
    model.constants[name] = tensor(ElementType::i64, {std::ssize(values)}, values);
  }
  void node(const std::string& op, std::vector<std::string> inputs,
            std::vector<std::string> outputs, std::map<std::string, Attribute> attributes = {}) {
    const std::string name = op + "_" + std::to_string(model.nodes.size());
    model.nodes.push_back({op, name, std::move(inputs), std::move(outputs), std::move(attributes)});
  }
};

constexpr std::int64_t kSamples = 3;

Floats samples_of(const Shape& sample) {
  std::size_t size = kSamples;
  for (const std::int64_t side : sample) size *= static_cast<std::size_t>(side);
  Floats x(size);
  fill_normals(noise_key(3, 1), {Stream::synthetic_data}, 0, std::span<float>(x));
  return x;
}

Floats answers_of_operators(const ImportedModel& model, const Floats& x, Shape sample) {
  sample.insert(sample.begin(), kSamples);
  const auto outputs = evaluate(model, {tensor(ElementType::f32, sample, x)});
  const auto* values = reinterpret_cast<const float*>(outputs.at(0).data.get());
  return {values, values + outputs[0].elements()};
}

void expect_near(const Floats& got, const Floats& wanted) { test::expect_near(got, wanted, 3e-5); }

/// Lowers the model and compares; returns it for further questions.
LoweredNetwork expect_same(const ModelMaker& maker, const LoweringOptions& options = {}) {
  LoweredNetwork network = lower(maker.model, options);
  const Floats x = samples_of(network.sample), memory = test::in_memory(x, network.sample);
  const Floats wanted = answers_of_operators(maker.model, x, network.sample);
  expect_near(TorchNetwork(network.graph, network.weights, "cpu").logits(memory.data(), kSamples),
              wanted);
  for (const char* name : {"reference", "cpu"}) {
    SCOPED_TRACE(name);
    const auto backend = make_backend(name);
    MappingSettings mapping;
    mapping.tile = {20, 8};
    AnalogNetwork chip(network.graph, network.weights, mapping, {}, {}, test::awgn(0), *backend);
    chip.load_ideal();
    expect_near(chip.logits(memory.data(), kSamples, 0), wanted);
    chip.load_noise_free();
    expect_near(chip.logits(memory.data(), kSamples, 0), wanted);
  }
  return network;
}

std::vector<std::string> layers_of(const LoweredNetwork& network) {
  std::vector<std::string> names;
  for (const Node& node : network.graph.nodes)
    if (node.op == Op::convolution || node.op == Op::dense || node.op == Op::recurrent)
      names.push_back(node.name);
  return names;
}

TEST(Lowering, ConvolutionsOfUnevenWindows) {
  ModelMaker m({4, 9, 7}, "y");
  m.weight("first.weight", {6, 2, 3, 2});
  m.weight("first.bias", {6});
  m.node("Conv", {"x", "first.weight", "first.bias"}, {"a"},
         {{"strides", Shape{2, 1}},
          {"dilations", Shape{1, 2}},
          {"pads", Shape{1, 0, 2, 3}},
          {"group", std::int64_t{2}}});
  m.node("Relu", {"a"}, {"b"});
  m.node("Flatten", {"b"}, {"y"});
  EXPECT_EQ(layers_of(expect_same(m)), std::vector<std::string>{"first"});
}

// A gate of one number per sample, which must not be taken for an image and mix samples.
TEST(Lowering, OneNumberPerSampleStaysItsOwn) {
  ModelMaker m({6}, "y");
  m.weight("gate.weight", {6, 1});
  m.weight("w", {6, 4});
  m.integers("last", {1});
  m.integers("each", {-1});
  m.node("MatMul", {"x", "gate.weight"}, {"g"});
  m.node("Reshape", {"g", "each"}, {"s"});
  m.node("Relu", {"s"}, {"r"});
  m.node("Add", {"r", "s"}, {"t"});
  m.node("Unsqueeze", {"t", "last"}, {"u"});
  m.node("MatMul", {"x", "w"}, {"h"});
  m.node("Mul", {"h", "u"}, {"y"});
  expect_same(m);
}

TEST(Lowering, PaddingThatIsComputedOnBothEnds) {
  for (const char* pad : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
    ModelMaker m({3, 8, 6}, "y");
    m.weight("w", {5, 3, 3, 4});
    m.node("Conv", {"x", "w"}, {"a"}, {{"auto_pad", std::string(pad)}, {"strides", Shape{2, 2}}});
    m.node("Flatten", {"a"}, {"y"});
    expect_same(m);
  }
}

TEST(Lowering, ConvolutionsOfOneAxisAndTransposedOnes) {
  ModelMaker m({4, 12}, "y");
  m.weight("line.weight", {6, 4, 5});
  m.node("Conv", {"x", "line.weight"}, {"a"}, {{"pads", Shape{1, 2}}, {"strides", Shape{2}}});
  m.integers("shape", {0, 6, 2, 3});
  m.node("Reshape", {"a", "shape"}, {"b"});
  m.weight("up.weight", {6, 2, 3, 2});
  m.weight("up.bias", {4});
  m.node("ConvTranspose", {"b", "up.weight", "up.bias"}, {"c"},
         {{"strides", Shape{2, 3}},
          {"pads", Shape{1, 0, 0, 1}},
          {"group", std::int64_t{2}},
          {"output_padding", Shape{1, 0}}});
  m.integers("flat", {0, 4, -1});
  m.node("Reshape", {"c", "flat"}, {"d"});
  m.weight("again.weight", {4, 3, 4});
  m.node("ConvTranspose", {"d", "again.weight"}, {"e"},
         {{"strides", Shape{3}}, {"pads", Shape{1, 2}}, {"output_padding", Shape{2}}});
  m.node("Flatten", {"e"}, {"y"});
  EXPECT_EQ(layers_of(expect_same(m)), (std::vector<std::string>{"line", "up", "again"}));
}

TEST(Lowering, ResidualsAndNormsAreFusedAsInBuiltInNetworks) {
  ModelMaker m({3, 6, 6}, "y");
  for (const char* name : {"c1", "c2"}) {
    m.weight(std::string(name) + ".weight", {3, 3, 3, 3});
    for (const char* part : {".scale", ".shift", ".mean"}) m.weight(name + std::string(part), {3});
    m.model.constants[name + std::string(".var")] =
        tensor(ElementType::f32, {3}, Floats{0.5f, 1, 2});
  }
  const auto layer = [&](const std::string& name, const std::string& from, const std::string& to) {
    m.node("Conv", {from, name + ".weight"}, {to + "c"}, {{"pads", Shape{1, 1, 1, 1}}});
    m.node("BatchNormalization",
           {to + "c", name + ".scale", name + ".shift", name + ".mean", name + ".var"}, {to},
           {{"epsilon", 1e-3}});
  };
  layer("c1", "x", "a");
  m.node("Relu", {"a"}, {"b"});
  layer("c2", "b", "c");
  m.node("Add", {"c", "x"}, {"d"});
  m.node("Relu", {"d"}, {"e"});
  m.node("GlobalAveragePool", {"e"}, {"f"});
  m.node("Flatten", {"f"}, {"y"});
  expect_same(m);
}

TEST(Lowering, DenseLayersAtEveryPosition) {
  ModelMaker m({5, 8}, "y");
  m.weight("up", {8, 12});
  m.weight("mlp.bias", {12});
  m.node("MatMul", {"x", "up"}, {"a"});
  m.node("Add", {"mlp.bias", "a"}, {"b"});
  m.node("Gelu", {"b"}, {"c"});
  m.node("Transpose", {"c"}, {"d"}, {{"perm", Shape{1, 0, 2}}});  // positions first
  m.weight("down", {12, 3});
  m.node("MatMul", {"d", "down"}, {"e"});
  m.node("Transpose", {"e"}, {"f"}, {{"perm", Shape{1, 0, 2}}});
  m.node("ReduceMean", {"f"}, {"g"}, {{"axes", Shape{1}}, {"keepdims", std::int64_t{0}}});
  m.weight("head.weight", {4, 3});
  m.weight("head.bias", {4});
  m.node("Gemm", {"g", "head.weight", "head.bias"}, {"y"},
         {{"transB", std::int64_t{1}}, {"alpha", 0.5}, {"beta", 2.0}});
  m.model.opset = 20;
  m.model.nodes[5].attributes.erase("axes");
  m.model.nodes[6].attributes.erase("axes");
  m.integers("axes", {1});
  m.model.nodes[6].inputs.push_back("axes");
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(layers_of(network), (std::vector<std::string>{"mlp", "MatMul_4", "head"}));
  EXPECT_TRUE(network.digital.empty());
}

/// Samples of 4 x 6 x 8 numbers, turned to `order` of their axes and regrouped to the rows that a
/// matrix multiplication sees, as attention over steps or windows is exported; `back` restores.
ModelMaker regrouped(const Shape& order, const Shape& rows, const Shape& back,
                     const std::string& op) {
  ModelMaker m({4, 6, 8}, "y");
  m.node("Transpose", {"x"}, {"turned"}, {{"perm", order}});
  m.integers("rows", rows);
  m.node("Reshape", {"turned", "rows"}, {"flat"});
  m.weight("proj.weight", {8, 5});
  m.weight("proj.bias", {5});
  if (op == "Gemm") {
    m.node("Gemm", {"flat", "proj.weight", "proj.bias"}, {"a"});
  } else {
    m.node("MatMul", {"flat", "proj.weight"}, {"product"});
    m.node("Add", {"product", "proj.bias"}, {"a"});
  }
  m.node("Relu", {"a"}, {"b"});
  m.integers("back", back);
  m.node("Reshape", {"b", "back"}, {"c"});
  Shape inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  m.node("Transpose", {"c"}, {"y"}, {{"perm", inverse}});
  return m;
}

/// What a layer with that name looks like.
const Node& layer_of(const LoweredNetwork& network, const std::string& name) {
  return *std::ranges::find(network.graph.nodes, name, &Node::name);
}

TEST(Lowering, RowsWhoseAxisSamplesShareAreLayers) {
  struct Case {
    const char* what;
    Shape order, rows, back;
    std::string op;
  };
  const Case cases[] = {
      {"samples in front", {0, 1, 2, 3}, {-1, 8}, {-1, 4, 6, 5}, "Gemm"},
      {"samples inside", {1, 2, 0, 3}, {-1, 8}, {4, 6, -1, 5}, "Gemm"},
      {"between both", {1, 0, 2, 3}, {-1, 8}, {4, -1, 6, 5}, "Gemm"},
      {"windows", {0, 1, 2, 3}, {-1, 6, 8}, {-1, 4, 6, 5}, "MatMul"},
      {"windows inside", {1, 0, 2, 3}, {-1, 6, 8}, {4, -1, 6, 5}, "MatMul"},
      {"on the second axis", {1, 2, 0, 3}, {4, -1, 8}, {4, 6, -1, 5}, "MatMul"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const LoweredNetwork network = expect_same(regrouped(c.order, c.rows, c.back, c.op));
    EXPECT_EQ(layers_of(network), std::vector<std::string>{"proj"});
    EXPECT_TRUE(network.digital.empty());
    EXPECT_EQ(layer_of(network, "proj").conv.in_height, 24);  // rows of a sample
  }
}

TEST(Lowering, MatricesOnTheLeftAreDrivenByColumns) {
  ModelMaker m({3, 5, 7}, "y");
  m.weight("tokens.weight", {4, 5});
  m.node("MatMul", {"tokens.weight", "x"}, {"a"});
  m.node("Relu", {"a"}, {"b"});
  m.node("Transpose", {"b"}, {"c"}, {{"perm", Shape{1, 2, 0, 3}}});  // samples inside
  m.weight("more.weight", {1, 6, 5});
  m.node("Transpose", {"x"}, {"d"}, {{"perm", Shape{1, 0, 2, 3}}});
  m.integers("together", {-1, 5, 7});
  m.node("Reshape", {"d", "together"}, {"e"});
  m.node("MatMul", {"more.weight", "e"}, {"f"});
  m.integers("apart", {3, -1, 42});
  m.node("Reshape", {"f", "apart"}, {"g"});
  m.node("Transpose", {"g"}, {"h"}, {{"perm", Shape{1, 0, 2}}});
  m.node("Flatten", {"h"}, {"i"});
  m.node("Flatten", {"b"}, {"j"});
  m.node("Concat", {"i", "j"}, {"y"}, {{"axis", std::int64_t{1}}});
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(layers_of(network), (std::vector<std::string>{"tokens", "more"}));
  EXPECT_EQ(layer_of(network, "tokens").conv.in_height, 21);
  EXPECT_EQ(layer_of(network, "more").conv.in_height, 21);
  EXPECT_TRUE(network.digital.empty());
}

TEST(Lowering, FormulasOfRowsAndAMatrixAreLayers) {
  struct Case {
    const char* equation;
    Shape matrix;
    bool is_first;
    std::int64_t K, rows;
  };
  const Case cases[] = {{"btd,de->bte", {6, 5}, false, 6, 4},
                        {"btd, dhe -> bhte", {6, 2, 3}, false, 6, 4},
                        {"btd,htd->bh", {3, 4, 6}, false, 24, 1},
                        {"ed,btd->ebt", {5, 6}, true, 6, 4},
                        {"btd,te->dbe", {4, 5}, false, 4, 6}};
  // "..." stands for the axes that have no letter.
  for (const char* equation : {"...d,de->...e", "...td,de->...te", "btd...,de->bte..."}) {
    SCOPED_TRACE(equation);
    ModelMaker m({4, 6}, "y");
    m.weight("w.weight", {6, 5});
    m.node("Einsum", {"x", "w.weight"}, {"y"}, {{"equation", std::string(equation)}});
    EXPECT_EQ(layers_of(expect_same(m)), std::vector<std::string>{"w"});
  }
  for (const Case& c : cases) {
    SCOPED_TRACE(c.equation);
    ModelMaker m({4, 6}, "y");
    m.weight("heads.weight", c.matrix);
    const std::string w = "heads.weight";
    m.node("Einsum",
           c.is_first ? std::vector<std::string>{w, "x"} : std::vector<std::string>{"x", w}, {"a"},
           {{"equation", std::string(c.equation)}});
    const std::string y = std::string(c.equation).substr(std::string(c.equation).find('>') + 1);
    const auto at = static_cast<std::int64_t>(y.find('b') - y.find_first_not_of(' '));
    Shape order{at};
    for (std::int64_t i = 0; i < std::ssize(y); ++i)
      if (y[static_cast<std::size_t>(i)] != ' ' && i != at + (y[0] == ' '))
        order.push_back(i - (y[0] == ' '));
    m.node("Transpose", {"a"}, {"b"}, {{"perm", order}});
    m.node("Relu", {"b"}, {"y"});
    const LoweredNetwork network = expect_same(m);
    EXPECT_EQ(layers_of(network), std::vector<std::string>{"heads"});
    EXPECT_EQ(layer_of(network, "heads").conv.in_channels, c.K);
    EXPECT_EQ(layer_of(network, "heads").conv.in_height, c.rows);
  }
  for (const char* equation : {"btd,tde->bte", "btd,dd->bt"}) {
    SCOPED_TRACE(equation);
    ModelMaker m({4, 6}, "y");
    m.weight("stack", std::string(equation)[4] == 't' ? Shape{4, 6, 5} : Shape{6, 6});
    m.node("Einsum", {"x", "stack"}, {"y"}, {{"equation", std::string(equation)}});
    const LoweredNetwork network = lower(m.model);
    ASSERT_EQ(network.digital.size(), 1u);
    EXPECT_EQ(network.digital[0].why, "its formula is no product of rows with one matrix");
  }
}

// One matrix that a network uses several times is one crossbar: programmed once, with the same
// devices each time.
TEST(Lowering, AMatrixThatIsUsedAgainIsOneCrossbar) {
  ModelMaker m({6}, "y");
  m.weight("cell.weight", {6, 6});
  m.weight("cell.bias", {6});
  m.weight("other.weight", {6, 6});
  m.node("Gemm", {"x", "cell.weight", "cell.bias"}, {"a"});
  m.node("Tanh", {"a"}, {"b"});
  m.node("Gemm", {"b", "cell.weight", "cell.bias"}, {"c"});
  m.node("Gemm", {"c", "other.weight"}, {"d"});
  m.node("Transpose", {"cell.weight"}, {"turned"});  // the same parameter, turned twice
  m.node("Transpose", {"turned"}, {"again"});
  m.node("MatMul", {"d", "again"}, {"e"});
  m.model.constants["copy.weight"] = m.model.constants["other.weight"];  // perhaps another
  m.node("MatMul", {"e", "copy.weight"}, {"y"});
  const LoweredNetwork network = expect_same(m);
  const std::vector<std::string> names = layers_of(network);
  ASSERT_EQ(names.size(), 5u);
  const auto owner = [&](std::size_t i) {
    const int shares = layer_of(network, names[i]).shares;
    return shares < 0 ? names[i] : network.graph.nodes[static_cast<std::size_t>(shares)].name;
  };
  EXPECT_EQ(owner(1), "cell");
  EXPECT_EQ(owner(2), "other");
  EXPECT_EQ(owner(3), "cell");
  EXPECT_EQ(owner(4), "copy");
  ASSERT_EQ(network.alike.size(), 1u);
  EXPECT_EQ(network.alike[0].first, "other");
  EXPECT_EQ(network.alike[0].second, "copy");
  EXPECT_EQ(crossbar_layers(network.graph), (std::vector<std::string>{"cell", "other", "copy"}));

  const auto backend = make_backend("cpu");
  MappingSettings mapping;
  mapping.tile = {20, 8};
  LayerDevices devices(test::awgn(0.3));
  AnalogNetwork chip(network.graph, network.weights, mapping, {}, {}, devices, *backend);
  chip.program(1, 0);
  const Weights held = chip.effective_weights();
  const auto values = [&](std::size_t i) { return held.at(names[i] + ".weight").values; };
  EXPECT_EQ(values(1), values(0));
  EXPECT_EQ(values(3), values(0));
  EXPECT_NE(values(4), values(2));
  EXPECT_NE(values(0), network.weights.at("cell.weight").values);
}

// Frames of a sample beside one another on the axis of samples, and volumes: what a kernel sees
// drives a dense layer.
TEST(Lowering, ConvolutionsWithoutAWindowOfTheirOwn) {
  ModelMaker m({4, 2, 9, 7}, "y");
  m.integers("frames", {-1, 2, 9, 7});
  m.node("Reshape", {"x", "frames"}, {"a"});
  m.weight("frame.weight", {3, 2, 3, 2});
  m.weight("frame.bias", {3});
  m.node("Conv", {"a", "frame.weight", "frame.bias"}, {"b"},
         {{"strides", Shape{2, 1}}, {"dilations", Shape{1, 2}}, {"pads", Shape{1, 0, 0, 2}}});
  m.node("Relu", {"b"}, {"c"});
  m.integers("lines", {-1, 3, 28});
  m.node("Reshape", {"c", "lines"}, {"d"});
  m.weight("line.weight", {2, 3, 5});
  m.node("Conv", {"d", "line.weight"}, {"e"}, {{"strides", Shape{3}}, {"pads", Shape{2, 1}}});
  m.integers("samples", {-1, 72});
  m.node("Reshape", {"e", "samples"}, {"f"});
  m.integers("volumes", {-1, 2, 4, 9, 7});
  m.node("Reshape", {"x", "volumes"}, {"g"});
  m.weight("volume.weight", {3, 2, 2, 3, 3});
  m.weight("volume.bias", {3});
  m.node("Conv", {"g", "volume.weight", "volume.bias"}, {"h"},
         {{"strides", Shape{1, 2, 1}}, {"pads", Shape{0, 1, 1, 1, 1, 0}}});
  m.node("Flatten", {"h"}, {"i"});
  m.node("Concat", {"f", "i"}, {"y"}, {{"axis", std::int64_t{1}}});
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(layers_of(network), (std::vector<std::string>{"frame", "line", "volume"}));
  EXPECT_TRUE(network.digital.empty());
  EXPECT_EQ(layer_of(network, "frame").conv.in_channels, 12);
  EXPECT_EQ(layer_of(network, "frame").conv.in_height, 4 * 4 * 7);  // frames, rows, columns
  EXPECT_EQ(layer_of(network, "line").conv.in_height, 4 * 9);
  EXPECT_EQ(layer_of(network, "volume").conv.in_channels, 36);
  EXPECT_EQ(layer_of(network, "volume").conv.in_height, 4 * 5 * 6);
}

TEST(Lowering, GroupsOfVolumesAndFramesStayDigital) {
  const auto said = [](const Shape& to, const Shape& kernel) {
    ModelMaker m({4, 2, 9, 7}, "y");
    m.integers("to", to);
    m.node("Reshape", {"x", "to"}, {"a"});
    m.weight("k.weight", kernel);
    m.node("Conv", {"a", "k.weight"}, {"b"}, {{"group", std::int64_t{2}}});
    m.integers("flat", {-1, 4, 1});
    m.node("Shape", {"x"}, {"shape"});
    m.integers("zero", {0});
    m.node("Gather", {"shape", "zero"}, {"n"});
    m.integers("rest", {-1});
    m.node("Concat", {"n", "rest"}, {"end"}, {{"axis", std::int64_t{0}}});
    m.node("Reshape", {"b", "end"}, {"y"});
    return lower(m.model).digital.at(0).why;
  };
  EXPECT_EQ(said({-1, 2, 9, 7}, {2, 1, 3, 3}), "it has groups, and samples share an axis");
  EXPECT_EQ(said({-1, 2, 4, 9, 7}, {2, 1, 3, 3, 3}), "it has groups and three spatial axes");
}

// Rows that do not tell samples apart stay digital: which noise is whose cannot be known.
TEST(Lowering, RowsThatAreAlikeStayDigital) {
  ModelMaker m = regrouped({1, 2, 0, 3}, {-1, 8}, {4, 6, -1, 5}, "Gemm");
  m.weight("zero", {1});
  m.model.constants["zero"] = tensor(ElementType::f32, {1}, Floats{0});
  m.model.nodes[0].inputs[0] = "nothing";
  m.node("Mul", {"x", "zero"}, {"nothing"});
  std::rotate(m.model.nodes.begin(), m.model.nodes.end() - 1, m.model.nodes.end());
  const LoweredNetwork network = lower(m.model);
  ASSERT_EQ(network.digital.size(), 1u);
  EXPECT_EQ(network.digital[0].why, "its rows cannot be told by samples, or its bias is computed");
}

void add_recurrence(ModelMaker& m, const std::string& op, std::int64_t gates,
                    const std::string& direction, std::map<std::string, Attribute> attributes) {
  const std::int64_t D = direction == "bidirectional" ? 2 : 1, H = 5;
  m.node("Transpose", {"x"}, {"t"}, {{"perm", Shape{1, 0, 2}}});
  m.weight("W", {D, gates * H, 3});
  m.weight("R", {D, gates * H, H});
  m.weight("B", {D, 2 * gates * H});
  attributes["hidden_size"] = H;
  attributes["direction"] = direction;
  m.node(op, {"t", "W", "R", "B"}, {"all", "last"}, attributes);
  m.node("Transpose", {"last"}, {"l"}, {{"perm", Shape{1, 0, 2}}});
  m.node("Flatten", {"l"}, {"last_flat"});
  m.node("Transpose", {"all"}, {"a"}, {{"perm", Shape{2, 0, 1, 3}}});
  m.node("Flatten", {"a"}, {"all_flat"});
  m.node("Concat", {"last_flat", "all_flat"}, {"y"}, {{"axis", std::int64_t{1}}});
}

TEST(Lowering, RecurrentCellsInEveryDirection) {
  for (const char* direction : {"forward", "reverse", "bidirectional"}) {
    SCOPED_TRACE(direction);
    ModelMaker lstm({7, 3}, "y"), gru({7, 3}, "y"), rnn({7, 3}, "y");
    add_recurrence(lstm, "LSTM", 4, direction, {});
    add_recurrence(gru, "GRU", 3, direction, {{"linear_before_reset", std::int64_t{1}}});
    add_recurrence(rnn, "RNN", 1, direction, {});
    for (const ModelMaker* m : {&lstm, &gru, &rnn}) {
      SCOPED_TRACE(m->model.nodes[1].op);
      const bool both = std::string(direction) == "bidirectional";
      EXPECT_EQ(layers_of(expect_same(*m)).size(), both ? 4u : 2u);
    }
  }
}

TEST(Lowering, ShapesThatHangOnTheNumberOfSamplesStayOpen) {
  ModelMaker m({4, 6}, "y");
  m.node("Shape", {"x"}, {"s"});
  m.integers("zero", {0});
  m.node("Gather", {"s", "zero"}, {"n"}, {{"axis", std::int64_t{0}}});
  m.integers("rest", {-1});
  m.node("Concat", {"n", "rest"}, {"to"}, {{"axis", std::int64_t{0}}});
  m.node("Reshape", {"x", "to"}, {"flat"});
  m.weight("w", {24, 3});
  m.node("MatMul", {"flat", "w"}, {"y"});
  expect_same(m);
}

TEST(Lowering, PatternsSayWhatIsDigital) {
  ModelMaker m({6}, "y");
  m.weight("body.weight", {5, 6});
  m.weight("head.weight", {4, 5});
  m.node("Gemm", {"x", "body.weight"}, {"a"}, {{"transB", std::int64_t{1}}});
  m.node("Gemm", {"a", "head.weight"}, {"y"}, {{"transB", std::int64_t{1}}});
  LoweringOptions options;
  options.digital = {"he?d"};
  const LoweredNetwork network = expect_same(m, options);
  EXPECT_EQ(layers_of(network), std::vector<std::string>{"body"});
  ASSERT_EQ(network.digital.size(), 1u);
  EXPECT_EQ(network.digital[0].name, "head");
  EXPECT_EQ(network.digital[0].why, "mapping.digital names it");
}

TEST(Lowering, PatternsMatchAsInAShell) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*c", "abbc"));
  EXPECT_TRUE(matches("*.proj", "blocks.0.proj"));
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_FALSE(matches("conv1", "conv10"));
  EXPECT_FALSE(matches("", "a"));
}

std::string refusal(const ImportedModel& model, const LoweringOptions& options = {}) {
  try {
    lower(model, options);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

// Large products are learnt from in short, and still hang on each of their inputs.
TEST(Lowering, LargeProductsShowWhatMixesSamples) {
  const auto stack = [](bool mixes, std::int64_t columns_of_first) {
    ModelMaker m({100, 4, 3}, "y");
    m.weight("conv.weight", {100, 100, 3, 3});
    m.weight("gemm.weight", {300, columns_of_first});
    m.weight("gemm.bias", {300});
    m.weight("product.weight", {300, 70});
    m.node("Conv", {"x", "conv.weight"}, {"a"}, {{"pads", Shape{1, 1, 1, 1}}});
    m.node("Flatten", {"a"}, {"b"});
    m.node("Gemm", {"b", "gemm.weight", "gemm.bias"}, {"c"}, {{"transB", std::int64_t{1}}});
    m.integers("last", {299});
    m.node("Gather", {"c", "last"}, {"d"}, {{"axis", std::int64_t{1}}});
    m.node("ReduceMean", {"d"}, {"e"}, {{"axes", Shape{0}}, {"keepdims", std::int64_t{1}}});
    m.node("Sub", {"c", mixes ? "e" : "d"}, {"f"});
    m.node("MatMul", {"f", "product.weight"}, {"y"});
    return m;
  };
  EXPECT_EQ(layers_of(expect_same(stack(false, 1200))),
            (std::vector<std::string>{"conv", "gemm", "product"}));
  EXPECT_EQ(refusal(stack(true, 1200).model),
            "made.onnx: the answer to a sample changes with the samples beside it; such a network "
            "cannot be measured sample by sample");
  EXPECT_EQ(refusal(stack(false, 1199).model),
            "made.onnx: Gemm_2 (Gemm): mat1 and mat2 shapes cannot be multiplied (2x1200 and "
            "1199x300)");
}

// A file for two samples at once, as PyTorch exports without dynamic shapes.
TEST(Lowering, AFileOfAFixedBatchSaysHowToExportIt) {
  ModelMaker m({4, 6}, "y");
  m.model.inputs[0].shape[0] = 2;
  m.integers("rows", {8, 6});
  m.node("Reshape", {"x", "rows"}, {"a"});
  m.weight("w.weight", {6, 3});
  m.node("Gemm", {"a", "w.weight"}, {"y"});
  const std::string said = refusal(m.model);
  EXPECT_NE(said.find("the file was exported for 2 samples at once, and its nodes may hold for "
                      "these only: export it with the axis of samples free"),
            std::string::npos)
      << said;
}

TEST(Lowering, SaysWhatItCannotTake) {
  ModelMaker m({6}, "y");
  m.node("Frobnicate", {"x"}, {"a"});
  m.node("Frobnicate", {"a"}, {"b"});
  m.node("Grok", {"b"}, {"y"});
  EXPECT_EQ(
      refusal(m.model),
      "made.onnx: operators that are not supported (opset 17): Frobnicate (Frobnicate_0 and 1 "
      "more); Grok (Grok_2). `ohmic list operators` says which are");

  ModelMaker open({-1, 4}, "y");
  open.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(
      refusal(open.model),
      "made.onnx: input \"x\" is ? x ? x 4: axis 1 is left open; expected a file exported for "
      "one sample shape, with only the axis of samples (0) free");

  ModelMaker huge({std::int64_t{1} << 40, std::int64_t{1} << 40}, "y");
  huge.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(refusal(huge.model),
            "made.onnx: input \"x\" is ? x 1099511627776 x 1099511627776: a sample has at most "
            "67108864 numbers");

  ModelMaker misfit({4}, "y");
  misfit.integers("shape", {2, 42500});
  misfit.node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_EQ(refusal(misfit.model),
            "made.onnx: Reshape_0 (Reshape): shape '[2, 42500]' is invalid for input of size 8");

  ModelMaker mixes({4}, "y");
  mixes.node("ReduceMean", {"x"}, {"m"}, {{"axes", Shape{0}}, {"keepdims", std::int64_t{1}}});
  mixes.node("Sub", {"x", "m"}, {"y"});
  EXPECT_EQ(refusal(mixes.model),
            "made.onnx: the answer to a sample changes with the samples beside it; such a network "
            "cannot be measured sample by sample");

  ModelMaker sums({4}, "y");
  sums.node("ReduceSum", {"x"}, {"y"}, {{"keepdims", std::int64_t{0}}});
  EXPECT_EQ(refusal(sums.model),
            "made.onnx: output \"y\" is a single number for 2 samples and a single number for 3; "
            "expected an answer for each sample on its first axis");
}

}  // namespace
}  // namespace ohmic
