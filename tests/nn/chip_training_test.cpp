// Chip in the loop: what is trained on one chip that was written once, against the network that
// evaluates that chip.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "nn/io/checkpoint.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/torch/torch_graph.hpp"
#include "nn/train/hardware_pass.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/nn/three_norms.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 64;
constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kLong = 60;  // epochs, after which statistics of BatchNorms have settled

TrainingHardware chip(std::int64_t number, const std::string& device,
                      const Periphery& periphery = {}) {
  TrainingHardware h;
  h.device_model = device.substr(device.find('\'') + 1);
  h.device_model.erase(h.device_model.find('\''));
  h.device = test::shared_device(device);
  h.periphery = periphery;
  h.chip = number;
  return h;
}

Periphery converters(int bits) {
  Periphery around;
  around.dac = Dac{.bits = bits};
  around.adc = Adc{.bits = bits};
  return around;
}

/// Class 1 is brighter on the left, class 0 on the right, by less than pixels differ.
Dataset sides() {
  Dataset data = test::noisy_data(kImages);
  for (std::int64_t i = 0; i < kImages; ++i)
    for (std::int64_t k = 0; k < ImageSet::kPixels; ++k) {
      std::uint8_t& pixel = data.train.pixels[static_cast<std::size_t>(i * ImageSet::kPixels + k)];
      const bool left = k % ImageSet::kSide < ImageSet::kSide / 2;
      const bool bright = left == (data.train.labels[static_cast<std::size_t>(i)] == 1);
      pixel = static_cast<std::uint8_t>(std::clamp(pixel + (bright ? 25 : -25), 0, 255));
    }
  data.test = data.train;
  return data;
}

Graph small() {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  const int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 6, 9, 8, true)));
  g.dense("linear", g.average(g.relu(g.norm("bn2", g.convolution("conv2", x, 6, 3, 1, true)))), 2);
  return g.graph();
}

class ChipTraining : public testing::Test {
 protected:
  TrainSettings on(TrainingHardware hardware) const {
    TrainSettings settings;
    settings.epochs = 2;
    settings.batch = 16;
    settings.augment = false;
    settings.learning_rate = 0.02;
    settings.schedule = "constant";
    settings.start = TrainingStart::given;
    settings.only = {"bn*", "*.bias"};
    settings.hardware = std::move(hardware);
    return settings;
  }
  Weights run(const std::string& name, const TrainSettings& settings,
              const TrainProgress& progress = {}) {
    const bool goes_on = settings.start == TrainingStart::given;
    return train(graph, data, settings, kSeed, "cpu", folder_.path() / name, "one", progress,
                 {nullptr, goes_on ? &start : nullptr})
        .weights;
  }
  AnalogNetwork evaluated(const TrainingHardware& h, const Weights& weights) {
    const MappedNetwork mapped(graph, weights, h.mapping, {}, h.periphery,
                               LayerDevices(h.device, h.layer_devices));
    return AnalogNetwork(mapped, *backend_,
                         calibrate(mapped, *backend_, data.train, data.normalization, kImages));
  }
  std::string bytes(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_.path() / name / "weights.safetensors").rdbuf();
    return text.str();
  }
  /// The digital network, trained.
  Weights taught() {
    TrainSettings plain = on({});
    plain.hardware.reset();
    plain.only.clear();
    plain.start = TrainingStart::init;
    plain.epochs = kLong;
    return run("taught", plain);
  }

  const Graph graph = small();
  const Dataset data = sides();
  Weights start = initialize(graph, "glorot_uniform", 1);
  std::unique_ptr<Backend> backend_ = make_backend("reference");
  test::TemporaryFolder folder_;
};

const char* const kStuckMemory =
    "model = 'stack'\ntime_s = 3600.0\n"
    "models = [{ model = 'pcm' }, { model = 'stuck', max_rate = 0.02 }]";

