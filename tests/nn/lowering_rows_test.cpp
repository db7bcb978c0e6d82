// Whose rows are whose: axes that samples share, matrices on either side, formulas, volumes, and
// matrices that are used again.
#include <gtest/gtest.h>

#include "tests/nn/model_maker.hpp"

namespace ohmic {
namespace {

using namespace test;

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

TEST(Lowering, PatternsThatNameAMatrixNameAllUsesAfterIt) {
  ModelMaker m({6}, "y");
  m.weight("cell.weight", {6, 6});
  m.weight("head.weight", {6, 6});
  m.node("Gemm", {"x", "cell.weight"}, {"a"});
  m.node("Tanh", {"a"}, {"b"});
  m.node("Gemm", {"b", "cell.weight"}, {"c"});
  m.node("Gemm", {"c", "head.weight"}, {"y"});
  LoweringOptions options;
  options.digital = {"cell"};
  EXPECT_EQ(layers_of(lower(m.model, options)), std::vector<std::string>{"head"});
  options.digital = {"cell_2"};
  EXPECT_EQ(layers_of(lower(m.model, options)), (std::vector<std::string>{"cell", "head"}));
  options.digital = {};
  options.crossbar = {"cell"};
  EXPECT_EQ(layers_of(lower(m.model, options)), (std::vector<std::string>{"cell", "cell_2"}));
}

// One matrix for every sample, as batched products are exported, and one for every step.
TEST(Lowering, AMatrixThatIsRepeatedIsOneMatrix) {
  ModelMaker m({4, 6}, "y");
  m.weight("a.weight", {5, 6});
  m.node("Transpose", {"a.weight"}, {"turned"}, {{"perm", Shape{1, 0}}});
  m.node("Shape", {"x"}, {"samples"}, {{"end", std::int64_t{1}}});
  m.integers("sides", {6, 5});
  m.node("Concat", {"samples", "sides"}, {"all"}, {{"axis", std::int64_t{0}}});
  m.node("Expand", {"turned", "all"}, {"repeated"});
  m.node("MatMul", {"x", "repeated"}, {"b"});
  m.node("Transpose", {"b"}, {"c"}, {{"perm", Shape{1, 0, 2}}});  // steps first
  m.weight("d.weight", {5, 3});
  m.integers("steps", {4, 5, 3});
  m.node("Expand", {"d.weight", "steps"}, {"by_step"});
  m.node("MatMul", {"c", "by_step"}, {"e"});
  m.node("Transpose", {"e"}, {"y"}, {{"perm", Shape{1, 0, 2}}});
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(layers_of(network).size(), 2u);
  EXPECT_EQ(layers_of(network).front(), "a");
  EXPECT_TRUE(network.digital.empty());
  // What repeated the matrices is not computed: nothing reads it.
  for (const Node& node : network.graph.nodes)
    EXPECT_FALSE(node.call && (node.call->op == "Expand" || node.call->op == "Concat"))
        << node.name;
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
  for (const char* equation : {"btd,tde->bte", "btd,dd->bt", "btd,dde->bte"}) {
    SCOPED_TRACE(equation);
    ModelMaker m({4, 6}, "y");
    m.weight("stack", std::string(equation)[4] == 't'   ? Shape{4, 6, 5}
                      : std::string(equation)[6] == 'e' ? Shape{6, 6, 5}
                                                        : Shape{6, 6});
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
  AnalogNetwork chip({network.graph, network.weights, mapping, {}, {}, devices}, *backend);
  const Weights held = chip.program(1, 0).effective_weights();
  const auto values = [&](std::size_t i) { return held.at(names[i] + ".weight").values; };
  EXPECT_EQ(values(1), values(0));
  EXPECT_EQ(values(3), values(0));
  EXPECT_NE(values(4), values(2));
  EXPECT_NE(values(0), network.weights.at("cell.weight").values);
}

// Two biases on the devices of one matrix are two matrices.
TEST(Lowering, UsesOfAMatrixThatDifferOnDevicesHaveCrossbarsOfTheirOwn) {
  ModelMaker m({6}, "y");
  m.weight("cell.weight", {6, 6});
  m.weight("first.bias", {6});
  m.weight("second.bias", {6});
  m.node("Gemm", {"x", "cell.weight", "first.bias"}, {"a"});
  m.node("Gemm", {"a", "cell.weight", "second.bias"}, {"y"});
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(network.graph.nodes.back().shares, 1);
  MappingSettings mapping;
  mapping.tile = {20, 8};
  const auto is_used_again = [&] {
    return MappedNetwork(network.graph, network.weights, mapping, {}, {}, test::awgn(0.3))
        .is_used_again(1);
  };
  EXPECT_TRUE(is_used_again());
  mapping.bias = BiasPlace::analog;
  EXPECT_FALSE(is_used_again());
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

}  // namespace
}  // namespace ohmic
