// Arithmetic, comparisons and logic, element by element with numpy's broadcasting.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/div.h>
#include <ATen/ops/linalg_det.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/where.h>

#include <functional>
#include <limits>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

template <Tensor (Tensor::*F)() const>
Tensors unary(const Call& call) {
  return {(call[0].*F)()};
}

template <Tensor (Tensor::*F)(const Tensor&) const>
Tensors binary(const Call& call) {
  return {(call[0].*F)(call[1])};
}

template <Tensor (Tensor::*F)(const Tensor&) const>
Tensor folded(const Call& call) {
  Tensor y = call[0];
  for (std::size_t i = 1; i < call.size(); ++i) y = (y.*F)(call[i]);
  return y;
}

template <Tensor (Tensor::*F)(const Tensor&) const>
Tensors variadic(const Call& call) {
  return {folded<F>(call)};
}

Tensor sum(const Call& call) {
  Tensor y = call[0];
  for (std::size_t i = 1; i < call.size(); ++i) y = y + call[i];
  return y;
}

bool is_whole(const Tensor& t) { return at::isIntegralType(t.scalar_type(), false); }

/// Whole divisors without -1, by which a processor does not divide the smallest of numbers.
Tensor without_minus_one(const Tensor& divisor) { return divisor.masked_fill(divisor.eq(-1), 1); }

/// Whole numbers are divided towards zero.
Tensors divide(const Call& call) {
  const Tensor &a = call[0], &b = call[1];
  if (!at::isIntegralType(a.scalar_type(), true)) return {a / b};
  if (!is_whole(b) || !b.is_signed()) return {at::div(a, b, "trunc")};
  return {at::div(at::where(b.eq(-1), a.neg(), a), without_minus_one(b), "trunc")};
}

/// The sign is the divisor's, or the dividend's with fmod = 1.
Tensors modulo(const Call& call) {
  const Tensor b = is_whole(call[1]) && call[1].is_signed() ? without_minus_one(call[1]) : call[1];
  return {call.flag("fmod", false) ? call[0].fmod(b) : call[0].remainder(b)};
}

/// Base and exponent may be of different types: the result has the base's.
Tensors power(const Call& call) {
  const Tensor& base = call[0];
  const Tensor& exponent = call.on_host(1);
  const bool number = exponent.is_cpu() && exponent.dim() == 0 && !exponent.requires_grad();
  if (number && at::isFloatingType(base.scalar_type())) {
    return {at::pow(base, exponent.item().toDouble())};
  }
  return {at::pow(base, call[1]).to(base.scalar_type())};
}

Tensors bit_shift(const Call& call) {
  const std::string direction = call.text("direction", "");
  if (direction == "LEFT") return {call[0].bitwise_left_shift(call[1])};
  if (direction == "RIGHT") return {call[0].bitwise_right_shift(call[1])};
  call.refuse("direction = \"" + direction + "\"; \"LEFT\" and \"RIGHT\" are accepted");
}

Tensors is_infinite(const Call& call) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Tensor found = call[0].isinf();
  if (!call.flag("detect_positive", true)) found = found.logical_and(call[0].ne(kInfinity));
  if (!call.flag("detect_negative", true)) found = found.logical_and(call[0].ne(-kInfinity));
  return {found};
}

const RegisterOperator kUnary{
    {"Abs", unary<&Tensor::abs>, Sign::non_negative},
    {"Acos", unary<&Tensor::acos>, Sign::non_negative},
    {"Acosh", unary<&Tensor::acosh>, Sign::non_negative},
    {"Asin", unary<&Tensor::asin>, Sign::as_inputs},
    {"Asinh", unary<&Tensor::asinh>, Sign::as_inputs},
    {"Atan", unary<&Tensor::atan>, Sign::as_inputs},
    {"Atanh", unary<&Tensor::atanh>, Sign::as_inputs},
    {"Ceil", unary<&Tensor::ceil>, Sign::as_inputs},
    {"Cos", unary<&Tensor::cos>},
    {"Cosh", unary<&Tensor::cosh>, Sign::non_negative},
    {"Det", [](const Call& c) -> Tensors { return {at::linalg_det(c[0])}; }},
    {"Erf", unary<&Tensor::erf>, Sign::as_inputs},
    {"Exp", unary<&Tensor::exp>, Sign::non_negative},
    {"Floor", unary<&Tensor::floor>, Sign::as_inputs},
    {"IsInf", is_infinite, Sign::non_negative},
    {"IsNaN", unary<&Tensor::isnan>, Sign::non_negative},
    {"Log", unary<&Tensor::log>},
    {"Neg", unary<&Tensor::neg>},
    {"Not", unary<&Tensor::logical_not>, Sign::non_negative},
    {"Reciprocal", unary<&Tensor::reciprocal>, Sign::as_inputs},
    {"Round", unary<&Tensor::round>, Sign::as_inputs},
    {"Sign", unary<&Tensor::sign>, Sign::as_inputs},
    {"Sin", unary<&Tensor::sin>},
    {"Sinh", unary<&Tensor::sinh>, Sign::as_inputs},
    {"Sqrt", unary<&Tensor::sqrt>, Sign::non_negative},
    {"Tan", unary<&Tensor::tan>},
    {"Tanh", unary<&Tensor::tanh>, Sign::as_inputs},
};

const RegisterOperator kBinary{
    {"Add", [](const Call& c) -> Tensors { return {c[0] + c[1]}; }, Sign::as_inputs},
    {"Sub", [](const Call& c) -> Tensors { return {c[0] - c[1]}; }},
    {"Mul", [](const Call& c) -> Tensors { return {c[0] * c[1]}; }, Sign::as_inputs},
    {"Div", divide, Sign::as_inputs},
    {"Pow", power, Sign::as_inputs},
    {"Mod", modulo, Sign::as_inputs},
    {"And", binary<&Tensor::logical_and>, Sign::non_negative},
    {"Or", binary<&Tensor::logical_or>, Sign::non_negative},
    {"Xor", binary<&Tensor::logical_xor>, Sign::non_negative},
    {"Equal", binary<&Tensor::eq>, Sign::non_negative},
    {"Greater", binary<&Tensor::gt>, Sign::non_negative},
    {"GreaterOrEqual", binary<&Tensor::ge>, Sign::non_negative},
    {"Less", binary<&Tensor::lt>, Sign::non_negative},
    {"LessOrEqual", binary<&Tensor::le>, Sign::non_negative},
    {"BitwiseAnd", binary<&Tensor::bitwise_and>},
    {"BitwiseOr", binary<&Tensor::bitwise_or>},
    {"BitwiseXor", binary<&Tensor::bitwise_xor>},
    {"BitShift", bit_shift},
};

const RegisterOperator kVariadic{
    {"Max", variadic<&Tensor::maximum>, Sign::as_inputs},
    {"Min", variadic<&Tensor::minimum>, Sign::as_inputs},
    {"Sum", [](const Call& c) -> Tensors { return {sum(c)}; }, Sign::as_inputs},
    {"Mean", [](const Call& c) -> Tensors { return {sum(c) / static_cast<double>(c.size())}; },
     Sign::as_inputs},
    {"Where", [](const Call& c) -> Tensors { return {at::where(c[0], c[1], c[2])}; },
     Sign::as_inputs},
};

}  // namespace
}  // namespace ohmic
