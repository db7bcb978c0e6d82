#include "nn/torch/norm_chains.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/nn/three_norms.hpp"

namespace ohmic {
namespace {

/// "bn1" "bn1 relu" "bn1 + bn2 relu" by the chain's end, in their order; `+ .` where the other
/// summand has no name.
std::vector<std::string> texts(const Graph& graph) {
  const NormChains chains(graph);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const NormChain& chain = chains.ends[i];
    if (chain.norm < 0) continue;
    const auto name = [&](int node) { return graph.nodes[static_cast<std::size_t>(node)].name; };
    std::string text = name(chain.norm);
    if (chain.residual >= 0)
      text += " + " + (name(chain.residual).empty() ? "." : name(chain.residual));
    texts.push_back(text + (chain.relu ? " relu" : ""));
  }
  return texts;
}

TEST(NormChains, EndWhereAnotherNodeReadsToo) {
  const std::vector<std::string> wanted{"bn1 relu", "bn3", "bn2 + bn3 relu", "bn4 + .", "bn5"};
  EXPECT_EQ(texts(test::joined_norms()), wanted);
}

TEST(NormChains, ReadForAllTheirNodes) {
  const Graph graph = test::joined_norms();
  const NormChains chains(graph);
  EXPECT_EQ(std::ranges::count(chains.is_within, true), 4) << "bn1, bn2, a sum, bn4";
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    EXPECT_TRUE(!chains.is_within[i] || chains.reads[i].empty());
    if (!chains.is_within[i] && chains.ends[i].norm < 0) {
      EXPECT_EQ(chains.reads[i], graph.nodes[i].inputs);
    }
    for (const int input : chains.reads[i])
      EXPECT_FALSE(chains.is_within[static_cast<std::size_t>(input)]) << i << " reads " << input;
  }
}

TEST(NormChains, AreNoneOfMeanDeviations) {
  for (const char* norm : {"l1_batch", "top_k_batch"}) {
    ModelSettings model;
    model.norm = norm;
    EXPECT_EQ(texts(build_model(model, 10)), std::vector<std::string>());
  }
}

TEST(NormChains, OfAResNetTakeEveryNormSumAndRelu) {
  ModelSettings model;
  model.name = "resnet8";
  const std::vector<std::string> wanted{"bn1 relu",
                                        "layer1.0.bn1 relu",
                                        "layer1.0.bn2 + . relu",
                                        "layer2.0.bn1 relu",
                                        "layer2.0.bn2 + layer2.0.proj relu",
                                        "layer3.0.bn1 relu",
                                        "layer3.0.bn2 + layer3.0.proj relu"};
  EXPECT_EQ(texts(build_model(model, 10)), wanted);
}

}  // namespace
}  // namespace ohmic
