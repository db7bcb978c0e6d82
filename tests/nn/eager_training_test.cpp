// A training's step against LibTorch's operations one by one.
#include "nn/train/eager_training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/trainer.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/nn/three_norms.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 13;
constexpr double kRate = 0.5;

Graph graph_of(const std::string& name) {
  if (name == "joined_norms") return test::joined_norms();
  ModelSettings model;
  model.name = name.substr(0, name.find('_'));
  model.layout = name.ends_with("_he") ? "he" : "keras_v1";
  model.width = 5;
  return build_model(model, 2);
}

class StepOfTraining : public testing::TestWithParam<std::string> {
 protected:
  /// By one update of plain SGD on all images.
  Weights after_training() const {
    const test::TemporaryFolder folder;
    TrainSettings settings = test::one_update(kImages, kRate);
    settings.start = TrainingStart::given;
    return train(graph, data, settings, 1, "cpu", folder.path(), "x", {}, {.start = &start})
        .weights;
  }

  Weights after_eager_step() const {
    std::vector<float> x(static_cast<std::size_t>(kImages * ImageSet::kPixels));
    normalized_batch(data.train, data.normalization, 0, kImages, x.data());
    EagerTraining eager(graph, start);
    eager.step(x.data(), {data.train.labels.begin(), data.train.labels.end()}, kRate);
    return eager.weights();
  }

  const Graph graph = graph_of(GetParam());
  const Weights start = initialize(graph, "he_normal", 1);
  const Dataset data = test::noisy_data(kImages);
};

TEST_P(StepOfTraining, IsThatOfLibTorchsOperationsOneByOne) {
  const Weights ours = after_training(), theirs = after_eager_step();
  double largest = 0;
  const auto each = [&](const auto& look) {
    for (const auto& [name, tensor] : start)
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        look(name, theirs.at(name).values[i] - tensor.values[i],
             ours.at(name).values[i] - tensor.values[i]);
  };
  each([&](const std::string&, double moved, double) {
    largest = std::max(largest, std::abs(moved));
  });
  EXPECT_GT(largest, 0.01);
  each([&](const std::string& name, double moved, double here) {
    ASSERT_NEAR(here, moved, 1e-5 * largest + 1e-4 * std::abs(moved)) << name;
  });
}

INSTANTIATE_TEST_SUITE_P(, StepOfTraining,
                         testing::Values("resnet8", "resnet8_he", "vgg11", "mobilenet", "densenet7",
                                         "plain8", "joined_norms"),
                         [](const auto& info) { return info.param; });

/// Shortcuts of few channels that step over places: LibTorch's own gradient of them ends in a
/// damaged heap or in other numbers where threads are several.
TEST(ShortcutsOfFewChannels, AreTrainedAlikeByAnyNumberOfThreads) {
  const Dataset data = test::noisy_data(kImages);
  for (const int width : {2, 4, 5, 8}) {
    ModelSettings model;
    model.name = "resnet8";
    model.width = width;
    const Graph graph = build_model(model, 2);
    const Weights start = initialize(graph, "he_normal", 1);
    const auto trained = [&](int threads) {
      const test::TemporaryFolder folder;
      TrainSettings settings = test::one_update(kImages, kRate);
      settings.start = TrainingStart::given;
      set_threads(threads);
      return train(graph, data, settings, 1, "cpu", folder.path(), "x", {}, {.start = &start})
          .weights;
    };
    const Weights alone = trained(1);
    for (const int threads : {2, 3, 4})
      for (const auto& [name, tensor] : trained(threads))
        for (std::size_t i = 0; i < tensor.values.size(); ++i)
          ASSERT_NEAR(tensor.values[i], alone.at(name).values[i],
                      1e-5 + 1e-4 * std::abs(alone.at(name).values[i]))
              << name << " of width " << width << ", " << threads << " threads";
  }
  set_threads(0);
}

}  // namespace
}  // namespace ohmic
