// Matrices of constants that stay digital, values of whole batches and what is computed once: all
// of it is said.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/nn/model_maker.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace test;

using Texts = std::vector<std::string>;
using I = std::int64_t;

Texts digital_of(const ModelMaker& m) {
  Texts texts;
  for (const DigitalMatrix& d : expect_same(m).digital)
    texts.push_back(d.name + " (" + d.op + "): " + d.why);
  return texts;
}

constexpr const char* kChosen = "which of its numbers are used depends on the sample";
constexpr const char* kScaled = "its numbers are scaled by what the sample gives";

TEST(DigitalMatrices, ProductsOfWholeNumbersAreListed) {
  ModelMaker m({2, 4, 4}, "y");
  m.model.constants["step"] = tensor(ElementType::f32, {}, Floats{0.1f});
  m.model.constants["zero"] = tensor(ElementType::u8, {}, std::vector<std::uint8_t>{128});
  const auto levels = [&](const std::string& name, const Shape& shape, std::size_t size) {
    std::vector<std::int8_t> values(size);
    std::iota(values.begin(), values.end(), std::int8_t{-20});
    m.model.constants[name] = tensor(ElementType::i8, shape, values);
  };
  levels("kernel", {3, 2, 3, 3}, 54);
  levels("fc.weight", {12, 2}, 24);
  m.weight("head.weight", {2, 2});
  m.node("QuantizeLinear", {"x", "step", "zero"}, {"levels"});
  m.node("ConvInteger", {"levels", "kernel", "zero"}, {"a"});
  m.node("Cast", {"a"}, {"b"}, {{"to", I{1}}});
  m.node("Mul", {"b", "step"}, {"c"});
  m.node("Flatten", {"c"}, {"d"});
  m.node("QuantizeLinear", {"d", "step", "zero"}, {"e"});
  m.node("MatMulInteger", {"e", "fc.weight", "zero"}, {"f"});
  m.node("Cast", {"f"}, {"g"}, {{"to", I{1}}});
  m.node("Mul", {"g", "step"}, {"h"});
  m.node("MatMul", {"h", "head.weight"}, {"y"});
  const std::string why =
      "its product is of whole numbers; products of floats with QuantizeLinear and "
      "DequantizeLinear around them are on crossbars";
  EXPECT_EQ(digital_of(m),
            (Texts{"ConvInteger_1 (ConvInteger): " + why, "fc (MatMulInteger): " + why}));
}

/// gate: which of three a sample has; rows: it as one row.
ModelMaker with_experts() {
  ModelMaker m({4}, "y");
  m.weight("gate.weight", {4, 3});
  m.weight("experts.weight", {3, 4, 5});
  m.integers("one", {1});
  m.node("MatMul", {"x", "gate.weight"}, {"scores"});
  m.node("ArgMax", {"scores"}, {"gate"}, {{"axis", I{1}}, {"keepdims", I{0}}});
  m.node("Unsqueeze", {"x", "one"}, {"rows"});
  return m;
}

TEST(DigitalMatrices, StacksFromWhichSamplesChooseAreListed) {
  ModelMaker m = with_experts();
  m.node("Gather", {"experts.weight", "gate"}, {"own"});
  m.node("MatMul", {"rows", "own"}, {"y"});
  EXPECT_EQ(digital_of(m), (Texts{std::string("experts (MatMul): ") + kChosen}));
}

TEST(DigitalMatrices, HoweverTheyAreMovedOnTheWay) {
  ModelMaker m = with_experts();
  m.weight("half", {});
  m.integers("whole", {-1, 1, 1});
  m.integers("matrix", {1, 4, 5});
  m.integers("rest", {1, 1, 1});
  m.node("Reshape", {"gate", "whole"}, {"a"});
  m.node("Expand", {"a", "matrix"}, {"b"});
  m.node("GatherElements", {"experts.weight", "b"}, {"c"}, {{"axis", I{0}}});
  m.node("Mul", {"c", "half"}, {"d"});
  m.node("Transpose", {"d"}, {"e"}, {{"perm", Shape{0, 2, 1}}});
  m.node("Transpose", {"rows"}, {"columns"}, {{"perm", Shape{0, 2, 1}}});
  m.node("MatMul", {"e", "columns"}, {"y"});
  EXPECT_EQ(digital_of(m), (Texts{std::string("experts (MatMul): ") + kChosen}));
}