// Digital parameters move, and with them what converters see; conductances are those that the
// evaluation programs for the same draw, to the bit, at every update.
TEST_F(ChipTraining, ConductancesAreThoseOfTheEvaluationToTheBit) {
  MappingSettings remedied;
  remedied.repair = Repair::partners;
  remedied.writes = 3;
  remedied.compensation = Compensation::tile;
  remedied.tile = {16, 4};
  for (const Periphery& around : {Periphery{}, converters(5)})
    for (const MappingSettings& mapping : {MappingSettings{}, remedied}) {
      TrainingHardware h = chip(7, kStuckMemory, around);
      h.mapping = mapping;
      h.layer_devices["conv1"] = test::awgn(0.3);
      Weights weights = start;
      TorchGraph network(graph, weights, "cpu");
      HardwarePass pass(graph, h, kSeed);
      std::vector<float> x(static_cast<std::size_t>(kImages) * ImageSet::kPixels);
      normalized_batch(data.train, data.normalization, 0, kImages, x.data());
      for (std::int64_t update = 0; update < 3; ++update) {
        weights.at("bn1.weight").values[0] += 0.3f;
        weights.at("conv2.bias").values[1] -= 0.2f;
        network.set_weights(weights);
        pass.program(network, x.data(),
                     {update, static_cast<double>(update), update == 0, kImages});
        const Weights held = network.weights();
        const Weights expected = evaluated(h, weights).effective_weights(kSeed, 7);
        for (const char* kernel : {"conv1.weight", "conv2.weight", "linear.weight"}) {
          EXPECT_EQ(held.at(kernel).values, expected.at(kernel).values) << kernel << update;
          EXPECT_NE(held.at(kernel).values, start.at(kernel).values) << kernel;
        }
        EXPECT_EQ(held.at("conv2.bias").values, weights.at("conv2.bias").values);
      }
    }
}

TEST_F(ChipTraining, KernelsStayAsTheyWereGiven) {
  const Weights to = run("a", on(chip(3, kStuckMemory, converters(6))));
  for (const char* kernel : {"conv1.weight", "conv2.weight", "linear.weight"})
    EXPECT_EQ(to.at(kernel).values, start.at(kernel).values) << kernel;
  for (const char* moved : {"bn1.weight", "bn2.bias", "conv1.bias", "bn1.running_mean"})
    EXPECT_NE(to.at(moved).values, start.at(moved).values) << moved;
}

TEST_F(ChipTraining, OnAnIdealChipIsPlainTrainingOfTheSameParameters) {
  TrainSettings plain = on({});
  plain.hardware.reset();
  const Weights expected = run("plain", plain),
                ideal = run("ideal", on(chip(3, "model = 'ideal'")));
  for (const auto& [name, tensor] : expected)
    EXPECT_EQ(ideal.at(name).values, tensor.values) << name;
}

struct Interrupted {};

// What goes on after an interruption is written anew; what was not interrupted was written once,
// and only its biases were changed.
TEST_F(ChipTraining, IsTheSameWrittenOnceOrAnew) {
  TrainSettings settings = on(chip(3, kStuckMemory));  // reads are noisy, so that layers are loaded
  settings.epochs = 3;
  run("once", settings);
  TrainProgress progress;
  progress.on_epoch = [](const EpochReport&) { throw Interrupted{}; };
  for (int epoch = 0; epoch < 3; ++epoch)
    EXPECT_THROW(run("anew", settings, progress), Interrupted);
  run("anew", settings);
  EXPECT_EQ(bytes("anew"), bytes("once"));
}

TEST_F(ChipTraining, ItsHistoryIsTheChipsOwn) {
  const TrainingHardware h = chip(5, "model = 'awgn'\neta = 1.0");
  double last = -1;
  TrainProgress progress;
  progress.on_epoch = [&](const EpochReport& report) { last = report.test_accuracy; };
  const Weights to = run("a", on(h), progress);
  AnalogNetwork network = evaluated(h, to);
  const auto accuracy = [&](LoadedNetwork& loaded) {
    return loaded.evaluate(data.test, data.normalization, 0, kImages, kImages).accuracy();
  };
  EXPECT_EQ(last, accuracy(network.program(kSeed, 5)));
}

TEST_F(ChipTraining, ChipsAreNotTheSame) {
  const Weights a = run("a", on(chip(0, kStuckMemory))), b = run("b", on(chip(1, kStuckMemory)));
  EXPECT_NE(a.at("bn1.weight").values, b.at("bn1.weight").values);
}

