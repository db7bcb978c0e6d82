// Networks beside ResNets: parameter counts by hand, and every operation in LibTorch and on both
// back ends against the network computed as its definition reads.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "nn/network/graph.hpp"
#include "nn/operators/evaluate.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

Graph model(const std::string& name, int width, const std::string& norm = "batch",
            const std::string& layout = "keras_v1") {
  ModelSettings settings;
  settings.name = name;
  settings.width = width;
  settings.norm = norm;
  settings.layout = layout;
  return build_model(settings, 10);
}

std::int64_t kernels_of(const Graph& graph) {
  std::int64_t total = 0;
  for (const ParameterShape& p : parameter_shapes(graph))
    if (p.shape.size() > 1)
      total +=
          std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1}, std::multiplies<>());
  return total;
}

std::size_t layers_of(const Graph& graph) {
  return static_cast<std::size_t>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(),
                    [](const Node& n) { return n.op == Op::convolution || n.op == Op::dense; }));
}

ConstantTensor one_sample(const Node& node) {
  if (node.op == Op::constant) return *node.constant;
  ConstantTensor made{ElementType::f32, {1, node.channels, node.height, node.width}, nullptr};
  auto zeros = std::make_shared<std::vector<float>>(static_cast<std::size_t>(made.elements()));
  made.data = std::shared_ptr<const std::byte>(zeros, reinterpret_cast<std::byte*>(zeros->data()));
  return made;
}

// The builder says shapes from arithmetic of its own; operators know better.
TEST(Architectures, DigitalNodesHaveTheShapesOfTheirOperators) {
  int checked = 0;
  for (const char* layout : {"keras_v1", "he"})
    for (const char* name : {"resnet8", "vgg11", "mobilenet", "densenet7"}) {
      const Graph graph = model(name, 6, "batch", layout);
      for (const Node& node : graph.nodes) {
        if (node.op != Op::digital) continue;
        std::vector<ConstantTensor> inputs;
        for (const int input : node.inputs)
          inputs.push_back(one_sample(graph.nodes[static_cast<std::size_t>(input)]));
        std::vector<std::int64_t> shape = evaluate(*node.call, graph.opset, inputs).front().shape;
        shape.erase(shape.begin());
        EXPECT_EQ(node.shape, shape) << layout << ' ' << name << ' ' << node.call->name;
        ++checked;
      }
    }
  EXPECT_GT(checked, 30);
}

// Configuration D at width 64: 14,710,464 in 13 convolutions (Simonyan and Zisserman's 14.7 M
// without dense layers), 512 * 10 in the dense one.
TEST(Vgg, HasThePublishedKernels) {
  EXPECT_EQ(kernels_of(model("vgg16", 64)), 14710464 + 5120);
  EXPECT_EQ(layers_of(model("vgg16", 64)), 14u);
  EXPECT_EQ(layers_of(model("vgg11", 8)), 9u);
}

TEST(Plain, IsTheResNetWithoutShortcuts) {
  const Graph plain = model("plain20", 16), residual = model("resnet20", 16);
  EXPECT_EQ(layers_of(plain), 20u);
  EXPECT_EQ(kernels_of(residual) - kernels_of(plain), 16 * 32 + 32 * 64) << "projections";
}

// Width 2: 9*3*2; then depthwise 9 c and pointwise c d for (c, d) = (2, 4), (4, 8), (8, 8), (8,
// 16), (16, 16); dense 16 * 10.
TEST(MobileNet, SeparatesDepthwiseFromPointwise) {
  const Graph graph = model("mobilenet", 2);
  EXPECT_EQ(kernels_of(graph), 54 + 9 * (2 + 4 + 8 + 8 + 16) + (8 + 32 + 64 + 128 + 256) + 160);
  for (const Node& node : graph.nodes)
    if (node.name == "block2.depthwise") {
      EXPECT_EQ(node.conv.groups, 4);
      EXPECT_EQ(node.conv.rows(), 9);
      EXPECT_EQ(node.height, 16);
    }
}

// Growth 12, depth 40: 1.0 M parameters (Huang et al. 2017, table 2: 1.0 M at L = 40, k = 12).
TEST(DenseNet, GrowsByItsRate) {
  const Graph graph = model("densenet40", 12);
  EXPECT_EQ(layers_of(graph), 40u);
  EXPECT_NEAR(static_cast<double>(kernels_of(graph)), 1.0e6, 0.05e6);
  EXPECT_EQ(graph.nodes.back().conv.in_channels, 24 + 3 * 12 * 12);
}

