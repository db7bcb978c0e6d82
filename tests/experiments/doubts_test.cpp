// What is said against a network.
#include "experiments/measure/doubts.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/measure/plausibility_json.hpp"

namespace ohmic {
namespace {

using Sentences = std::vector<std::string>;

Plausibility sound() {
  Plausibility p;
  p.foreign = true;
  p.images = 200;
  p.correct = 182;
  p.classes = 10;
  p.confidence = 0.95;
  p.favoured = p.labelled = 24;
  p.kernels = 20;
  p.correct_shifted = p.correct_renamed = 182;
  p.norms = 19;
  return p;
}

TEST(Doubts, ThereAreNoneOfASoundNetwork) { EXPECT_EQ(doubts_of(sound()), Sentences{}); }

TEST(Doubts, NearChanceNormalisedAccuraciesSayNothing) {
  Plausibility p = sound();
  p.correct = p.correct_shifted = p.correct_renamed = 22;
  p.confidence = 0.3;
  EXPECT_EQ(doubts_of(p),
            (Sentences{"11.0 % of 200 test images are answered right, and guessing gives 10 %: "
                       "noise has nothing to take from such a network, so that normalised "
                       "accuracies say nothing"}));
}

TEST(Doubts, DeadNetworksAreCalledByName) {
  Plausibility p = sound();
  p.constant = true;
  p.constant_kernels = {"conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "x"};
  p.kernels = 4;
  EXPECT_EQ(doubts_of(p),
            (Sentences{"4 of 4 kernels hold one value throughout (conv1.weight, "
                       "layer1.0.conv1.weight, layer1.0.conv2.weight, ...)",
                       "every image gets the same logits: no answer depends on what the network "
                       "sees"}));
  p = sound();
  p.favoured = 198;
  p.favourite = 3;
  EXPECT_EQ(doubts_of(p), Sentences{"99.0 % of 200 test images are answered with class 3"});
  p = sound();
  p.infinite = 7;
  EXPECT_EQ(doubts_of(p),
            Sentences{"7 of 200 test images get logits that are infinite or not numbers"});
}

TEST(Doubts, WeightsThatOutweighAllOthersAreNamed) {
  Plausibility p = sound();
  p.dominated_kernels = {"f1.weight"};
  EXPECT_EQ(doubts_of(p),
            (Sentences{"1 of 20 kernels have one weight that outweighs all others together "
                       "(f1.weight): it sets their scale, and the others drown in noise; "
                       "mapping.weight_percentile clips it, if it is meant"}));
}

TEST(Doubts, ImagesAndLabelsThatAreAllOneAreSaid) {
  Plausibility p = sound();
  p.same_image = true;
  p.labelled = 200;
  p.label = 7;
  EXPECT_EQ(doubts_of(p), (Sentences{"all 200 test images examined are the same",
                                     "all 200 test images examined have the label 7"}));
  p.same_image = false;
  p.correct = 200;
  EXPECT_EQ(doubts_of(p).front(),
            "all 200 test images examined have the label 7, and all are answered so");
}

// Half of the answers are right, so that nothing else speaks: only where it is surest it is wrong.
TEST(Doubts, LabelsLessLikelyThanToOneThatGuessesAreSaid) {
  Plausibility p = sound();
  p.correct = p.correct_shifted = p.correct_renamed = 99;
  p.confidence = 0.68;
  p.loss = 2.4;
  EXPECT_EQ(doubts_of(p),
            Sentences{"49.5 % of 200 test images are answered right, and their labels are less "
                      "likely to the network (a mean cross-entropy of 2.4) than to one that "
                      "guesses (2.3): it is surest where it is wrong, as on samples that are "
                      "prepared otherwise than in training"});
  p.loss = 2.2;
  EXPECT_EQ(doubts_of(p), Sentences{});
}

TEST(Doubts, TestImagesThatWereTrainedOnAreSaid) {
  Plausibility p = sound();
  p.foreign = false;
  p.known = 20;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "a tenth: doublets";
  p.known = 21;
  EXPECT_EQ(doubts_of(p), Sentences{"21 of 200 test images examined are among the training images: "
                                    "right answers to them promise nothing for others"});
  EXPECT_EQ(plausibility_from(plausibility_json(p), "file").known, 21);
  p.foreign = true;
  EXPECT_EQ(doubts_of(p), Sentences{"21 of 200 test images examined are among the training images: "
                                    "ranges of converters that are found on these are tested on "
                                    "themselves"});
}

Plausibility with_metric(const char* name, double value, double guessed) {
  Plausibility p = sound();
  p.metric = name;
  p.top_k = 9;
  p.value = value;
  p.guessed = guessed;
  return p;
}

TEST(Doubts, WhatGuessingGivesStandsBesideOtherMetrics) {
  EXPECT_EQ(doubts_of(with_metric("auc", 0.98, 0.5)), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("auc", 0.0158, 0.5)),
            Sentences{"area under the ROC curve is 0.0158 on 200 test samples, and guessing gives "
                      "0.5: what is to be found scores lower than the rest, so labels or answers "
                      "are the wrong way round"});
  const std::string nothing =
      ": noise has nothing to take from such a network, so that its numbers say nothing";
  EXPECT_EQ(
      doubts_of(with_metric("auc", 0.52, 0.5)),
      Sentences{"area under the ROC curve is 0.52 on 200 test samples, and guessing gives 0.5" +
                nothing});
  EXPECT_EQ(doubts_of(with_metric("top_k", 0.905, 0.9)),
            Sentences{"top-9 accuracy is 90.50 % on 200 test samples, and guessing gives 90.00 %" +
                      nothing});
  EXPECT_EQ(doubts_of(with_metric("top_k", 0.995, 0.9)),
            Sentences{"top-9 accuracy is 99.50 % on 200 test samples, and guessing gives 90.00 %: "
                      "only what is above that is the network's; a smaller evaluation.top_k leaves "
                      "more of it"});
  EXPECT_EQ(doubts_of(with_metric("top_k", 0.995, 0.5)), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("cross_entropy", 0.2, 2.3)), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("perplexity", 12, 10)),
            Sentences{"perplexity is 12 on 200 test samples, and guessing gives 10" + nothing});
  const Plausibility turned = with_metric("auc", 0.0158, 0.5);
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(turned), "file")), doubts_of(turned));
}

