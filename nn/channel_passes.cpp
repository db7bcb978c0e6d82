#include "nn/channel_passes.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"
#include "simulator/host_device.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kLoop = 64;     // numbers at least in the innermost loops: a few vectors
constexpr std::int64_t kBlock = 4096;  // numbers of a block, for the first-level cache

/// Values x channels cut into blocks, each of rows, each of whole values.
struct Cut {
  Cut(std::int64_t values, std::int64_t channels_)
      : channels(channels_),
        row(channels * ((kLoop + channels - 1) / channels)),
        block(row * std::max<std::int64_t>(1, kBlock / row)),
        numbers(values * channels) {}
  std::int64_t blocks() const { return (numbers + block - 1) / block; }

  std::int64_t channels, row, block, numbers;
};

/// f(first number, numbers, block) for every block, on all threads.
template <class F>
void each_block(const Cut& cut, const F& f) {
#pragma omp parallel for schedule(static) if (cut.blocks() > 1)
  for (std::int64_t b = 0; b < cut.blocks(); ++b)
    f(b * cut.block, std::min(cut.block, cut.numbers - b * cut.block), b);
}

/// What is said of channels, for a whole row.
class Row {
 public:
  template <class F>
  Row(const Cut& cut, const F& of_channel) : values_(static_cast<std::size_t>(cut.row)) {
    for (std::int64_t j = 0; j < cut.row; ++j)
      values_[static_cast<std::size_t>(j)] = static_cast<float>(of_channel(j % cut.channels));
  }
  operator const float*() const { return values_.data(); }

 private:
  std::vector<float> values_;
};

/// Two sums by place in a row, of one block.
struct Sums {
  float *a, *b;
};

/// Two sums by channel, a and b: f(first number, numbers, Sums) adds up a block.
template <class F>
std::vector<double> sums(const Cut& cut, const F& f) {
  const std::int64_t n = cut.channels;
  std::vector<double> of_blocks(static_cast<std::size_t>(2 * n * cut.blocks()));
  each_block(cut, [&](std::int64_t first, std::int64_t numbers, std::int64_t block) {
    std::vector<float> places(static_cast<std::size_t>(2 * cut.row));
    f(first, numbers, Sums{places.data(), places.data() + cut.row});
    double* own = of_blocks.data() + 2 * n * block;
    for (const float* value = places.data(); value < places.data() + cut.row; value += n)
      for (std::int64_t c = 0; c < n; ++c) {
        own[c] += value[c];
        own[n + c] += value[cut.row + c];
      }
  });
  std::vector<double> all(static_cast<std::size_t>(2 * n));
  for (std::int64_t b = 0; b < cut.blocks(); ++b)
    for (std::int64_t c = 0; c < 2 * n; ++c)
      all[static_cast<std::size_t>(c)] += of_blocks[static_cast<std::size_t>(2 * n * b + c)];
  return all;
}

/// x - origin, and its square.
OHMIC_VECTOR_CLONES void add_moments(const float* x, const float* origin, std::int64_t numbers,
                                     std::int64_t row, Sums s) {
  for (std::int64_t i = 0; i < numbers; i += row) {
    const std::int64_t here = std::min(row, numbers - i);
#pragma omp simd
    for (std::int64_t j = 0; j < here; ++j) {
      const float v = x[i + j] - origin[j];
      s.a[j] += v;
      s.b[j] += v * v;
    }
  }
}

/// By place in a row.
struct Line {
  const float *mean, *scale, *shift;
  OHMIC_HOST_DEVICE float at(float x, std::int64_t j) const {
    return (x - mean[j]) * scale[j] + shift[j];
  }
};

/// The line at x, and then what follows.
template <bool kAdds, bool kRelu>
OHMIC_VECTOR_CLONES void apply(const Line& line, const float* x, const float* r,
                               std::int64_t numbers, std::int64_t row, float* y) {
  for (std::int64_t i = 0; i < numbers; i += row) {
    const std::int64_t here = std::min(row, numbers - i);
#pragma omp simd
    for (std::int64_t j = 0; j < here; ++j) {
      float v = line.at(x[i + j], j);
      if (kAdds) v += r[i + j];
      y[i + j] = kRelu && v <= 0 ? 0 : v;
    }
  }
}

/// g where a ReLU, if there is one, passes the line at x.
template <bool kRelu>
OHMIC_HOST_DEVICE float passed(const Line& line, float x, float g, std::int64_t j) {
  return kRelu && line.at(x, j) <= 0 ? 0 : g;
}

/// What passes of g, and that times (x - mean).
template <bool kRelu>
OHMIC_VECTOR_CLONES void add_gradients(const Line& line, const float* x, const float* g,
                                       std::int64_t numbers, std::int64_t row, Sums s) {
  for (std::int64_t i = 0; i < numbers; i += row) {
    const std::int64_t here = std::min(row, numbers - i);
#pragma omp simd
    for (std::int64_t j = 0; j < here; ++j) {
      const float gradient = passed<kRelu>(line, x[i + j], g[i + j], j);
      s.a[j] += gradient;
      s.b[j] += gradient * (x[i + j] - line.mean[j]);
    }
  }
}

