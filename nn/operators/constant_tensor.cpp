// Numbers of a file as tensors, and back.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <cstring>

#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// The type that holds them; of the same bytes unless LibTorch lacks it.
at::ScalarType scalar_type(ElementType type) {
  constexpr std::array kTypes{at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kChar,
                              at::kByte,  at::kShort,  at::kInt,  at::kInt,      at::kLong,
                              at::kLong,  at::kLong,   at::kBool};
  return kTypes.at(static_cast<std::size_t>(type));
}

template <class Narrow, class Wide>
at::Tensor widened(const ConstantTensor& constant) {
  const std::int64_t n = constant.elements();
  at::Tensor x = at::empty(constant.shape, scalar_type(constant.type));
  Wide* const out = x.data_ptr<Wide>();
  for (std::int64_t i = 0; i < n; ++i) {
    Narrow one;
    std::memcpy(&one, constant.data.get() + i * sizeof(Narrow), sizeof(Narrow));
    out[i] = static_cast<Wide>(one);
    if (out[i] < 0) throw DataError("a uint64 of " + std::to_string(one) + ", which exceeds int64");
  }
  return x;
}

}  // namespace

at::Tensor tensor_of(const ConstantTensor& constant) {
  if (constant.type == ElementType::u16) return widened<std::uint16_t, std::int32_t>(constant);
  if (constant.type == ElementType::u32) return widened<std::uint32_t, std::int64_t>(constant);
  if (constant.type == ElementType::u64) return widened<std::uint64_t, std::int64_t>(constant);
  const at::ScalarType type = scalar_type(constant.type);
  const std::size_t size = size_of(constant.type);
  const std::size_t bytes = static_cast<std::size_t>(constant.elements()) * size;
  if (bytes == 0) return at::empty(constant.shape, type);
  if (reinterpret_cast<std::uintptr_t>(constant.data.get()) % size == 0) {
    auto* const data = const_cast<std::byte*>(constant.data.get());  // no operator writes to inputs
    return at::from_blob(
        data, constant.shape, [keep = constant.data](void*) {}, type);
  }
  at::Tensor copy = at::empty(constant.shape, type);
  std::memcpy(copy.data_ptr(), constant.data.get(), bytes);
  return copy;
}

ConstantTensor constant_of(const at::Tensor& tensor) {
  static constexpr std::pair<at::ScalarType, ElementType> kTypes[] = {
      {at::kFloat, ElementType::f32}, {at::kDouble, ElementType::f64},
      {at::kHalf, ElementType::f16},  {at::kBFloat16, ElementType::bf16},
      {at::kChar, ElementType::i8},   {at::kByte, ElementType::u8},
      {at::kShort, ElementType::i16}, {at::kInt, ElementType::i32},
      {at::kLong, ElementType::i64},  {at::kBool, ElementType::boolean}};
  auto held = std::make_shared<at::Tensor>(tensor.detach().to(at::kCPU).contiguous());
  for (const auto& [type, element] : kTypes) {
    if (type != held->scalar_type()) continue;
    const auto* const data = static_cast<const std::byte*>(held->data_ptr());
    return {element, tensor.sizes().vec(), std::shared_ptr<const std::byte>(held, data)};
  }
  throw DataError(std::string("numbers of type ") + toString(held->scalar_type()) +
                  " cannot be kept");
}

}  // namespace ohmic
