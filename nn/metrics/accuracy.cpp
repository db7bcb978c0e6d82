// accuracy, agreement, top_k: how many answers are right.
//
// An answer is the class with the largest score, of ties the first; scores that are not numbers are
// the largest only where the first one is (a network whose answers are all NaN answers class 0);
// for top_k they are smaller than every number. Of a sequence or an image every position is an
// answer, but those whose label is below 0.
#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

template <class IsRight>
Score count(const Answer& a, const IsRight& is_right) {
  Score score;
  for (std::int64_t p = 0; p < a.positions; ++p) {
    const std::int64_t label = a.label_at(p);
    if (label < 0) continue;
    score.part += is_right(p, label);
    score.whole += 1;
  }
  return score;
}

Score right(const Answer& a) {
  return count(a, [&](std::int64_t p, std::int64_t label) { return a.answered(p) == label; });
}

/// Fewer than k classes come before the label: with a larger score, or the same and a lower number.
Score among_largest(const Answer& a) {
  return count(a, [&](std::int64_t p, std::int64_t label) {
    const double own = a.of(p, label);
    if (own != own) return false;
    std::int64_t before = 0;
    for (std::int64_t c = 0; c < a.kinds(); ++c)
      before += a.of(p, c) > own || (a.of(p, c) == own && c < label);
    return before < a.k;
  });
}

Metric share(const char* name, const char* title, Score (*score)(const Answer&), const char* doc) {
  Metric m;
  m.name = name;
  m.title = title;
  m.unit = "%";
  m.least = 0;
  m.most = 1;
  m.score = score;
  m.counts = true;
  m.doc = doc;
  return m;
}

double one_of(const Answer& form) { return 1 / static_cast<double>(form.kinds()); }
double k_of(const Answer& form) { return form.k * one_of(form); }

Metric accuracy() {
  Metric m = share("accuracy", "accuracy", right,
                   "share of answers that are the label's class; of a sequence, of its positions");
  m.has_normalized = true;
  m.guessed = one_of;
  return m;
}

Metric agreement() {
  Metric m = share("agreement", "agreement", right,
                   "share of answers that are those of the network without noise; needs no labels");
  m.of_own_answers = true;
  return m;
}

Metric top_k() {
  Metric m = share("top_k", "top-k accuracy", among_largest,
                   "share of answers with the label's class among the evaluation.top_k largest "
                   "scores");
  m.guessed = k_of;
  return m;
}

const RegisterMetric kRegisterAccuracy{accuracy(), agreement(), top_k()};

}  // namespace
}  // namespace ohmic
