// Operators of PyTorch in small programs as torch.export writes them; values by hand. Each program
// begins with y = x w', w = ((1, 2), (3, 4), (5, 6)): y = (1, 3, 5) for x = (1, 0).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "nn/lowering/lower.hpp"
#include "nn/operators/evaluate.hpp"
#include "tests/nn/pt2_program.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace test::pt2;
using Numbers = std::vector<float>;

std::string whole(int value) { return R"({"as_int":)" + std::to_string(value) + "}"; }
std::string flag(bool value) {
  return R"({"as_bool":)" + std::string(value ? "true" : "false") + "}";
}
std::string wholes(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return R"({"as_ints":[)" + text + "]}";
}

/// node() with an output that is a whole number.
std::string number_node(const char* op, const std::string& inputs, const std::string& output) {
  return R"({"target":"torch.ops.aten.)" + std::string(op) + R"(","name":")" + output +
         R"(","inputs":[)" + inputs + R"(],"outputs":[{"as_sym_int":{"as_name":")" + output +
         R"("}}],"metadata":{}})";
}

constexpr int kInt64 = 5, kFloat = 7, kFlag = 12;  // PyTorch's numbers of types

class AtenOperator : public ::testing::Test {
 protected:
  /// A node more, of that shape and type; the last is the program's output.
  void add(const std::string& node, const std::string& output, const std::vector<int>& shape,
           int type = kFloat) {
    program_.more += "," + node;
    program_.values +=
        ",\"" + output + "\":" + meta(shape, std::vector<int>(shape.size(), 1), type);
    program_.out = output;
  }
  void add_number(const std::string& node) { program_.more += "," + node; }

  ImportedModel model() { return read_model(folder_.write("net.pt2", program_.archive().bytes())); }
  std::string said() {
    const std::string error = test::error_of([&] { model(); });
    return error.substr(std::min(error.size(), error.find(": ") + 2));
  }
  /// The answers to x, rows of two.
  Numbers answers(const Numbers& x) {
    const ConstantTensor sample{
        ElementType::f32,
        {static_cast<std::int64_t>(x.size() / 2), 2},
        {std::shared_ptr<void>(), reinterpret_cast<const std::byte*>(x.data())}};
    const ConstantTensor out = evaluate(model(), {sample}).at(0);
    EXPECT_EQ(out.type, ElementType::f32);
    Numbers values(static_cast<std::size_t>(out.elements()));
    std::memcpy(values.data(), out.data.get(), values.size() * sizeof(float));
    return values;
  }
  /// The last output, of another type, as floats.
  void as_floats(const std::string& of, const std::vector<int>& shape) {
    add(node("to.dtype",
             argument("self", tensor(of.c_str())) + "," +
                 argument("dtype", R"({"as_scalar_type":7})"),
             "floats"),
        "floats", shape);
  }
  /// `bags`: where x is whole numbers, rows of w for each row of them, by what `more` says.
  void add_bags(const std::string& more, const std::string& begins = "begins",
                const char* op = "embedding_bag.padding_idx") {
    add(node("_to_copy.default",
             argument("self", tensor("x")) + "," + argument("dtype", R"({"as_scalar_type":5})"),
             "whole"),
        "whole", {-1, 2}, kInt64);
    add_number(number_node("sym_numel.default", argument("self", tensor("whole")), "count"));
    add(node("arange.start_step",
             argument("start", whole(0)) + "," +
                 argument("end", R"({"as_sym_int":{"as_name":"count"}})") + "," +
                 argument("step", whole(2)) + "," + argument("dtype", R"({"as_scalar_type":5})"),
             "begins"),
        "begins", {-1}, kInt64);
    add(node("reshape.default",
             argument("self", tensor("whole")) + "," + argument("shape", wholes({-1})), "flat"),
        "flat", {-1}, kInt64);
    add(node(op,
             argument("weight", tensor("p_w")) + "," + argument("indices", tensor("flat")) + "," +
                 argument("offsets", tensor(begins.c_str())) + more,
             "bags"),
        "bags", {-1, 2});
  }
  void add_part_of_y(int columns) {
    add(node("slice.Tensor",
             argument("self", tensor("y")) + "," + argument("dim", whole(1)) + "," +
                 argument("start", whole(0)) + "," + argument("end", whole(columns)),
             "part"),
        "part", {-1, columns});
  }

