// Training with weight noise and with a teacher: one update of plain SGD on one batch against
// gradients by central differences, so that the whole of the step is checked.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "nn/train/kernel_normals.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/random/noise.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 4;
constexpr double kRate = 0.1;

TrainSettings one_update() { return test::one_update(kImages, kRate); }

class NoiseTraining : public testing::Test {
 protected:
  Weights run(const std::string& name, const TrainSettings& settings,
              const Weights* teacher = nullptr) {
    return train(graph, data, settings, 1, "cpu", folder_.path() / name, "one", {}, {teacher})
        .weights;
  }

  /// Mean over the batch; loss gets image and label.
  std::vector<double> mean_gradient(
      const Weights& at,
      const std::function<test::LossOfLogits(const float* image, int label)>& loss) const {
    return test::mean_gradient(graph, data, at, loss);
  }

  void expect_step(const Weights& from, const std::vector<double>& gradient, const Weights& to) {
    std::size_t k = 0;
    for (const ParameterShape& p : parameter_shapes(graph))
      for (std::size_t i = 0; i < from.at(p.name).values.size(); ++i, ++k)
        EXPECT_NEAR(to.at(p.name).values[i], from.at(p.name).values[i] - kRate * gradient[k], 2e-6)
            << p.name << " " << i;
    EXPECT_EQ(k, gradient.size());
  }

  const Graph graph = test::without_norm();
  const Dataset data = test::noisy_data(kImages);
  const Weights start = initialize(graph, "glorot_uniform", 1);
  test::TemporaryFolder folder_;
};

/// What the first update of an optimiser adds to a weight with gradient g: its published equation
/// at t = 1, where every moment was 0.
double first_update(const TrainSettings& s, double g) {
  const double size = std::abs(g), root = std::sqrt(1 - s.beta2);
  const double mu1 = s.beta1 * (1 - 0.5 * std::pow(0.96, 0.004)),
               mu2 = s.beta1 * (1 - 0.5 * std::pow(0.96, 0.008));
  const std::map<std::string, double> by_name{
      {"sgd", g},
      {"momentum", g},
      {"nesterov", g * (1 + s.momentum)},
      {"adam", root * g / (root * size + s.epsilon)},
      {"nadam", g * (1 + mu2 * (1 - s.beta1) / (1 - mu1 * mu2)) / (size + s.epsilon)},
      {"adamax", g / (size + s.epsilon)},
      {"adamx", (1 - s.beta1) * g / (root * size + s.epsilon)}};
  return -kRate * by_name.at(s.optimizer);
}

// Where a gradient is as small as its rounding, its sign is not known, and Adam's family takes a
// whole step by it: those weights, fewer than one in ten, are left out.
TEST_F(NoiseTraining, TheFirstStepOfEveryOptimiserIsThatOfExactGradients) {
  constexpr double kKnown = 1e-5;
  const std::vector<double> gradient = mean_gradient(start, test::loss_of_label);
  for (const std::string& name : optimizer_names()) {
    TrainSettings settings = one_update();
    settings.optimizer = name;
    const Weights to = run(name, settings);
    std::size_t k = 0, left_out = 0;
    for (const ParameterShape& p : parameter_shapes(graph))
      for (std::size_t i = 0; i < start.at(p.name).values.size(); ++i, ++k) {
        const double moved = double{to.at(p.name).values[i]} - start.at(p.name).values[i];
        if (std::abs(gradient[k]) < kKnown)
          ++left_out;
        else
          EXPECT_NEAR(moved, first_update(settings, gradient[k]), 2e-6)
              << name << ": " << p.name << " " << i;
      }
    EXPECT_EQ(k, gradient.size());
    EXPECT_LT(10 * left_out, k);
  }
}

double population_std(const std::vector<float>& v) {
  double mean = 0, squares = 0;
  for (const float x : v) mean += x / static_cast<double>(v.size());
  for (const float x : v) squares += (x - mean) * (x - mean) / static_cast<double>(v.size());
  return std::sqrt(squares);
}

/// `weights` with eta sigma_w z on kernels, z the normals of (Stream::training_noise, kernel,
/// update).
Weights noisy(Weights weights, double eta, std::uint64_t update) {
  std::uint16_t kernel = 0;
  for (const char* name : {"conv.weight", "linear.weight"}) {
    auto& w = weights.at(name).values;
    std::vector<float> z(w.size());
    fill_normals(noise_key(1, 0), {Stream::training_noise, kernel++, 0, update}, 0,
                 std::span<float>(z));
    const double sigma = eta * population_std(w);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(w[i] + sigma * z[i]);
  }
  return weights;
}

TEST_F(NoiseTraining, StepsFromTheCleanWeightsByTheGradientAtNoisyOnes) {
  TrainSettings settings = one_update();
  settings.noise_eta = 0.5;
  expect_step(start, mean_gradient(noisy(start, 0.5, 0), test::loss_of_label), run("a", settings));
}

