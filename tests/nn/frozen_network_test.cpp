// What LibTorch traced, froze and optimised answers as what it runs node by node.
#include "nn/torch/frozen_network.hpp"

#include <gtest/gtest.h>

#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/model_maker.hpp"
#include "tests/nn/shared_data.hpp"

namespace ohmic {
namespace {

using test::ModelMaker;
using test::Shape;

/// Of 3 and 2 samples in turns, so that each number has a trace of its own.
void expect_eager_answers(const Graph& graph, const Weights& weights, std::size_t values) {
  TorchNetwork eager(graph, weights, "cpu");
  const auto lent = std::make_shared<const Weights>(weights);
  for (const Freezing freezing : {Freezing::frozen, Freezing::optimized}) {
    SCOPED_TRACE(freezing == Freezing::frozen ? "frozen" : "optimized");
    FrozenNetwork frozen(graph, lent, freezing);
    for (const std::int64_t samples : {3, 2, 3}) {
      const std::vector<float> x = test::normals(static_cast<std::size_t>(samples) * values,
                                                 static_cast<std::uint16_t>(samples));
      test::expect_near(frozen.logits(x.data(), samples), eager.logits(x.data(), samples), 1e-5);
    }
  }
}

TEST(FrozenNetwork, AnswersAsTheBuiltInNetworkThatRunsNodeByNode) {
  ModelSettings model;
  for (const char* layout : {"he", "keras_v1"}) {
    SCOPED_TRACE(layout);
    model.layout = layout;
    const Graph graph = build_model(model, 10);
    expect_eager_answers(graph, test::random_weights(graph), ImageSet::kPixels);
  }
}

/// Two halves of a convolution's channels weigh each other, in a shape that the samples' says.
ModelMaker with_operators() {
  ModelMaker m({4, 6, 5}, "y");
  m.weight("kernel", {8, 4, 3, 3});
  m.node("Conv", {"x", "kernel"}, {"a"}, {{"pads", Shape{1, 1, 0, 1}}});
  m.node("Split", {"a"}, {"b", "c"}, {{"axis", std::int64_t{1}}});
  m.node("Softmax", {"b"}, {"d"}, {{"axis", std::int64_t{3}}});
  m.node("Mul", {"c", "d"}, {"e"});
  m.node("Concat", {"e", "b"}, {"f"}, {{"axis", std::int64_t{1}}});
  m.node("Shape", {"x"}, {"shape"});
  m.integers("zero", {0});
  m.node("Gather", {"shape", "zero"}, {"n"}, {{"axis", std::int64_t{0}}});
  m.integers("rest", {-1});
  m.node("Concat", {"n", "rest"}, {"to"}, {{"axis", std::int64_t{0}}});
  m.node("Reshape", {"f", "to"}, {"flat"});
  m.weight("head", {200, 3});
  m.node("MatMul", {"flat", "head"}, {"y"});
  return m;
}

TEST(FrozenNetwork, AnswersAsTheImportedNetworkThatRunsNodeByNode) {
  const LoweredNetwork made = lower(with_operators().model);
  expect_eager_answers(made.graph, made.weights, 4 * 6 * 5);
}

// LibTorch 1.13 has no such pooling for what it optimised; others may.
TEST(FrozenNetwork, SaysWhatLibTorchCannotFreeze) {
  ModelMaker m({4, 6, 6}, "y");
  m.weight("kernel", {8, 4, 3, 3});
  m.node("Conv", {"x", "kernel"}, {"a"});
  m.node("AveragePool", {"a"}, {"b"}, {{"kernel_shape", Shape{4, 4}}});
  m.node("Flatten", {"b"}, {"y"});
  const LoweredNetwork network = lower(m.model);
  try {
    expect_eager_answers(network.graph, network.weights, 4 * 6 * 6);
  } catch (const UnsupportedError& error) {
    EXPECT_EQ(std::string(error.what()),
              "LibTorch cannot freeze this network: mkldnn_avg_pool2d operator does not support "
              "divisor");
  }
}

TEST(FrozenNetwork, AnswersAsTrainedNetworksThatRunNodeByNode) {
  if (!std::filesystem::exists(test::shared_data() / "networks"))
    GTEST_SKIP() << "no trained networks in " << test::shared_data();
  for (const char* name : {"mnist_mixed.onnx", "mnist_lstm.onnx", "mnist_vit.pt2"}) {
    SCOPED_TRACE(name);
    const LoweredNetwork network = lower(read_model(test::shared_data() / "networks" / name));
    expect_eager_answers(network.graph, network.weights, 28 * 28);
  }
}

}  // namespace
}  // namespace ohmic
