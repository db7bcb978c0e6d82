#include "nn/analog/recurrence.hpp"

#include <algorithm>

#include "simulator/elementary.hpp"

namespace ohmic {
namespace {

// In double, whose last bits a float does not show; loops over them are vectorised.
OHMIC_HOST_DEVICE double sigmoid(double v) { return 1.0 / (1.0 + exp_of(-v)); }
OHMIC_HOST_DEVICE double tanh_of(double v) {
  const double e = exp_of(2.0 * clamp_to(-20.0, 20.0, v));
  return (e - 1.0) / (e + 1.0);
}

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
    const double i = sigmoid(x[j] + r[j]), o = sigmoid(x[H + j] + r[H + j]);
    const double f = sigmoid(x[2 * H + j] + r[2 * H + j]);
    const double g = tanh_of(x[3 * H + j] + r[3 * H + j]);
    const double state = f * c[j] + i * g;
    c[j] = static_cast<float>(state);
    h[j] = static_cast<float>(o * tanh_of(state));
  }
}

OHMIC_VECTOR_CLONES void gru(const Sample& s) {
  const int H = s.H;
  const float *x = s.x, *r = s.r;
  float* h = s.h;
#pragma omp simd
  for (int j = 0; j < H; ++j) {
    const double z = sigmoid(x[j] + r[j]), reset = sigmoid(x[H + j] + r[H + j]);
    const double g = tanh_of(x[2 * H + j] + reset * r[2 * H + j]);
    h[j] = static_cast<float>((1.0 - z) * g + z * h[j]);
  }
}

OHMIC_VECTOR_CLONES void plain(const Sample& s, bool relu) {
#pragma omp simd
  for (int j = 0; j < s.H; ++j) {
    const float sum = s.x[j] + s.r[j];
    s.h[j] = relu ? std::max(sum, 0.0f) : static_cast<float>(tanh_of(sum));
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
