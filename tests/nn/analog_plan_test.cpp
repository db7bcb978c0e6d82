// The plan of a graph: what is fused, in which order, and that no buffer is overwritten while its
// value is still to be read.
#include <gtest/gtest.h>

#include "nn/analog/plan.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

std::string describe(const Graph& graph, const Step& step) {
  const auto node = [&](int i) -> const Node& { return graph.nodes[static_cast<std::size_t>(i)]; };
  const auto name = [&](int i) { return node(i).name; };
  if (step.slot < 0) return node(step.node).call->op;
  std::string text = step.mvm < 0 ? "epilogue" : name(step.mvm);
  if (step.norm >= 0) text += "+" + name(step.norm);
  if (step.residual >= 0) text += "+sum";
  return step.relu ? text + "+relu" : text;
}

std::vector<std::string> describe(const Graph& graph) {
  std::vector<std::string> steps;
  for (const Step& step : make_plan(graph).steps) steps.push_back(describe(graph, step));
  return steps;
}

TEST(Plan, FusesNormSumAndReluIntoTheLayerBefore) {
  EXPECT_EQ(
      describe(test::small_resnet(false)),
      (std::vector<std::string>{"conv1+bn1+relu", "a.conv1+a.bn1+relu", "a.conv2+a.bn2+sum+relu",
                                "b.conv1+b.bn1+relu", "Slice", "Pad", "b.conv2+b.bn2+sum+relu",
                                "GlobalAveragePool", "linear"}));
}

TEST(Plan, ProjectionRunsBeforeTheLayerThatAddsIt) {
  EXPECT_EQ(describe(test::small_resnet(true)),
            (std::vector<std::string>{"conv1+bn1+relu", "a.conv1+a.bn1+relu",
                                      "a.conv2+a.bn2+sum+relu", "b.conv1+b.bn1+relu", "b.proj",
                                      "b.conv2+b.bn2+sum+relu", "GlobalAveragePool", "linear"}));
}

TEST(Plan, LayersAreNumberedInTheOrderOfNodes) {
  const Graph graph = test::small_resnet(true);
  const Plan plan = make_plan(graph);
  EXPECT_EQ(plan.layers, 7);
  std::vector<int> mvm_of_layer(7);
  for (const Step& step : plan.steps)
    if (step.layer >= 0) mvm_of_layer[static_cast<std::size_t>(step.layer)] = step.mvm;
  EXPECT_TRUE(std::is_sorted(mvm_of_layer.begin(), mvm_of_layer.end()));
}

TEST(Plan, AValueReadTwiceIsNotFusedAway) {
  test::GraphMaker g(4, 2);
  const int conv = g.convolution("conv", 0, 2, 3, 1, false);
  const int norm = g.norm("bn", conv);
  g.dense("linear", g.average(g.add(g.relu(norm), norm)), 3);
  EXPECT_EQ(describe(g.graph()),
            (std::vector<std::string>{"conv+bn", "epilogue+relu", "epilogue+sum",
                                      "GlobalAveragePool", "linear"}));
}

TEST(Plan, NormWithoutALayerBeforeIsAnEpilogueWithTheReluAfterIt) {
  test::GraphMaker g(4, 2);
  g.dense("linear", g.average(g.relu(g.norm("bn", 0))), 3);
  EXPECT_EQ(describe(g.graph()),
            (std::vector<std::string>{"epilogue+bn+relu", "GlobalAveragePool", "linear"}));
}

void expect_values_survive(const Graph& graph) {
  const Plan plan = make_plan(graph);
  std::vector<int> holds(plan.slot_size.size(), -1);
  const auto readable = [&](int node) {
    const int slot = plan.slot[static_cast<std::size_t>(node)];
    return slot < 0 || holds[static_cast<std::size_t>(slot)] == node;
  };
  for (const Step& step : plan.steps) {
    for (const int read : inputs_of(graph, step)) {
      EXPECT_TRUE(readable(read));
      const int slot = plan.slot[static_cast<std::size_t>(read)];
      EXPECT_TRUE(slot < 0 || slot != step.slot);
    }
    if (step.slot < 0) continue;
    holds[static_cast<std::size_t>(step.slot)] = step.node;
    EXPECT_GE(plan.slot_size[static_cast<std::size_t>(step.slot)],
              values_per_image(graph.nodes[static_cast<std::size_t>(step.node)]));
  }
  EXPECT_EQ(plan.steps.back().node, static_cast<int>(graph.nodes.size()) - 1);
  EXPECT_LE(plan.slot_size.size(), 3u);
}

TEST(Plan, NoBufferIsOverwrittenBeforeItsLastReader) {
  expect_values_survive(test::small_resnet(false));
  expect_values_survive(test::small_resnet(true));
}

TEST(Plan, InputsNeedASignUnlessTheyWereRectified) {
  const Graph graph = test::small_resnet(true);
  for (const Step& step : make_plan(graph).steps)
    EXPECT_TRUE(step.mvm < 0 || may_be_negative(graph, step.x) == (step.x == 0));
}

}  // namespace
}  // namespace ohmic
