// Values of metrics against those worked out by hand, from formulas that are not the code's.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Floats = std::vector<float>;

/// A sample: what the network answers, and the class or the numbers that are wanted.
struct Sample {
  Floats numbers;
  float label = 0;
  Floats wanted = {};
};

/// `form` says how numbers are read; without classes they are one answer's.
double value_of(const std::string& metric, const std::vector<Sample>& samples, Answer form = {}) {
  const Metric& m = metric_named(metric);
  std::vector<Score> scores;
  for (const Sample& s : samples) {
    Answer a = form;
    a.numbers = s.numbers;
    if (a.classes == 1 && a.positions == 1) a.classes = std::ssize(s.numbers);
    a.label = s.label;
    a.wanted = s.wanted;
    scores.push_back(m.score(a));
  }
  return m.value(scores);
}

Answer sequence(std::int64_t positions, std::int64_t classes) {
  Answer form;
  form.positions = positions;
  form.classes = classes;
  return form;
}

TEST(Metrics, AreListedWithAllThatIsSaidOfThem) {
  std::set<std::string> names;
  for (const Metric* m : all_metrics()) {
    names.insert(m->name);
    EXPECT_FALSE(m->title.empty()) << m->name;
    EXPECT_FALSE(m->doc.empty()) << m->name;
    EXPECT_LT(m->least, m->most) << m->name;
    EXPECT_EQ(find_metric(m->name), m);
    EXPECT_EQ(m->worst(), m->better == Better::higher ? m->least : m->most);
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"accuracy", "agreement", "top_k", "cross_entropy", "perplexity",
                                   "mse", "mae", "auc", "cosine_similarity", "snr"}));
  EXPECT_EQ(find_metric("f1"), nullptr);
}

// --- classes ---

TEST(Accuracy, IsTheShareOfRightAnswers) {
  EXPECT_DOUBLE_EQ(value_of("accuracy", {{{1, 3, 2}, 1}, {{5, 1, 9}, 0}, {{5, 1, 9}, 2}}), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value_of("agreement", {{{1, 3, 2}, 1}, {{5, 1, 9}, 0}}), 0.5);
}

TEST(Accuracy, TakesTheFirstOfTiesAndClass0WhereNothingIsANumber) {
  for (const Floats& same : {Floats{0, 0, 0}, Floats{kNaN, kNaN, kNaN}})
    for (const float label : {0.0f, 1.0f, 2.0f})
      EXPECT_EQ(value_of("accuracy", {{same, label}}), label == 0) << same[0] << ' ' << label;
  EXPECT_EQ(value_of("accuracy", {{{1, kNaN, 2}, 2}}), 1);
}

TEST(Accuracy, CountsPositionsAndLeavesOutThoseWithoutALabel) {
  // Three positions of two classes: answers 1, 0, 1.
  const Floats answers{0, 2, 7, 1, -3, -2};
  EXPECT_EQ(value_of("accuracy", {{answers, 0, {1, 0, 1}}}, sequence(3, 2)), 1);
  EXPECT_DOUBLE_EQ(value_of("accuracy", {{answers, 0, {1, 1, 1}}}, sequence(3, 2)), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value_of("accuracy", {{answers, 0, {1, -100, 0}}}, sequence(3, 2)), 0.5);
  // Means weigh positions, not samples: 1 of 1 and 1 of 3.
  EXPECT_DOUBLE_EQ(
      value_of("accuracy", {{answers, 0, {1, -1, -1}}, {answers, 0, {1, 1, 0}}}, sequence(3, 2)),
      0.5);
  Answer first = sequence(3, 2);
  first.classes_first = true;  // the same answers, class by class
  EXPECT_EQ(value_of("accuracy", {{{0, 7, -3, 2, 1, -2}, 0, {1, 0, 1}}}, first), 1);
}

TEST(Accuracy, ReadsOneNumberAsTwoClasses) {
  Answer one = sequence(1, 1), probability = one;
  probability.probabilities = true;
  const auto is_right = [](const Answer& form, float x, float label) {
    Answer a = form;
    a.numbers = {&x, 1};
    a.label = label;
    return metric_named("accuracy").score(a).part == 1;
  };
  EXPECT_TRUE(is_right(one, 0.2f, 1));  // a logit above 0
  EXPECT_TRUE(is_right(one, -0.2f, 0));
  EXPECT_TRUE(is_right(probability, 0.2f, 0));
  EXPECT_TRUE(is_right(probability, 0.7f, 1));
  EXPECT_FALSE(is_right(probability, 0.7f, 0));
}

