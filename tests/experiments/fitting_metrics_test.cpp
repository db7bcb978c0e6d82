#include "experiments/measure/fitting_metrics.hpp"

#include <gtest/gtest.h>

#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;

/// Three samples of so many numbers.
ImageSet samples(std::int64_t values, std::vector<std::int32_t> labels) {
  ImageSet set;
  set.shape = {values};
  set.numbers.assign(static_cast<std::size_t>(3 * values), 0.5f);
  set.labels = std::move(labels);
  return set;
}

std::string first(const AnswerShape& answer, const ImageSet& set, bool takes_numbers = true) {
  const MetricChoice choice = fitting_metrics(answer, set, takes_numbers).front();
  return choice.name + (choice.against == Against::samples ? " of samples" : "");
}

const std::vector<std::int32_t> kNone(3, ImageSet::kNoLabel);

TEST(FittingMetrics, AreThoseThatAreMeant) {
  EXPECT_EQ(first({{10}}, samples(4, {0, 9, 3})), "accuracy");
  EXPECT_EQ(first({{1}}, samples(4, {0, 1, 1})), "accuracy");
  EXPECT_EQ(first({{1}}, samples(4, {20, 31, 7})), "mse") << "a number to be met";
  EXPECT_EQ(first({{10}}, samples(4, kNone)), "agreement");
  EXPECT_EQ(first({{8}}, samples(8, kNone)), "mse of samples") << "it rebuilds them";
  EXPECT_EQ(first({{8}}, samples(8, kNone), false), "agreement") << "tokens are not rebuilt";
  EXPECT_EQ(first({{8}}, samples(8, {0, 1, 1})), "auc") << "and finds what it cannot rebuild";
  ImageSet regression = samples(4, kNone);
  regression.target_shape = {2};
  regression.targets = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f};
  EXPECT_EQ(first({{2}}, regression), "mse");
}

TEST(FittingMetrics, SayWhyTheUsualOneDoesNotFit) {
  const auto said = [](const AnswerShape& answer, const ImageSet& set) {
    return test::error_of([&] { fitting_metrics(answer, set, true); });
  };
  EXPECT_NE(said({{2}}, samples(4, {0, 1, 2})).find("label 2 of sample 2 is no class"),
            std::string::npos);
  AnswerShape chosen{{1}};
  chosen.chosen = true;
  EXPECT_NE(said(chosen, samples(4, kNone)).find("the network ends in ArgMax"), std::string::npos);
}

}  // namespace
}  // namespace ohmic
