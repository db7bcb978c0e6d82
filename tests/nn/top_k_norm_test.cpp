// Training through a BatchNorm over the largest deviations: the gradient against central
// differences of the loss of a batch, computed as its definition reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/train/trainer.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 4, kValues = kImages * 32 * 32;
constexpr std::int64_t kLargest = kValues / 2;
constexpr double kFactor = 1 / 1.27110628;  // of the half that is farthest (architectures_test.cpp)
constexpr double kRate = 0.5;

/// 1 x 1 convolution, 2 filters, BatchNorm, ReLU, average, 2 classes.
Graph graph_of_largest() {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  const int norm = g.norm("bn", g.convolution("conv", 0, 2, 1, 1, false), true);
  g.dense("linear", g.average(g.relu(norm)), 2);
  Graph graph = g.graph();
  graph.nodes[static_cast<std::size_t>(norm)].top_k = kLargest;
  return graph;
}

/// A filter's values, normalised over the batch.
std::vector<double> normalised(const Weights& w, std::size_t filter, const std::vector<float>& x) {
  std::vector<double> u(kValues);
  for (std::size_t i = 0; i < u.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      u[i] += double{w.at("conv.weight").values[3 * filter + c]} * x[3 * i + c];
  const double mean = std::accumulate(u.begin(), u.end(), 0.0) / kValues;
  std::vector<double> deviations;
  for (const double v : u) deviations.push_back(std::abs(v - mean));
  std::ranges::sort(deviations, std::greater{});
  const double spread =
      std::accumulate(deviations.begin(), deviations.begin() + kLargest, 0.0) / kLargest * kFactor;
  const double gamma = w.at("bn.weight").values[filter], beta = w.at("bn.bias").values[filter];
  for (double& v : u) v = gamma * (v - mean) / (spread + 1e-3) + beta;
  return u;
}

double loss_of(const Weights& w, const std::vector<float>& x, const Dataset& data) {
  const std::vector<double> maps[] = {normalised(w, 0, x), normalised(w, 1, x)};
  constexpr std::size_t kPixels = 32 * 32;
  double loss = 0;
  for (std::size_t image = 0; image < kImages; ++image) {
    std::vector<double> logits;
    for (std::size_t k = 0; k < 2; ++k) {
      double y = w.at("linear.bias").values[k];
      for (std::size_t f = 0; f < 2; ++f)
        for (std::size_t i = image * kPixels; i < (image + 1) * kPixels; ++i)
          y += w.at("linear.weight").values[2 * k + f] * std::max(maps[f][i], 0.0) / kPixels;
      logits.push_back(y);
    }
    loss += test::cross_entropy(data.train.labels[image])(logits) / kImages;
  }
  return loss;
}

TEST(TopKBatchNorm, PassesTheGradientOnThroughItsLargestDeviations) {
  const Graph graph = graph_of_largest();
  const Dataset data = test::noisy_data(kImages);
  const Weights start = initialize(graph, "he_normal", 1);
  std::vector<float> x(static_cast<std::size_t>(kImages) * ImageSet::kPixels);
  normalized_batch(data.train, data.normalization, 0, kImages, x.data());

  const test::TemporaryFolder folder;
  TrainSettings settings = test::one_update(kImages, kRate);
  settings.start = TrainingStart::given;
  const Weights after =
      train(graph, data, settings, 1, "cpu", folder.path(), "x", {}, {.start = &start}).weights;

  Weights at = start;
  constexpr float kStep = 1e-5f;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    if (!p.trainable) continue;
    for (std::size_t i = 0; i < at.at(p.name).values.size(); ++i) {
      float& w = at.at(p.name).values[i];
      const float from = w, above = from + kStep, below = from - kStep;
      w = above;
      const double up = loss_of(at, x, data);
      w = below;
      const double down = loss_of(at, x, data);
      w = from;
      const double gradient = (up - down) / (double{above} - below);
      EXPECT_NEAR(after.at(p.name).values[i], from - kRate * gradient, 5e-6) << p.name << " " << i;
    }
  }
}

}  // namespace
}  // namespace ohmic
