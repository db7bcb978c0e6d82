#include "nn/torch/large_product.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mkldnn_linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

namespace ohmic {

struct LargeProduct::State {
  static constexpr std::int64_t kSide = 1024;
  static_assert(kSide * kSide * kSide == kMultiplyAdds);
  bool by_onednn = at::hasMKLDNN();
  at::Tensor a = at::ones({kSide, kSide}), b = at::ones({kSide, kSide});
};

LargeProduct::LargeProduct() : state_(new State) {
  if (state_->by_onednn) state_->a = state_->a.to_mkldnn();
}
LargeProduct::~LargeProduct() = default;

void LargeProduct::multiply() {
  const at::NoGradGuard no_gradients;
  state_->by_onednn ? at::mkldnn_linear(state_->a, state_->b) : at::mm(state_->a, state_->b);
}

}  // namespace ohmic
