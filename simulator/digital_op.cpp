#include "simulator/digital_op.hpp"

#include <algorithm>

namespace ohmic {
namespace {

template <class F>
void elementwise(const DigitalOp& op, F&& f) {
  const std::int64_t values = op.values();
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < values; ++i) op.y[i] = f(i);
}

void affine(const DigitalOp& op) {
  const std::int64_t channels = op.channels, pixels = op.images * op.height * op.width;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p)
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto n = static_cast<std::size_t>(c);
      op.y[p * channels + c] = op.x[p * channels + c] * op.scale[n] + op.shift[n];
    }
}

void global_average(const DigitalOp& op) {
  const std::int64_t pixels = std::int64_t{op.in_height} * op.in_width, channels = op.channels;
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < op.images; ++i) {
    float* sum = op.y + i * channels;
    std::fill_n(sum, channels, 0.0f);
    for (std::int64_t p = 0; p < pixels; ++p)
      for (std::int64_t c = 0; c < channels; ++c) sum[c] += op.x[(i * pixels + p) * channels + c];
    for (std::int64_t c = 0; c < channels; ++c) sum[c] /= static_cast<float>(pixels);
  }
}

void subsample_pad(const DigitalOp& op) {
  const int before = (op.channels - op.in_channels) / 2;
  const std::int64_t rows = op.images * op.height;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t image = r / op.height, row = r % op.height * op.stride;
    const float* from = op.x + (image * op.in_height + row) * op.in_width * op.in_channels;
    float* to = op.y + r * op.width * op.channels;
    std::fill_n(to, std::int64_t{op.width} * op.channels, 0.0f);
    for (int column = 0; column < op.width; ++column)
      std::copy_n(from + std::int64_t{column} * op.stride * op.in_channels, op.in_channels,
                  to + std::int64_t{column} * op.channels + before);
  }
}

void concatenate(const DigitalOp& op) {
  const std::int64_t n = op.in_channels, m = op.channels - n;
  const std::int64_t pixels = op.images * op.height * op.width;
#pragma omp parallel for schedule(static)
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(op.x + p * n, n, op.y + p * (n + m));
    std::copy_n(op.other + p * m, m, op.y + p * (n + m) + n);
  }
}

}  // namespace

void run_on_host(const DigitalOp& op) {
  switch (op.kind) {
    case DigitalKind::affine:
      return affine(op);
    case DigitalKind::relu:
      return elementwise(op, [&](std::int64_t i) { return relu(op.x[i]); });
    case DigitalKind::add:
      return elementwise(op, [&](std::int64_t i) { return op.x[i] + op.other[i]; });
    case DigitalKind::global_average:
      return global_average(op);
    case DigitalKind::subsample_pad:
      return subsample_pad(op);
    case DigitalKind::max_pool:
    case DigitalKind::average_pool:
      return elementwise(op, [&](std::int64_t i) { return pooled_value(op, i); });
    case DigitalKind::concatenate:
      return concatenate(op);
  }
}

}  // namespace ohmic
