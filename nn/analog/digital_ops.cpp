#include "nn/analog/digital_ops.hpp"

#include <algorithm>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

template <class F>
void elementwise(std::int64_t values, F&& f) {
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < values; ++i) f(i);
}

void affine(const float* x, const ChannelAffine& norm, std::int64_t pixels, float* y) {
  const auto channels = static_cast<std::int64_t>(norm.scale.size());
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p)
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto n = static_cast<std::size_t>(c);
      y[p * channels + c] = x[p * channels + c] * norm.scale[n] + norm.shift[n];
    }
}

void global_average(const Node& in, const float* x, std::int64_t images, float* y) {
  const std::int64_t pixels = std::int64_t{in.height} * in.width, channels = in.channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < images; ++i) {
    float* sum = y + i * channels;
    std::fill_n(sum, channels, 0.0f);
    for (std::int64_t p = 0; p < pixels; ++p)
      for (std::int64_t c = 0; c < channels; ++c) sum[c] += x[(i * pixels + p) * channels + c];
    for (std::int64_t c = 0; c < channels; ++c) sum[c] /= static_cast<float>(pixels);
  }
}

void subsample_pad(const Node& out, const Node& in, const float* x, std::int64_t images, float* y) {
  const int before = (out.channels - in.channels) / 2;
  const std::int64_t rows = images * out.height;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t image = r / out.height, row = r % out.height * out.stride;
    const float* from = x + (image * in.height + row) * in.width * in.channels;
    float* to = y + r * out.width * out.channels;
    std::fill_n(to, std::int64_t{out.width} * out.channels, 0.0f);
    for (int column = 0; column < out.width; ++column)
      std::copy_n(from + std::int64_t{column} * out.stride * in.channels, in.channels,
                  to + std::int64_t{column} * out.channels + before);
  }
}

}  // namespace

void run_digital(const Node& node, const Node& input, const float* x, const float* other,
                 const ChannelAffine& norm, std::int64_t images, float* y) {
  const std::int64_t pixels = images * node.height * node.width, values = pixels * node.channels;
  switch (node.op) {
    case Op::batch_norm:
      return affine(x, norm, pixels, y);
    case Op::relu:
      return elementwise(values, [&](std::int64_t i) { y[i] = std::max(x[i], 0.0f); });
    case Op::add:
      return elementwise(values, [&](std::int64_t i) { y[i] = x[i] + other[i]; });
    case Op::global_average:
      return global_average(input, x, images, y);
    case Op::subsample_pad:
      return subsample_pad(node, input, x, images, y);
    default:
      OHMIC_ASSERT(!"a digital operation");
  }
}

}  // namespace ohmic
