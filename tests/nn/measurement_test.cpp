// Gradient noise and layer states: by hand, and against gradients of single images found by finite
// differences of a network computed as its definition reads.
#include "nn/train/measurement.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "nn/io/checkpoint.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/error.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

// Two batches of four images with gradients (1, 0) and (3, 2): mean (2, 1); squares about it 2 * 2,
// over m - 1 = 1: 4 is the variance of a batch's gradient, 16 that of an image's. ||mean||^2 = 5 is
// too large by 4/2.
TEST(GradientNoise, IsTheVarianceBetweenBatchesAsOneImageHasIt) {
  GradientNoise noise(4);
  noise.add(std::vector<float>{1, 0});
  noise.add(std::vector<float>{3, 2});
  EXPECT_DOUBLE_EQ(noise.C(), 16);
  EXPECT_DOUBLE_EQ(noise.squared_gradient(), 3);
  EXPECT_DOUBLE_EQ(noise.noise_scale(), 16.0 / 3);
  EXPECT_DOUBLE_EQ(noise.power(0.1), 0.01 * 4);
  EXPECT_EQ(noise.images(), 8);
}

TEST(GradientNoise, HasNoScaleWhereItDrownsTheGradient) {
  GradientNoise noise(1);
  noise.add(std::vector<float>{1});
  noise.add(std::vector<float>{-1});
  EXPECT_DOUBLE_EQ(noise.squared_gradient(), -1);
  EXPECT_TRUE(std::isnan(noise.noise_scale()));
  EXPECT_EQ(theory_row(noise, 3, 0.5, 1), "3,0.5,1,2,2.0,-1.0,0.5,\n");
}

// Kernel (3, 4) of std 1/2; filters with gain 2/sqrt(3.999 + 1e-3) = 1 and |-1|/sqrt(0 + 1e-3).
TEST(TheoryLayers, ShowNormsDeadFiltersAndGains) {
  test::GraphMaker g(1, 1);
  g.norm("bn", g.convolution("conv", 0, 2, 1, 1, false));
  const Weights weights = {{"conv.weight", {{2, 1, 1, 1}, {3, 4}}},
                           {"bn.weight", {{2}, {2, -1}}},
                           {"bn.bias", {{2}, {0, 0}}},
                           {"bn.running_mean", {{2}, {0, 0}}},
                           {"bn.running_var", {{2}, {3.999f, 0}}}};
  std::istringstream row(theory_layer_rows(g.graph(), weights, 7));
  std::vector<std::string> cells;
  for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
  ASSERT_EQ(cells.size(), 10u);
  EXPECT_EQ(cells[0] + cells[1] + cells[2] + cells[3] + cells[4], "7conv5.00.5bn");
  EXPECT_EQ(cells[5] + cells[6], "21");
  EXPECT_NEAR(std::stod(cells[8]), (1 + std::sqrt(1000.0)) / 2, 1e-4);
  EXPECT_NEAR(std::stod(cells[9]), std::sqrt(1000.0), 1e-4);
}

struct Moments {
  double C = 0, squared_gradient = 0;
};

/// From the gradients of single images, batch by batch: squares about the mean of batches.
Moments by_brute_force(const Graph& graph, const Weights& weights, const Dataset& data,
                       std::int64_t batch, std::int64_t batches) {
  const auto order = epoch_order(data.train.size(), 1, 1);
  std::vector<std::vector<double>> of_batch;
  std::vector<float> x(ImageSet::kPixels);
  for (std::int64_t i = 0; i < batch * batches; ++i) {
    const std::int64_t image = order[static_cast<std::size_t>(i)];
    normalized_batch(data.train, data.normalization, image, 1, x.data());
    const int label = data.train.labels[static_cast<std::size_t>(image)];
    const auto g = test::gradient_of(graph, weights, x.data(), test::cross_entropy(label));
    if (i % batch == 0) of_batch.emplace_back(g.size(), 0.0);
    for (std::size_t k = 0; k < g.size(); ++k)
      of_batch.back()[k] += g[k] / static_cast<double>(batch);
  }
  const double m = static_cast<double>(batches);
  Moments result;
  for (std::size_t k = 0; k < of_batch[0].size(); ++k) {
    double mean = 0, about = 0;
    for (const auto& g : of_batch) mean += g[k] / m;
    for (const auto& g : of_batch) about += (g[k] - mean) * (g[k] - mean) / (m - 1);
    result.C += static_cast<double>(batch) * about;
    result.squared_gradient += mean * mean - about / m;
  }
  return result;
}

