// Scaled dot product attention with its heads, masks and cache, as opsets 23 and 24 define it.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// B x T x (heads features) as B x heads x T x features.
Tensor in_heads(const Call& call, std::size_t i, const char* key) {
  const Tensor& x = call[i];
  if (x.dim() == 4) return x;
  const std::int64_t heads = call.integer(key, 0);
  if (x.dim() != 3 || heads < 1 || x.size(2) % heads != 0) {
    call.refuse("input " + std::to_string(i) + " has " + std::to_string(x.dim()) + " axes and " +
                key + " = " + std::to_string(heads) +
                "; 4 axes, or 3 of which the last is a multiple of the heads are accepted");
  }
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

/// What is added to the scores: 0, or -inf where nothing is seen. `q` x `kv` places.
Tensor bias(const Call& call, const Tensor& scores) {
  const std::int64_t q = scores.size(-2), kv = scores.size(-1);
  Tensor sum = at::zeros({q, kv}, scores.options());
  if (call.has(3)) {
    Tensor mask = call[3];
    if (mask.scalar_type() == at::kBool) {
      mask = at::zeros(mask.sizes(), scores.options()).masked_fill(mask.logical_not(), -kInfinity);
    }
    if (mask.size(-1) < kv) mask = at::constant_pad_nd(mask, {0, kv - mask.size(-1)}, -kInfinity);
    sum = sum + mask;
  }
  if (call.flag("is_causal", false)) {
    const std::int64_t past = call.has(4) ? call[4].size(2) : 0;
    const Tensor seen = at::ones({q, kv}, scores.options().dtype(at::kBool)).tril(past);
    sum = sum.masked_fill(seen.logical_not(), -kInfinity);
  }
  if (call.has(6)) {  // how many places of each sample are no padding
    const Tensor lengths = call[6].to(at::kLong).reshape({-1, 1, 1, 1});
    const Tensor padding = at::arange(kv, lengths.options()).ge(lengths);
    sum = sum + at::zeros(padding.sizes(), scores.options()).masked_fill(padding, -kInfinity);
  }
  return sum;
}

Tensor with_past(const Call& call, std::size_t past, const Tensor& x) {
  return call.has(past) ? at::cat({call[past], x}, 2) : x;
}

Tensors attention(const Call& call) {
  const Tensor q = in_heads(call, 0, "q_num_heads");
  const Tensor keys = with_past(call, 4, in_heads(call, 1, "kv_num_heads"));
  const Tensor values = with_past(call, 5, in_heads(call, 2, "kv_num_heads"));
  Tensor k = keys, v = values;
  if (q.size(1) != k.size(1)) {  // groups of queries share keys
    if (q.size(1) % k.size(1) != 0) call.refuse("heads of Q are no multiple of those of K and V");
    k = k.repeat_interleave(q.size(1) / k.size(1), 1);
    v = v.repeat_interleave(q.size(1) / v.size(1), 1);
  }
  const double scale = call.number("scale", 1 / std::sqrt(static_cast<double>(q.size(3))));
  const Tensor raw = at::matmul(q * std::sqrt(scale), k.transpose(2, 3) * std::sqrt(scale));
  const double cap = call.number("softcap", 0);
  const Tensor capped = cap > 0 ? (raw / cap).tanh() * cap : raw;
  const Tensor biased = capped + bias(call, raw);
  const Tensor shares = biased.softmax(-1);
  Tensor y = at::matmul(shares, v);
  if (call[0].dim() == 3) y = y.transpose(1, 2).flatten(2);
  const std::int64_t shown = call.integer("qk_matmul_output_mode", 0);
  if (shown < 0 || shown > 3) {
    call.refuse("qk_matmul_output_mode = " + std::to_string(shown) + "; 0 to 3 are accepted");
  }
  return {y, keys, values, Tensors{raw, capped, biased, shares}[static_cast<std::size_t>(shown)]};
}

const RegisterOperator kRegisterAttention{{"Attention", attention}};

}  // namespace
}  // namespace ohmic
