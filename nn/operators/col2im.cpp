// Col2Im: blocks of an image added up where they lie, PyTorch's fold.
#include <ATen/core/Tensor.h>
#include <ATen/ops/col2im.h>

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using Sides = std::vector<std::int64_t>;

/// x: samples x (channels block) x places. Zeros are padded around the image before it is cut.
Tensors col2im(const Call& call) {
  const auto image = call.integers(1, "image_shape"), block = call.integers(2, "block_shape");
  if (!image || !block) call.refuse("image_shape or block_shape are missing");
  const Sides pads = call.integers("pads", Sides(4, 0)),
              strides = call.integers("strides", Sides(2, 1)),
              dilations = call.integers("dilations", Sides(2, 1));
  if (image->size() != 2 || block->size() != 2 || pads.size() != 4 || strides.size() != 2 ||
      dilations.size() != 2 || call[0].dim() != 3)
    call.refuse("another number of spatial axes than two");
  for (const Sides* sides : {&*image, &*block, &strides, &dilations})
    if (std::ranges::any_of(*sides, [](std::int64_t side) { return side < 1; }))
      call.refuse("a side, block, stride or dilation below 1");
  if (std::ranges::any_of(pads, [](std::int64_t pad) { return pad < 0; }))
    call.refuse("padding below 0");
  const Sides padded{(*image)[0] + pads[0] + pads[2], (*image)[1] + pads[1] + pads[3]};
  call.checked({call[0].size(0), call[0].size(1), padded[0], padded[1]});
  const at::Tensor whole = at::col2im(call[0], padded, *block, dilations, {0, 0}, strides);
  return {whole.slice(2, pads[0], pads[0] + (*image)[0]).slice(3, pads[1], pads[1] + (*image)[1])};
}

const RegisterOperator kRegisterCol2im{
    {"Col2Im", col2im, Sign::as_inputs, "another number of spatial axes than two"}};

}  // namespace
}  // namespace ohmic
