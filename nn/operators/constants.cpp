// Tensors that are made rather than computed, and changes of type.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// A type by the number that ONNX's TensorProto.DataType gives it.
at::ScalarType type_of(const Call& call, std::int64_t number) {
  switch (number) {
    case 1:
      return at::kFloat;
    case 2:
      return at::kByte;
    case 3:
      return at::kChar;
    case 5:
      return at::kShort;
    case 4:  // uint16
    case 6:
      return at::kInt;
    case 7:
    case 12:  // uint32
    case 13:  // uint64
      return at::kLong;
    case 9:
      return at::kBool;
    case 10:
      return at::kHalf;
    case 11:
      return at::kDouble;
    case 16:
      return at::kBFloat16;
    default:
      call.refuse("ONNX's data type " + std::to_string(number) +
                  "; floats of 16, 32 and 64 bits, whole numbers of 8 to 64 and bool are accepted");
  }
}

const ConstantTensor* stored(const Call& call, const std::string& key) {
  const auto found = call.node().attributes.find(key);
  if (found == call.node().attributes.end()) return nullptr;
  const auto* value = std::get_if<ConstantTensor>(&found->second);
  if (value == nullptr) call.refuse("attribute '" + key + "' is not a tensor");
  return value;
}

Tensors constant(const Call& call) {
  if (const ConstantTensor* value = stored(call, "value")) return {tensor_of(*value)};
  if (call.has("value_float"))
    return {at::scalar_tensor(call.number("value_float", 0), at::kFloat)};
  if (call.has("value_int")) return {at::scalar_tensor(call.integer("value_int", 0), at::kLong)};
  if (call.has("value_floats")) {
    return {at::tensor(call.numbers("value_floats", {}), at::kDouble).to(at::kFloat)};
  }
  if (call.has("value_ints")) return {at::tensor(call.integers("value_ints", {}), at::kLong)};
  call.refuse("no value, value_float, value_floats, value_int or value_ints");
}

Tensors constant_of_shape(const Call& call) {
  const auto shape = call.integers(0, "input");
  if (!shape) call.refuse("input 0 is missing");
  call.checked(*shape);
  const ConstantTensor* value = stored(call, "value");
  if (value == nullptr) return {at::zeros(*shape, at::kFloat)};
  const Tensor number = tensor_of(*value);
  if (number.numel() != 1) call.refuse("its value has more than one number");
  return {number.reshape({}).expand(*shape).clone()};
}

Tensors range(const Call& call) {
  const at::ScalarType type = call[0].scalar_type();
  const double start = call.scalar(0), limit = call.scalar(1), step = call.scalar(2);
  const double count = std::ceil((limit - start) / step);
  if (std::isnan(count) || count > 2147483648.) call.refuse("a range without an end");
  const auto n = static_cast<std::int64_t>(std::max(count, 0.));
  if (!at::isIntegralType(type, false)) {
    return {(at::arange(n, at::kDouble) * step + start).to(type)};
  }
  const std::int64_t first = call.on_host(0).item().toLong(),
                     each = call.on_host(2).item().toLong();
  return {(at::arange(n, at::kLong) * each + first).to(type)};
}

Tensors eye_like(const Call& call) {
  const Tensor& like = call[0];
  if (like.dim() != 2) call.refuse("an input that is not a matrix");
  const at::ScalarType type =
      call.has("dtype") ? type_of(call, call.integer("dtype", 1)) : like.scalar_type();
  const std::int64_t k = call.integer("k", 0), n = like.size(0), m = like.size(1);
  const auto options = like.options().dtype(at::kLong);
  const Tensor row = at::arange(n, options).unsqueeze(1), column = at::arange(m, options);
  return {column.eq(row + k).to(type)};
}

Tensors one_hot(const Call& call) {
  const Tensor indices = call[0].to(at::kLong);
  const auto depth = static_cast<std::int64_t>(call.scalar(1));
  const std::int64_t axis = call.axis(call.integer("axis", -1), indices.dim() + 1);
  std::vector<std::int64_t> shape = indices.sizes().vec(), along(shape.size() + 1, 1);
  shape.insert(shape.begin() + axis, depth);
  call.checked(shape);
  along[static_cast<std::size_t>(axis)] = depth;
  const Tensor wrapped = at::where(indices < 0, indices + depth, indices).unsqueeze(axis);
  const Tensor on = wrapped.eq(at::arange(depth, indices.options()).reshape(along));
  const Tensor& values = call[2];
  if (values.dim() != 1 || values.size(0) != 2) call.refuse("values are not (off, on)");
  return {at::where(on, values.select(0, 1), values.select(0, 0))};
}

Tensors cast(const Call& call) { return {call[0].to(type_of(call, call.integer("to", 0)))}; }

Tensors cast_like(const Call& call) { return {call[0].to(call[1].scalar_type())}; }

constexpr const char* kTypesOfConstants = "float8, 4-bit types and strings";

const RegisterOperator kRegisterConstants{
    {"Constant", constant, Sign::unknown, "strings and sparse values", true},
    {"ConstantOfShape", constant_of_shape, Sign::unknown, kTypesOfConstants, true},
    {"Range", range, Sign::unknown, "", true},
    {"EyeLike", eye_like, Sign::non_negative, kTypesOfConstants, true},
    {"OneHot", one_hot, Sign::unknown, "", true},
    {"Cast", cast, Sign::as_inputs, kTypesOfConstants, true},
    {"CastLike", cast_like, Sign::as_inputs, kTypesOfConstants, true},
};

}  // namespace
}  // namespace ohmic
