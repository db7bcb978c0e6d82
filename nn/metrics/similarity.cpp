// cosine_similarity, snr: how much of an answer, as a vector y, is what was wanted, t.
//
//   cosine_similarity  mean over samples of y t / (|y| |t|): direction alone; 0 where a vector has
//                      none, -1 where it holds what is no number
//   snr                10 lg(sum |t|^2 / sum |y - t|^2) over all samples: infinite without error,
//                      minus infinity with numbers that are none
#include <algorithm>
#include <cmath>

#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

Score cosine(const Answer& a) {
  double product = 0, own = 0, wanted = 0;
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    const double y = a.numbers[i], t = a.wanted[i];
    product += y * t;
    own += y * y;
    wanted += t * t;
  }
  if (!std::isfinite(product) || !std::isfinite(own)) return {-1, 1};
  if (own == 0 || wanted == 0) return {0, 1};
  return {std::clamp(product / (std::sqrt(own) * std::sqrt(wanted)), -1.0, 1.0), 1};
}

Score powers(const Answer& a) {
  Score score;
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    const double t = a.wanted[i], error = static_cast<double>(a.numbers[i]) - t;
    score.part += t * t;
    score.whole += error * error;
  }
  if (std::isnan(score.whole)) score = {0, HUGE_VAL};
  return score;
}

double decibel(std::span<const Score> scores) {
  double signal = 0, error = 0;
  for (const Score& s : scores) {
    signal += s.part;
    error += s.whole;
  }
  if (error == 0) return HUGE_VAL;
  return signal == 0 ? -HUGE_VAL : 10 * std::log10(signal / error);
}

Metric cosine_similarity() {
  Metric m;
  m.name = "cosine_similarity";
  m.title = "cosine similarity";
  m.least = -1;
  m.most = 1;
  m.compares = Compares::numbers;
  m.score = cosine;
  m.doc = "mean over samples of y t / (|y| |t|)";
  return m;
}

Metric snr() {
  Metric m;
  m.name = "snr";
  m.title = "signal-to-noise ratio";
  m.unit = "dB";
  m.compares = Compares::numbers;
  m.score = powers;
  m.value = decibel;
  m.is_mean = false;
  m.doc = "10 lg(sum t^2 / sum (y - t)^2) over all numbers of all answers";
  return m;
}

const RegisterMetric kRegisterSimilarity{cosine_similarity(), snr()};

}  // namespace
}  // namespace ohmic