// Errors and similarities have no chance, but one answer for all samples, their mean, is no worse
// than a network that was trained for other labels.
TEST(Doubts, AnswersThatAreNumbersAreComparedWithTheirMean) {
  EXPECT_EQ(doubts_of(with_metric("mse", 0.2, 1.0)), Sentences{});
  EXPECT_EQ(
      doubts_of(with_metric("mse", 13.3, 0.09)),
      Sentences{"mean squared error is 13.3 on 200 test samples without noise, and one answer "
                "for all of them, their mean, gives 0.09: labels are not in the order, units or "
                "normalisation that the network was trained for, or it has learnt nothing"});
  EXPECT_EQ(doubts_of(with_metric("mae", 0.96, 1.0)).size(), 1u) << "hardly better";
  EXPECT_EQ(doubts_of(with_metric("cosine_similarity", 0.9, 0.5)), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("cosine_similarity", 0.51, 0.5)).size(), 1u);
  EXPECT_EQ(doubts_of(with_metric("cosine_similarity", 1.0, 1.0)).size(), 1u)
      << "of single numbers above 0";
  EXPECT_EQ(doubts_of(with_metric("snr", 20, 3)), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("snr", -3.2, 0)).size(), 1u);
}

TEST(Doubts, SamplesThatAnswersAreComparedWithAreCalledSo) {
  Plausibility p = with_metric("mse", 1.1, 0.9);
  p.wants_samples = true;
  ASSERT_EQ(doubts_of(p).size(), 1u);
  EXPECT_NE(doubts_of(p).front().find("gives 0.9: samples are not in the order"),
            std::string::npos);
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
}

