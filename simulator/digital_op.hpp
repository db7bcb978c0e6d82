// The few operations between crossbar layers, on activations images x H x W x C.
#pragma once

#include <cstdint>
#include <span>

#include "simulator/host_device.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic {

enum class DigitalKind {
  affine,          ///< y = scale[c] x + shift[c]
  relu,            ///< y = max(x, 0), 0 for what is not a number
  add,             ///< y = x + other
  global_average,  ///< y[c] = mean of x over all pixels of an image
  subsample_pad,   ///< every stride-th pixel of x; channels added evenly before and after are 0
  max_pool,        ///< largest of each window of stride x stride pixels, side by side
  average_pool,    ///< mean of each such window
  concatenate,     ///< channels of x, then those of other
};

/// One operation on a batch. Sizes are those of one image.
struct DigitalOp {
  DigitalKind kind = DigitalKind::relu;
  std::int64_t images = 0;
  int height = 0, width = 0, channels = 0;           ///< of y
  int in_height = 0, in_width = 0, in_channels = 0;  ///< of x
  int stride = 1;
  const float* x = nullptr;
  const float* other = nullptr;         ///< add, concatenate
  std::span<const float> scale, shift;  ///< affine only: channels
  float* y = nullptr;

  std::int64_t values() const { return images * height * width * channels; }
  std::int64_t values_in() const { return images * in_height * in_width * in_channels; }
};

/// Element `i` of y where y is one value per window.
OHMIC_HOST_DEVICE float pooled_value(const DigitalOp& op, std::int64_t i) {
  const std::int64_t c = i % op.channels, pixel = i / op.channels;
  const std::int64_t column = pixel % op.width * op.stride;
  const std::int64_t row = pixel / op.width % op.height * op.stride;
  const std::int64_t image = pixel / op.width / op.height;
  const float* corner =
      op.x + ((image * op.in_height + row) * op.in_width + column) * op.channels + c;
  const bool largest = op.kind == DigitalKind::max_pool;
  float pooled = corner[0];
  for (int k = 1; k < op.stride * op.stride; ++k) {
    const float value =
        corner[(std::int64_t{k / op.stride} * op.in_width + k % op.stride) * op.channels];
    pooled = largest ? (value > pooled ? value : pooled) : pooled + value;
  }
  return largest ? pooled : pooled * (1.0f / static_cast<float>(op.stride * op.stride));
}

/// Element `i` of y; scale and shift lie where the caller can read them.
OHMIC_HOST_DEVICE float digital_value(const DigitalOp& op, const float* scale, const float* shift,
                                      std::int64_t i) {
  const std::int64_t c = i % op.channels;
  switch (op.kind) {
    case DigitalKind::affine:
      return op.x[i] * scale[c] + shift[c];
    case DigitalKind::relu:
      return relu(op.x[i]);
    case DigitalKind::add:
      return op.x[i] + op.other[i];
    case DigitalKind::global_average: {
      const std::int64_t pixels = std::int64_t{op.in_height} * op.in_width;
      const float* image = op.x + i / op.channels * pixels * op.channels;
      float sum = 0.0f;
      for (std::int64_t p = 0; p < pixels; ++p) sum += image[p * op.channels + c];
      return sum / static_cast<float>(pixels);
    }
    case DigitalKind::subsample_pad: {
      const std::int64_t from = c - (op.channels - op.in_channels) / 2;
      if (from < 0 || from >= op.in_channels) return 0.0f;
      const std::int64_t pixel = i / op.channels, column = pixel % op.width * op.stride;
      const std::int64_t row = pixel / op.width % op.height * op.stride;
      const std::int64_t image = pixel / op.width / op.height;
      return op.x[((image * op.in_height + row) * op.in_width + column) * op.in_channels + from];
    }
    case DigitalKind::max_pool:
    case DigitalKind::average_pool:
      return pooled_value(op, i);
    case DigitalKind::concatenate: {
      const std::int64_t pixel = i / op.channels, others = op.channels - op.in_channels;
      return c < op.in_channels ? op.x[pixel * op.in_channels + c]
                                : op.other[pixel * others + c - op.in_channels];
    }
  }
  return 0.0f;
}

/// Computes it on the processor, in parallel.
void run_on_host(const DigitalOp&);

}  // namespace ohmic
