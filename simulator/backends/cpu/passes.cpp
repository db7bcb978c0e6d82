#include "simulator/backends/cpu/passes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "simulator/quantizer.hpp"

namespace ohmic::cpu {
namespace {

OHMIC_HOST_DEVICE float value(float v) { return v; }
OHMIC_HOST_DEVICE float value(Bf16 v) { return float_of(v); }
OHMIC_HOST_DEVICE void store(float v, float& out) { out = v; }
OHMIC_HOST_DEVICE void store(float v, Bf16& out) { out = bf16_of(v); }

template <class T>
OHMIC_HOST_DEVICE std::uint64_t convert_to(const float* x, float codes_per_x, float lowest,
                                           float highest, std::size_t size, T* codes) {
  std::uint32_t clipped = 0;
#pragma omp simd simdlen(16) reduction(+ : clipped)
  for (std::size_t i = 0; i < size; ++i) {
    const float scaled = x[i] * codes_per_x;
    clipped += saturates(scaled, lowest, highest) ? 1u : 0u;
    store(quantize(scaled, lowest, highest), codes[i]);
  }
  return clipped;
}

template <class T>
OHMIC_HOST_DEVICE void slice_to(const float* codes, int sign, int shift, int mask, std::size_t size,
                                T* drive) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) store(input_slice(codes[i], sign, shift, mask), drive[i]);
}

template <class T>
OHMIC_HOST_DEVICE void copy_to(const float* x, std::size_t size, T* out) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) store(x[i], out[i]);
}

/// kSlack values at a time; what is too much at an end is written over by what comes next.
template <class T>
OHMIC_HOST_DEVICE void take(const T* x, std::size_t pixels, int channels, int first, int count,
                            int copies, T* out) {
  const auto length = static_cast<std::size_t>(count);
  for (std::size_t p = 0; p < pixels; ++p) {
    const T* from = x + p * static_cast<std::size_t>(channels) + first;
    for (int copy = 0; copy < copies; ++copy, out += length)
      for (std::size_t at = 0; at < length; at += kSlack) {
        T own[kSlack];
        std::memcpy(own, from + at, sizeof own);
        std::memcpy(out + at, own, sizeof own);
      }
  }
}

template <class From, class To>
OHMIC_HOST_DEVICE void square_each(const From* x, std::size_t size, To* out) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) store(value(x[i]) * value(x[i]), out[i]);
}

/// v with its noise.
template <bool kReads, bool kOutputs>
OHMIC_HOST_DEVICE float noisy(float v, Noise noise, std::size_t i) {
  if constexpr (kReads) v += std::sqrt(noise.variance[i]) * noise.z_read[i];
  if constexpr (kOutputs) v += noise.scale[i] * noise.z_output[i];
  return v;
}

template <bool kReads, bool kOutputs>
OHMIC_HOST_DEVICE void add_noise_to(Noise noise, std::size_t size, float* v) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] = noisy<kReads, kOutputs>(v[i], noise, i);
}

/// The parts of a conversion that are there.
template <bool kReads, bool kOutputs, bool kStarts, bool kResidual, bool kRelu>
struct Conversion {
  static OHMIC_HOST_DEVICE std::uint64_t run(const float* v, Noise noise, const float* digital,
                                             Codes c, Ends ends, std::size_t size, float* y) {
    std::uint32_t saturated = 0;
#pragma omp simd simdlen(16) reduction(+ : saturated)
    for (std::size_t i = 0; i < size; ++i) {
      const float in = noisy<kReads, kOutputs>(v[i], noise, i);
      float sum = kStarts ? ends.shift[i] : y[i];
      if constexpr (kResidual) sum += ends.residual[i];
      saturated += saturates(in, c.lowest, c.highest) ? 1u : 0u;
      sum += c.weight * digital[i] * quantize(in, c.lowest, c.highest);
      y[i] = kRelu ? relu(sum) : sum;
    }
    return saturated;
  }
};

template <bool kReads, bool kOutputs, bool kStarts, bool kResidual, class... Arguments>
OHMIC_HOST_DEVICE std::uint64_t convert_to_end(Ends ends, Arguments... arguments) {
  return ends.relu ? Conversion<kReads, kOutputs, kStarts, kResidual, true>::run(arguments...)
                   : Conversion<kReads, kOutputs, kStarts, kResidual, false>::run(arguments...);
}

template <bool kReads, bool kOutputs, class... Arguments>
OHMIC_HOST_DEVICE std::uint64_t convert_from_start(Ends ends, Arguments... arguments) {
  if (!ends.shift) return convert_to_end<kReads, kOutputs, false, false>(ends, arguments...);
  return ends.residual ? convert_to_end<kReads, kOutputs, true, true>(ends, arguments...)
                       : convert_to_end<kReads, kOutputs, true, false>(ends, arguments...);
}

}  // namespace

OHMIC_VECTOR_CLONES std::uint64_t convert_inputs(const float* x, float codes_per_x, float lowest,
                                                 float highest, std::size_t size, float* codes) {
  return convert_to(x, codes_per_x, lowest, highest, size, codes);
}

OHMIC_VECTOR_CLONES std::uint64_t convert_inputs(const float* x, float codes_per_x, float lowest,
                                                 float highest, std::size_t size, Bf16* codes) {
  return convert_to(x, codes_per_x, lowest, highest, size, codes);
}

OHMIC_VECTOR_CLONES void slice_inputs(const float* codes, int sign, int shift, int mask,
                                      std::size_t size, float* drive) {
  slice_to(codes, sign, shift, mask, size, drive);
}