TEST_F(NoiseTraining, DrawsAnewForEveryUpdate) {
  TrainSettings settings = one_update();
  settings.noise_eta = 0.5;
  const Weights first = run("a", settings);
  settings.epochs = 2;
  expect_step(first, mean_gradient(noisy(first, 0.5, 1), test::loss_of_label), run("b", settings));
}

// What a CUDA graph would compute, on the host: the number of the update lies in memory.
TEST_F(NoiseTraining, RecordedStepsDrawTheNoiseOfTheirUpdate) {
  TrainSettings settings = one_update();
  settings.epochs = 3;
  settings.batch = 2;
  settings.noise_eta = 0.5;
  const Weights launched = run("a", settings);
  ::setenv("OHMIC_CUDA_GRAPHS", "emulated", 1);
  const Weights recorded = run("b", settings);
  ::unsetenv("OHMIC_CUDA_GRAPHS");
  for (const auto& [name, tensor] : launched) EXPECT_EQ(recorded.at(name).values, tensor.values);
}

// The text of a GPU's kernel, value by value: two kernels in a buffer with gaps, of 3 x 5 inputs at
// 4 positions and of 2 x 7.
TEST(KernelNormals, LieWhereTheirElementsDo) {
  const NoisyKernel kernels[] = {{16, 3 * 5 * 4, 5, 4}, {96, 2 * 7, 7, 1}};
  const std::int64_t event = 9;
  std::vector<float> z(128, 100.0f), expected = z;
  const KernelNormals normals{noise_key(3, 0), &event, kernels, 2, 60, z.data()};
  for (std::uint16_t k = 0; k < 2; ++k) {
    const NoisyKernel& kernel = kernels[k];
    std::vector<float> elements(static_cast<std::size_t>(kernel.size));
    fill_normals(normals.key, {Stream::training_noise, k, 0, 9}, 0, std::span<float>(elements));
    auto element = elements.begin();
    for (std::int64_t out = 0; out < kernel.size / kernel.inputs / kernel.positions; ++out)
      for (std::int64_t in = 0; in < kernel.inputs; ++in)
        for (std::int64_t p = 0; p < kernel.positions; ++p)
          expected[static_cast<std::size_t>(
              kernel.first + (out * kernel.positions + p) * kernel.inputs + in)] = *element++;
    for (std::int64_t i = 0; i < kernel.size; ++i) draw_normal(normals, k, i);
  }
  EXPECT_EQ(z, expected);
}

TEST_F(NoiseTraining, LearnsFromSoftenedAnswersAndLabels) {
  const Weights teacher = test::random_weights(graph);
  TrainSettings settings = one_update();
  settings.distill = DistillSettings{"", "", 3.0, 0.7};
  test::LiteralNetwork literal(graph, teacher);
  const auto loss = [&](const float* image, int label) -> test::LossOfLogits {
    const auto p = test::softened(literal.logits(image), 3);
    return [p, label](const std::vector<double>& logits) {
      const auto q = test::softened(logits, 3);
      const double soft = -p[0] * std::log(q[0]) - p[1] * std::log(q[1]);
      return 0.3 * test::cross_entropy(label)(logits) + 0.7 * 9 * soft;
    };
  };
  expect_step(start, mean_gradient(start, loss), run("a", settings, &teacher));
}

TEST_F(NoiseTraining, ATeacherWithTheSameAnswersLeavesNothingToLearn) {
  TrainSettings settings = one_update();
  settings.distill = DistillSettings{"", "", 2.0, 1.0};
  const Weights after = run("a", settings, &start);
  for (const auto& [name, tensor] : start)
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      EXPECT_NEAR(after.at(name).values[i], tensor.values[i], 1e-7) << name;
}

struct Interrupted {};

TEST_F(NoiseTraining, ContinuesToTheSameBitsWithNoiseAndTeacher) {
  const Weights teacher = test::random_weights(graph);
  TrainSettings settings = one_update();
  settings.epochs = 3;
  settings.batch = 2;
  settings.optimizer = "adam";
  settings.noise_eta = 0.2;
  settings.distill = DistillSettings{};
  const Weights whole = run("a", settings, &teacher);
  TrainProgress progress;
  progress.on_epoch = [](const EpochReport& report) {
    if (report.epoch == 1) throw Interrupted{};
  };
  EXPECT_THROW(
      train(graph, data, settings, 1, "cpu", folder_.path() / "b", "one", progress, {&teacher}),
      Interrupted);
  const Weights cut = run("b", settings, &teacher);
  for (const auto& [name, tensor] : whole) EXPECT_EQ(cut.at(name).values, tensor.values) << name;
}

}  // namespace
}  // namespace ohmic
