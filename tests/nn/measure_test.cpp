#include "nn/metrics/measure.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

/// Two samples of `values` numbers, without labels.
ImageSet two_samples(std::int64_t values = 3) {
  ImageSet set;
  set.shape = {values};
  set.labels = {ImageSet::kNoLabel, ImageSet::kNoLabel};
  for (std::int64_t i = 0; i < 2 * values; ++i) set.numbers.push_back(static_cast<float>(i));
  return set;
}
ImageSet labelled(std::vector<std::int32_t> labels) {
  ImageSet set = two_samples();
  set.labels = std::move(labels);
  return set;
}
ImageSet wanting(const Shape& shape, Floats targets) {
  ImageSet set = two_samples();
  set.target_shape = shape;
  set.targets = std::move(targets);
  return set;
}

double value_of(const Measure& measure, const ImageSet& set, const Floats& outputs) {
  std::vector<Score> scores;
  const std::size_t each = outputs.size() / 2;
  for (std::size_t i = 0; i < 2; ++i)
    scores.push_back(measure.score(outputs.data() + i * each, set, static_cast<std::int64_t>(i)));
  return measure.value(scores);
}

std::string refusal(const MetricChoice& choice, const Shape& answer, const ImageSet& set) {
  return error_of<std::runtime_error>([&] { Measure(choice, {answer, false}, set); });
}

TEST(Measure, OfBuiltInNetworksIsAccuracy) {
  const ImageSet set = labelled({1, 0});
  EXPECT_EQ(value_of(Measure(2), set, {0, 1, 0, 1}), 0.5);
  EXPECT_TRUE(Measure(2).is_plain_accuracy());
  EXPECT_EQ(Measure(2).answers(set, 0, 2), 2);
}

TEST(Measure, FindsTheClassesOfPositions) {
  // Positions 0, 1, 2 answer 1, 0, 1 in the first sample; 0, 0, 0 in the second.
  const Floats last{0, 2, 7, 1, -3, -2, 1, 0, 1, 0, 1, 0};
  const Floats first{0, 7, -3, 2, 1, -2, 1, 1, 1, 0, 0, 0};
  const ImageSet set = wanting({3}, {1, 0, 1, 0, 1, -1});
  const Measure by_token({}, {{3, 2}, false}, set), by_class({}, {{2, 3}, false}, set);
  EXPECT_DOUBLE_EQ(value_of(by_token, set, last), 4.0 / 5);
  EXPECT_DOUBLE_EQ(value_of(by_class, set, first), 4.0 / 5);
  EXPECT_EQ(by_token.answers(set, 0, 2), 5);
  EXPECT_EQ(by_token.answers(set, 1, 1), 2);
  EXPECT_FALSE(by_token.is_plain_accuracy());
  const ImageSet kinds = wanting({3}, {1, 0, 1, 0, 0, 1});  // a number per position: two classes
  EXPECT_DOUBLE_EQ(value_of(Measure({}, {{3, 1}, false}, kinds), kinds, {1, -1, 1, -1, -1, -1}),
                   5.0 / 6);
}

TEST(Measure, TakesTheFirstAxisWhereLabelsFitTwo) {
  // By columns, first sample: classes 1, 0; second: 0, 1. By rows 1, 0 and 1, 1.
  const Floats answers{0, 9, 5, 1, 2, 3, 1, 8};
  const ImageSet columns = wanting({2}, {1, 0, 0, 1}), rows = wanting({2}, {1, 0, 1, 1});
  const AnswerShape square{{2, 2}, false}, of_keras{{2, 2}, false, false, true};
  const MetricChoice first{"accuracy", 5, Against::labels, ClassAxis::first},
      last{"accuracy", 5, Against::labels, ClassAxis::last};
  const Measure found({}, square, columns), keras({}, of_keras, rows);
  EXPECT_EQ(value_of(found, columns, answers), 1);
  EXPECT_EQ(value_of(keras, rows, answers), 1);
  ASSERT_EQ(found.remarks().size(), 1u);
  EXPECT_EQ(keras.remarks(),
            std::vector<std::string>{
                "labels fit an answer of 2 x 2 numbers with classes on its first axis and on its "
                "last, and the last one is taken, as in Keras; evaluation.class_axis = \"first\" "
                "says otherwise"});
  EXPECT_EQ(value_of(Measure(first, of_keras, columns), columns, answers), 1);
  EXPECT_EQ(value_of(Measure(last, square, rows), rows, answers), 1);
  EXPECT_TRUE(Measure(last, square, rows).remarks().empty());
  EXPECT_TRUE(Measure({}, {{2, 3}, false}, wanting({3}, Floats(6, 1))).remarks().empty());
  EXPECT_EQ(refusal(last, {2, 3}, wanting({3}, Floats(6, 1))),
            "evaluation.metric = \"accuracy\": a sample has labels of 3 numbers and an answer of 2 "
            "x 3 numbers; expected a class per sample, or one for each position of the answer, "
            "whose other axis is the classes: the last (evaluation.class_axis)");
  const MetricChoice own{"agreement", 5, Against::labels, ClassAxis::first};
  EXPECT_EQ(Measure(own, square, two_samples()).with_answers(two_samples(), answers).targets,
            (Floats{1, 0, 0, 1}));
}

