// Numbers between a few bits and floats: y = (q - zero point) scale, one scale for all, one per
// element of an axis, or one per block along an axis.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

/// A scale or zero point such that it broadcasts against x.
Tensor along(const Call& call, const Tensor& values) {
  const Tensor& x = call[0];
  if (values.numel() == 1) return values.reshape({});
  const std::int64_t axis = call.axis(call.integer("axis", 1), x.dim());
  const std::int64_t block = call.integer("block_size", 0);
  if (block > 0) {
    return values.repeat_interleave(block, axis).narrow(axis, 0, x.size(axis));
  }
  Sides shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(axis)] = values.numel();
  return values.reshape(shape);
}

Tensors dequantize(const Call& call) {
  const Tensor scale = along(call, call[1]);
  const at::ScalarType type = scale.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  Tensor levels = call[0].to(type);
  if (call.has(2)) levels = levels - along(call, call[2]).to(type);
  return {(levels * scale.to(type)).to(call[1].scalar_type())};
}

struct Range {
  double low, high;
};

Range range_of(const Call& call, at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return {0, 255};
    case at::kChar:
      return {-128, 127};
    case at::kShort:
      return {-32768, 32767};
    case at::kInt:  // uint16
      return {0, 65535};
    default:
      call.refuse("levels of another type than int8, uint8, int16 and uint16");
  }
}

at::ScalarType levels_of(const Call& call) {
  if (call.has(2)) return call[2].scalar_type();
  switch (call.integer("output_dtype", 2)) {  // numbers of TensorProto.DataType
    case 2:
      return at::kByte;
    case 3:
      return at::kChar;
    case 4:
      return at::kInt;
    case 5:
      return at::kShort;
    default:
      call.refuse("output_dtype; int8, uint8, int16 and uint16 are accepted");
  }
}

Tensors quantize(const Call& call) {
  const at::ScalarType type = levels_of(call);
  const Range range = range_of(call, type);
  const Tensor x = call[0].to(at::kFloat), scale = along(call, call[1]).to(at::kFloat);
  Tensor levels = (x / scale).round();
  if (call.has(2)) levels = levels + along(call, call[2]).to(at::kFloat);
  return {levels.clamp(range.low, range.high).to(type)};
}

/// To uint8, with the range of the input, which holds 0.
Tensors quantize_by_range(const Call& call) {
  const Tensor& x = call[0];
  const Tensor low = x.min().clamp_max(0), high = x.max().clamp_min(0);
  const Tensor scale = (high - low) / 255.;
  const Tensor zero = (-low / scale).round().clamp(0, 255);
  const Tensor levels = ((x / scale).round() + zero).clamp(0, 255);
  return {levels.to(at::kByte), scale, zero.to(at::kByte)};
}

constexpr const char* kQuantizedTypes = "float8 and 4-bit types";

const RegisterOperator kRegisterQuantization{
    {"DequantizeLinear", dequantize, Sign::unknown, kQuantizedTypes, true},
    {"QuantizeLinear", quantize, Sign::unknown, kQuantizedTypes, true},
    {"DynamicQuantizeLinear", quantize_by_range, Sign::non_negative,
     "samples, whose range would be that of a whole batch: only where its input is a constant",
     true},
};

}  // namespace
}  // namespace ohmic
