// Networks without their BatchNorms answer as they did, and so do sets that are counted on the
// device.
#include "nn/analog/folded_norms.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nn/analog/analog_network.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/torch/ideal_evaluation.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

int norms(const Graph& graph) {
  int count = 0;
  for (const Node& node : graph.nodes) count += node.op == Op::batch_norm;
  return count;
}

void expect_same_answers(const Graph& graph, int norms_left) {
  const Weights weights = test::random_weights(graph);
  const Graph folded = fold_norms(graph);
  EXPECT_EQ(norms(folded), norms_left);
  const std::vector<float> x = test::normals(3 * 6 * 6 * 3, 999);
  const auto wanted = TorchNetwork(graph, weights, "cpu").logits(x.data(), 3);
  const auto got = TorchNetwork(folded, fold_norms(graph, weights), "cpu").logits(x.data(), 3);
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 2e-5);
}

TEST(FoldedNorms, AnswerAsTheNetworkDoes) {
  expect_same_answers(test::small_resnet(true), 0);
  expect_same_answers(test::small_resnet(false), 0);
}

TEST(FoldedNorms, OthersStay) {
  for (const bool l1 : {false, true}) {
    const Graph graph = test::small_mixture(l1);
    expect_same_answers(graph, norms(fold_norms(graph)));
  }
}

class IdealEvaluationTest : public testing::Test {
 protected:
  IdealEvaluationTest() {
    ModelSettings model;
    model.name = "resnet8";
    model.width = 4;
    graph_ = build_model(model, set_.classes);
    weights_ = test::random_weights(graph_);
  }
  std::int64_t count(std::int64_t first, std::int64_t images, std::int64_t batch) {
    IdealEvaluation evaluation(graph_, set_, {}, "cpu", Precision::f32, batch);
    evaluation.set_weights(weights_);
    return evaluation.count_correct(first, images);
  }
  /// By the host, image by image.
  std::int64_t wanted(std::int64_t first, std::int64_t images) {
    std::vector<float> x(static_cast<std::size_t>(images * ImageSet::kPixels));
    normalized_batch(set_, {}, first, images, x.data());
    const auto y = TorchNetwork(graph_, weights_, "cpu").logits(x.data(), images);
    std::int64_t right = 0;
    for (std::int64_t i = 0; i < images; ++i)
      right += predicted_class(y.data() + i * set_.classes, set_.classes) ==
               set_.labels[static_cast<std::size_t>(first + i)];
    return right;
  }

  const ImageSet set_ = synthetic_images(50, 3, SyntheticPart::test);
  Graph graph_;
  Weights weights_;
};

TEST_F(IdealEvaluationTest, CountsWhatTheHostCounts) {
  EXPECT_GT(wanted(0, 50), 0);
  EXPECT_EQ(count(0, 50, 50), wanted(0, 50));
  EXPECT_EQ(count(0, 50, 7), wanted(0, 50)) << "the last batch is not whole";
  EXPECT_EQ(count(11, 20, 10), wanted(11, 20));
}

TEST_F(IdealEvaluationTest, TakesNewWeights) {
  IdealEvaluation evaluation(graph_, set_, {}, "cpu", Precision::f32, 10);
  evaluation.set_weights(weights_);
  EXPECT_EQ(evaluation.count_correct(0, 50), wanted(0, 50));
  weights_["linear.bias"].values[2] += 100;
  evaluation.set_weights(weights_);
  EXPECT_EQ(evaluation.count_correct(0, 50), wanted(0, 50));
}

// A logit that is not a number is no answer, and class 0 where it is the first or all are.
TEST_F(IdealEvaluationTest, AnswersOfWhatIsNotANumberAreThoseOfTheHost) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::vector<std::size_t>& broken :
       {std::vector<std::size_t>{0}, {1}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}) {
    const Weights whole = weights_;
    for (const std::size_t c : broken) weights_["linear.bias"].values.at(c) = nan;
    EXPECT_EQ(count(0, 50, 50), wanted(0, 50)) << broken.size();
    weights_ = whole;
  }
}

}  // namespace
}  // namespace ohmic