/// The measure after it has seen these answers, one number each or `classes`.
Measure settled(const MetricChoice& choice, std::int64_t classes, const Floats& answers) {
  Measure measure(choice, {{classes}, false}, labelled({0, 1}));
  EXPECT_TRUE(measure.wants_to_look());
  for (auto at = answers.begin(); at != answers.end(); at += classes)
    if (!measure.look_at(&*at)) break;
  measure.settle();
  EXPECT_FALSE(measure.wants_to_look());
  return measure;
}

TEST(Measure, TakesNumbersFromZeroToOneForProbabilities) {
  Floats shares;
  for (int i = 0; i < 20; ++i) shares.push_back(0.05f * static_cast<float>(i));
  const Measure found = settled({}, 1, shares);
  EXPECT_TRUE(found.gives_probabilities());
  EXPECT_EQ(value_of(found, labelled({0, 1}), {0.4f, 0.6f}), 1);
  Floats beyond = shares;
  beyond.push_back(1.5f);
  EXPECT_FALSE(settled({}, 1, beyond).gives_probabilities());
  EXPECT_TRUE(settled({}, 1, beyond).remarks().empty());
  const Measure few = settled({}, 1, {0.1f, 0.7f}), same = settled({}, 1, Floats(30, 0.5f));
  EXPECT_FALSE(few.gives_probabilities());
  EXPECT_FALSE(same.gives_probabilities());
  EXPECT_EQ(few.remarks().at(0),
            "what the network answers without noise is from 0 to 1, but of few samples, so its one "
            "number is taken for a logit, and above 0 for class 1; evaluation.scores = "
            "\"probabilities\" says otherwise");
  EXPECT_NE(same.remarks().at(0).find("from 0 to 1, but always the same, so"), std::string::npos);
}

TEST(Measure, TakesSharesOfOneForProbabilities) {
  const MetricChoice entropy{"cross_entropy"};
  const Measure found = settled(entropy, 3, {0.2f, 0.3f, 0.5f, 0, 0.9996f, 0});
  EXPECT_NEAR(value_of(found, labelled({2, 0}), {0.2f, 0.3f, 0.5f, 0.25f, 0.5f, 0.25f}),
              -(std::log(0.5) + std::log(0.25)) / 2, 1e-7);
  EXPECT_EQ(found.remarks().size(), 1u);
  EXPECT_FALSE(settled(entropy, 3, {0.2f, 0.3f, 0.6f}).gives_probabilities());
  EXPECT_FALSE(settled(entropy, 3, {-0.2f, 0.6f, 0.6f}).gives_probabilities());
  EXPECT_FALSE(settled(entropy, 3, {0.2f, 0.3f, NAN}).gives_probabilities());
  EXPECT_FALSE(Measure({}, {{3}, false}, labelled({0, 1})).wants_to_look()) << "which is largest";
  EXPECT_FALSE(Measure(entropy, {{1}, true}, labelled({0, 1})).wants_to_look()) << "a sigmoid";
  MetricChoice said{"cross_entropy"};
  said.scores = ScoreKind::probabilities;
  EXPECT_TRUE(settled(said, 3, {0.2f, 0.9f, 0.6f}).gives_probabilities());
  EXPECT_EQ(error_of<std::runtime_error>([&] {
              settled(said, 3, {0.2f, 1.9f, 0.6f});
            }),
            "evaluation.metric = \"cross_entropy\": takes answers for probabilities "
            "(evaluation.scores), and without noise the network answers with numbers below 0 or "
            "above 1; expected \"logits\", or \"found\"");
  said.scores = ScoreKind::logits;
  const Measure logits(said, {{3}, true}, labelled({0, 1}));
  EXPECT_FALSE(logits.wants_to_look());
  EXPECT_FALSE(logits.gives_probabilities());
}

