// A network that a program builds: refused with the node that does not fit, never computed.
#include <gtest/gtest.h>

#include <filesystem>

#include "experiments/interface/state.hpp"
#include "experiments/ohmic.hpp"
#include "nn/network/builder.hpp"
#include "nn/network/operator_node.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

Node node_of(Op op, std::vector<int> inputs, std::vector<std::int64_t> shape) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  set_shape(node, std::move(shape));
  return node;
}

/// 1 x 6 x 6 -> convolution 2 x 4 x 4 -> relu -> mean -> dense 3.
Graph small() {
  Graph graph;
  graph.classes = 3;
  graph.nodes.push_back(node_of(Op::input, {}, {1, 6, 6}));
  Node convolution = node_of(Op::convolution, {0}, {2, 4, 4});
  convolution.name = "conv";
  convolution.conv.in_height = convolution.conv.in_width = 6;
  convolution.conv.out_channels = 2;
  convolution.conv.kernel_height = convolution.conv.kernel_width = 3;
  graph.nodes.push_back(convolution);
  graph.nodes.push_back(node_of(Op::relu, {1}, {2, 4, 4}));
  const int mean = add_operator(graph, "GlobalAveragePool", {2}, {2, 1, 1});
  Node dense = node_of(Op::dense, {mean}, {3});
  dense.name = "fc";
  dense.conv.in_channels = 2;
  dense.conv.out_channels = 3;
  graph.nodes.push_back(dense);
  return graph;
}

/// What is said of it after a change of one node.
template <class Change>
std::string said(const Change& change) {
  Graph graph = small();
  change(graph);
  return test::error_of([&] { Network(graph, initialize(small(), "he_normal", 1), "mine"); });
}

TEST(GraphCheck, TakesWhatFits) {
  const Graph graph = small();
  Chip chip(Network(graph, initialize(graph, "he_normal", 1)), {});
  EXPECT_EQ(chip(Samples(std::vector<float>(72, 1.0f), {2, 1, 6, 6})).size, 3);
}

// What an operator gives is known once it has run.
TEST(GraphCheck, AnOperatorThatGivesAnotherShapeIsNamed) {
  Graph graph = small();
  ModelNode call = *graph.nodes[3].call;
  call.op = "Relu";
  call.name = "mean";
  graph.nodes[3].call = std::make_shared<const ModelNode>(call);
  Chip chip(Network(graph, initialize(graph, "he_normal", 1)), {});
  EXPECT_EQ(test::error_of([&] {
              chip(Samples(std::vector<float>(72, 1.0f), {2, 1, 6, 6}));
            }),
            "node 3 (mean) gives 64 numbers for 2 samples; its shape says 2 for each");
}

TEST(GraphCheck, TakesTheBuiltInNetworks) {
  for (const char* name : {"resnet8", "vgg11", "plain8", "mobilenet", "densenet22"})
    for (const char* layout : {"keras_v1", "he"})
      for (const char* norm : {"batch", "none", "l1_batch", "top_k_batch"}) {
        ModelSettings model;
        model.name = name;
        model.layout = layout;
        model.norm = norm;
        const Graph graph = build_model(model, 10);
        EXPECT_NO_THROW(Network(graph, initialize(graph, "he_normal", 1))) << name << layout;
      }
}

/// What reading a file makes is a graph that fits itself.
void expect_taken(const std::filesystem::path& file) {
  const auto plain = load_network(file).state().plain;
  EXPECT_NO_THROW(Network(plain->graph, plain->weights, file.filename().string()));
}

TEST(GraphCheck, TakesWhatFilesHold) {
  expect_taken(test::source_folder() / "experiments/your_network/network.pt2");
  const std::filesystem::path folder = test::shared_data() / "networks";
  if (!std::filesystem::is_directory(folder))
    GTEST_SKIP() << "no more networks in " << folder << " (OHMIC_SHARED_DATA names its folder)";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".onnx" || entry.path().extension() == ".pt2")
      expect_taken(entry.path());
}

