// Operators of PyTorch (aten_operator.hpp); values by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/lowering/lower.hpp"
#include "tests/nn/aten_operator.hpp"

namespace ohmic {
namespace {

using namespace test::pt2;

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
