// One update of all parameters: decay and an optimiser's rule, with the equations and defaults of
// Keras. Each is written once, for any number X: the floats of a loop on the host or of one CUDA
// kernel, and the whole tensors of a LibTorch on a GPU in a build without OHMIC_CUDA
// (optimizer.cpp). A host's loop and the kernel give the same bits: multiply_add(a, b, c), which is
// a b + c, is rounded once and every other operation by itself.
//
// w: parameter, g: gradient, m, v, u: moments, a: learning rate, t: number of the update from 1.
// c: what depends on t or a. It lies in memory, so that a GPU can record an update and repeat it.
#pragma once

#include <cmath>
#include <cstdint>
#include <variant>

#include "simulator/host_device.hpp"

namespace ohmic {

OHMIC_HOST_DEVICE float multiply_add(float a, float b, float c) { return fmaf(a, b, c); }
OHMIC_HOST_DEVICE float square_root(float x) { return sqrtf(x); }
OHMIC_HOST_DEVICE float magnitude(float x) { return fabsf(x); }
OHMIC_HOST_DEVICE float larger(float x, float y) { return x > y ? x : y; }

/// w -= a g;  c: -a
struct SgdRule {
  static constexpr int kMoments = 0;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X*, const X* c) const {
    w = multiply_add(g, c[0], w);
  }
};

/// v = mu v - a g;  w += v, with Nesterov w += mu v - a g;  c: -a
struct MomentumRule {
  static constexpr int kMoments = 1;
  float mu;
  bool nesterov;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X* v, const X* c) const {
    v[0] = multiply_add(g, c[0], v[0] * mu);
    if (nesterov)
      w = multiply_add(g, c[0], multiply_add(v[0], mu, w));
    else
      w = w + v[0];
  }
};

/// What all of Adam's family share: m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g^2.
struct AdamMoments {
  float b1, rest1, b2, rest2, epsilon;  ///< rest: 1 - b
  template <class X>
  OHMIC_HOST_DEVICE X first(const X& m, const X& g) const {
    return multiply_add(g, rest1, m * b1);
  }
  template <class X>
  OHMIC_HOST_DEVICE X second(const X& v, const X& g) const {
    return multiply_add(g * rest2, g, v * b2);
  }
};

/// Kingma and Ba 2015 in the form before section 2.1: w -= a sqrt(1 - b2^t)/(1 - b1^t) m/(sqrt(v) +
/// epsilon), so that epsilon ("hat") is outside the bias correction.
/// c: -a sqrt(1 - b2^t)/(1 - b1^t)
struct AdamRule : AdamMoments {
  static constexpr int kMoments = 2;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X* m, const X* c) const {
    m[0] = first(m[0], g);
    m[1] = second(m[1], g);
    w = w + m[0] * c[0] / (square_root(m[1]) + epsilon);
  }
};

/// Dozat 2016 with Keras's schedule of the momentum, mu_t = b1 (1 - 0.96^(0.004 t) / 2):
/// w -= a ((1 - mu_t) g/(1 - prod_1^t mu) + mu_(t+1) m/(1 - prod_1^(t+1) mu)) / (sqrt(v/(1 - b2^t))
/// + epsilon).
/// c: mu_(t+1)/(1 - prod_1^(t+1) mu), (1 - mu_t)/(1 - prod_1^t mu), 1 - b2^t, -a
struct NadamRule : AdamMoments {
  static constexpr int kMoments = 2;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X* m, const X* c) const {
    m[0] = first(m[0], g);
    m[1] = second(m[1], g);
    w = w + multiply_add(g, c[1], m[0] * c[0]) * c[3] / (square_root(m[1] / c[2]) + epsilon);
  }
};

/// Kingma and Ba 2015, section 7.1: u = max(b2 u, |g|);  w -= a/(1 - b1^t) m/(u + epsilon)
/// c: -a/(1 - b1^t)
struct AdaMaxRule : AdamMoments {
  static constexpr int kMoments = 2;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X* m, const X* c) const {
    m[0] = first(m[0], g);
    m[1] = larger(m[1] * b2, magnitude(g));
    w = w + m[0] * c[0] / (m[1] + epsilon);
  }
};

/// Tran and Phong 2019: with b1_t = b1 lambda^(t-1), m = b1_t m + (1 - b1_t) g,
/// u = max(((1 - b1_t)/(1 - b1_(t-1)))^2 u, v), u = v at t = 1;  w -= a m/(sqrt(u) + epsilon).
/// No bias correction. With lambda = 1 this is AMSGrad.
/// c: b1_t, 1 - b1_t, ((1 - b1_t)/(1 - b1_(t-1)))^2 (1 at t = 1), -a
struct AdamXRule : AdamMoments {
  static constexpr int kMoments = 3;
  template <class X>
  OHMIC_HOST_DEVICE void operator()(X& w, const X& g, X* m, const X* c) const {
    m[0] = multiply_add(g, c[1], m[0] * c[0]);
    m[1] = second(m[1], g);
    m[2] = larger(m[2] * c[2], m[1]);
    w = w + m[0] * c[3] / (square_root(m[2]) + epsilon);
  }
};

using UpdateRule = std::variant<SgdRule, MomentumRule, AdamRule, NadamRule, AdaMaxRule, AdamXRule>;

constexpr int kMostMoments = 3;
/// Numbers that change from update to update: - a * weight decay, then the rule's c.
constexpr int kUpdateNumbers = 5;

/// Flat buffers in the memory of the host or of one GPU.
struct UpdateArguments {
  float* w;
  const float* g;
  const float* decays;           ///< 1 for parameters that decay, 0 for others
  float* moments[kMostMoments];  ///< those of the rule
  const float* numbers;          ///< kUpdateNumbers
  float l2;                      ///< twice l2's factor: its gradient is l2 w
  std::int64_t size;             ///< parameters
};

/// Decay, coupled (l2) and decoupled (weight decay), and then the rule.
template <class Rule, class X>
OHMIC_HOST_DEVICE void update_parameter(const Rule& rule, X& w, const X& g, const X& decays,
                                        float l2, X* moments, const X* numbers) {
  const X gradient = multiply_add(decays * l2, w, g);
  w = multiply_add(decays * numbers[0], w, w);
  rule(w, gradient, moments, numbers + 1);
}

/// Parameter i of flat buffers.
template <class Rule>
OHMIC_HOST_DEVICE void update_parameter(const Rule& rule, const UpdateArguments& a, std::int64_t i,
                                        const float* numbers) {
  float moments[kMostMoments] = {};
  for (int k = 0; k < Rule::kMoments; ++k) moments[k] = a.moments[k][i];
  float w = a.w[i];
  update_parameter(rule, w, a.g[i], a.decays[i], a.l2, moments, numbers);
  a.w[i] = w;
  for (int k = 0; k < Rule::kMoments; ++k) a.moments[k][i] = moments[k];
}

/// All parameters, spread over OpenMP's threads.
void update_on_host(const UpdateRule&, const UpdateArguments&);

/// All parameters in one launch on `stream` (a cudaStream_t; null: the default one) of GPU `gpu`.
/// Only in a build with OHMIC_CUDA. Throws UnsupportedError when the launch is refused.
void update_on_gpu(const UpdateRule&, const UpdateArguments&, int gpu, void* stream);

}  // namespace ohmic
