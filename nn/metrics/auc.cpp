// auc: the area under the receiver operating characteristic, P(a sample of kind 1 scores higher
// than one of kind 0) + P(both score the same) / 2 (Mann and Whitney).
//
// A sample's score is the network's one number, of two numbers the second less the first, or, where
// answers have the shape of samples (an auto-encoder), the mean squared error of the answer against
// the sample: what cannot be rebuilt is unusual. A score that is no number is the worst for its
// kind.
#include <algorithm>
#include <cmath>

#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

double score_of(const Answer& a) {
  const std::span<const float> y = a.numbers;
  if (a.wanted.empty())
    return y.size() == 1 ? y[0] : static_cast<double>(y[1]) - static_cast<double>(y[0]);
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double d = static_cast<double>(y[i]) - static_cast<double>(a.wanted[i]);
    sum += d * d;
  }
  return sum / static_cast<double>(y.size());
}

Score ranked(const Answer& a) {
  const double score = score_of(a);
  const double kind = a.label > 0 ? 1 : 0;
  return {std::isnan(score) ? (kind == 1 ? -HUGE_VAL : HUGE_VAL) : score, kind};
}

double area(std::span<const Score> scores) {
  std::vector<Score> sorted(scores.begin(), scores.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Score& a, const Score& b) { return a.part < b.part; });
  double usual = 0, unusual = 0, won = 0;  // of kind 0 and 1 so far; pairs that kind 1 wins
  for (std::size_t i = 0; i < sorted.size();) {
    double zeros = 0, ones = 0;
    const double here = sorted[i].part;
    for (; i < sorted.size() && sorted[i].part == here; ++i)
      (sorted[i].whole == 1 ? ones : zeros) += 1;
    won += ones * (usual + zeros / 2);
    usual += zeros;
    unusual += ones;
  }
  return usual > 0 && unusual > 0 ? won / (usual * unusual)
                                  : std::numeric_limits<double>::quiet_NaN();
}

Metric auc() {
  Metric m;
  m.name = "auc";
  m.title = "area under the ROC curve";
  m.least = 0;
  m.most = 1;
  m.compares = Compares::kinds;
  m.score = ranked;
  m.value = area;
  m.is_mean = false;
  m.guessed = [](const Answer&) { return 0.5; };
  m.doc =
      "probability that a sample labelled 1 scores higher than one labelled 0, ties counted half";
  m.source = "Mann and Whitney, Ann. Math. Stat. 18, 50 (1947)";
  return m;
}

const RegisterMetric kRegisterAuc{auc()};

}  // namespace
}  // namespace ohmic