TEST(Models, NamesThatDoNotExistAreRefused) {
  for (const char* name : {"vgg12", "vgg", "plain21", "mobilenet2", "densenet41", "densenet4"})
    EXPECT_THROW(model(name, 8), ConfigError) << name;
  for (const std::string& name : model_names()) EXPECT_NO_THROW(model(name, 4)) << name;
}

TEST(Models, WithoutNormHaveBiasesAndNoBatchNorm) {
  const Graph graph = model("resnet8", 4, "none", "he");
  for (const Node& node : graph.nodes) {
    EXPECT_NE(node.op, Op::batch_norm);
    EXPECT_TRUE(node.op != Op::convolution || node.has_bias) << node.name;
  }
}

void expect_near(const float* got, const std::vector<double>& wanted, double tolerance) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    EXPECT_NEAR(got[i], wanted[i], tolerance * std::max(1.0, std::abs(wanted[i]))) << i;
}

class EveryOperation : public testing::TestWithParam<bool> {
 protected:
  const Graph graph = test::small_mixture(GetParam());
  const Weights weights = test::random_weights(graph);
  const std::vector<float> images = test::normals(3 * 6 * 6 * 3, 902);
};

TEST_P(EveryOperation, ComputesInLibTorchWhatTheDefinitionSays) {
  const std::vector<float> y = TorchNetwork(graph, weights, "cpu").logits(images.data(), 3);
  for (std::size_t i = 0; i < 3; ++i)
    expect_near(y.data() + 5 * i,
                test::LiteralNetwork(graph, weights).logits(images.data() + i * 108), 1e-5);
}

TEST_P(EveryOperation, ComputesOnCrossbarsWhatTheDefinitionSays) {
  for (const std::string backend : {"reference", "cpu"}) {
    test::Chip chip(graph, weights, {}, 0.2, "", {}, backend);
    LoadedNetwork& programmed = chip.network.program(5, 0);
    const Weights loaded = programmed.effective_weights();
    EXPECT_NE(loaded.at("depthwise.weight").values, weights.at("depthwise.weight").values);
    const auto y = programmed.logits(images.data(), 3, 0);
    for (std::size_t i = 0; i < 3; ++i)
      expect_near(y.data() + 5 * i,
                  test::LiteralNetwork(graph, loaded).logits(images.data() + i * 108), 1e-4);
  }
}

TEST_P(EveryOperation, KeepsItsWeightsThroughLibTorch) {
  const Weights after = TorchGraph(graph, weights, "cpu").weights();
  ASSERT_EQ(after.size(), weights.size());
  for (const auto& [name, tensor] : weights) {
    EXPECT_EQ(after.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(after.at(name).values, tensor.values) << name;
  }
}

TEST_P(EveryOperation, FoldsAsItComputes) {
  NoiseSettings folded;
  folded.semantics = Semantics::folded;
  test::Chip chip(graph, weights, folded, 0.0);
  const auto y = chip.network.program(5, 0).logits(images.data(), 1, 0);
  expect_near(y.data(), test::LiteralNetwork(graph, weights).logits(images.data()), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Norm, EveryOperation, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "L1" : "L2"); });

// 14 bits over the largest output: the converter is nearly ideal, and calibration sees each filter
// on its own channel.
TEST(GroupedConvolution, MeetsConvertersOnEveryBackEnd) {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  g.dense("linear", g.average(g.relu(g.convolution("depthwise", 0, 3, 3, 2, true, 3))), 2);
  const Graph graph = g.graph();
  const Weights weights = test::random_weights(graph);
  const Dataset data = test::noisy_data(2);
  Periphery periphery;
  periphery.adc.emplace();
  periphery.adc->bits = 14;
  periphery.adc->percentile = 100;
  std::vector<float> x(ImageSet::kPixels);
  normalized_batch(data.train, {}, 0, 1, x.data());
  for (const char* name : {"reference", "cpu"}) {
    SCOPED_TRACE(name);
    const auto backend = make_backend(name);
    AnalogNetwork network = test::calibrated({graph, weights, {}, {}, periphery, test::awgn(0)},
                                             *backend, data.train, 2);
    const auto y = network.load_noise_free().logits(x.data(), 1, 0);
    expect_near(y.data(), test::LiteralNetwork(graph, weights).logits(x.data()), 1e-3);
  }
}