TEST_F(ChipTraining, RaisesTheAccuracyOfItsChip) {
  start = taught();
  const auto accuracy = [this](const TrainingHardware& h, const Weights& weights,
                               std::uint64_t draw) {
    return evaluated(h, weights)
        .program(kSeed, draw)
        .evaluate(data.train, data.normalization, 0, kImages, kImages)
        .accuracy();
  };
  EXPECT_GT(accuracy(chip(0, "model = 'ideal'"), start, 0), 0.95);
  for (const char* device : {"model = 'awgn'\neta = 1.5", "model = 'pcm'\ntime_s = 3e7"}) {
    double before = 0, after = 0, elsewhere = 0;
    constexpr int kChips = 4;
    for (int number = 0; number < kChips; ++number) {
      const TrainingHardware h = chip(number, device, converters(8));
      TrainSettings settings = on(h);
      settings.epochs = kLong;
      const auto draw = static_cast<std::uint64_t>(number);
      const Weights to = run(std::string(device).substr(9, 3) + std::to_string(number), settings);
      before += accuracy(h, start, draw) / kChips;
      after += accuracy(h, to, draw) / kChips;
      elsewhere += accuracy(h, to, draw + 100) / kChips;
    }
    EXPECT_GT(after, before + (device[9] == 'a' ? 0.1 : 0)) << device;
    if (device[9] == 'a') {
      EXPECT_GT(after, elsewhere + 0.05);
    }
    EXPECT_GE(after, 0.9) << device;
  }
}

TEST_F(ChipTraining, ContinuesToTheSameBytesAfterAnInterruption) {
  Periphery around = converters(6);
  around.output_noise = OutputNoise{0.01};
  TrainSettings settings = on(chip(2, kStuckMemory, around));
  settings.epochs = 4;
  settings.hardware->calibrate_every = 3;
  run("whole", settings);
  TrainProgress progress;
  progress.on_epoch = [](const EpochReport& report) {
    if (report.epoch == 1) throw Interrupted{};
  };
  EXPECT_THROW(run("cut", settings, progress), Interrupted);
  run("cut", settings);
  EXPECT_EQ(bytes("cut"), bytes("whole"));
}

TEST_F(ChipTraining, WhatWouldWriteItAgainIsRefused) {
  const auto fault = [](const std::function<void()>& what) {
    try {
      what();
    } catch (const ConfigError& error) {
      return error.faults().front().key + ": " + error.faults().front().message;
    }
    return std::string("none");
  };
  const TrainSettings right = on(chip(3, "model = 'pcm'"));
  EXPECT_EQ(fault([&] { right.validate(); }), "none");
  TrainSettings all = right, one = right;
  all.only.clear();
  one.only = {"*.bias", "conv?.*"};
  EXPECT_EQ(fault([&] { run("a", all); }),
            "train.only: is empty, so that kernels are trained too, and devices of a chip in the "
            "loop (train.hardware.chip) stay as they were written; expected patterns of what is "
            "digital, as in [\"*bn*\", \"*.bias\"]");
  EXPECT_NE(fault([&] { run("b", one); }).find("train.only: \"conv?.*\" names conv1.weight"),
            std::string::npos);
  const auto key = [&](auto change) {
    TrainSettings settings = right;
    change(settings);
    const std::string text = fault([&] { settings.validate(); });
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(key([](TrainSettings& s) { s.keep = "best"; }), "train.keep");
  EXPECT_EQ(key([](TrainSettings& s) { s.hardware->times_s = {1}; }), "train.hardware.times_s");
  EXPECT_EQ(key([](TrainSettings& s) { s.hardware->draw_every = 2; }), "train.hardware.draw_every");
  EXPECT_EQ(key([](TrainSettings& s) { s.hardware->ramp_epochs = 2; }),
            "train.hardware.ramp_epochs");
  EXPECT_EQ(key([](TrainSettings& s) { s.hardware->mapping.bias = BiasPlace::analog; }),
            "train.hardware.chip");
}

}  // namespace
}  // namespace ohmic
