// Residual networks against published parameter counts and the layout of the weight files.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "nn/network/graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

Graph resnet(const std::string& name, const std::string& layout, int width = 16, int classes = 10) {
  ModelSettings model;
  model.name = name;
  model.layout = layout;
  model.width = width;
  return build_model(model, classes);
}

std::int64_t count(const Graph& graph, bool trainable) {
  std::int64_t total = 0;
  for (const ParameterShape& p : parameter_shapes(graph))
    if (p.trainable == trainable)
      total +=
          std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1}, std::multiplies<>());
  return total;
}

const Node& node(const Graph& graph, const std::string& name) {
  for (const Node& n : graph.nodes)
    if (n.name == name) return n;
  throw std::out_of_range(name);
}

std::string message_of(const Graph& graph, const Weights& weights) {
  try {
    check_weights(graph, weights, "net.safetensors");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

// Keras's model.summary() of the CIFAR ResNet v1 example.
TEST(ResNet, KerasLayoutHasTheExamplesParameters) {
  EXPECT_EQ(count(resnet("resnet20", "keras_v1"), true), 273066);
  EXPECT_EQ(count(resnet("resnet20", "keras_v1"), false), 1376);
  EXPECT_EQ(count(resnet("resnet56", "keras_v1"), true), 857706);
  EXPECT_EQ(count(resnet("resnet56", "keras_v1"), false), 4064);
}

// He et al. 2016, table 6: 0.27 M and 0.85 M; exactly, conv: 9 (3*16 + 6*16^2 + 16*32 + 5*32^2 +
// 32*64 + 5*64^2) = 267,696, BatchNorm 2*688, dense 650.
TEST(ResNet, HeLayoutHasThePublishedParameters) {
  EXPECT_EQ(count(resnet("resnet20", "he"), true), 267696 + 1376 + 650);
  EXPECT_NEAR(static_cast<double>(count(resnet("resnet56", "he"), true)), 0.85e6, 0.005e6);
}

TEST(ResNet, StridesPadAsTensorFlowOrSymmetrically) {
  const ConvGeometry keras = node(resnet("resnet8", "keras_v1"), "layer2.0.conv1").conv;
  EXPECT_EQ(keras.stride_height, 2);
  EXPECT_EQ((std::array{keras.pad_top, keras.pad_left, keras.pad_bottom, keras.pad_right}),
            (std::array{0, 0, 1, 1}));
  const ConvGeometry he = node(resnet("resnet8", "he"), "layer2.0.conv1").conv;
  EXPECT_EQ((std::array{he.pad_top, he.pad_left, he.pad_bottom, he.pad_right}),
            (std::array{1, 1, 1, 1}));
  EXPECT_EQ(he.out_height(), 16);
  EXPECT_EQ(keras.out_height(), 16);
}

TEST(ResNet, LayoutsDifferInShortcutsBiasesAndBatchNorm) {
  const Graph keras = resnet("resnet20", "keras_v1"), he = resnet("resnet20", "he");
  const Node& projection = node(keras, "layer3.0.proj");
  EXPECT_EQ(projection.conv.kernel_height, 1);
  EXPECT_EQ(projection.conv.stride_width, 2);
  EXPECT_EQ(projection.conv.pad_bottom, 0);
  EXPECT_TRUE(projection.has_bias);
  EXPECT_THROW(node(he, "layer3.0.proj"), std::out_of_range);
  EXPECT_FALSE(node(he, "conv1").has_bias);
  EXPECT_DOUBLE_EQ(node(keras, "bn1").epsilon, 1e-3);
  EXPECT_DOUBLE_EQ(node(he, "bn1").epsilon, 1e-5);
  EXPECT_DOUBLE_EQ(keras.batch_norm_momentum, 0.01);
  EXPECT_DOUBLE_EQ(he.batch_norm_momentum, 0.1);
}

TEST(ResNet, WidthAndClassesScaleTheNetwork) {
  const Graph graph = resnet("resnet8", "keras_v1", 4, 100);
  EXPECT_EQ(node(graph, "layer3.0.conv2").channels, 16);
  EXPECT_EQ(node(graph, "linear").channels, 100);
}

TEST(ResNet, OnlyDepths6nPlus2Exist) {
  for (const char* name : {"resnet21", "resnet2", "resnet", "resnet20x", "vgg12", "resnet-4"})
    EXPECT_THROW(resnet(name, "he"), ConfigError) << name;
  for (const std::string& name : model_names()) EXPECT_NO_THROW(resnet(name, "he"));
}

TEST(Initialize, GlorotUniformFillsItsInterval) {
  const Graph graph = resnet("resnet20", "keras_v1");
  const Weights weights = initialize(graph, "glorot_uniform", 7);
  EXPECT_EQ(message_of(graph, weights), "");
  const auto& kernel = weights.at("layer3.1.conv1.weight").values;  // F = 9*64 in and out
  const double limit = std::sqrt(6.0 / (2 * 9 * 64));
  double squares = 0, largest = 0;
  for (const float w : kernel) {
    squares += static_cast<double>(w) * w;
    largest = std::max(largest, std::abs(static_cast<double>(w)));
  }
  EXPECT_LE(largest, limit);
  // Variance limit^2/3; its relative std over 36,864 values is sqrt(0.8/36864) = 0.47 %. Five of
  // them: false alarm below 1e-6.
  EXPECT_NEAR(squares / static_cast<double>(kernel.size()), limit * limit / 3,
              5 * 0.0047 * limit * limit / 3);
  EXPECT_EQ(weights.at("bn1.running_var").values[0], 1.0f);
  EXPECT_EQ(weights.at("conv1.bias").values[0], 0.0f);
}

TEST(Initialize, HeNormalHasTheVarianceOfItsInputs) {
  const Weights weights = initialize(resnet("resnet20", "he"), "he_normal", 7);
  const auto& kernel = weights.at("layer3.1.conv1.weight").values;
  double squares = 0;
  for (const float w : kernel) squares += static_cast<double>(w) * w;
  // Relative std of a normal's variance over 36,864 values: sqrt(2/36864) = 0.74 %.
  EXPECT_NEAR(squares / static_cast<double>(kernel.size()) * 9 * 64 / 2, 1, 5 * 0.0074);
}

TEST(Initialize, SeedsAndTensorsAreIndependent) {
  const Graph graph = resnet("resnet20", "he");
  const Weights a = initialize(graph, "glorot_uniform", 1),
                b = initialize(graph, "glorot_uniform", 2);
  EXPECT_EQ(a.at("conv1.weight").values,
            initialize(graph, "glorot_uniform", 1).at("conv1.weight").values);
  EXPECT_NE(a.at("conv1.weight").values, b.at("conv1.weight").values);
  EXPECT_NE(a.at("layer1.0.conv1.weight").values, a.at("layer1.0.conv2.weight").values);
  EXPECT_THROW(initialize(graph, "zeros", 1), ConfigError);
}

TEST(CheckWeights, NamesTheArchitectureThatWouldFit) {
  const Weights other = initialize(resnet("resnet32", "keras_v1", 8, 100), "he_normal", 1);
  const std::string message = message_of(resnet("resnet20", "he"), other);
  EXPECT_NE(message.find("net.safetensors: does not fit resnet20, layout he"), std::string::npos)
      << message;
  EXPECT_NE(message.find("conv1.weight is [8, 3, 3, 3] instead of [16, 3, 3, 3]"),
            std::string::npos);
  EXPECT_NE(message.find("resnet32, layout keras_v1, width 8, 100 classes"), std::string::npos);
}

TEST(CheckWeights, NamesWhatIsMissingAndWhatIsLeft) {
  const Graph graph = resnet("resnet8", "he");
  Weights weights = initialize(graph, "he_normal", 1);
  weights.erase("bn1.weight");
  weights["extra"] = {{1}, {0.0f}};
  const std::string message = message_of(graph, weights);
  EXPECT_NE(message.find("bn1.weight is missing"), std::string::npos);
  EXPECT_NE(message.find("extra is not part of the network"), std::string::npos);
}

}  // namespace
}  // namespace ohmic
