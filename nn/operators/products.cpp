// Products of matrices.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

Tensors gemm(const Call& call) {
  const Tensor a = call.flag("transA", false) ? call[0].t() : call[0];
  const Tensor b = call.flag("transB", false) ? call[1].t() : call[1];
  const bool whole = at::isIntegralType(a.scalar_type(), false);
  const auto factor = [&](const char* key) {
    const double value = call.number(key, 1);
    return whole ? at::Scalar(static_cast<std::int64_t>(value)) : at::Scalar(value);
  };
  if (call.has(2)) return {at::addmm(call[2], a, b, factor("beta"), factor("alpha"))};
  const Tensor y = at::matmul(a, b);
  return {call.number("alpha", 1) == 1 ? y : y * factor("alpha")};
}

Tensors einsum(const Call& call) {
  const Tensors terms(call.inputs().begin(), call.inputs().end());
  return {at::einsum(call.text("equation", ""), terms)};
}

/// Whole numbers, of which input 2 + i is subtracted first; rows of A have a zero point each.
Tensor centred(const Call& call, std::size_t i) {
  const Tensor x = call[i].to(at::kInt);
  if (!call.has(2 + i)) return x;
  const Tensor zero = call[2 + i].to(at::kInt);
  return x - (i == 0 && zero.dim() == 1 && zero.numel() > 1 ? zero.unsqueeze(1) : zero);
}

const RegisterOperator kRegisterProducts{
    {"Gemm", gemm},
    {"MatMul", [](const Call& c) -> Tensors { return {at::matmul(c[0], c[1])}; }, Sign::as_inputs},
    {"MatMulInteger",
     [](const Call& c) -> Tensors { return {at::matmul(centred(c, 0), centred(c, 1))}; }},
    {"Einsum", einsum, Sign::as_inputs},
};

}  // namespace
}  // namespace ohmic