// Two of three for each sample, side by side: 4 x (2 x 5).
TEST(DigitalMatrices, SeveralChosenBesideOneAnotherAreListed) {
  ModelMaker m = with_experts();
  m.integers("k", {2});
  m.integers("wide", {-1, 4, 10});
  m.node("TopK", {"scores", "k"}, {"best", "which"});
  m.node("Gather", {"experts.weight", "which"}, {"own"});
  m.node("Transpose", {"own"}, {"turned"}, {{"perm", Shape{0, 2, 1, 3}}});
  m.node("Reshape", {"turned", "wide"}, {"beside"});
  m.node("MatMul", {"rows", "beside"}, {"y"});
  EXPECT_EQ(digital_of(m), (Texts{std::string("experts (MatMul): ") + kChosen}));
}

TEST(DigitalMatrices, ChoicesByFormulaAndByFlagsAreListed) {
  ModelMaker m = with_experts();
  m.node("Gather", {"experts.weight", "gate"}, {"own"});
  m.node("Einsum", {"x", "own"}, {"a"}, {{"equation", std::string("bk,bkn->bn")}});
  m.weight("pair.weight", {5, 5});
  m.weight("other", {5, 5});
  m.integers("last", {-1, 1, 1});
  m.integers("zero", {0});
  m.node("Equal", {"gate", "zero"}, {"is_first"});
  m.node("Reshape", {"is_first", "last"}, {"flags"});
  m.node("Where", {"flags", "pair.weight", "other"}, {"matrix"});
  m.node("Unsqueeze", {"a", "one"}, {"b"});
  m.node("MatMul", {"b", "matrix"}, {"y"});
  EXPECT_EQ(digital_of(m), (Texts{std::string("experts (Einsum): ") + kChosen,
                                  std::string("pair (MatMul): ") + kChosen}));
}

TEST(DigitalMatrices, MatricesThatSamplesScaleAreListed) {
  ModelMaker m = with_experts();
  m.weight("style.weight", {4, 5});
  m.node("Unsqueeze", {"x", "two"}, {"column"});
  m.integers("two", {2});
  m.node("Mul", {"column", "style.weight"}, {"own"});
  m.node("MatMul", {"rows", "own"}, {"a"});
  m.node("Mul", {"column", "style.weight"}, {"b"});
  m.node("ReduceSum", {"b", "one"}, {"c"}, {{"keepdims", I{1}}});
  m.node("Add", {"a", "c"}, {"y"});
  m.model.nodes.erase(m.model.nodes.begin(), m.model.nodes.begin() + 2);
  m.weight("head.weight", {5, 2});
  m.model.outputs[0].name = "z";
  m.node("MatMul", {"y", "head.weight"}, {"z"});
  EXPECT_EQ(digital_of(m),
            (Texts{std::string("style (MatMul): ") + kScaled,
                   "style_2 (ReduceSum): its numbers are multiplied one by one and summed, not as "
                   "a matrix"}));
}

TEST(DigitalMatrices, StacksThatAreRepeatedAndConstantsInOtherPlacesAreListed) {
  ModelMaker m({3, 4}, "y");
  m.weight("keys.weight", {2, 4, 3});
  m.weight("left.weight", {2, 3});
  m.weight("head.weight", {6, 2});
  m.node("Shape", {"x"}, {"n"}, {{"start", I{0}}, {"end", I{1}}});
  m.integers("sides", {2, 4, 3});
  m.integers("one", {1});
  m.node("Concat", {"n", "sides"}, {"shape"}, {{"axis", I{0}}});
  m.node("Expand", {"keys.weight", "shape"}, {"keys"});
  m.node("Unsqueeze", {"x", "one"}, {"heads"});
  m.node("MatMul", {"heads", "keys"}, {"a"});
  m.node("ReduceSum", {"a", "one"}, {"b"}, {{"keepdims", I{0}}});
  m.integers("flat", {-1, 3});
  m.node("Reshape", {"b", "flat"}, {"c"});
  m.node("Transpose", {"c"}, {"columns"}, {{"perm", Shape{1, 0}}});
  m.node("Gemm", {"left.weight", "columns"}, {"d"});
  m.node("Transpose", {"d"}, {"e"}, {{"perm", Shape{1, 0}}});
  m.integers("samples", {-1, 6});
  m.node("Reshape", {"e", "samples"}, {"f"});
  m.node("MatMul", {"f", "head.weight"}, {"y"});
  EXPECT_EQ(digital_of(m), (Texts{"keys (MatMul): it is a stack of matrices",
                                  "left (Gemm): it stands where the operator has activations"}));
}