// Three sigmoids: -ln of the label's own, and no word of the others.
TEST(Measure, SaysWhereProbabilitiesAreNotShares) {
  const auto remarks = [](const Floats& answer) {
    Measure measure({"cross_entropy"}, {{3}, true}, labelled({0, 1}));
    EXPECT_TRUE(measure.wants_to_look());
    measure.look_at(answer.data());
    measure.settle();
    EXPECT_TRUE(measure.gives_probabilities());
    return measure.remarks();
  };
  EXPECT_EQ(remarks({0.2f, 0.3f, 0.5f}), std::vector<std::string>());
  EXPECT_EQ(remarks({0.9f, 0.9f, 0.5f}),
            std::vector<std::string>{
                "the 3 numbers of an answer are probabilities of their own, which do not add up to "
                "1: cross-entropy takes the label's alone, whatever the others are"});
}

TEST(Measure, RefusesLabelsThatAreNoClassesOfTheAnswer) {
  EXPECT_EQ(refusal({}, {3}, labelled({0, 3})),
            "label 3 of sample 1 is no class: the network answers with 3 numbers; "
            "expected whole numbers from 0 to 2");
  EXPECT_EQ(refusal({}, {1}, labelled({0, 2})),
            "label 2 of sample 1 is no class: the network answers with 1 number; "
            "expected whole numbers from 0 to 1");
  EXPECT_EQ(refusal({}, {1}, labelled({0, 1})), "");
  EXPECT_EQ(refusal({}, {3}, two_samples()),
            "evaluation.metric = \"accuracy\": compares answers with labels, and data.test has "
            "none; expected labels, or metric = \"agreement\", which compares with the network's "
            "own answers without noise");
  EXPECT_EQ(refusal({}, {3}, wanting({}, {0, 1.5f})),
            "evaluation.metric = \"accuracy\": compares answers with classes, and the label of "
            "sample 1 of data.test is 1.5; expected whole numbers from 0 on, or a metric that "
            "compares numbers (mse, mae, snr, cosine_similarity)");
  EXPECT_EQ(refusal({"cross_entropy"}, {4, 5}, labelled({0, 1})),
            "evaluation.metric = \"cross_entropy\": a sample has one label and an answer of 4 x 5 "
            "numbers; expected a label for each position, or a network that gives a score per "
            "class");
  EXPECT_EQ(refusal({"perplexity"}, {4, 5}, wanting({3}, Floats(6, 1))),
            "evaluation.metric = \"perplexity\": a sample has labels of 3 numbers and an answer of "
            "4 x 5 numbers; expected a class per sample, or one for each position of the answer, "
            "whose other axis is the classes");
  EXPECT_EQ(refusal({}, {4, 5}, wanting({4}, Floats(8, -1))),
            "evaluation.metric = \"accuracy\": no position of data.test has a label of 0 or more");
  EXPECT_EQ(refusal({"top_k", 3}, {3}, labelled({0, 1})),
            "evaluation.metric = \"top_k\": evaluation.top_k = 3 of 3 classes are always right; "
            "expected 1 to 2");
}

TEST(Measure, ComparesNumbersWithLabelsSamplesOrAnswers) {
  const ImageSet set = wanting({3}, {1, 2, 3, 4, 5, 6});
  EXPECT_DOUBLE_EQ(value_of(Measure({"mse"}, {{3}, false}, set), set, {1, 2, 3, 4, 5, 9}), 9.0 / 6);
  const MetricChoice rebuilds{"mae", 5, Against::samples}, itself{"mae", 5, Against::answers};
  const Measure rebuilt(rebuilds, {{3}, false}, two_samples());
  EXPECT_TRUE(rebuilt.wants_samples());
  Normalization halved;
  halved.scale = 0.5;
  const ImageSet own = with_samples(two_samples(), halved);
  EXPECT_EQ(own.targets, (Floats{0, 0.5f, 1, 1.5f, 2, 2.5f}));
  EXPECT_DOUBLE_EQ(value_of(rebuilt, own, {0, 0.5f, 1, 1.5f, 2, 5.5f}), 0.5);
  const Measure again(itself, {{2}, false}, two_samples());
  const ImageSet answered = again.with_answers(two_samples(), {1, 2, 3, 4});
  EXPECT_EQ(value_of(again, answered, {1, 2, 3, 4}), 0);
  EXPECT_EQ(value_of(again, answered, {1, 2, 3, 6}), 0.5);
  const ImageSet ages = labelled({20, 40});  // whole numbers are numbers as well
  EXPECT_EQ(value_of(Measure({"mae"}, {{1}, false}, ages), ages, {21, 38}), 1.5);
}