TEST(GroupedConvolution, HasNoWires) {
  const Graph graph = test::small_mixture(false);
  Periphery periphery;
  periphery.wires.emplace();
  const auto backend = make_backend("reference");
  AnalogNetwork network({graph, test::random_weights(graph), {}, {}, periphery, test::awgn(0)},
                        *backend);
  EXPECT_THROW(network.load_noise_free(), UnsupportedError);
}

/// Pixels 1, 2, 3, 6 through a unit convolution and L1 BatchNorm, average, dense.
Graph one_l1_norm(int top_k = 0) {
  test::GraphMaker g(2, 1);
  g.dense("linear", g.average(g.relu(g.norm("bn", g.convolution("conv", 0, 1, 1, 1, false), true))),
          1);
  Graph graph = g.graph();
  graph.nodes[2].top_k = top_k;
  return graph;
}

// Mean 3; |x - 3| = 2, 1, 0, 3, mean 1.5; times sqrt(pi/2) = 1.8799712. Only 6 is above the mean:
// 3/(1.8799712 + 1e-3)/4 reaches the dense layer.
TEST(L1BatchNorm, DividesByTheMeanAbsoluteDeviation) {
  const double deviation = 1.5 * std::sqrt(M_PI / 2);
  Weights weights = initialize(one_l1_norm(), "glorot_uniform", 1);
  EXPECT_EQ(weights.at("bn.running_dev").values[0], 1.0f);
  weights["conv.weight"].values = weights["linear.weight"].values = {1.0f};
  TorchGraph graph(one_l1_norm(), weights, "cpu");
  const std::vector<float> x{1, 2, 3, 6};
  EXPECT_NEAR(graph.logits(x.data(), 1, true)[0], 3 / (deviation + 1e-3) / 4, 1e-6);
  const Weights after = graph.weights();
  EXPECT_NEAR(after.at("bn.running_mean").values[0], 0.01 * 3, 1e-6);
  EXPECT_NEAR(after.at("bn.running_dev").values[0], 0.99 + 0.01 * deviation, 1e-6);
}

// The same pixels: the largest deviation is 3, the mean of the two largest 2.5. Of normal values
// the half that is farthest has |x| > 0.6744898, density 0.3177766 there, and a mean |x| of 4 *
// 0.3177766 = 1.2711063; the farthest quarter |x| > 1.1503494, density 0.2058535, mean 8 times
// that, 1.6468277.
TEST(TopKBatchNorm, DividesByTheMeanOfTheLargestDeviations) {
  for (const auto& [k, deviation] : {std::pair{1, 3 / 1.6468277},
                                     {2, 2.5 / 1.2711063},
                                     {4, 1.5 * std::sqrt(M_PI / 2)},
                                     {10, 1.5 * std::sqrt(M_PI / 2)}}) {
    Weights weights = initialize(one_l1_norm(k), "glorot_uniform", 1);
    weights["conv.weight"].values = weights["linear.weight"].values = {1.0f};
    TorchGraph graph(one_l1_norm(k), weights, "cpu");
    const std::vector<float> x{1, 2, 3, 6};
    EXPECT_NEAR(graph.logits(x.data(), 1, true)[0], 3 / (deviation + 1e-3) / 4, 1e-6) << k;
    EXPECT_NEAR(graph.weights().at("bn.running_dev").values[0], 0.99 + 0.01 * deviation, 1e-6) << k;
    // Evaluation divides by the running deviation, as of every l1 norm: 6 is (6 - 0.03) above.
    const double held = 0.99 + 0.01 * deviation, mean = 0.01 * 3;
    EXPECT_NEAR(graph.logits(x.data(), 1)[0], (12 - 4 * mean) / (held + 1e-3) / 4, 1e-5) << k;
  }
}

// A variance pushed below zero makes BatchNorm NaN; a deviation pushed below zero only turns a
// sign.
TEST(L1BatchNorm, TakesNoRoot) {
  const Graph graph = test::small_mixture(true);
  Weights weights = test::random_weights(graph);
  weights.at("bn2.running_dev").values[1] = -0.3f;
  NoiseSettings noise;
  noise.semantics = Semantics::keras_get_weights;
  noise.negative_variance = NegativeVariance::nan;
  test::Chip chip(graph, weights, noise, 0.0);
  const std::vector<float> image = test::normals(6 * 6 * 3, 904);
  const auto y = chip.network.program(5, 0).logits(image.data(), 1, 0);
  expect_near(y.data(), test::LiteralNetwork(graph, weights).logits(image.data()), 1e-4);
}

}  // namespace
}  // namespace ohmic
