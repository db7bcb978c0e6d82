// The battery: every registered operator has calls with known values, and what holds for all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/operators/evaluate.hpp"
#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"
#include "tests/nn/operator_cases.hpp"
#include "tests/nn/operators_document.hpp"

namespace ohmic::test {

std::vector<OperatorCase>& operator_cases() {
  static std::vector<OperatorCase> cases;
  return cases;
}

ModelNode node_of(const OperatorCase& one) {
  ModelNode node{one.op, "n", {}, {}, one.attributes};
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    node.inputs.push_back(one.inputs[i].data == nullptr ? "" : "x" + std::to_string(i));
  }
  for (std::size_t i = 0; i < one.outputs; ++i) node.outputs.push_back("y" + std::to_string(i));
  return node;
}

namespace {

std::string described(const OperatorCase& one) {
  const auto& cases = operator_cases();
  const auto of_it = [&](const OperatorCase& other) {
    return &other <= &one && other.op == one.op;
  };
  return one.op + ", call " + std::to_string(std::count_if(cases.begin(), cases.end(), of_it));
}

std::vector<ConstantTensor> outputs_of(const OperatorCase& one,
                                       const std::vector<ConstantTensor>& inputs) {
  return evaluate(node_of(one), one.opset, inputs);
}

void expect_near(const std::vector<double>& seen, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(seen.size(), expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == expected[i]) continue;  // infinities
    EXPECT_NEAR(seen[i], expected[i], tolerance * std::max(1., std::abs(expected[i]))) << i;
  }
}

TEST(Operators, EachHasACall) {
  std::set<std::string> called;
  for (const OperatorCase& one : operator_cases()) called.insert(one.op);
  for (const std::string& name : operator_names()) {
    EXPECT_TRUE(called.contains(name)) << name << " has no call in tests/nn/*_test.cpp";
  }
  for (const std::string& name : called) EXPECT_NE(find_operator(name), nullptr) << name;
}

TEST(Operators, GiveTheirValues) {
  for (const OperatorCase& one : operator_cases()) {
    SCOPED_TRACE(described(one));
    const ConstantTensor y = outputs_of(one, one.inputs).front();
    if (!one.shape.empty()) {
      EXPECT_EQ(y.shape, one.shape);
    }
    const double tolerance = y.type == ElementType::f32 ? 2e-6 : 1e-9;
    if (!one.expected.empty()) expect_near(numbers_of(y), one.expected, tolerance);
  }
}

double weighted(const OperatorCase& one, const std::vector<ConstantTensor>& inputs,
                const std::vector<ConstantTensor>& weights) {
  double sum = 0;
  std::size_t k = 0;
  for (const ConstantTensor& y : outputs_of(one, inputs)) {
    if (y.type != ElementType::f64) continue;
    const std::vector<double> numbers = numbers_of(y), factors = numbers_of(weights.at(k++));
    for (std::size_t i = 0; i < numbers.size(); ++i) sum += numbers[i] * factors[i];
  }
  return sum;
}

/// Central differences in double: their error is about step^2.
std::vector<double> differences(const OperatorCase& one, std::size_t input,
                                const std::vector<ConstantTensor>& weights) {
  constexpr double kStep = 1e-5;
  std::vector<ConstantTensor> inputs = one.inputs;
  const std::vector<double> at = numbers_of(inputs[input]);
  std::vector<double> gradient;
  for (std::size_t i = 0; i < at.size(); ++i) {
    double sides[2];
    for (const int side : {0, 1}) {
      std::vector<double> moved = at;
      moved[i] += side == 0 ? -kStep : kStep;
      inputs[input] = reals(one.inputs[input].shape, moved);
      sides[side] = weighted(one, inputs, weights);
    }
    gradient.push_back((sides[1] - sides[0]) / (2 * kStep));
  }
  return gradient;
}

TEST(Operators, GradientsAreThoseOfDifferences) {
  std::size_t compared = 0;
  for (const OperatorCase& one : operator_cases()) {
    if (!one.smooth) continue;
    SCOPED_TRACE(described(one));
    std::vector<ConstantTensor> weights;
    for (const ConstantTensor& y : outputs_of(one, one.inputs)) {
      if (y.type == ElementType::f64) weights.push_back(scattered(y.shape, 5));
    }
    const auto seen = gradients(node_of(one), one.opset, one.inputs, weights);
    for (std::size_t i = 0; i < one.inputs.size(); ++i) {
      if (one.inputs[i].data == nullptr || one.inputs[i].type != ElementType::f64) continue;
      SCOPED_TRACE("input " + std::to_string(i));
      expect_near(numbers_of(seen[i]), differences(one, i, weights), 1e-6);
      ++compared;
    }
  }
  EXPECT_GT(compared, 50U);
}

/// Sample i of a tensor whose axis 0 counts samples.
ConstantTensor sample(const ConstantTensor& batch, std::int64_t i) {
  ConstantTensor one = batch;
  one.shape[0] = 1;
  const auto bytes =
      static_cast<std::ptrdiff_t>(one.elements()) * static_cast<std::ptrdiff_t>(size_of(one.type));
  one.data = {batch.data, batch.data.get() + i * bytes};
  return one;
}