TEST(Doubts, PositionsThatAreSureAndWrongAreSaid) {
  Plausibility p = with_metric("accuracy", 0.46, 0.3);
  p.promised = 0.99;
  EXPECT_EQ(
      doubts_of(p),
      Sentences{"accuracy is 46.00 % on 200 test samples, and the network's own "
                "probabilities promise 99.0 %: labels lie otherwise than answers do (order of "
                "axes and classes), or positions that do not count have labels of 0 or more"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.promised = 0.6;
  EXPECT_EQ(doubts_of(p), Sentences{});
  EXPECT_EQ(doubts_of(with_metric("accuracy", 0.975, 0.64)), Sentences{}) << "much background";
}

TEST(Doubts, OneNumberThatWouldBeRightAboveAHalfIsSaid) {
  Plausibility p = sound();
  p.classes = 2;
  p.favoured = p.labelled = 104;
  p.correct = p.correct_renamed = p.correct_shifted = 138;
  p.confidence = 0.6;
  p.correct_at_half = 194;
  EXPECT_EQ(doubts_of(p),
            Sentences{"one number per image is class 1 above 0, and 69.0 % are right; above 1/2, "
                      "for networks trained on 0 and 1 without a sigmoid (evaluation.scores = "
                      "\"least_squares\"), 97.0 % would be"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.correct_at_half = 145;
  EXPECT_EQ(doubts_of(p), Sentences{});
}

TEST(Doubts, NetworksNoBetterThanTheMostCommonLabelAreSaid) {
  Plausibility p = sound();
  p.classes = 2;
  p.labelled = 197;
  p.favoured = 200;
  p.correct = p.correct_renamed = p.correct_shifted = 197;
  EXPECT_EQ(doubts_of(p),
            Sentences{"98.5 % of 200 test images are answered right, and 98.5 % of them have the "
                      "label 0, so that answering it always is as good: accuracy says nothing of "
                      "such a network on these labels (auc, of a number per image, would)"});
  p.favoured = 196;
  p.correct = p.correct_renamed = p.correct_shifted = 199;
  EXPECT_EQ(doubts_of(p), Sentences{});
}

TEST(Doubts, TwoClassesThatAreExchangedAreSaid) {
  Plausibility p = sound();
  p.correct = p.correct_shifted = 164;
  p.correct_renamed = 198;
  EXPECT_EQ(doubts_of(p),
            Sentences{"labels name classes in another order: with classes renamed one to one, "
                      "99.0 % of the answers would be right"});
  p.correct_renamed = 170;
  EXPECT_EQ(doubts_of(p), Sentences{});
}

TEST(Doubts, NumbersThatNoLabelChecksAreSaid) {
  Plausibility p = sound();
  p.largest_input = 255;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "labels show that it takes them";
  p.compares_own = true;
  EXPECT_EQ(doubts_of(p),
            Sentences{"the network is fed numbers up to 255, and where answers are compared with "
                      "its own nothing shows whether it was trained on such; data.normalize = { "
                      "scale = 0.00392157 } divides them by 255"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.largest_input = 2.8;
  EXPECT_EQ(doubts_of(p), Sentences{});
}

TEST(Doubts, TrainingSamplesOfAnotherKindAreSaid) {
  Plausibility p = sound();
  p.compared = 64;
  p.unlike = 3;
  p.first_unlike = {"c1", 19.81, 7.13};
  const std::string facts =
      "samples of data.train are not like those of data.test: 64 of them give c1 inputs of 20 "
      "times "
      "the size (root mean square), whose means lie 7.1 standard deviations away: they are "
      "prepared "
      "otherwise, or show other things; ";
  EXPECT_EQ(
      doubts_of(p),
      Sentences{facts + "ranges of converters, statistics of BatchNorm and means that are found on "
                        "data.train are for other samples than those measured"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.foreign = false;
  EXPECT_EQ(doubts_of(p),
            Sentences{facts + "the network is measured on other samples than it was trained on"});
}

TEST(Doubts, TestSamplesThatRepeatAndClassesThatAreMissingAreSaid) {
  Plausibility p = sound();
  p.tested = 2000;
  p.labels = 10;
  p.repeated = 200;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "a tenth: doublets";
  p.repeated = 201;
  EXPECT_EQ(doubts_of(p),
            Sentences{"201 of 2000 test samples repeat an earlier one value by value: they say "
                      "nothing new, and intervals take them for samples of their own"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.repeated = 0;
  p.labels = 2;
  p.unlike = 1;  // two classes are not like ten
  EXPECT_EQ(
      doubts_of(p),
      Sentences{"the 2000 test samples have labels of 2 of the network's 10 classes only, and "
                "numbers are for these; data.test_images takes the first samples of a set, "
                "which stand for all classes where it is shuffled, not sorted"});
}

TEST(Doubts, FewerRightAnswersThanPromisedAreSaid) {
  Plausibility p = sound();
  p.correct = p.correct_shifted = p.correct_renamed = 80;
  EXPECT_EQ(doubts_of(p),
            Sentences{"40.0 % of 200 test images are answered right, and the network's own "
                      "probabilities promise 95.0 %"});
}

TEST(Doubts, LabelsThatNameOtherClassesAreSaid) {
  Plausibility p = sound();
  p.correct = 2;
  p.label_shift = 9;
  EXPECT_EQ(doubts_of(p).back(),
            "labels are off by 1: answer k goes with label k + 9 (modulo 10), and 91.0 % of the "
            "answers would be right by that");
  p.correct_shifted = 30;
  EXPECT_EQ(doubts_of(p).back(),
            "labels name classes in another order: with classes renamed one to one, 91.0 % of the "
            "answers would be right");
}

TEST(Doubts, BatchNormsAreNamedWithWhereToLook) {
  Plausibility p = sound();
  p.misfits = 2;
  p.first = {"layer2.1.bn2", "layer2.1.conv2", 1.58, 0.693147};
  p.worst = {"layer3.1.bn2", "layer3.1.conv2", 3, 1};
  EXPECT_EQ(doubts_of(p),
            Sentences{"the statistics of 2 of 19 BatchNorms are not those that these images give; "
                      "the first is layer2.1.bn2 (means off by 1.6 standard deviations, variances "
                      "by a factor of 2), the furthest off layer3.1.bn2 (means off by 3 standard "
                      "deviations, variances by a factor of 2.7); what is before it fits, so look "
                      "at the weights of layer2.1.conv2, and at the order of the samples' values "
                      "(channels, rows, columns), which what is before it need not show"});
  p.readable = true;
  EXPECT_TRUE(doubts_of(p).front().ends_with("so look at the weights of layer2.1.conv2"))
      << "other orders were tried and do not fit";
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
  p.foreign = false;
  EXPECT_TRUE(doubts_of(p).front().ends_with(
      "variances by a factor of 2.7); after a short training they lag behind, and weight noise in "
      "training moves them"));
  p.foreign = true;
  p.misfits = 1;
  p.worst = p.first = {"bn1", "conv1", 1.58, 0.693147};
  p.from_the_first = true;
  p.readings = {{"normalize = \"none\" (pixel/255)", 0.914},
                {"channels in the order BGR", 0.9},
                {"normalize = \"per_pixel_mean\"", 0.83}};
  EXPECT_EQ(doubts_of(p),
            (Sentences{"the statistics of 1 of 19 BatchNorms are not those that these images give; "
                       "the first is bn1 (means off by 1.6 standard deviations, variances by a "
                       "factor of 2); images that are prepared otherwise than in training do that "
                       "from the first BatchNorm on",
                       "other ways to read images would fit: normalize = \"none\" (pixel/255), "
                       "91.4 % right; channels in the order BGR, 90.0 % right"}));
}

TEST(Doubts, BatchNormsThatWereNeverUpdatedAreCalledSo) {
  Plausibility p = sound();
  p.misfits = 12;
  p.first = p.worst = {"bn1", "conv1", 1.58, 0.693147};
  p.untouched_norms = 18;
  EXPECT_TRUE(doubts_of(p).front().starts_with("the statistics of 12 of 19 BatchNorms"));
  p.untouched_norms = 19;
  EXPECT_EQ(doubts_of(p),
            Sentences{"the statistics of all 19 BatchNorms are those of a network before training, "
                      "mean 0 and variance 1, and not those that these images give: they were left "
                      "out when the weights were saved or never updated; "
                      "evaluation.batch_norm_images measures them"});
  EXPECT_EQ(doubts_of(plausibility_from(plausibility_json(p), "file")), doubts_of(p));
}

TEST(Doubts, PixelsThatAreNotScaledAreSaid) {
  Plausibility p = sound();
  p.largest_input = 255;
  p.loss = 0.96;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "of a network that takes them";
  p.loss_scaled = 0.5;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "better by too little";
  p.loss_scaled = 0.036;
  EXPECT_EQ(doubts_of(p),
            Sentences{"the network is fed numbers up to 255; divided by 255 (data.normalize.scale) "
                      "they make its labels far likelier: a mean cross-entropy of 0.036 instead of "
                      "0.96, where guessing has 2.3"});
  p.loss = 9;
  p.loss_scaled = 1.3;
  EXPECT_EQ(doubts_of(p), Sentences{}) << "little more than guessing";
}

TEST(Doubts, AreTheSameOfFactsThatWereKept) {
  Plausibility p = sound();
  p.loss = std::numeric_limits<double>::infinity();
  p.loss_scaled = 0.5;
  p.largest_input = 255;
  p.misfits = 1;
  p.first = p.worst = {"bn1", "conv1", std::numeric_limits<double>::infinity(), 0.5};
  p.constant_kernels = {"conv1.weight"};
  p.readings = {{"channels in the order BGR", 0.9}};
  p.infinite = 3;
  p.label_shift = 4;
  const auto kept = nlohmann::ordered_json::parse(plausibility_json(p).dump());
  EXPECT_EQ(doubts_of(plausibility_from(kept, "file")), doubts_of(p));
  EXPECT_EQ(plausibility_json(plausibility_from(kept, "file")), plausibility_json(p));
}

}  // namespace
}  // namespace ohmic
