// How values of a Graph lie in memory, as LibTorch sees them. Private to nn/torch.
#pragma once

#include <cstdint>
#include <string>

#include "nn/network/graph.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// `samples` values of a node at `values` in the memory of `device` as a tensor with the axis of
/// samples first, images as N x C x H x W; shares the memory.
at::Tensor tensor_at(const Node&, const float* values, std::int64_t samples,
                     const std::string& device);
/// The tensor in the layout that the memory of such a node has (a copy where it has another).
at::Tensor in_layout(const Node&, const at::Tensor&);

}  // namespace ohmic
