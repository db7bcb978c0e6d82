// Small calls of operators with their values, for the battery of operators_test.cpp. A test file of
// an operator registers its calls at namespace scope.
#pragma once

#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "nn/operators/evaluate.hpp"

namespace ohmic::test {

using Shape = std::vector<std::int64_t>;

template <class T>
ConstantTensor constant(ElementType type, Shape shape, const std::vector<T>& values) {
  auto held = std::make_shared<std::vector<T>>(values);
  held->reserve(1);  // so that there is an address where there are no numbers
  const auto* const data = reinterpret_cast<const std::byte*>(held->data());
  return {type, std::move(shape), std::shared_ptr<const std::byte>(held, data)};
}

/// Doubles, so that differences are gradients.
inline ConstantTensor reals(Shape shape, const std::vector<double>& values) {
  return constant(ElementType::f64, std::move(shape), values);
}

inline ConstantTensor floats(Shape shape, const std::vector<float>& values) {
  return constant(ElementType::f32, std::move(shape), values);
}

inline ConstantTensor wholes(Shape shape, const std::vector<std::int64_t>& values) {
  return constant(ElementType::i64, std::move(shape), values);
}

inline ConstantTensor bytes(Shape shape, const std::vector<std::uint8_t>& values) {
  return constant(ElementType::u8, std::move(shape), values);
}

inline ConstantTensor bools(Shape shape, const std::vector<std::uint8_t>& values) {
  return constant(ElementType::boolean, std::move(shape), values);
}

/// Doubles between -1 and 1 without a pattern and without ties; the same for the same `salt`.
inline ConstantTensor scattered(Shape shape, int salt = 0) {
  std::size_t n = 1;
  for (const std::int64_t side : shape) n *= static_cast<std::size_t>(side);
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double at = 0.7548776662466927 * static_cast<double>(i + 1) + 0.37 * salt;
    values[i] = 2 * (at - static_cast<double>(static_cast<std::int64_t>(at))) - 1;
  }
  return reals(std::move(shape), values);
}

/// What an absent optional input is.
inline ConstantTensor absent() { return {ElementType::f32, {1}, nullptr}; }

struct OperatorCase {
  std::string op;
  std::map<std::string, Attribute> attributes;
  std::vector<ConstantTensor> inputs;
  std::vector<double> expected;  ///< numbers of output 0; empty: what is general is checked alone
  Shape shape{};                 ///< of output 0; empty: not compared
  int opset = 20;
  bool smooth = false;   ///< its gradients are compared with differences
  bool batched = false;  ///< axis 0 of input 0 and of the outputs counts samples
  std::size_t outputs = 1;
};

ModelNode node_of(const OperatorCase&);

std::vector<OperatorCase>& operator_cases();

struct RegisterCases {
  RegisterCases(std::initializer_list<OperatorCase> cases) {
    operator_cases().insert(operator_cases().end(), cases.begin(), cases.end());
  }
};

/// x as another type, by the number that ONNX's TensorProto.DataType gives it.
inline ConstantTensor as_type(const ConstantTensor& x, std::int64_t type) {
  const ModelNode cast{"Cast", "cast", {"x"}, {"y"}, {{"to", type}}};
  return evaluate(cast, 20, {x}).front();
}

/// The numbers of a tensor as doubles.
inline std::vector<double> numbers_of(const ConstantTensor& tensor) {
  const ConstantTensor y = as_type(tensor, 11);
  std::vector<double> numbers(static_cast<std::size_t>(y.elements()));
  if (!numbers.empty()) std::memcpy(numbers.data(), y.data.get(), numbers.size() * sizeof(double));
  return numbers;
}

}  // namespace ohmic::test