TEST(TopK, CountsLabelsAmongTheLargest) {
  Answer two;
  two.k = 2;
  const Floats scores{4, 1, 3, 2};
  for (const auto& [label, right] : {std::pair{0, 1}, {1, 0}, {2, 1}, {3, 0}})
    EXPECT_EQ(value_of("top_k", {{scores, static_cast<float>(label)}}, two), right) << label;
  // Of four ties the first two, and never what is no number.
  for (const auto& [label, right] : {std::pair{0, 1}, {1, 1}, {2, 0}, {3, 0}})
    EXPECT_EQ(value_of("top_k", {{{1, 1, 1, 1}, static_cast<float>(label)}}, two), right) << label;
  EXPECT_EQ(value_of("top_k", {{{kNaN, 1, 1}, 0}}, two), 0);
  EXPECT_EQ(value_of("top_k", {{{kNaN, 1, 1}, 2}}, two), 1);
  two.k = 1;
  EXPECT_EQ(value_of("top_k", {{scores, 0}, {scores, 2}}, two), 0.5);
}

// p = 1/4 and 3/4: -ln p = ln 4 and ln 4/3.
TEST(CrossEntropy, IsMinusTheLogarithmOfTheLabelsProbability) {
  const float ln3 = std::log(3.0f);
  for (const float shift : {0.0f, 500.0f, -500.0f}) {  // softmax does not see it
    EXPECT_NEAR(value_of("cross_entropy", {{{shift, shift + ln3}, 0}}), std::log(4.0), 1e-4);
    EXPECT_NEAR(value_of("cross_entropy", {{{shift, shift + ln3}, 1}}), std::log(4.0 / 3), 1e-4);
  }
  Answer probabilities;
  probabilities.probabilities = true;
  EXPECT_NEAR(value_of("cross_entropy", {{{0.25f, 0.75f}, 0}}, probabilities), std::log(4.0), 1e-7);
  // One logit x is two classes with scores 0 and x.
  Answer a = sequence(1, 1);
  a.numbers = {&ln3, 1};
  a.label = 1;
  EXPECT_NEAR(metric_named("cross_entropy").score(a).part, std::log(4.0 / 3), 1e-7);
}

TEST(CrossEntropy, EndsWhereFloatsEndAndIsInfiniteWithoutNumbers) {
  Answer probabilities;
  probabilities.probabilities = true;
  EXPECT_NEAR(value_of("cross_entropy", {{{0, 1}, 0}}, probabilities), 126 * std::log(2.0), 1e-9);
  EXPECT_EQ(value_of("cross_entropy", {{{0, 1}, 1}}, probabilities), 0);
  EXPECT_EQ(value_of("cross_entropy", {{{kNaN, 1}, 1}}), kInfinite);
  EXPECT_EQ(value_of("cross_entropy", {{{1, kNaN}, 0}, {{1, 1}, 0}}), kInfinite);
  const auto inf = static_cast<float>(kInfinite);
  EXPECT_EQ(value_of("cross_entropy", {{{inf, 1}, 1}}), kInfinite);
  EXPECT_EQ(value_of("cross_entropy", {{{inf, inf}, 1}}), kInfinite);  // inf - inf says nothing
  EXPECT_NEAR(value_of("cross_entropy", {{{3, 3, 3, 3}, 2}}), std::log(4.0), 1e-12);
}

// Geometric mean of 4 and 4/3.
TEST(Perplexity, IsTheGeometricMeanOfInverseProbabilities) {
  const Floats both{0, std::log(3.0f), 0, std::log(3.0f)};
  EXPECT_NEAR(value_of("perplexity", {{both, 0, {0, 1}}}, sequence(2, 2)), 4 / std::sqrt(3.0),
              1e-6);
  EXPECT_NEAR(value_of("perplexity", {{both, 0, {0, -100}}}, sequence(2, 2)), 4, 1e-6);
  EXPECT_NEAR(value_of("perplexity", {{{2, 2, 2, 2, 2}, 3}}), 5, 1e-12);  // knows nothing
  EXPECT_EQ(value_of("perplexity", {{{kNaN, 2}, 1}}), kInfinite);
}

// --- numbers ---

TEST(Errors, AreMeansOverAllNumbers) {
  const std::vector<Sample> samples{{{1, 2, 4}, 0, {1, 0, 1}}, {{0, 0, 0}, 0, {0, 0, -7}}};
  EXPECT_DOUBLE_EQ(value_of("mse", samples), (0 + 4 + 9 + 49) / 6.0);
  EXPECT_DOUBLE_EQ(value_of("mae", samples), (0 + 2 + 3 + 7) / 6.0);
  EXPECT_EQ(value_of("mse", {{{2, 2}, 0, {2, 2}}}), 0);
  for (const char* metric : {"mse", "mae"})
    EXPECT_EQ(value_of(metric, {{{kNaN, 2}, 0, {2, 2}}, {{2, 2}, 0, {2, 2}}}), kInfinite) << metric;
}