TEST(GraphCheck, NamesTheNodeThatDoesNotFit) {
  using G = Graph&;
  EXPECT_EQ(said([](G g) { g.nodes[2].inputs = {}; }),
            "mine: node 2 (relu) takes 0 values; expected 1");
  EXPECT_EQ(said([](G g) {
              g.nodes[2].inputs = {0, 1};
            }),
            "mine: node 2 (relu) takes 2 values; expected 1");
  EXPECT_EQ(said([](G g) { g.classes = 10; }),
            "mine: classes = 10, and the last node (dense) gives 3 numbers; expected as many");
  EXPECT_EQ(said([](G g) { g.nodes[4].conv.in_channels = 5; }),
            "mine: node 4 (dense \"fc\") has conv.in_channels = 5; expected 2");
  EXPECT_EQ(said([](G g) { g.nodes[4].conv.in_height = 7; }),
            "mine: node 4 (dense \"fc\") has inputs (conv.in_*): 14; expected 2");
  EXPECT_EQ(said([](G g) { g.nodes[3].call = nullptr; }),
            "mine: node 3 (digital) has no call; expected an operator's");
  EXPECT_EQ(said([](G g) { g.nodes[1].conv.in_height = 8; }),
            "mine: node 1 (convolution \"conv\") has conv.in_height = 8; expected 6");
  EXPECT_EQ(said([](G g) { g.nodes[1].conv.groups = 0; }),
            "mine: node 1 (convolution \"conv\") has conv.groups = 0; expected an integer in [1, "
            "1073741824]");
  EXPECT_EQ(said([](G g) { g.nodes[1].conv.stride_width = 0; }),
            "mine: node 1 (convolution \"conv\") has conv.stride_width = 0; expected an integer in "
            "[1, 32767]");
  EXPECT_EQ(
      said([](G g) { g.nodes[1].conv.kernel_height = 9; }),
      "mine: node 1 (convolution \"conv\") has a kernel that is larger than its padded input");
  EXPECT_EQ(said([](G g) { g.nodes[1].height = 5; }),
            "mine: node 1 (convolution \"conv\") has shape [2, 4, 4] and 2 x 5 x 4 channels, rows "
            "and columns; expected as many numbers of both");
  EXPECT_EQ(said([](G g) {
              set_shape(g.nodes[1], {2, 5, 4});
            }),
            "mine: node 1 (convolution \"conv\") has height = 5; expected 4");
  EXPECT_EQ(said([](G g) {
              set_shape(g.nodes[2], {2, 4, 5});
            }),
            "mine: node 2 (relu) gives 2 x 4 x 5 numbers of 2 x 4 x 4; expected as many of each");
  EXPECT_EQ(said([](G g) {
              set_shape(g.nodes[2], {2, 1 << 20, 1 << 20});
            }),
            "mine: node 2 (relu) gives 2 x 1048576 x 1048576 numbers, which are too many");
  EXPECT_EQ(said([](G g) { g.nodes[1].name.clear(); }),
            "mine: node 1 (convolution) has no name; expected that of its weights");
  EXPECT_EQ(said([](G g) {
              g.nodes[2].op = Op::add;
              g.nodes[2].inputs = {1, 1};
            }),
            "mine: node 2 (add) takes the same value twice; expected two");
  EXPECT_EQ(said([](G g) { g.nodes[2].op = Op::part; }),
            "mine: node 2 (part) is no part of an operator's value");
  EXPECT_EQ(said([](G g) {
              g.nodes[2].op = Op::recurrent;
              g.nodes[2].name = "cell";
            }),
            "mine: node 2 (recurrent \"cell\") has conv.out_channels = 1; expected 4");
  EXPECT_EQ(said([](G g) { g.nodes[2].op = Op::input; }),
            "mine: node 2 (input) is another input; expected one, the first node");
  EXPECT_EQ(said([](G g) { g.nodes.resize(1); }), "mine: is a network without nodes");
}

}  // namespace
}  // namespace ohmic
