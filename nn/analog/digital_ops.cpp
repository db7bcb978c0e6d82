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

/// One value per window of stride x stride, side by side.
template <class Reduce>
void pool(const Node& out, const Node& in, const float* x, std::int64_t images, float* y,
          Reduce&& reduce) {
  const std::int64_t rows = images * out.height, channels = out.channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < rows; ++r)
    for (int column = 0; column < out.width; ++column) {
      const std::int64_t image = r / out.height, row = r % out.height * out.stride;
      const float* corner =
          x + ((image * in.height + row) * in.width + std::int64_t{column} * out.stride) * channels;
      float* to = y + (r * out.width + column) * channels;
      std::copy_n(corner, channels, to);
      for (int i = 1; i < out.stride * out.stride; ++i) {
        const float* from =
            corner + (std::int64_t{i / out.stride} * in.width + i % out.stride) * channels;
        for (std::int64_t c = 0; c < channels; ++c) to[c] = reduce(to[c], from[c]);
      }
    }
}

void average_pool(const Node& out, const Node& in, const float* x, std::int64_t images, float* y) {
  pool(out, in, x, images, y, [](float a, float b) { return a + b; });
  const float share = 1.0f / static_cast<float>(out.stride * out.stride);
  elementwise(images * out.height * out.width * out.channels,
              [&](std::int64_t i) { y[i] *= share; });
}

void concatenate(const Node& out, const Node& first, const float* a, const float* b,
                 std::int64_t pixels, float* y) {
  const std::int64_t n = first.channels, m = out.channels - n;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(a + p * n, n, y + p * (n + m));
    std::copy_n(b + p * m, m, y + p * (n + m) + n);
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
    case Op::max_pool:
      return pool(node, input, x, images, y, [](float a, float b) { return std::max(a, b); });
    case Op::average_pool:
      return average_pool(node, input, x, images, y);
    case Op::concatenate:
      return concatenate(node, input, x, other, pixels, y);
    default:
      OHMIC_ASSERT(!"a digital operation");
  }
}

}  // namespace ohmic
