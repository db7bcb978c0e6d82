// What is allowed, held against one answer and against guessing: on test sets made here.
#include "experiments/budget/limit_notes.hpp"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

using Texts = std::vector<std::string>;

/// Forty samples of ten classes.
TrainedNetwork of_classes() {
  auto data = std::make_shared<Dataset>();
  for (int i = 0; i < 40; ++i) data->test.labels.push_back(i % 10);
  TrainedNetwork network;
  network.data = std::move(data);
  return network;
}

/// Forty samples with the numbers -1 and 1, half of each: their mean errs by 1.
TrainedNetwork of_numbers() {
  auto data = std::make_shared<Dataset>();
  ImageSet& test = data->test;
  test.labels.assign(40, ImageSet::kNoLabel);
  for (int i = 0; i < 40; ++i) test.targets.push_back(i % 2 == 0 ? -1.0f : 1.0f);
  TrainedNetwork network;
  network.measure = Measure(MetricChoice{"mse"}, AnswerShape{{1}}, test);
  network.data = std::move(data);
  return network;
}

BudgetSettings yield_of(double target) {
  BudgetSettings settings;
  settings.yield.emplace().target = target;
  return settings;
}

Texts notes(const BudgetSettings& settings, const std::string& metric, double baseline,
            const TrainedNetwork& network) {
  return limit_notes(settings, MetricWords(MetricChoice{metric}), baseline, network);
}

TEST(LimitNotes, AreOfTargetsNoBetterThanGuessing) {
  const TrainedNetwork network = of_classes();
  EXPECT_EQ(notes(yield_of(0.05), "accuracy", 0.9, network),
            Texts{"An accuracy of at least 5.00 % (budget.yield.target) is asked for, and guessing "
                  "gives 10.00 %: chips that tell nothing of their samples are good enough for "
                  "it."});
  EXPECT_EQ(notes(yield_of(0.1), "accuracy", 0.9, network).size(), 1u);
  EXPECT_EQ(notes(yield_of(0.11), "accuracy", 0.9, network), Texts{});
}

TEST(LimitNotes, AreOfLimitsBeyondTheBaseline) {
  const TrainedNetwork network = of_classes();
  EXPECT_EQ(notes(yield_of(0.91), "accuracy", 0.9, network),
            Texts{"An accuracy of at least 91.00 % (budget.yield.target) is asked for, and without "
                  "noise it is 90.00 %: noise would have to help."});
  EXPECT_EQ(notes(yield_of(0.9), "accuracy", 0.9, network), Texts{});
  EXPECT_EQ(notes(yield_of(0.001), "mse", 0.002, of_numbers()).size(), 1u);
}

TEST(LimitNotes, AreOfErrorsNoBetterThanOneAnswerForAll) {
  const TrainedNetwork network = of_numbers();
  EXPECT_EQ(notes(yield_of(5), "mse", 0.002, network),
            Texts{"A mean squared error of at most 5 (budget.yield.target) is asked for, and one "
                  "answer for all samples, their mean, gives 1: chips that tell nothing of their "
                  "samples are good enough for it."});
  EXPECT_EQ(notes(yield_of(0.5), "mse", 0.002, network), Texts{});
}

TEST(LimitNotes, AreOfLimitsAndLosses) {
  const TrainedNetwork network = of_classes();
  BudgetSettings settings;
  settings.drop = DropUnit::points;
  settings.find.emplace();
  settings.max_drop = {1, 85};
  EXPECT_EQ(notes(settings, "accuracy", 0.9, network),
            (Texts{"A loss of at most 1 point is less than one of 40 test answers weighs (2.5 "
                   "points): what is tolerated hangs on single answers of single chips; more "
                   "samples tell so little.",
                   "A loss of at most 85 points ends at 5.00 %, and guessing gives 10.00 %: chips "
                   "that tell nothing of their samples are good enough for it."}));
  settings.limit = {0.05};
  EXPECT_EQ(notes(settings, "accuracy", 0.9, network),
            Texts{"An accuracy of at least 5.00 % is asked for, and guessing gives 10.00 %: chips "
                  "that tell nothing of their samples are good enough for it."});
}

// max_drop has a default, which a target and questions without a limit do not ask for.
TEST(LimitNotes, AreOfNothingThatIsNotAsked) {
  const TrainedNetwork network = of_classes();
  EXPECT_EQ(notes(yield_of(0.5), "accuracy", 0.9, network), Texts{});
  BudgetSettings sensitivity;
  sensitivity.sensitivity.emplace();
  EXPECT_EQ(notes(sensitivity, "accuracy", 0.9, network), Texts{});
  sensitivity.find.emplace();
  EXPECT_EQ(notes(sensitivity, "accuracy", 0.9, network).size(), 1u);
}

}  // namespace
}  // namespace ohmic
