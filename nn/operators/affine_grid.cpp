// AffineGrid: where the pixels of an output lie in the input, for GridSample (spatial
// transformers).
#include <ATen/core/Tensor.h>
#include <ATen/ops/affine_grid_generator.h>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

/// theta: samples x 2 x 3 for planes, x 3 x 4 for volumes; `size`: N, C and the spatial sides of
/// the output, of which N is theta's.
Tensors affine_grid(const Call& call) {
  const at::Tensor& theta = call[0];
  std::vector<std::int64_t> size = call.integers(1, "size").value_or(std::vector<std::int64_t>{});
  const auto axes = static_cast<std::int64_t>(size.size()) - 2;
  const bool fits = (axes == 2 || axes == 3) && theta.dim() == 3 && theta.size(1) == axes &&
                    theta.size(2) == axes + 1;
  if (!fits) {
    call.refuse(
        "theta and size do not fit; theta of N x 2 x 3 with 4 sizes, or N x 3 x 4 with 5, is "
        "accepted");
  }
  size[0] = theta.size(0);
  return {at::affine_grid_generator(theta, call.checked(size), call.flag("align_corners", false))};
}

const RegisterOperator kRegisterAffineGrid{{"AffineGrid", affine_grid}};

}  // namespace
}  // namespace ohmic