TEST(CosineSimilarity, IsThatOfDirections) {
  EXPECT_NEAR(value_of("cosine_similarity", {{{3, 4}, 0, {4, 3}}}), 24.0 / 25, 1e-12);
  EXPECT_NEAR(value_of("cosine_similarity", {{{30, 40}, 0, {0.4f, 0.3f}}}), 24.0 / 25, 1e-7);
  EXPECT_EQ(value_of("cosine_similarity", {{{1, 0}, 0, {0, 5}}}), 0);
  EXPECT_NEAR(value_of("cosine_similarity", {{{1, 2}, 0, {-2, -4}}, {{1, 2}, 0, {1, 2}}}), 0,
              1e-12);
  EXPECT_EQ(value_of("cosine_similarity", {{{0, 0}, 0, {1, 2}}}), 0);
  EXPECT_EQ(value_of("cosine_similarity", {{{kNaN, 1}, 0, {1, 2}}}), -1);
}

// |t|^2 = 25; an error of a tenth of t is 20 dB below it.
TEST(Snr, IsInDecibel) {
  EXPECT_NEAR(value_of("snr", {{{3.3f, 3.6f}, 0, {3, 4}}}), 20, 1e-5);
  EXPECT_NEAR(value_of("snr", {{{6, 8}, 0, {3, 4}}}), 0, 1e-12);
  // Powers add up over samples: 50 against 25.
  EXPECT_NEAR(value_of("snr", {{{6, 8}, 0, {3, 4}}, {{3, 4}, 0, {3, 4}}}), 3.0103, 1e-4);
  EXPECT_EQ(value_of("snr", {{{3, 4}, 0, {3, 4}}}), kInfinite);
  EXPECT_EQ(value_of("snr", {{{3, 4}, 0, {0, 0}}}), -kInfinite);
  EXPECT_EQ(value_of("snr", {{{kNaN, 4}, 0, {3, 4}}}), -kInfinite);
}

// --- areas ---

double area_of(const Floats& scores, const Floats& kinds) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < scores.size(); ++i) samples.push_back({{scores[i]}, kinds[i]});
  return value_of("auc", samples);
}

// The example of scikit-learn's roc_auc_score.
TEST(Auc, IsTheShareOfPairsInOrder) {
  EXPECT_DOUBLE_EQ(area_of({0.1f, 0.4f, 0.35f, 0.8f}, {0, 0, 1, 1}), 0.75);
  EXPECT_EQ(area_of({1, 2, 3, 4}, {0, 0, 1, 1}), 1);
  EXPECT_EQ(area_of({4, 3, 2, 1}, {0, 0, 1, 1}), 0);
  EXPECT_EQ(area_of({5, 5, 5, 5}, {0, 1, 0, 1}), 0.5);
  EXPECT_TRUE(std::isnan(area_of({1, 2}, {1, 1})));
}

TEST(Auc, AgreesWithCountingAllPairs) {
  Floats scores, kinds;
  double won = 0, pairs = 0;
  for (int i = 0; i < 60; ++i) {  // many ties
    scores.push_back(static_cast<float>((i * 37 % 23) / 2));
    kinds.push_back(static_cast<float>((i * i + i / 7) % 3 == 0));
  }
  for (std::size_t i = 0; i < scores.size(); ++i)
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (kinds[i] != 1 || kinds[j] != 0) continue;
      pairs += 1;
      won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
    }
  EXPECT_NEAR(area_of(scores, kinds), won / pairs, 1e-12);
}

TEST(Auc, TakesWhatIsNoNumberForTheWorst) {
  EXPECT_DOUBLE_EQ(area_of({1, 2, kNaN, 4}, {0, 0, 1, 1}), 0.5);
  EXPECT_DOUBLE_EQ(area_of({1, kNaN, 3, 4}, {0, 0, 1, 1}), 0.5);
}

TEST(Auc, ScoresTwoNumbersByTheirDifferenceAndRebuiltSamplesByTheirError) {
  EXPECT_EQ(value_of("auc", {{{5, 1}, 0}, {{9, 7}, 1}}), 1);  // -4 and -2
  EXPECT_EQ(value_of("auc", {{{1, 1, 1}, 0, {1, 1, 2}}, {{1, 1, 1}, 1, {3, 1, 1}}}), 1);
  EXPECT_EQ(value_of("auc", {{{1, 1, 1}, 1, {1, 1, 2}}, {{1, 1, 1}, 0, {3, 1, 1}}}), 0);
}

}  // namespace
}  // namespace ohmic