  Program program_;
  test::TemporaryFolder folder_;
};

TEST_F(AtenOperator, AnyAndAllAreFlagsOfWhatIsNotZero) {
  const auto made = [&](const char* op, const std::string& more, const std::vector<int>& shape) {
    program_ = {};
    add(node(op, argument("self", tensor("y")) + more, "set"), "set", shape, kFlag);
    as_floats("set", shape);
    return answers({0, 0, 2, -1, 0.5, 0});  // y = (0, 0, 0), (0, 2, 4), (0.5, 1.5, 2.5)
  };
  const std::string last = "," + argument("dim", whole(-1)),
                    kept = "," + argument("keepdim", flag(true));
  EXPECT_EQ(made("any.dim", last, {-1}), (Numbers{0, 1, 1}));
  EXPECT_EQ(made("all.dim", last, {-1}), (Numbers{0, 0, 1}));
  EXPECT_EQ(made("any.dim", "," + argument("dim", whole(0)) + kept, {1, 3}), (Numbers{1, 1, 1}));
  EXPECT_EQ(made("all.dim", "," + argument("dim", whole(0)) + kept, {1, 3}), (Numbers{0, 0, 0}));
  EXPECT_EQ(made("any.dims", "," + argument("dim", wholes({0, 1})), {}), Numbers{1});
  EXPECT_EQ(made("any.default", "", {}), Numbers{1});
  EXPECT_EQ(made("all.default", "", {}), Numbers{0});
  // No axis at all: each number by itself.
  EXPECT_EQ(made("any.dims", "," + argument("dim", wholes({})), {-1, 3}),
            (Numbers{0, 0, 0, 0, 1, 1, 1, 1, 1}));
}

// One group of all three numbers: (-2, 0, 2) / sqrt(8/3).
TEST_F(AtenOperator, NativeGroupNormIsGroupNorm) {
  add(node("native_group_norm.default",
           argument("input", tensor("y")) + "," + argument("weight", R"({"as_none":true})") + "," +
               argument("bias", R"({"as_none":true})") + "," + argument("N", whole(1)) + "," +
               argument("C", whole(3)) + "," + argument("HxW", whole(1)) + "," +
               argument("group", whole(1)) + "," + argument("eps", R"({"as_float":0.0})"),
           "normal"),
      "normal", {-1, 3});
  const Numbers got = answers({1, 0});
  const float unit = std::sqrt(1.5f);
  EXPECT_FLOAT_EQ(got.at(0), -unit);
  EXPECT_NEAR(got.at(1), 0, 1e-6);
  EXPECT_FLOAT_EQ(got.at(2), unit);
}

// theta = ((1, 3, 5), (2, 4, 6)) from both unit vectors: x' = x + 3 y + 5, y' = 2 x + 4 y + 6 at
// the one pixel (0, 0), and at two pixels of a row, x = -1/2 and 1/2.
TEST_F(AtenOperator, AffineGridIsWhereThePixelsLie) {
  add(node("view.default",
           argument("self", tensor("y")) + "," + argument("size", wholes({-1, 2, 3})), "theta"),
      "theta", {-1, 2, 3});
  add(node("affine_grid_generator.default",
           argument("theta", tensor("theta")) + "," + argument("size", wholes({1, 1, 1, 2})) + "," +
               argument("align_corners", flag(false)),
           "grid"),
      "grid", {-1, 1, 2, 2});
  EXPECT_EQ(answers({1, 0, 0, 1}), (Numbers{4.5, 5, 5.5, 7}));
}