// Tokens' rows beside one another are activations, also where they are multiplied as they are, and
// activations that a table scales number by number are no matrix.
TEST(DigitalMatrices, EmbeddingsAndScalesAreNone) {
  ModelMaker m({6}, "y");
  m.weight("table.weight", {2, 5});
  m.weight("gain", {6, 5});
  m.weight("head.weight", {36, 2});
  m.node("Greater", {"x", "threshold"}, {"flags"});
  m.model.constants["threshold"] = tensor(ElementType::f32, {}, Floats{0});
  m.node("Cast", {"flags"}, {"tokens"}, {{"to", I{7}}});
  m.node("Gather", {"table.weight", "tokens"}, {"rows"});
  m.node("Mul", {"rows", "gain"}, {"scaled"});
  m.node("Transpose", {"rows"}, {"columns"}, {{"perm", Shape{0, 2, 1}}});
  m.node("MatMul", {"scaled", "columns"}, {"scores"});
  m.node("Flatten", {"scores"}, {"flat"});
  m.node("MatMul", {"flat", "head.weight"}, {"y"});
  EXPECT_EQ(digital_of(m), Texts{});
}

/// Softmax of scores less the largest of a batch, which changes nothing but what is computed.
TEST(Lowering, ValuesOfAWholeBatchAreNamed) {
  const auto network = [](const Shape& axes) {
    ModelMaker m({6}, "y");
    m.weight("w.weight", {6, 3});
    m.node("Gemm", {"x", "w.weight"}, {"a"});
    m.node("ReduceMax", {"a"}, {"most"}, {{"axes", axes}});
    m.node("Sub", {"a", "most"}, {"b"});
    m.node("Softmax", {"b"}, {"y"});
    return expect_same(m).over_batch;
  };
  EXPECT_EQ(network({0, 1}), Texts{"ReduceMax_1 (ReduceMax)"});
  EXPECT_EQ(network({1}), Texts{});
}

// Whether the two or the third of the samples that are learnt from have the largest number.
TEST(Lowering, RangesOfAWholeBatchAreRefused) {
  const auto refused = [](float scale) {
    ModelMaker m({6}, "y");
    m.model.constants["scale"] = tensor(ElementType::f32, {}, Floats{scale});
    m.weight("w.weight", {6, 3});
    m.node("Mul", {"x", "scale"}, {"a"});
    m.node("DynamicQuantizeLinear", {"a"}, {"q", "s", "z"});
    m.node("DequantizeLinear", {"q", "s", "z"}, {"b"});
    m.node("Gemm", {"b", "w.weight"}, {"y"});
    return test::error_of([&] { lower(m.model); });
  };
  const std::string said =
      "made.onnx: DynamicQuantizeLinear_1 (DynamicQuantizeLinear): takes its range from all "
      "samples of a batch, so that an answer changes with the samples beside it; such a network "
      "cannot be measured sample by sample. Expected the network before it was quantised, or with "
      "ranges that are written (QuantizeLinear, as static quantisation writes it)";
  EXPECT_EQ(refused(1), said);
  EXPECT_EQ(refused(0), said);  // no range at all, nothing to notice
}

// A bias of positions that a small network makes of a table: 4 x 2 and 2 x 6 numbers.
TEST(Lowering, ProductsOfConstantsAreNamed) {
  ModelMaker m({4, 6}, "y");
  m.weight("places", {4, 2});
  m.weight("bias.weight", {6, 2});
  m.weight("w.weight", {6, 3});
  m.node("Transpose", {"bias.weight"}, {"turned"}, {{"perm", Shape{1, 0}}});
  m.node("MatMul", {"places", "turned"}, {"made"});
  m.node("Add", {"x", "made"}, {"a"});
  m.node("MatMul", {"a", "w.weight"}, {"y"});
  const LoweredNetwork network = expect_same(m);
  EXPECT_EQ(network.folded.nodes, Texts{"MatMul_1"});
  EXPECT_EQ(network.folded.numbers, 8 + 12);
  EXPECT_EQ(layers_of(network), Texts{"w"});
}

}  // namespace
}  // namespace ohmic
