#include "nn/analog/recurrence.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

float sigmoid(float v) { return 1.0f / (1.0f + std::exp(-v)); }

/// h of one sample; x and r: gates of the input's and of the recurrent product.
struct Sample {
  int H;
  const float *x, *r;
  float *h, *c;
};

void lstm(const Sample& s) {
  for (int j = 0; j < s.H; ++j) {
    const auto gate = [&](int g) { return s.x[g * s.H + j] + s.r[g * s.H + j]; };
    const float i = sigmoid(gate(0)), o = sigmoid(gate(1)), f = sigmoid(gate(2));
    s.c[j] = f * s.c[j] + i * std::tanh(gate(3));
    s.h[j] = o * std::tanh(s.c[j]);
  }
}

void gru(const Sample& s) {
  for (int j = 0; j < s.H; ++j) {
    const auto x = [&](int g) { return s.x[g * s.H + j]; };
    const auto r = [&](int g) { return s.r[g * s.H + j]; };
    const float z = sigmoid(x(0) + r(0)), reset = sigmoid(x(1) + r(1));
    s.h[j] = (1.0f - z) * std::tanh(x(2) + reset * r(2)) + z * s.h[j];
  }
}

void plain(RecurrentCell cell, const Sample& s) {
  for (int j = 0; j < s.H; ++j) {
    const float sum = s.x[j] + s.r[j];
    s.h[j] = cell == RecurrentCell::relu ? std::max(sum, 0.0f) : std::tanh(sum);
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
      plain(cell, s);
    float* to = std::copy_n(s.h, H, out + i * out_stride);
    if (s.c) std::copy_n(s.c, H, to);
  }
}

}  // namespace ohmic
