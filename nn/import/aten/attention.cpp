// softmax(scale Q K' + mask) V, as products and a softmax.
#include <cmath>
#include <limits>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// 0 below the diagonal of a matrix of that shape (int64 tensor), -inf above.
std::string causal_mask(AtenCall& call, const std::string& scores, ElementType type) {
  const std::string rows = call.emit("Shape", {scores}, {{"start", std::int64_t{-2}}});
  ConstantTensor infinity =
      *call.find_constant(call.scalar(-std::numeric_limits<double>::infinity(), type));
  infinity.shape = {1};
  const std::string full = call.emit("ConstantOfShape", {rows}, {{"value", infinity}});
  return call.emit("Trilu", {full, call.scalar(std::int64_t{1})}, {{"upper", std::int64_t{1}}});
}

std::string masked(AtenCall& call, const std::string& scores, ElementType type) {
  std::string result = scores;
  if (call.flag("is_causal", false))
    result = call.emit("Add", {result, causal_mask(call, scores, type)});
  if (!call.has("attn_mask")) return result;
  const std::string mask = call.tensor("attn_mask");
  if (call.value(mask).type != ElementType::boolean)
    return call.emit("Add", {result, call.cast(mask, call.value(mask).type, type)});
  const std::string hidden = call.scalar(-std::numeric_limits<double>::infinity(), type);
  return call.emit("Where", {mask, result, hidden});
}

void attention(AtenCall& call) {
  if (call.number("dropout_p", 0) != 0)
    throw DataError("was exported in training; call model.eval() before torch.export.export");
  if (call.flag("enable_gqa", false))
    throw DataError("shares keys between heads (enable_gqa); repeat them in the model");
  const std::string q = call.tensor("query"), k = call.tensor("key"), v = call.tensor("value");
  const ElementType type = call.value(q).type;
  const std::int64_t rank = call.rank(k);
  if (rank < 2)
    throw DataError("has keys of " + std::to_string(rank) + " axes; expected 2 or more");
  Integers order;
  for (std::int64_t i = 0; i < rank; ++i) order.push_back(i);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  const double scale =
      call.has("scale") ? call.number("scale") : 1 / std::sqrt(double(call.side(q, -1)));
  const std::string scaled = call.emit("Mul", {q, call.scalar(scale, type)});
  const std::string turned = call.emit("Transpose", {k}, {{"perm", order}});
  const std::string scores = call.emit("MatMul", {scaled, turned});
  const std::string weights =
      call.emit("Softmax", {masked(call, scores, type)}, {{"axis", std::int64_t{-1}}});
  call.result("MatMul", {weights, v});
}

}  // namespace

AtenEntries aten_attention() {
  return {{"scaled_dot_product_attention", attention},
          {"_scaled_dot_product_flash_attention_for_cpu", attention}};
}

}  // namespace ohmic
