#include "simulator/backends/cpu/plain_convolution.hpp"

#include <algorithm>

#include "simulator/bf16.hpp"

namespace ohmic::cpu {
namespace {

float number(float v) { return v; }
float number(Bf16 v) { return float_of(v); }

/// One image. A column's sum runs over rows of the window, its columns, then channels.
template <class Value>
OHMIC_VECTOR_CLONES void convolve_image(const ConvGeometry& g, const Value* x, const float* packed,
                                        float* y) {
  const int inputs = g.in_channels / g.groups, outputs = g.out_channels / g.groups;
  const auto row = static_cast<std::size_t>(g.in_channels) * static_cast<std::size_t>(outputs);
  const int height = g.out_height(), width = g.out_width();
  for (int oy = 0; oy < height; ++oy)
    for (int ox = 0; ox < width; ++ox, y += g.out_channels)
      for (int ky = 0; ky < g.kernel_height; ++ky) {
        const int iy = oy * g.stride_height - g.pad_top + ky * g.dilation_height;
        if (iy < 0 || iy >= g.in_height) continue;
        for (int kx = 0; kx < g.kernel_width; ++kx) {
          const int ix = ox * g.stride_width - g.pad_left + kx * g.dilation_width;
          if (ix < 0 || ix >= g.in_width) continue;
          const Value* pixel = x + (std::int64_t{iy} * g.in_width + ix) * g.in_channels;
          const float* w = packed + static_cast<std::size_t>(ky * g.kernel_width + kx) * row;
          for (int c = 0; c < g.in_channels; ++c, w += outputs) {
            const float v = number(pixel[c]);
            float* sums = y + c / inputs * outputs;
            for (int n = 0; n < outputs; ++n) sums[n] += v * w[n];
          }
        }
      }
}

template <class Value>
void convolve(const onednn::ConvolutionSpec& spec, const Value* x, const float* packed,
              const float* bias, float* y) {
  const ConvGeometry& g = spec.geometry;
  const std::int64_t in = std::int64_t{g.in_height} * g.in_width * g.in_channels;
  const std::int64_t out = std::int64_t{g.positions()} * g.out_channels;
  for (std::int64_t i = 0; i < spec.images; ++i, x += in, y += out) {
    if (!spec.accumulates) std::fill_n(y, out, 0.0f);
    if (spec.has_bias)
      for (std::int64_t v = 0; v < out; ++v) y[v] += bias[v % g.out_channels];
    convolve_image(g, x, packed, y);
    if (spec.relu)
      for (std::int64_t v = 0; v < out; ++v) y[v] = y[v] > 0.0f ? y[v] : 0.0f;
  }
}

}  // namespace

std::vector<float> pack_plain(const onednn::ConvolutionSpec& spec, std::span<const float> weights) {
  const ConvGeometry& g = spec.geometry;
  const int inputs = g.in_channels / g.groups, outputs = g.out_channels / g.groups;
  std::vector<float> packed;
  packed.reserve(weights.size());
  for (int tap = 0; tap < g.kernel_height * g.kernel_width; ++tap)
    for (int c = 0; c < g.in_channels; ++c)
      for (int n = 0; n < outputs; ++n) {
        const auto column = static_cast<std::size_t>(c / inputs * outputs + n);
        const auto taps = static_cast<std::size_t>(g.kernel_height) * g.kernel_width;
        const float w = weights[(column * inputs + c % inputs) * taps + tap];
        packed.push_back(spec.format == onednn::Format::bf16 ? float_of(bf16_of(w)) : w);
      }
  return packed;
}

void convolve_plain(const onednn::ConvolutionSpec& spec, const void* x, const float* packed,
                    const float* bias, float* y) {
  if (spec.format == onednn::Format::bf16)
    convolve(spec, static_cast<const Bf16*>(x), packed, bias, y);
  else
    convolve(spec, static_cast<const float*>(x), packed, bias, y);
}

}  // namespace ohmic::cpu