class Bilinear : public AtenOperator {
 protected:
  /// sum over i and j of r_i W_oij x_j for rows r and the numbers of w as W.
  void add_bilinear(const std::vector<int>& sides, const char* rows) {
    add(node("view.default",
             argument("self", tensor("p_w")) + "," + argument("size", wholes(sides)), "matrices"),
        "matrices", sides);
    add(node("bilinear.default",
             argument("input1", tensor(rows)) + "," + argument("input2", tensor("x")) + "," +
                 argument("weight", tensor("matrices")),
             "both"),
        "both", {-1, sides[0]});
  }
};

// y' w x = y' y.
TEST_F(Bilinear, SumsOverBothInputs) {
  add_bilinear({1, 3, 2}, "y");
  EXPECT_EQ(answers({1, 0, 1, 1}), (Numbers{1 + 9 + 25, 9 + 49 + 121}));
}

// The first of y times each of w x = y.
TEST_F(Bilinear, HasAMatrixForEachOutput) {
  add_part_of_y(1);
  add_bilinear({3, 1, 2}, "part");
  EXPECT_EQ(answers({1, 0, 1, 1}), (Numbers{1, 3, 5, 9, 21, 33}));
}

TEST_F(Bilinear, ItsMatrixIsOnACrossbar) {
  add_bilinear({1, 3, 2}, "y");
  const LoweredNetwork network = lower(model(), {});
  const auto layer = std::ranges::find_if(
      network.graph.nodes, [](const Node& n) { return n.name == "both" && n.op == Op::dense; });
  ASSERT_NE(layer, network.graph.nodes.end());
  EXPECT_EQ(network.weights.at("both.weight").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(network.weights.at("both.weight").values, (Numbers{1, 3, 5, 2, 4, 6}));
  EXPECT_TRUE(network.digital.empty());
}

TEST_F(Bilinear, TheProductOfThreeThatItIsWrittenAs) {
  const auto made = [&](const std::vector<int>& summed) {
    program_ = {};
    add(node("view.default",
             argument("self", tensor("p_w")) + "," + argument("size", wholes({1, 3, 2})),
             "matrices"),
        "matrices", {1, 3, 2});
    add(node("_trilinear.default",
             argument("i1", tensor("y")) + "," + argument("i2", tensor("matrices")) + "," +
                 argument("i3", tensor("x")) + "," + argument("expand1", wholes({1, 3})) + "," +
                 argument("expand2", wholes({0})) + "," + argument("expand3", wholes({1, 2})) +
                 "," + argument("sumdim", wholes(summed)),
             "both"),
        "both", {-1, 1});
  };
  made({2, 3});
  EXPECT_EQ(answers({1, 0, 1, 1}), (Numbers{35, 179}));
  made({2});
  EXPECT_EQ(said(),
            "both (aten._trilinear.default): multiplies along other axes than those of a bilinear "
            "layer, which is accepted");
}

// Rows 0 and 2 of w are (1, 2) and (5, 6).
TEST_F(AtenOperator, BagsAreSumsMeansAndMaximaOfRows) {
  const auto made = [&](int mode, int padding) {
    program_ = {};
    add_bags("," + argument("mode", whole(mode)) + "," + argument("padding_idx", whole(padding)),
             "begins", "_embedding_bag.default");
    return answers({0, 2, 1, 1, 2, 2});
  };
  EXPECT_EQ(made(0, -1), (Numbers{6, 8, 6, 8, 10, 12}));
  EXPECT_EQ(made(1, -1), (Numbers{3, 4, 3, 4, 5, 6}));
  EXPECT_EQ(made(2, -1), (Numbers{5, 6, 3, 4, 5, 6}));
  EXPECT_EQ(made(0, 2), (Numbers{1, 2, 6, 8, 0, 0}));
  EXPECT_EQ(made(1, 2), (Numbers{1, 2, 3, 4, 0, 0}));
}

TEST_F(AtenOperator, RowsOfBagsMayBeWeighted) {
  add(node("reshape.default", argument("self", tensor("x")) + "," + argument("shape", wholes({-1})),
           "shares"),
      "shares", {-1});
  add_bags("," + argument("per_sample_weights", tensor("shares")));
  EXPECT_EQ(answers({1, 2}), (Numbers{3 + 2 * 5, 4 + 2 * 6}));
}

// y = (1, 3, 5) with y and -y written into parts of 2 y.
TEST_F(AtenOperator, PartsAreWrittenIntoCopies) {
  const auto made = [&](const std::string& into, const std::vector<int>& part) {
    program_ = {};
    add_part_of_y(2);
    add(node("neg.default", argument("self", tensor("part")), "other"), "other", part);
    add(into, "whole", {-1, 3});
    return answers({1, 0});
  };
  const auto slice = [](int begin, int end) {
    return node("slice_scatter.default",
                argument("self", tensor("y")) + "," + argument("src", tensor("other")) + "," +
                    argument("dim", whole(1)) + "," + argument("start", whole(begin)) + "," +
                    argument("end", whole(end)),
                "whole");
  };
  EXPECT_EQ(made(slice(0, 2), {-1, 2}), (Numbers{-1, -3, 5}));
  EXPECT_EQ(made(slice(-2, 99), {-1, 2}), (Numbers{1, -1, -3}));
}

// Row 0 and the last column of y as 1 x 3, twice.
TEST_F(AtenOperator, NeighbouringAxesAreIndexedTogether) {
  add(node("view.default",
           argument("self", tensor("y")) + "," + argument("size", wholes({-1, 1, 3})), "deep"),
      "deep", {-1, 1, 3});
  for (const auto& [name, step] : {std::pair{"rows", 0}, std::pair{"columns", -1}})
    add(node("full.default",
             argument("size", wholes({2})) + "," + argument("fill_value", whole(step)) + "," +
                 argument("dtype", R"({"as_scalar_type":5})"),
             name),
        name, {2}, kInt64);
  add(node("index.Tensor",
           argument("self", tensor("deep")) + "," +
               argument("indices", R"({"as_optional_tensors":[{"as_none":true},)" + tensor("rows") +
                                       "," + tensor("columns") + "]}"),
           "picked"),
      "picked", {-1, 2});
  EXPECT_EQ(answers({1, 0}), (Numbers{5, 5}));
}

// As SELU is decomposed, and CELU: 2 (x > 0 ? x : 3 (exp(x / 2) - 1)) at (-1, -3, -5).
TEST_F(AtenOperator, EluMayScaleWhatItTakesAndGives) {
  const auto real = [](const char* value) { return R"({"as_float":)" + std::string(value) + "}"; };
  add(node("elu.default",
           argument("self", tensor("y")) + "," + argument("alpha", real("3.0")) + "," +
               argument("scale", real("2.0")) + "," + argument("input_scale", real("0.5")),
           "bent"),
      "bent", {-1, 3});
  const Numbers got = answers({-1, 0, 1, 0});
  for (const int i : {0, 1, 2}) {
    const double y = 2 * i + 1;
    EXPECT_NEAR(got.at(static_cast<std::size_t>(i)), 2 * 3 * (std::exp(-y / 2) - 1), 1e-5);
    EXPECT_FLOAT_EQ(got.at(static_cast<std::size_t>(i) + 3), static_cast<float>(2 * y));
  }
}

TEST_F(AtenOperator, EyeAndOuterAreMatrices) {
  add(node("eye.m", argument("n", whole(3)) + "," + argument("m", whole(2)), "one"), "one", {3, 2});
  add(node("mm.default", argument("self", tensor("y")) + "," + argument("mat2", tensor("one")),
           "first"),
      "first", {-1, 2});
  EXPECT_EQ(answers({1, 0, 0, 1}), (Numbers{1, 3, 2, 4}));
  program_ = {};
  add(node("eye.default", argument("n", whole(3)), "one"), "one", {3, 3});
  add(node("add.Tensor", argument("self", tensor("y")) + "," + argument("other", tensor("one")),
           "sum"),
      "sum", {3, 3});
  EXPECT_EQ(answers({1, 0, 1, 0, 1, 0}), (Numbers{2, 3, 5, 1, 4, 5, 1, 3, 6}));
  program_ = {};
  for (const auto& [name, row] : {std::pair{"a", 0}, std::pair{"b", 2}})
    add(node("select.int",
             argument("self", tensor("p_w")) + "," + argument("dim", whole(0)) + "," +
                 argument("index", whole(row)),
             name),
        name, {2});
  add(node("outer.default", argument("self", tensor("a")) + "," + argument("vec2", tensor("b")),
           "matrix"),
      "matrix", {2, 2});
  add(node("mm.default", argument("self", tensor("x")) + "," + argument("mat2", tensor("matrix")),
           "z"),
      "z", {-1, 2});
  EXPECT_EQ(answers({1, 0, 0, 1}), (Numbers{5, 6, 10, 12}));  // (1, 2)' (5, 6)
}

// y = (1, 3, 5); x = (1, 0) is put at, or added to, columns 2 and 2, or 2 and 0.
TEST_F(AtenOperator, NumbersAreAddedAndPutAlongAnAxis) {
  const auto made = [&](const std::string& op, const std::string& arguments, int second) {
    program_ = {};
    add(node("full.default",
             argument("size", wholes({2})) + "," + argument("fill_value", whole(2)) + "," +
                 argument("dtype", R"({"as_scalar_type":5})"),
             "twos"),
        "twos", {2}, kInt64);
    add(node("arange.start_step",
             argument("start", whole(0)) + "," + argument("end", whole(2)) + "," +
                 argument("step", whole(1)) + "," + argument("dtype", R"({"as_scalar_type":5})"),
             "steps"),
        "steps", {2}, kInt64);
    add(node("mul.Tensor",
             argument("self", tensor("steps")) + "," + argument("other", whole(2 - second)),
             "back"),
        "back", {2}, kInt64);
    add(node("sub.Tensor",
             argument("self", tensor("twos")) + "," + argument("other", tensor("back")), "at"),
        "at", {2}, kInt64);
    add(node(op.c_str(), argument("self", tensor("y")) + "," + arguments, "z"), "z", {-1, 3});
    return answers({1, 0});
  };
  const auto added = argument("dim", whole(-1)) + "," + argument("index", tensor("at")) + "," +
                     argument("source", tensor("x"));
  EXPECT_EQ(made("index_add.default", added, 2), (Numbers{1, 3, 6}));
  EXPECT_EQ(made("index_add.default", added + "," + argument("alpha", whole(3)), 0),
            (Numbers{1, 3, 8}));
  EXPECT_EQ(made("index_copy.default", added, 0), (Numbers{0, 3, 1}));
  const std::string places =
      argument("indices", R"({"as_optional_tensors":[{"as_none":true},)" + tensor("at") + "]}") +
      "," + argument("values", tensor("x"));
  const std::string adds = "," + argument("accumulate", flag(true));
  EXPECT_EQ(made("index_put.default", places + adds, 2), (Numbers{1, 3, 6}));
  EXPECT_EQ(made("index_put.default", places + adds, 0), (Numbers{1, 3, 6}));
  EXPECT_EQ(made("index_put.default", places, 0), (Numbers{0, 3, 1}));
}

// As fold is decomposed: x = (2, 1) is added to row 0, last column of y = (4, 10, 16) as 1 x 3, and
// one number is put there.
TEST_F(AtenOperator, NumbersAreAddedAndPutAtNeighbouringAxes) {
  const auto made = [&](const std::string& values, bool adds) {
    program_ = {};
    add(node("view.default",
             argument("self", tensor("y")) + "," + argument("size", wholes({-1, 1, 3})), "deep"),
        "deep", {-1, 1, 3});
    for (const auto& [name, step] : {std::pair{"rows", 0}, std::pair{"columns", -1}})
      add(node("full.default",
               argument("size", wholes({2})) + "," + argument("fill_value", whole(step)) + "," +
                   argument("dtype", R"({"as_scalar_type":5})"),
               name),
          name, {2}, kInt64);
    add(node("full.default", argument("size", wholes({})) + "," + argument("fill_value", whole(7)),
             "seven"),
        "seven", {});
    add(node("_unsafe_index_put.default",
             argument("self", tensor("deep")) + "," +
                 argument("indices", R"({"as_optional_tensors":[{"as_none":true},)" +
                                         tensor("rows") + "," + tensor("columns") + "]}") +
                 "," + argument("values", tensor(values.c_str())) + "," +
                 argument("accumulate", flag(adds)),
             "z"),
        "z", {-1, 1, 3});
    return answers({2, 1});
  };
  EXPECT_EQ(made("x", true), (Numbers{4, 10, 16 + 2 + 1}));
  EXPECT_EQ(made("seven", true), (Numbers{4, 10, 16 + 7 + 7}));
  EXPECT_EQ(made("seven", false), (Numbers{4, 10, 7}));
}

// A row of three as pairs of neighbours, (1, 3) and (3, 5), added up where they lay: 1, 2 x 3, 5.
TEST_F(AtenOperator, FoldAddsUpWhatUnfoldTook) {
  add(node("view.default",
           argument("self", tensor("y")) + "," + argument("size", wholes({-1, 1, 1, 3})), "image"),
      "image", {-1, 1, 1, 3});
  const std::string window =
      argument("kernel_size", wholes({1, 2})) + "," + argument("dilation", wholes({1, 1})) + "," +
      argument("padding", wholes({0, 0})) + "," + argument("stride", wholes({1, 1}));
  add(node("im2col.default", argument("self", tensor("image")) + "," + window, "pairs"), "pairs",
      {-1, 2, 2});
  add(node("col2im.default",
           argument("self", tensor("pairs")) + "," + argument("output_size", wholes({1, 3})) + "," +
               window,
           "sums"),
      "sums", {-1, 1, 1, 3});
  EXPECT_EQ(answers({1, 0}), (Numbers{1, 6, 5}));
}

// Only what changes nothing: the memory of y has 1 between columns (see add()).
TEST_F(AtenOperator, StridesOfItsOwnMemoryChangeNothing) {
  const auto strided = [&](const std::vector<int>& strides, int offset = 0) {
    program_ = {};
    add(node("neg.default", argument("self", tensor("y")), "minus"), "minus", {-1, 3});
    add(node("as_strided.default",
             argument("self", tensor("minus")) + "," +
                 argument("size", R"({"as_sym_ints":[{"as_name":"n"},{"as_int":3}]})") + "," +
                 argument("stride", wholes(strides)) + "," +
                 argument("storage_offset", whole(offset)),
             "same"),
        "same", {-1, 3});
  };
  strided({1, 1});
  EXPECT_EQ(answers({1, 0}), (Numbers{-1, -3, -5}));
  const std::string refused =
      "same (aten.as_strided.default): reads memory in an order of its own; accepted is that of "
      "its tensor, which changes nothing";
  strided({1, 3});
  EXPECT_EQ(said(), refused);
  strided({1, 1}, 1);
  EXPECT_EQ(said(), refused);
}

// An instance norm with statistics as it is decomposed: samples x channels are channels of one.
// (y - 1) / sqrt(4) for the channels of both samples.
TEST_F(AtenOperator, StatisticsOfBatchNormsMayBeRepeatedForEachSample) {
  add_number(number_node("sym_size.int",
                         argument("self", tensor("x")) + "," + argument("dim", whole(0)), "n"));
  for (const auto& [name, value] : {std::pair{"mean", 1}, std::pair{"var", 4}}) {
    const std::string of = std::string(name) + "_of_three";
    add(node("full.default",
             argument("size", wholes({3})) + "," +
                 argument("fill_value", R"({"as_float":)" + std::to_string(value) + ".0}"),
             of.c_str()),
        of, {3});
    add(node("repeat.default",
             argument("self", tensor(of.c_str())) + "," +
                 argument("repeats", R"({"as_sym_ints":[{"as_name":"n"}]})"),
             name),
        name, {-1});
  }
  add(node("view.default",
           argument("self", tensor("y")) + "," + argument("size", wholes({1, -1, 1, 1})), "wide"),
      "wide", {1, -1, 1, 1});
  add(node("_native_batch_norm_legit_no_training.default",
           argument("input", tensor("wide")) + "," + argument("weight", R"({"as_none":true})") +
               "," + argument("bias", R"({"as_none":true})") + "," +
               argument("running_mean", tensor("mean")) + "," +
               argument("running_var", tensor("var")) + "," +
               argument("momentum", R"({"as_float":0.1})") + "," +
               argument("eps", R"({"as_float":0.0})"),
           "normal"),
      "normal", {1, -1, 1, 1});
  add(node("view.default",
           argument("self", tensor("normal")) + "," + argument("size", wholes({-1, 3})), "z"),
      "z", {-1, 3});
  EXPECT_EQ(answers({1, 0, 0, 1}), (Numbers{0, 1, 2, 0.5, 1.5, 2.5}));
}

TEST_F(AtenOperator, WhatNoExportBringsIsNotToldToBeExported) {
  const auto refused = [&](const std::vector<const char*>& ops) {
    program_ = {};
    std::string from = "y";
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const std::string to = "made" + std::to_string(i);
      add(node(ops[i], argument("self", tensor(from.c_str())), to.c_str()), to, {-1, 3});
      from = to;
    }
    const std::string error = test::error_of([&] { lower(model(), {}); });
    return error.substr(error.find("operators that"));
  };
  const std::string start = "operators that are not supported (opset 20): ";
  const std::string random =
      " draws random numbers, and a network that is measured answers a sample always alike: "
      "export it as it is used, in evaluation, or with the mean of what is drawn";
  const std::string complex =
      " computes with complex numbers, which no operator here has: take spectra as samples, or "
      "write them as products with matrices of cosines and sines";
  const std::string way =
      " PyTorch's own, of which `ohmic list aten` says which are supported; torch.onnx.export(..., "
      "dynamo=True) writes many as ONNX's, and run_decompositions() before saving, or leaving it "
      "out, others";
  EXPECT_EQ(refused({"randn_like.default"}),
            start + "aten.randn_like.default (made0). aten.randn_like.default" + random);
  EXPECT_EQ(refused({"fft_rfft.default", "abs.default"}),
            start + "aten.fft_rfft.default (made0). aten.fft_rfft.default" + complex);
  EXPECT_EQ(refused({"digamma.default"}), start + "aten.digamma.default (made0). These are" + way);
  EXPECT_EQ(refused({"digamma.default", "bernoulli.p"}),
            start + "aten.bernoulli.p (made1); aten.digamma.default (made0). aten.bernoulli.p" +
                random + ". The others are" + way);
}

