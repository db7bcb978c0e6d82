// cross_entropy, perplexity: how probable the network holds what is right.
//
//   cross_entropy  -mean ln p(label), p the softmax of logits, or the probabilities that a network
//                  which ends in a softmax or a sigmoid gives (not below the least float, 1.2e-38,
//                  where float32 ends)
//   perplexity     exp(cross_entropy): the number of classes among which the network hesitates
//
// Means are over positions whose label is not below 0. Scores that are not numbers are infinitely
// wrong.
#include <algorithm>
#include <cfloat>
#include <cmath>

#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

double log_of_probability(const Answer& a, std::int64_t p, std::int64_t label) {
  if (a.probabilities) return std::log(std::max(a.of(p, label), double{FLT_MIN}));
  double most = -HUGE_VAL, sum = 0;
  for (std::int64_t c = 0; c < a.kinds(); ++c) most = std::max(most, a.of(p, c));
  for (std::int64_t c = 0; c < a.kinds(); ++c) sum += std::exp(a.of(p, c) - most);
  return a.of(p, label) - most - std::log(sum);
}

bool has_numbers_only(const Answer& a, std::int64_t p) {
  for (std::int64_t c = 0; c < a.kinds(); ++c)
    if (std::isnan(a.of(p, c))) return false;
  return true;
}

Score surprise(const Answer& a) {
  Score score;
  for (std::int64_t p = 0; p < a.positions; ++p) {
    const std::int64_t label = a.label_at(p);
    if (label < 0) continue;
    const double log_p = has_numbers_only(a, p) ? log_of_probability(a, p, label) : -HUGE_VAL;
    score.part -= std::isnan(log_p) ? -HUGE_VAL : log_p;  // inf - inf among logits
    score.whole += 1;
  }
  return score;
}

double exp_of_mean(std::span<const Score> scores) { return std::exp(mean_of_scores(scores)); }

Metric cross_entropy() {
  Metric m;
  m.name = "cross_entropy";
  m.title = "cross-entropy";
  m.unit = "nat";
  m.better = Better::lower;
  m.least = 0;
  m.of_shares = true;
  m.score = surprise;
  m.guessed = [](const Answer& form) { return std::log(static_cast<double>(form.kinds())); };
  m.doc = "mean of -ln p of the label's class, by softmax of the logits";
  return m;
}

Metric perplexity() {
  Metric m = cross_entropy();
  m.name = "perplexity";
  m.title = "perplexity";
  m.unit = "";
  m.least = 1;
  m.value = exp_of_mean;
  m.guessed = [](const Answer& form) { return static_cast<double>(form.kinds()); };
  m.is_mean = false;
  m.doc = "exp(cross_entropy) over all positions of all samples";
  return m;
}

const RegisterMetric kRegisterCrossEntropy{cross_entropy(), perplexity()};

}  // namespace
}  // namespace ohmic
