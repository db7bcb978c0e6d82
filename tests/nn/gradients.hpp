// Gradients by central differences of a network computed as its definition reads: what training
// should find.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/train/trainer.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic::test {

/// 32 x 32 x 3 -> 2 filters at half the side, ReLU, average, 2 classes; no BatchNorm, so that an
/// image's gradient is its own.
inline Graph without_norm() {
  GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  g.dense("linear", g.average(g.relu(g.convolution("conv", 0, 2, 3, 2, true))), 2);
  return g.graph();
}

/// A third of the images is of class 1.
inline Dataset noisy_data(std::int64_t count) {
  Dataset data;
  data.train.classes = data.test.classes = 2;
  for (const float z : normals(static_cast<std::size_t>(count * ImageSet::kPixels), 77))
    data.train.pixels.push_back(static_cast<std::uint8_t>(std::clamp(128 + 60 * z, 0.0f, 255.0f)));
  for (std::int64_t i = 0; i < count; ++i)
    data.train.labels.push_back(static_cast<std::uint8_t>(i % 3 == 0));
  return data;
}

/// softmax(z/T)
inline std::vector<double> softened(const std::vector<double>& logits, double temperature = 1) {
  double sum = 0;
  std::vector<double> p;
  for (const double z : logits) p.push_back(std::exp(z / temperature));
  for (const double v : p) sum += v;
  for (double& v : p) v /= sum;
  return p;
}

using LossOfLogits = std::function<double(const std::vector<double>&)>;

inline LossOfLogits cross_entropy(int label) {
  return [label](const std::vector<double>& logits) {
    return -std::log(softened(logits)[static_cast<std::size_t>(label)]);
  };
}

/// d loss/d w of one image for every trainable value, in the order of parameter_shapes.
inline std::vector<double> gradient_of(const Graph& graph, Weights weights, const float* image,
                                       const LossOfLogits& loss) {
  constexpr float kStep = 1e-6f;  // so small that hardly a ReLU turns within it
  std::vector<double> gradient;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    if (!p.trainable) continue;
    for (float& w : weights.at(p.name).values) {
      const float at = w, above = at + kStep, below = at - kStep;
      w = above;
      const double up = loss(LiteralNetwork(graph, weights).logits(image));
      w = below;
      const double down = loss(LiteralNetwork(graph, weights).logits(image));
      w = at;
      gradient.push_back((up - down) / (double{above} - below));
    }
  }
  return gradient;
}

/// The mean of these over the training images, of which loss gets image and label.
inline std::vector<double> mean_gradient(
    const Graph& graph, const Dataset& data, const Weights& at,
    const std::function<LossOfLogits(const float* image, int label)>& loss) {
  std::vector<double> mean;
  std::vector<float> x(ImageSet::kPixels);
  const std::int64_t images = data.train.size();
  for (std::int64_t i = 0; i < images; ++i) {
    normalized_batch(data.train, data.normalization, i, 1, x.data());
    const int label = data.train.labels[static_cast<std::size_t>(i)];
    const auto g = gradient_of(graph, at, x.data(), loss(x.data(), label));
    mean.resize(g.size());
    for (std::size_t k = 0; k < g.size(); ++k) mean[k] += g[k] / static_cast<double>(images);
  }
  return mean;
}

inline LossOfLogits loss_of_label(const float*, int label) { return cross_entropy(label); }

/// One update of plain SGD on all of so many images.
inline TrainSettings one_update(std::int64_t images, double rate) {
  TrainSettings s;
  s.epochs = 1;
  s.batch = images;
  s.optimizer = "sgd";
  s.learning_rate = rate;
  s.schedule = "constant";
  s.augment = false;
  s.l2 = 0;
  return s;
}

}  // namespace ohmic::test