class Measurement : public testing::Test {
 protected:
  Checkpoint run(const std::string& name, const Graph& graph, const Dataset& data,
                 const TrainSettings& settings, const TrainProgress& progress = {}) {
    return train(graph, data, settings, 1, "cpu", folder_.path() / name, "one", progress);
  }
  std::string bytes(const std::string& file) const { return test::bytes_of(folder_.path() / file); }
  static TrainSettings settings(std::int64_t batch) {
    TrainSettings s;
    s.epochs = 1;
    s.batch = batch;
    s.learning_rate = 0.01;
    s.augment = false;
    s.l2 = 0.01;
    s.measure = MeasureSettings{1, 2 * batch};
    return s;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Measurement, EqualsGradientsOfSingleImagesFoundByDifferences) {
  const Graph graph = test::without_norm();
  const Dataset data = test::noisy_data(12);
  for (const std::int64_t batch : {1, 3}) {
    TrainSettings s = settings(batch);
    s.measure->images = 4 * batch;
    const std::string name = std::to_string(batch);
    const Weights kept = run(name, graph, data, s).weights;
    const Moments wanted = by_brute_force(graph, kept, data, batch, 4);
    std::istringstream file(bytes(name + "/theory.csv"));
    std::string header, row;
    std::getline(file, header);
    std::getline(file, row);
    std::vector<double> cells;
    std::istringstream columns(row);
    for (std::string cell; std::getline(columns, cell, ',');)
      cells.push_back(cell.empty() ? 0 : std::stod(cell));
    EXPECT_EQ(cells[2], static_cast<double>(batch));
    EXPECT_NEAR(cells[4], wanted.C, 1e-3 * wanted.C);
    EXPECT_NEAR(cells[5], wanted.squared_gradient, 1e-3 * wanted.C);
    EXPECT_NEAR(cells[6], 1e-4 * wanted.C / static_cast<double>(batch), 1e-7 * wanted.C);
  }
}

Graph tiny_resnet() {
  ModelSettings model;
  model.name = "resnet8";
  model.width = 4;
  return build_model(model, 2);
}

TrainSettings measured_every_second_epoch() {
  TrainSettings s;
  s.epochs = 5;
  s.batch = 8;
  s.learning_rate = 0.01;
  s.measure = MeasureSettings{2, 24};
  return s;
}

TEST_F(Measurement, ChangesNoBitOfTheTraining) {
  const Dataset data = test::noisy_data(40);
  TrainSettings s = measured_every_second_epoch();
  const Weights with = run("with", tiny_resnet(), data, s).weights;
  s.measure.reset();
  const Weights without = run("without", tiny_resnet(), data, s).weights;
  for (const auto& [name, tensor] : without) EXPECT_EQ(with.at(name).values, tensor.values) << name;
  EXPECT_EQ(bytes("with/history.csv"), bytes("without/history.csv"));
  EXPECT_FALSE(fs::exists(folder_.path() / "without" / "theory.csv"));
}

struct Interrupted {};

TEST_F(Measurement, ContinuesToTheSameBytesAndEndsWithTheLastEpoch) {
  const Dataset data = test::noisy_data(40);
  const TrainSettings s = measured_every_second_epoch();
  run("whole", tiny_resnet(), data, s);
  for (const std::int64_t last : {1, 2}) {
    TrainProgress progress;
    progress.on_epoch = [last](const EpochReport& report) {
      if (report.epoch == last) throw Interrupted{};
    };
    EXPECT_THROW(run("cut", tiny_resnet(), data, s, progress), Interrupted);
  }
  run("cut", tiny_resnet(), data, s);
  for (const std::string file : {"/theory.csv", "/theory_layers.csv", "/weights.safetensors"})
    EXPECT_TRUE(bytes("whole" + file) == bytes("cut" + file)) << file;
  std::istringstream lines(bytes("cut/theory.csv"));
  std::string epochs;
  for (std::string line; std::getline(lines, line);) epochs += line.substr(0, line.find(',')) + " ";
  EXPECT_EQ(epochs, "epoch 1 3 4 ");
}

TEST_F(Measurement, NeedsTwoBatches) {
  TrainSettings s = settings(32);
  s.measure->images = 63;
  try {
    s.validate();
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("train.measure.images: expected two batches of "
                        "train.batch at least, 64, got 63"),
              std::string::npos)
        << error.what();
  }
  EXPECT_THROW(run("a", tiny_resnet(), test::noisy_data(60), settings(32)), DataError);
}

}  // namespace
}  // namespace ohmic
