// Operators of PyTorch (aten_operator.hpp) that put numbers in places, and those that programs
// after run_decompositions() have; values by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "nn/lowering/lower.hpp"
#include "tests/nn/aten_operator.hpp"

namespace ohmic {
namespace {

using namespace test::pt2;

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

}  // namespace
}  // namespace ohmic
