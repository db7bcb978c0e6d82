// BatchNorm that follows images on a programmed network, against the definition computed literally.
#include "nn/analog/batch_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/analog/analog_network.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/three_norms.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 5;

ImageSet images() { return test::noisy_images(kImages); }

struct Statistics {
  std::vector<double> mean, variance;
};

/// Of what enters node `norm`, over all images and pixels.
Statistics literally(const Graph& graph, const Weights& weights, const Node& norm) {
  std::vector<float> x(kImages * ImageSet::kPixels);
  normalized_batch(images(), {}, 0, kImages, x.data());
  const auto channels = static_cast<std::size_t>(norm.channels);
  std::vector<std::vector<double>> seen(channels);
  test::LiteralNetwork network(graph, weights);
  for (std::int64_t i = 0; i < kImages; ++i) {
    network.logits(x.data() + i * ImageSet::kPixels);
    const auto& in = network.values()[static_cast<std::size_t>(norm.inputs[0])];
    for (std::size_t j = 0; j < in.size(); ++j) seen[j % channels].push_back(in[j]);
  }
  Statistics s;
  for (const auto& values : seen) {
    double mean = 0, variance = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (const double v : values)
      variance += (v - mean) * (v - mean) / static_cast<double>(values.size());
    s.mean.push_back(mean);
    s.variance.push_back(variance);
  }
  return s;
}

class MeasuredBatchNorm : public testing::TestWithParam<std::string> {
 protected:
  Graph graph = test::three_norms();
  Weights weights = test::random_weights(graph);
  std::unique_ptr<Backend> backend = make_backend(GetParam());
  AnalogNetwork moved = following(BatchNormStatistics::moved);

  AnalogNetwork following(BatchNormStatistics statistics) {
    return AnalogNetwork({graph, weights, {}, {}, {}, test::awgn(0.4)}, *backend, {},
                         BatchNormImages(images(), {}, kImages, statistics));
  }
};

TEST_P(MeasuredBatchNorm, FollowsWhatTheProgrammedLayersGiveAgainstTheDigitalOnes) {
  // Every BatchNorm's inputs follow from the loaded tensors, those of earlier BatchNorms included.
  const Weights loaded = moved.program(3, 1).effective_weights();
  for (const Node& node : graph.nodes) {
    if (node.op != Op::batch_norm) continue;
    const Statistics now = literally(graph, loaded, node), before = literally(graph, weights, node);
    for (std::size_t c = 0; c < now.mean.size(); ++c) {
      const auto value = [&](const Weights& of, const char* suffix) -> double {
        return of.at(node.name + suffix).values[c];
      };
      const double ratio = (now.variance[c] + node.epsilon) / (before.variance[c] + node.epsilon);
      const double mean = value(weights, ".running_mean") + now.mean[c] - before.mean[c];
      const double variance =
          (value(weights, ".running_var") + node.epsilon) * ratio - node.epsilon;
      EXPECT_NEAR(value(loaded, ".running_mean"), mean, 1e-4 * std::sqrt(variance)) << node.name;
      EXPECT_NEAR(value(loaded, ".running_var"), variance, 1e-4 * variance) << node.name;
      EXPECT_GT(std::abs(ratio - 1), 1e-3) << node.name;
    }
  }
}

TEST_P(MeasuredBatchNorm, IsReplacedByWhatTheProgrammedLayersGiveWhereAskedTo) {
  AnalogNetwork measured = following(BatchNormStatistics::measured);
  const Weights loaded = measured.program(3, 1).effective_weights();
  for (const Node& node : graph.nodes) {
    if (node.op != Op::batch_norm) continue;
    const Statistics now = literally(graph, loaded, node);
    for (std::size_t c = 0; c < now.mean.size(); ++c) {
      const double mean = loaded.at(node.name + ".running_mean").values[c];
      const double variance = loaded.at(node.name + ".running_var").values[c];
      EXPECT_NEAR(mean, now.mean[c], 1e-4 * std::sqrt(now.variance[c])) << node.name;
      EXPECT_NEAR(variance, now.variance[c], 1e-4 * now.variance[c]) << node.name;
    }
  }
}

TEST_P(MeasuredBatchNorm, ComputesWithWhatItHolds) {
  LoadedNetwork& programmed = moved.program(3, 1);
  std::vector<float> x(ImageSet::kPixels);
  normalized_batch(images(), {}, 2, 1, x.data());
  const Weights loaded = programmed.effective_weights();
  const auto wanted = test::LiteralNetwork(graph, loaded).logits(x.data());
  const auto got = programmed.logits(x.data(), 1, 2);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4);
}

TEST_P(MeasuredBatchNorm, DependsOnTheDrawAlone) {
  const auto means = [&](std::uint64_t draw) {
    return moved.program(3, draw).effective_weights().at("bn3.running_mean").values;
  };
  const auto first = means(0);
  EXPECT_NE(first, means(1));
  EXPECT_EQ(first, means(0));
}

TEST_P(MeasuredBatchNorm, StaysAsTrainedOnAChipWithoutError) {
  const Weights loaded = moved.load_noise_free().effective_weights();
  for (const char* name : {"bn1.running_var", "bn2.running_var", "bn3.running_var"})
    for (std::size_t c = 0; c < 4; ++c)
      EXPECT_NEAR(loaded.at(name).values[c], weights.at(name).values[c],
                  1e-4 * weights.at(name).values[c]);
}

TEST_P(MeasuredBatchNorm, LeavesTheDigitalNetworkAsTrained) {
  EXPECT_EQ(moved.load_ideal().effective_weights().at("bn2.running_var").values,
            weights.at("bn2.running_var").values);
}

INSTANTIATE_TEST_SUITE_P(Backends, MeasuredBatchNorm, testing::Values("reference", "cpu"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ohmic