/// scale (what passes of g - average - (x - mean) slope)
template <bool kRelu>
OHMIC_VECTOR_CLONES void apply_backward(const Line& line, const float* x, const float* g,
                                        const float* average, const float* slope,
                                        std::int64_t numbers, std::int64_t row, float* of_x) {
  for (std::int64_t i = 0; i < numbers; i += row) {
    const std::int64_t here = std::min(row, numbers - i);
#pragma omp simd
    for (std::int64_t j = 0; j < here; ++j) {
      const float gradient = passed<kRelu>(line, x[i + j], g[i + j], j);
      of_x[i + j] = line.scale[j] * (gradient - average[j] - (x[i + j] - line.mean[j]) * slope[j]);
    }
  }
}

OHMIC_VECTOR_CLONES void mask(const float* y, const float* of_y, std::int64_t numbers, float* g) {
#pragma omp simd
  for (std::int64_t i = 0; i < numbers; ++i) g[i] = y[i] <= 0 ? 0 : of_y[i];
}

/// What a norm does, for a whole row.
struct NormRow {
  NormRow(const Cut& cut, const NormOfBatch& norm)
      : mean(cut, [&](std::int64_t c) { return norm.mean[c]; }),
        scale(cut, [&](std::int64_t c) { return norm.gamma[c] * norm.rate[c]; }),
        shift(cut, [&](std::int64_t c) { return norm.beta[c]; }) {}
  Line line() const { return {mean, scale, shift}; }

  Row mean, scale, shift;
};

}  // namespace

ChannelMoments channel_moments(const float* x, std::int64_t values, std::int64_t channels) {
  OHMIC_ASSERT(values > 0);
  const Cut cut(values, channels);
  const Row origin(cut, [&](std::int64_t c) { return x[c]; });  // squares no larger than need be
  const std::vector<double> s = sums(cut, [&](std::int64_t first, std::int64_t numbers, Sums sum) {
    add_moments(x + first, origin, numbers, cut.row, sum);
  });
  ChannelMoments moments;
  for (std::size_t c = 0; c < s.size() / 2; ++c) {
    const double mean = s[c] / static_cast<double>(values);
    const double variance = s[s.size() / 2 + c] / static_cast<double>(values) - mean * mean;
    moments.mean.push_back(static_cast<float>(double{x[c]} + mean));
    moments.variance.push_back(static_cast<float>(variance < 0 ? 0 : variance));
  }
  return moments;
}

void normalize(const NormOfBatch& norm, const float* x, const float* r, float* y) {
  const Cut cut(norm.values, norm.channels);
  const NormRow row(cut, norm);
  const auto pass = r ? (norm.relu ? apply<true, true> : apply<true, false>)
                      : (norm.relu ? apply<false, true> : apply<false, false>);
  each_block(cut, [&](std::int64_t first, std::int64_t numbers, std::int64_t) {
    pass(row.line(), x + first, r ? r + first : nullptr, numbers, cut.row, y + first);
  });
}

void normalize_backward(const NormOfBatch& norm, const float* x, const float* y, const float* of_y,
                        const NormGradients& gradients) {
  const Cut cut(norm.values, norm.channels);
  const NormRow row(cut, norm);
  const float* g = y ? gradients.of_r : of_y;
  const bool relu = norm.relu && !y;  // what passes the one behind a sum is said by y
  const auto add = relu ? add_gradients<true> : add_gradients<false>;
  const std::vector<double> s = sums(cut, [&](std::int64_t first, std::int64_t numbers, Sums sum) {
    if (y) mask(y + first, of_y + first, numbers, gradients.of_r + first);
    add(row.line(), x + first, g + first, numbers, cut.row, sum);
  });
  const double *of_beta = s.data(), *of_deviation = s.data() + norm.channels;
  for (std::int64_t c = 0; c < norm.channels; ++c) {
    gradients.of_beta[c] = static_cast<float>(of_beta[c]);
    gradients.of_gamma[c] = static_cast<float>(of_deviation[c] * norm.rate[c]);
  }
  const auto n = static_cast<double>(norm.values);
  const Row average(cut, [&](std::int64_t c) { return of_beta[c] / n; });
  const Row slope(
      cut, [&](std::int64_t c) { return of_deviation[c] * norm.rate[c] * norm.rate[c] / n; });
  const auto pass = relu ? apply_backward<true> : apply_backward<false>;
  each_block(cut, [&](std::int64_t first, std::int64_t numbers, std::int64_t) {
    pass(row.line(), x + first, g + first, average, slope, numbers, cut.row,
         gradients.of_x + first);
  });
}

}  // namespace ohmic
