// LibTorch's inference against the network computed as its definition reads, and against what
// trained networks are known to score.
#include "nn/torch/torch_evaluation.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "nn/analog/analog_network.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/shared_data.hpp"

namespace ohmic {
namespace {

TEST(TorchNetwork, ComputesWhatTheDefinitionSays) {
  for (const bool keras : {true, false}) {
    const Graph graph = test::small_resnet(keras);
    const Weights weights = test::random_weights(graph);
    const std::vector<float> x = test::normals(3 * 6 * 6 * 3, 999);
    const std::vector<float> y = TorchNetwork(graph, weights, "cpu").logits(x.data(), 3);
    test::LiteralNetwork literal(graph, weights);
    for (std::size_t image = 0; image < 3; ++image) {
      const std::vector<double> expected = literal.logits(x.data() + image * 6 * 6 * 3);
      for (std::size_t i = 0; i < 5; ++i)
        EXPECT_NEAR(y[image * 5 + i], expected[i], 1e-5) << keras << " " << image << " " << i;
    }
  }
}

static_assert(!std::is_copy_constructible_v<TorchNetwork>);
static_assert(!std::is_copy_assignable_v<TorchNetwork>);

TEST(TorchNetwork, CanBeMoved) {
  const Graph graph = test::small_resnet(true);
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  TorchNetwork network(graph, test::random_weights(graph), "cpu");
  const std::vector<float> before = network.logits(x.data(), 1);
  TorchNetwork other = std::move(network);
  EXPECT_EQ(other.logits(x.data(), 1), before);
}

TEST(TorchNetwork, TakesNewWeights) {
  const Graph graph = test::small_resnet(true);
  const Weights a = test::random_weights(graph);
  Weights b = a;
  b["linear.bias"].values[0] += 1;
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  TorchNetwork network(graph, a, "cpu");
  const float before = network.logits(x.data(), 1)[0];
  network.set_weights(b);
  EXPECT_NEAR(network.logits(x.data(), 1)[0], before + 1, 1e-6);
  b.erase("linear.bias");
  EXPECT_THROW(network.set_weights(b), DataError);
}

#ifdef __x86_64__
TEST(TorchNetwork, TakesDenormalsForZero) {
  const Graph graph = test::small_resnet(true);
  Weights weights = test::random_weights(graph);
  for (float& w : weights["linear.weight"].values) w = 0;
  for (float& b : weights["linear.bias"].values) b = 1e-39f;
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  EXPECT_EQ(TorchNetwork(graph, weights, "cpu").logits(x.data(), 1)[0], 0.0f);
}
#endif

/// One channel of 2 x 2 pixels through a unit 1x1 convolution, BatchNorm, average and dense.
Graph one_norm() {
  test::GraphMaker g(2, 1);
  g.dense("linear", g.average(g.norm("bn", g.convolution("conv", 0, 1, 1, 1, false))), 1);
  return g.graph();
}

// Pixels 1, 2, 3, 6: mean 3, squares about it 14, so variance 14/4, with Bessel's correction 14/3.
TEST(TorchGraph, MovingVarianceTakesTheCorrectedVariance) {
  Weights weights = initialize(one_norm(), "glorot_uniform", 1);
  weights["conv.weight"].values = {1.0f};
  TorchGraph graph(one_norm(), weights, "cpu");
  const std::vector<float> x{1, 2, 3, 6};
  graph.logits(x.data(), 1, true);
  const Weights after = graph.weights();
  EXPECT_NEAR(after.at("bn.running_mean").values[0], 0.01 * 3, 1e-6);
  EXPECT_NEAR(after.at("bn.running_var").values[0], 0.99 + 0.01 * 14 / 3, 1e-6);
}

// Training normalises with the batch's own statistics: the average of the normalised pixels is 0,
// whatever the running mean.
TEST(TorchGraph, TrainingUsesTheBatchsStatistics) {
  Weights weights = initialize(one_norm(), "glorot_uniform", 1);
  weights["conv.weight"].values = {1.0f};
  weights["linear.weight"].values = {1.0f};
  TorchGraph graph(one_norm(), weights, "cpu");
  const std::vector<float> x{1, 2, 3, 6};
  EXPECT_NEAR(graph.logits(x.data(), 1, true)[0], 0, 1e-6);
  weights["bn.running_mean"].values = {0.0f};
  graph.set_weights(weights);
  EXPECT_NEAR(graph.logits(x.data(), 1, false)[0], 3 / std::sqrt(1.001), 1e-5);
}

TEST(ResolveDevice, SaysWhatIsMissing) {
  EXPECT_EQ(resolve_device("cpu"), "cpu");
  EXPECT_TRUE(resolve_device("auto") == "cpu" || resolve_device("auto") == "cuda:0");
  EXPECT_THROW(resolve_device("gpu"), UnsupportedError);
  EXPECT_THROW(resolve_device("cuda:x"), UnsupportedError);
  EXPECT_THROW(resolve_device("cuda:999"), UnsupportedError);
}

/// How many of the 500 exact test images a trained network gets right.
int right_answers(const std::string& name, const std::string& layout, const std::string& file,
                  const Normalization& normalization) {
  ModelSettings model;
  model.name = name;
  model.layout = layout;
  const Graph graph = build_model(model, 10);
  const Weights weights = load_checkpoint(test::shared_data() / "weights" / file, graph).weights;
  DataSettings data;
  data.name = "cifar10";
  data.normalize = "none";
  data.test = {(test::shared_data() / "cifar10-lossless-test.bin.xz").string()};
  const ImageSet images = load_dataset(data, 1, {false, true}).test;
  std::vector<float> x(static_cast<std::size_t>(images.size() * ImageSet::kPixels));
  normalized_batch(images, normalization, 0, images.size(), x.data());
  const std::vector<float> y = TorchNetwork(graph, weights, "cpu").logits(x.data(), images.size());
  int right = 0;
  for (std::size_t i = 0; i < images.labels.size(); ++i)
    right += predicted_class(y.data() + 10 * i, 10) == images.labels[i];
  return right;
}

// Counts by an independent program, in ../shared/data/README.md.
TEST(TorchNetwork, TrainedNetworksScoreWhatIsKnown) {
  if (!std::filesystem::exists(test::shared_data() / "weights"))
    GTEST_SKIP() << "no trained networks in " << test::shared_data();
  const Normalization he{"given", {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  EXPECT_EQ(right_answers("resnet20", "he", "resnet20_he_sgd_cifar10.safetensors", he), 455);
  EXPECT_EQ(right_answers("resnet56", "he", "resnet56_he_sgd_cifar10.safetensors", he), 470);
  EXPECT_EQ(right_answers("resnet20", "keras_v1", "resnet20v1_keras_adam_cifar10.h5", {}), 462);
}

}  // namespace
}  // namespace ohmic
