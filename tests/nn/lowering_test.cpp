// Small models, each with one thing that can go wrong: the lowered network answers as the operators
// themselves do, computed by LibTorch and through crossbars with every device exact.
#include <gtest/gtest.h>

#include "nn/network/name_pattern.hpp"
#include "tests/nn/model_maker.hpp"

namespace ohmic {
namespace {

using namespace test;

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

TEST(Lowering, ANumberBeyondInt64NamesFileAndConstant) {
  ModelMaker m({4}, "y");
  m.weight("w", {4, 3});
  m.model.constants["z\n"] = tensor(ElementType::u64, {1}, std::vector<std::uint64_t>{1ull << 63});
  m.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(refusal(m.model), m.model.file.string() +
                                  ": constant z? holds a uint64 of 9223372036854775808, "
                                  "which exceeds int64");
}

// A few bytes that ask for gigabytes, of which a network needs none.
TEST(Lowering, TakesNoMoreMemoryThanAFileOfItsSizeMay) {
  ModelMaker m({4}, "y");
  m.weight("w", {4, 3});
  m.integers("side", {40000, 40000});
  m.node("ConstantOfShape", {"side"}, {"huge"});
  m.node("ReduceSum", {"huge"}, {"sum"}, {{"keepdims", std::int64_t{0}}});
  m.node("MatMul", {"x", "w"}, {"a"});
  m.node("Add", {"a", "sum"}, {"y"});
  m.model.opset = 11;
  EXPECT_EQ(refusal(m.model),
            "made.onnx: ConstantOfShape_0 (ConstantOfShape): would take 6103 MiB more of memory "
            "than a file of its size may (docs/reliability.md, Limits)");
  m.integers("side", {40, 40});
  EXPECT_EQ(refusal(m.model), "accepted");
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
