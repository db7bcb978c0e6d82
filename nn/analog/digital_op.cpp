#include "nn/analog/digital_op.hpp"

#include "simulator/error.hpp"

namespace ohmic {
namespace {

DigitalKind kind_of(Op op) {
  switch (op) {
    case Op::batch_norm:
      return DigitalKind::affine;
    case Op::relu:
      return DigitalKind::relu;
    case Op::add:
      return DigitalKind::add;
    case Op::global_average:
      return DigitalKind::global_average;
    case Op::max_pool:
      return DigitalKind::max_pool;
    case Op::average_pool:
      return DigitalKind::average_pool;
    case Op::concatenate:
      return DigitalKind::concatenate;
    default:
      OHMIC_ASSERT(op == Op::subsample_pad);
      return DigitalKind::subsample_pad;
  }
}

}  // namespace

DigitalOp digital_op(const Node& node, const Node& input, const ChannelAffine& norm,
                     std::int64_t images) {
  DigitalOp op;
  op.kind = kind_of(node.op);
  op.images = images;
  op.height = node.height, op.width = node.width, op.channels = node.channels;
  op.in_height = input.height, op.in_width = input.width, op.in_channels = input.channels;
  op.stride = node.stride;
  op.scale = norm.scale;
  op.shift = norm.shift;
  return op;
}

}  // namespace ohmic