TEST(Operators, ASampleInABatchIsTheSampleAlone) {
  std::size_t compared = 0;
  for (const OperatorCase& one : operator_cases()) {
    if (!one.batched) continue;
    SCOPED_TRACE(described(one));
    const auto together = outputs_of(one, one.inputs);
    ASSERT_GT(one.inputs[0].shape[0], 1);
    for (std::int64_t i = 0; i < one.inputs[0].shape[0]; ++i) {
      std::vector<ConstantTensor> inputs = one.inputs;
      inputs[0] = sample(inputs[0], i);
      const auto alone = outputs_of(one, inputs);
      for (std::size_t k = 0; k < alone.size(); ++k) {
        expect_near(numbers_of(alone[k]), numbers_of(sample(together[k], i)), 1e-12);
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 50U);
}

/// float32 (1), float16 (10) and bfloat16 (16) give what double gives, each to its precision.
TEST(Operators, WorkWithAnyFloat) {
  for (const OperatorCase& one : operator_cases()) {
    if (!one.smooth) continue;
    const auto expected = numbers_of(outputs_of(one, one.inputs).front());
    for (const auto& [type, tolerance] : {std::pair{1, 1e-4}, {10, 5e-2}, {16, 3e-1}}) {
      SCOPED_TRACE(described(one) + " in type " + std::to_string(type));
      std::vector<ConstantTensor> inputs = one.inputs;
      for (ConstantTensor& x : inputs) {
        if (x.data != nullptr && x.type == ElementType::f64) x = as_type(x, type);
      }
      const ConstantTensor y = outputs_of(one, inputs).front();
      expect_near(numbers_of(y), expected, tolerance);
      if (find_operator(one.op)->chooses_types) continue;
      EXPECT_EQ(size_of(y.type), type == 1 ? 4U : 2U);
    }
  }
}

TEST(Operators, WhatIsNonNegativeNeverIsNegative) {
  for (const OperatorCase& one : operator_cases()) {
    SCOPED_TRACE(described(one));
    const Sign sign = find_operator(one.op)->sign;
    if (sign == Sign::unknown) continue;
    bool positive = true;
    for (const ConstantTensor& x : one.inputs) {
      if (x.data == nullptr) continue;
      positive = positive && x.elements() > 0;
      for (const double number : numbers_of(x)) positive = positive && number >= 0;
    }
    if (sign == Sign::as_inputs && !positive) continue;
    for (const double number : numbers_of(outputs_of(one, one.inputs).front())) {
      EXPECT_FALSE(number < 0) << number;
    }
  }
}

TEST(Operators, AreInTheDocument) {
  EXPECT_NE(text_of(operators_file()).find(operators_table()), std::string::npos)
      << "docs/operators.md is out of date: run onnx_conformance_slow_test with OHMIC_UPDATE=1";
}

std::string message_of(const OperatorCase& one) {
  try {
    outputs_of(one, one.inputs);
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing is wrong";
}

TEST(Operators, RefuseInOneSentence) {
  EXPECT_EQ(message_of({"Nothing", {}, {}, {}}),
            "n (Nothing): no such operator is supported (opset 20)");
  EXPECT_EQ(message_of({"Relu", {}, {}, {}}), "n (Relu): input 0 is missing");
  EXPECT_EQ(message_of({"Gelu", {{"approximate", "erf"}}, {reals({1}, {1})}, {}}),
            "n (Gelu): approximate = \"erf\"; \"none\" and \"tanh\" are accepted");
  EXPECT_EQ(message_of({"Elu", {{"alpha", "1"}}, {reals({1}, {1})}, {}}),
            "n (Elu): attribute 'alpha' is not a number");
  EXPECT_EQ(message_of({"Softmax", {{"axis", std::int64_t{2}}}, {reals({1}, {1})}, {}}),
            "n (Softmax): axis 2 of a tensor with 1 axis");
  EXPECT_EQ(message_of({"Col2Im",
                        {},
                        {scattered({1, 8, 1}), wholes({3}, {2, 2, 2}), wholes({3}, {2, 2, 2})},
                        {}}),
            "n (Col2Im): another number of spatial axes than two");
  EXPECT_EQ(message_of({"Squeeze", {}, {scattered({2, 3}), wholes({2}, {1, -1})}, {}}),
            "n (Squeeze): axis 1 is named twice");
  EXPECT_EQ(message_of({"ConstantOfShape", {}, {wholes({2}, {1 << 20, 1 << 20})}, {}}),
            "n (ConstantOfShape): its output would hold more than 2^31 numbers");
  EXPECT_EQ(message_of({"ConstantOfShape", {}, {wholes({1}, {-3})}, {}}),
            "n (ConstantOfShape): a side of -3; it must not be negative");
  EXPECT_EQ(message_of({"Add", {}, {scattered({2}), scattered({3})}, {}}),
            "n (Add): The size of tensor a (2) must match the size of tensor b (3) at "
            "non-singleton dimension 0");
  EXPECT_EQ(message_of({"Cast", {{"to", std::int64_t{8}}}, {reals({1}, {1})}, {}}),
            "n (Cast): ONNX's data type 8; floats of 16, 32 and 64 bits, whole numbers of 8 to 64 "
            "and bool are accepted");
}

}  // namespace
}  // namespace ohmic::test