TEST(Measure, SamplesAreWantedInTheOrderOfTheNetworksFile) {
  ImageSet set;
  set.shape = {2, 1, 3};
  set.labels = {ImageSet::kNoLabel};
  set.numbers = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(with_samples(set, {}).targets, set.numbers);
}

TEST(Measure, KnowsWhatGuessingGives) {
  const auto guessed = [](const MetricChoice& choice, const Shape& answer) {
    return Measure(choice, {answer}, labelled({0, 1})).guessed(labelled({0, 1}));
  };
  EXPECT_EQ(guessed({"accuracy"}, {4}), 0.25);
  EXPECT_EQ(guessed({"accuracy"}, {1}), 0.5) << "a single number stands for two classes";
  EXPECT_EQ(guessed({"top_k", 9}, {10}), 0.9);
  EXPECT_EQ(guessed({"auc"}, {1}), 0.5);
  EXPECT_EQ(guessed({"cross_entropy"}, {4}), std::log(4.0));
  EXPECT_EQ(guessed({"perplexity"}, {4}), 4);
  EXPECT_EQ(guessed({"agreement"}, {4}), std::nullopt) << "it is 1 without noise";
  EXPECT_EQ(guessed({"mse", 5, Against::answers}, {4}), std::nullopt);
}

// The mean of 0..15 is 7.5, and the mean of the squares around it (16^2 - 1)/12.
TEST(Measure, ComparesNumbersWithOneAnswerForAll) {
  ImageSet set = two_samples();
  set.labels.clear();
  for (std::int32_t i = 0; i < 16; ++i) set.labels.push_back(i);
  EXPECT_DOUBLE_EQ(Measure({"mse"}, {Shape{1}}, set).guessed(set).value(), 255.0 / 12);
  EXPECT_DOUBLE_EQ(Measure({"mae"}, {Shape{1}}, set).guessed(set).value(), 4);
  set.labels.pop_back();
  EXPECT_EQ(Measure({"mse"}, {Shape{1}}, set).guessed(set), std::nullopt) << "few samples";
}

// A position answered with logits (0, ln 3) is right with 3/4; labels below 0 do not count.
TEST(Measure, AddsUpWhatItsProbabilitiesPromise) {
  const ImageSet set = wanting({2}, {1, 0, 1, -1});
  const Measure measure({"accuracy"}, {Shape{2, 2}, false, false, true}, set);
  const float l = std::log(3.0f);
  const Floats answer{0, l, l, 0};
  EXPECT_NEAR(measure.promised(answer.data(), set, 0).part, 1.5, 1e-6);
  EXPECT_EQ(measure.promised(answer.data(), set, 0).whole, 2);
  EXPECT_NEAR(measure.promised(answer.data(), set, 1).part, 0.75, 1e-6);
  EXPECT_EQ(measure.guessed(set), 2.0 / 3) << "the label 1 of two of the three that count";
}

TEST(Measure, DecidesNumbersTrainedOnZeroAndOneAtAHalf) {
  const ImageSet set = labelled({0, 1});
  const Floats answers{0.3f, 1.2f};
  MetricChoice choice{"accuracy"};
  EXPECT_EQ(value_of(Measure(choice, {Shape{1}}, set), set, answers), 0.5);
  EXPECT_EQ(value_of(Measure(choice, {Shape{1}}, set).at_half().value(), set, answers), 1);
  EXPECT_FALSE(Measure(choice, {Shape{2}}, set).at_half());
  choice.scores = ScoreKind::least_squares;
  EXPECT_EQ(value_of(Measure(choice, {Shape{1}}, set), set, answers), 1);
  EXPECT_FALSE(Measure(choice, {Shape{1}}, set).at_half());
  EXPECT_EQ(refusal(choice, {2}, set),
            "evaluation.metric = \"accuracy\": takes answers for numbers trained on 0 and 1 "
            "(evaluation.scores = \"least_squares\"), and the network gives 2 of them each; "
            "expected \"logits\", \"probabilities\" or \"found\"");
  choice.name = "cross_entropy";
  EXPECT_EQ(refusal(choice, {1}, set),
            "evaluation.metric = \"cross_entropy\": takes answers for numbers trained on 0 and 1 "
            "(evaluation.scores = \"least_squares\"), and needs probabilities; expected "
            "\"logits\", \"probabilities\" or \"found\"");
}

