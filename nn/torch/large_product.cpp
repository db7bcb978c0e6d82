#include "nn/torch/large_product.hpp"

#include <torch/torch.h>

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
