#include "nn/torch/value_layout.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

namespace ohmic {
namespace {

/// Channels, height and width of what lies channels-last in memory, else nothing.
std::vector<std::int64_t> image_of(const Node& node) {
  if (node.shape.empty() && node.op != Op::digital && node.op != Op::part)  // those are numbers
    return {node.channels, node.height, node.width};
  return node.shape.size() == 3 ? node.shape : std::vector<std::int64_t>{};
}

}  // namespace

at::Tensor tensor_at(const Node& node, const float* values, std::int64_t samples,
                     const std::string& device) {
  auto* memory = const_cast<float*>(values);  // from_blob has no const
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at::Device(device));
  const std::vector<std::int64_t> image = image_of(node);
  if (!image.empty())
    return at::from_blob(memory, {samples, image[1], image[2], image[0]}, options)
        .permute({0, 3, 1, 2});
  std::vector<std::int64_t> shape{samples};
  shape.insert(shape.end(), node.shape.begin(), node.shape.end());
  return at::from_blob(memory, shape, options);
}

at::Tensor in_layout(const Node& node, const at::Tensor& value) {
  const at::Tensor numbers = value.to(at::kFloat);
  const bool is_image = !image_of(node).empty() && numbers.dim() == 4;
  return numbers.contiguous(is_image ? at::MemoryFormat::ChannelsLast
                                     : at::MemoryFormat::Contiguous);
}

}  // namespace ohmic