TEST_F(AtenOperator, LayersWithProjectionsAreToldTheWayOut) {
  const auto list = [](int count) {
    std::string names;
    for (int i = 0; i < count; ++i) names += std::string(i > 0 ? "," : "") + R"({"name":"p_w"})";
    return R"({"as_tensors":[)" + names + "]}";
  };
  add(node("lstm.input",
           argument("input", tensor("y")) + "," + argument("hx", list(2)) + "," +
               argument("params", list(5)) + "," + argument("has_biases", flag(true)) + "," +
               argument("num_layers", whole(1)),
           "states"),
      "states", {-1, 1, 3});
  EXPECT_EQ(said(),
            "states (aten.lstm.input): has projections (proj_size); accepted are layers without "
            "them, and programs after run_decompositions(), which writes their steps one by one");
}

TEST_F(AtenOperator, BagsOfOtherKindsAreRefused) {
  const auto says = [&](const std::string& more, const std::string& begins = "begins") {
    program_ = {};
    add_bags(more, begins);
    return said();
  };
  const std::string name = "bags (aten.embedding_bag.padding_idx): ";
  const std::string sizes =
      name + "has bags of any size (offsets); accepted are indices of two axes, each row a bag";
  EXPECT_EQ(says("", "flat"), sizes);
  EXPECT_EQ(says("," + argument("include_last_offset", flag(true))), sizes);
  EXPECT_EQ(says("," + argument("mode", whole(3))), name + "has mode 3; accepted are 0, 1 and 2");
  EXPECT_EQ(says("," + argument("mode", whole(2)) + "," + argument("padding_idx", whole(0))),
            name + "has maxima beside a padding_idx; accepted are sums and means beside one");
}

}  // namespace
}  // namespace ohmic