TEST(Measure, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(refusal({"mse"}, {3}, two_samples()),
            "evaluation.metric = \"mse\": compares answers with the numbers that labels give, and "
            "data.test has no labels; expected some, or evaluation.against = \"answers\" (of the "
            "network without noise) or \"samples\" (for an auto-encoder)");
  EXPECT_EQ(refusal({"mse"}, {10}, labelled({0, 1})),
            "evaluation.metric = \"mse\": an answer has 10 numbers and a sample's label 1 number; "
            "expected as many, or evaluation.against = \"answers\", or a metric that compares "
            "classes");
  EXPECT_EQ(refusal({"snr", 5, Against::samples}, {10}, two_samples()),
            "evaluation.metric = \"snr\": compares answers with samples (evaluation.against), and "
            "an answer has 10 numbers, a sample 3 numbers; expected as many");
}

TEST(Measure, RefusesLabelsThatAreNotOfTwoKinds) {
  EXPECT_EQ(refusal({"auc"}, {1}, two_samples()),
            "evaluation.metric = \"auc\": needs one label per sample, 0 or 1 for what is to be "
            "found, and data.test has none");
  EXPECT_EQ(refusal({"auc"}, {1}, labelled({0, 2})),
            "evaluation.metric = \"auc\": sample 1 of data.test has the label 2; expected 0, or 1 "
            "for what is to be found");
  EXPECT_EQ(refusal({"auc"}, {1}, labelled({1, 1})),
            "evaluation.metric = \"auc\": all samples of data.test have the label 1; expected some "
            "of 0 and of 1");
  EXPECT_EQ(refusal({"auc"}, {10}, labelled({0, 1})),
            "evaluation.metric = \"auc\": an answer has 10 numbers; expected one number, two, or "
            "as many as a sample, which it rebuilds (3)");
}

TEST(Measure, RefusesLabelsThatAreOneHot) {
  ImageSet set = two_samples();
  set.targets = {0, 1, 0, 0, 0, 1};
  set.target_shape = {3};
  EXPECT_EQ(refusal({"accuracy"}, {3}, set),
            "evaluation.metric = \"accuracy\": labels are one-hot, 3 numbers with a 1 for the "
            "class; expected the class itself, a whole number per sample (in NumPy: "
            "labels.argmax(1))");
}

TEST(Measure, TakesTheNetworksOwnAnswersAsLabels) {
  const MetricChoice agreement{"agreement"};
  const Measure measure(agreement, {{2}, false}, two_samples());
  const ImageSet set = measure.with_answers(two_samples(), {0, 1, 1, 0});
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(value_of(measure, set, {5, 9, 5, 9}), 0.5);
  const Measure tokens(agreement, {{3, 2}, false}, two_samples());
  const ImageSet by_token =
      tokens.with_answers(two_samples(), {0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0});
  EXPECT_EQ(by_token.targets, (Floats{1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(
      error_of<std::runtime_error>([&] {
        Measure(agreement, {{1}, false, true}, two_samples());
      }),
      "evaluation.metric = \"agreement\": compares scores, and the network ends in ArgMax, which "
      "gives a class alone; expected one that gives a score per class (model.output can name "
      "what ArgMax reads)");
  // Labels of the first two classes look as if its number lay on one side of 1/2.
  EXPECT_EQ(error_of<std::runtime_error>([&] {
              Measure({}, {{1}, false, true}, labelled({0, 1}));
            }).find("evaluation.metric = \"accuracy\": compares scores, and the network ends in"),
            0u);
  const Measure logit(agreement, {{1}, false}, two_samples());
  const ImageSet by_logit = logit.with_answers(two_samples(), {-1, 2});
  EXPECT_EQ(by_logit.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(value_of(logit, by_logit, {-3, -4}), 0.5);
}

}  // namespace
}  // namespace ohmic
