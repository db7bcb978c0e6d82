// BatchNorm as arithmetic per channel, folding it, and what a negative variance does. The oracle is
// literal_network.hpp: the definition in double, NaN wherever IEEE arithmetic puts it.
#include <gtest/gtest.h>

#include <cmath>

#include "nn/analog/batch_norm.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

using test::LiteralNetwork;
using test::ReluOfNan;

std::vector<double> literal_logits(const Graph& graph, const Weights& weights,
                                   ReluOfNan rule = ReluOfNan::nan) {
  const std::vector<float> image = test::normals(6 * 6 * 3, 900);
  return LiteralNetwork(graph, weights, rule).logits(image.data());
}

std::vector<std::string> norm_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes)
    if (node.op == Op::batch_norm) names.push_back(node.name);
  return names;
}

class EveryLayout : public testing::TestWithParam<bool> {
 protected:
  const Graph graph = test::small_resnet(GetParam());
  Weights weights = test::random_weights(graph);
};

TEST(ChannelAffine, IsBatchNormAfterBias) {
  Node norm;
  norm.name = "bn";
  norm.epsilon = 0.5;
  const Weights weights = {{"bn.weight", {{2}, {3, 1}}},
                           {"bn.bias", {{2}, {10, 0}}},
                           {"bn.running_mean", {{2}, {1, 0}}},
                           {"bn.running_var", {{2}, {1.75, 3.5}}}};
  const HostTensor bias{{2}, {5, -4}};
  const ChannelAffine affine = channel_affine(weights, 2, &norm, &bias);
  EXPECT_FLOAT_EQ(affine.scale[0], 2);                 // 3 / sqrt(1.75 + 0.5)
  EXPECT_FLOAT_EQ(affine.shift[0], 10 + (5 - 1) * 2);  // beta + (bias - mean) scale
  EXPECT_FLOAT_EQ(affine.scale[1], 0.5);
  EXPECT_FLOAT_EQ(affine.shift[1], -2);
}

TEST(ChannelAffine, IsTheIdentityWithoutNormAndBias) {
  const ChannelAffine affine = channel_affine({}, 3, nullptr, nullptr);
  EXPECT_EQ(affine.scale, std::vector<float>(3, 1.0f));
  EXPECT_EQ(affine.shift, std::vector<float>(3, 0.0f));
}

TEST_P(EveryLayout, FoldedNetworkComputesTheSameLogits) {
  const auto folded = fold_batch_norm(graph, weights);
  const auto wanted = literal_logits(graph, weights), got = literal_logits(graph, folded);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-5);
  EXPECT_NE(folded.at("conv1.weight").values, weights.at("conv1.weight").values);
}

TEST_P(EveryLayout, FoldedNormsOnlyShift) {
  const auto folded = fold_batch_norm(graph, weights);
  for (const std::string& name : norm_names(graph)) {
    for (const float gamma : folded.at(name + ".weight").values) EXPECT_EQ(gamma, 1.0f);
    for (const float mean : folded.at(name + ".running_mean").values) EXPECT_EQ(mean, 0.0f);
    for (const float var : folded.at(name + ".running_var").values) EXPECT_FLOAT_EQ(var, 0.999f);
  }
}

TEST_P(EveryLayout, OneChannelWithoutRootMakesEveryLogitNan) {
  // What the short cut of NegativeVariance::nan relies on, for each channel of each BatchNorm.
  for (const std::string& name : norm_names(graph))
    for (float& variance : weights.at(name + ".running_var").values) {
      const float kept = std::exchange(variance, -0.01f);
      for (const double logit : literal_logits(graph, weights)) EXPECT_TRUE(std::isnan(logit));
      variance = kept;
    }
}

TEST_P(EveryLayout, NanRuleLeavesTheChannelAndReportsIt) {
  EXPECT_FALSE(apply_negative_variance(graph, NegativeVariance::nan, weights));
  weights.at("a.bn2.running_var").values[1] = -0.01f;
  EXPECT_TRUE(apply_negative_variance(graph, NegativeVariance::nan, weights));
  EXPECT_EQ(weights.at("a.bn2.running_var").values[1], -0.01f);
}

TEST_P(EveryLayout, DeadChannelIsNanThatReluTurnsIntoZero) {
  // In front of a ReLU (a.bn1) and of a sum with a shortcut (a.bn2, b.bn2), one and several at
  // once.
  for (const std::vector<std::string>& dying :
       {std::vector<std::string>{"a.bn1"}, {"a.bn2"}, {"b.bn2"}, norm_names(graph)}) {
    Weights noisy = weights;
    for (const std::string& name : dying) noisy.at(name + ".running_var").values[2] = -0.3f;
    const auto wanted = literal_logits(graph, noisy, ReluOfNan::zero);
    EXPECT_FALSE(apply_negative_variance(graph, NegativeVariance::dead, noisy));
    const auto got = literal_logits(graph, noisy);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(got[i], wanted[i], 1e-12);
      EXPECT_TRUE(std::isfinite(wanted[i]));
    }
  }
}

TEST_P(EveryLayout, DeadRuleSparesVariancesWithARoot) {
  weights.at("bn1.running_var").values[0] = -0.0005f;  // above -epsilon
  const Weights before = weights;
  EXPECT_FALSE(apply_negative_variance(graph, NegativeVariance::dead, weights));
  for (const auto& [name, tensor] : before) EXPECT_EQ(weights.at(name).values, tensor.values);
}

TEST_P(EveryLayout, ClampAndAbsMendEveryNegativeVariance) {
  auto& variance = weights.at("bn1.running_var").values;
  variance = {-0.25f, -0.0005f, 0.5f, 0.0f};
  Weights clamped = weights;
  EXPECT_FALSE(apply_negative_variance(graph, NegativeVariance::clamp0, clamped));
  EXPECT_EQ(clamped.at("bn1.running_var").values, (std::vector<float>{0, 0, 0.5f, 0}));
  EXPECT_FALSE(apply_negative_variance(graph, NegativeVariance::abs, weights));
  EXPECT_EQ(variance, (std::vector<float>{0.25f, 0.0005f, 0.5f, 0}));
}

TEST_P(EveryLayout, EveryNormMeetsARelu) { EXPECT_TRUE(every_norm_meets_relu(graph)); }

INSTANTIATE_TEST_SUITE_P(Folding, EveryLayout, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Projection" : "OptionA");
});

TEST(EveryNormMeetsRelu, IsFalseForANormThatEndsInAnAverage) {
  test::GraphMaker g(4, 2);
  g.dense("linear", g.average(g.norm("bn", g.convolution("conv", 0, 2, 3, 1, false))), 3);
  EXPECT_FALSE(every_norm_meets_relu(g.graph()));
}

}  // namespace
}  // namespace ohmic
