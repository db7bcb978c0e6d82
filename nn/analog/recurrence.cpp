#include "nn/analog/recurrence.hpp"

#include <algorithm>

#include "nn/analog/gate_functions.hpp"

namespace ohmic {
namespace {

/// h of one sample; x and r: gates of the input's and of the recurrent product.
struct Sample {
  int H;
  const float *x, *r;
  float *h, *c;  ///< overlap nothing
};

OHMIC_VECTOR_CLONES void lstm(const Sample& s) {
  const int H = s.H;
  const float *x = s.x, *r = s.r;
  float *h = s.h, *c = s.c;
#pragma omp simd
  for (int j = 0; j < H; ++j) {
    const float i = gate_sigmoid(x[j] + r[j]), o = gate_sigmoid(x[H + j] + r[H + j]);
    const float f = gate_sigmoid(x[2 * H + j] + r[2 * H + j]);
    const float g = gate_tanh(x[3 * H + j] + r[3 * H + j]);
    c[j] = f * c[j] + i * g;
    h[j] = o * gate_tanh(c[j]);
  }
}

OHMIC_VECTOR_CLONES void gru(const Sample& s) {
  const int H = s.H;
  const float *x = s.x, *r = s.r;
  float* h = s.h;
#pragma omp simd
  for (int j = 0; j < H; ++j) {
    const float z = gate_sigmoid(x[j] + r[j]), reset = gate_sigmoid(x[H + j] + r[H + j]);
    const float g = gate_tanh(x[2 * H + j] + reset * r[2 * H + j]);
    h[j] = g + z * (h[j] - g);
  }
}

OHMIC_VECTOR_CLONES void plain(const Sample& s, bool relu) {
#pragma omp simd
  for (int j = 0; j < s.H; ++j) {
    const float sum = s.x[j] + s.r[j];
    s.h[j] = relu ? std::max(sum, 0.0f) : gate_tanh(sum);
  }
}

}  // namespace

int values_per_step(const Node& node) {
  return node.conv.in_channels * (node.cell == RecurrentCell::lstm ? 2 : 1);
}

void recurrent_step(RecurrentCell cell, std::int64_t samples, int H, const float* x,
                    std::int64_t x_stride, const float* product, float* before, float* c,
                    float* out, std::int64_t out_stride) {
#pragma omp parallel for
  for (std::int64_t i = 0; i < samples; ++i) {
    const Sample s{H, x + i * x_stride, product + i * gates(cell) * H, before + i * H,
                   cell == RecurrentCell::lstm ? c + i * H : nullptr};
    if (cell == RecurrentCell::lstm)
      lstm(s);
    else if (cell == RecurrentCell::gru)
      gru(s);
    else
      plain(s, cell == RecurrentCell::relu);
    float* to = std::copy_n(s.h, H, out + i * out_stride);
    if (s.c) std::copy_n(s.c, H, to);
  }
}

}  // namespace ohmic