OHMIC_VECTOR_CLONES void slice_inputs(const float* codes, int sign, int shift, int mask,
                                      std::size_t size, Bf16* drive) {
  slice_to(codes, sign, shift, mask, size, drive);
}

OHMIC_VECTOR_CLONES void copy_inputs(const float* x, std::size_t size, float* drive) {
  copy_to(x, size, drive);
}

OHMIC_VECTOR_CLONES void copy_inputs(const float* x, std::size_t size, Bf16* drive) {
  copy_to(x, size, drive);
}

OHMIC_VECTOR_CLONES void take_channels(const float* x, std::size_t pixels, int channels, int first,
                                       int count, int copies, float* out) {
  take(x, pixels, channels, first, count, copies, out);
}

OHMIC_VECTOR_CLONES void take_channels(const Bf16* x, std::size_t pixels, int channels, int first,
                                       int count, int copies, Bf16* out) {
  take(x, pixels, channels, first, count, copies, out);
}

OHMIC_VECTOR_CLONES void square(const float* x, std::size_t size, float* out) {
  square_each(x, size, out);
}

OHMIC_VECTOR_CLONES void square(const Bf16* x, std::size_t size, Bf16* out) {
  square_each(x, size, out);
}

OHMIC_VECTOR_CLONES void round_squares(const float* x, float per_step, std::size_t size,
                                       float* out) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) out[i] = std::nearbyint(x[i] * x[i] * per_step);
}

OHMIC_VECTOR_CLONES void signed_square(const float* x, std::size_t size, float* out) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) out[i] = x[i] * std::fabs(x[i]);
}

OHMIC_VECTOR_CLONES void cube(const float* x, std::size_t size, float* out) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) out[i] = x[i] * x[i] * x[i];
}

void start_sums(Ends ends, std::size_t size, float* y) {
  if (!ends.shift) return;
  std::memcpy(y, ends.shift, size * sizeof(float));
  if (ends.residual) add(ends.residual, size, y);
}

OHMIC_VECTOR_CLONES void raise_to_zero(std::size_t size, float* v) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] = v[i] > 0 ? v[i] : 0;
}

OHMIC_VECTOR_CLONES void add_product(float scale, const float* z, std::size_t size, float* v) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] += scale * z[i];
}

OHMIC_VECTOR_CLONES void add_noise(Noise noise, std::size_t size, float* v) {
  if (noise.variance && noise.scale) return add_noise_to<true, true>(noise, size, v);
  if (noise.variance) return add_noise_to<true, false>(noise, size, v);
  if (noise.scale) add_noise_to<false, true>(noise, size, v);
}

OHMIC_VECTOR_CLONES void add(const float* offset, std::size_t size, float* v) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] += offset[i];
}

OHMIC_VECTOR_CLONES void bend_curve(float inl, float highest, std::size_t size, float* v) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] = bend(v[i], inl, highest);
}

OHMIC_VECTOR_CLONES void accumulate(const float* v, const float* digital, float weight,
                                    std::size_t size, float* y) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) y[i] += weight * digital[i] * v[i];
}

OHMIC_VECTOR_CLONES std::uint64_t convert_nearest(const float* v, Noise noise, const float* digital,
                                                  Codes c, Ends ends, std::size_t size, float* y) {
  if (noise.variance)
    return noise.scale ? convert_from_start<true, true>(ends, v, noise, digital, c, ends, size, y)
                       : convert_from_start<true, false>(ends, v, noise, digital, c, ends, size, y);
  return noise.scale ? convert_from_start<false, true>(ends, v, noise, digital, c, ends, size, y)
                     : convert_from_start<false, false>(ends, v, noise, digital, c, ends, size, y);
}

OHMIC_VECTOR_CLONES std::uint64_t convert_dithered(const float* v, const float* u,
                                                   const float* digital, Codes c, std::size_t size,
                                                   float* y) {
  std::uint32_t saturated = 0;
#pragma omp simd simdlen(16) reduction(+ : saturated)
  for (std::size_t i = 0; i < size; ++i) {
    saturated += saturates(v[i], c.lowest, c.highest) ? 1u : 0u;
    y[i] += c.weight * digital[i] * quantize_dithered(v[i], u[i], c.lowest, c.highest);
  }
  return saturated;
}

OHMIC_VECTOR_CLONES std::uint64_t approximate(const float* capacitors, std::size_t stride, int bits,
                                              Codes c, std::size_t size, float* v, float* level,
                                              float* code) {
  const float zero = sar_zero(bits, c.lowest);
  std::uint32_t saturated = 0;
#pragma omp simd simdlen(16) reduction(+ : saturated)
  for (std::size_t i = 0; i < size; ++i) {
    saturated += saturates(v[i], c.lowest, c.highest) ? 1u : 0u;
    v[i] = clamp_code(v[i], c.lowest, c.highest) + zero + 0.5f;
    level[i] = code[i] = 0.0f;
  }
  for (int bit = bits - 1; bit >= 0; --bit) {
    const float* capacitor = capacitors + static_cast<std::size_t>(bit) * stride;
    const float weight = std::exp2(static_cast<float>(bit));
#pragma omp simd simdlen(16)
    for (std::size_t i = 0; i < size; ++i)
      sar_decision(v[i], capacitor[i], weight, level[i], code[i]);
  }
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) v[i] = code[i] - zero;
  return saturated;
}

OHMIC_VECTOR_CLONES void rectify(std::size_t size, float* y) {
#pragma omp simd simdlen(16)
  for (std::size_t i = 0; i < size; ++i) y[i] = relu(y[i]);
}

}  // namespace ohmic::cpu
