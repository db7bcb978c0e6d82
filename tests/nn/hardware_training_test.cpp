// Training through simulated chips: what the forward pass gives against the network that evaluates
// chips, the gradient against central differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "nn/io/checkpoint.hpp"
#include "nn/train/divergence.hpp"
#include "nn/train/hardware_pass.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/gradients.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 4;
constexpr double kRate = 0.1;

TrainSettings one_update() { return test::one_update(kImages, kRate); }

TrainingHardware hardware(const std::string& device, const Periphery& periphery = {}) {
  TrainingHardware h;
  h.device = test::shared_device(device);
  h.device_model = device.substr(device.find('\'') + 1);
  h.device_model.erase(h.device_model.find('\''));
  h.periphery = periphery;
  return h;
}

Periphery converters(int bits, double output_noise = 0) {
  Periphery around;
  around.dac = Dac{.bits = bits};
  around.adc = Adc{.bits = bits};
  if (output_noise > 0) around.output_noise = OutputNoise{output_noise};
  return around;
}

class HardwareTraining : public testing::Test {
 protected:
  Checkpoint run(const std::string& name, const TrainSettings& settings, std::uint64_t seed = 1,
                 const GivenWeights& given = {}, const TrainProgress& progress = {}) {
    return train(graph, data, settings, seed, "cpu", folder_.path() / name, "one", progress, given);
  }
  TrainSettings through(TrainingHardware chip) const {
    TrainSettings settings = one_update();
    settings.hardware = std::move(chip);
    return settings;
  }

  /// The chip of the first update, as chips are evaluated.
  AnalogNetwork chip_of(const TrainingHardware& h, const Weights& weights) {
    return test::calibrated({graph, weights, h.mapping, {}, h.periphery, h.device}, *backend_,
                            data.train, kImages);
  }
  double loss_of(LoadedNetwork& chip) {
    std::vector<float> x(static_cast<std::size_t>(kImages) * ImageSet::kPixels);
    normalized_batch(data.train, data.normalization, 0, kImages, x.data());
    const std::vector<float> y = chip.logits(x.data(), kImages, 0);
    double loss = 0;
    for (std::size_t i = 0; i < kImages; ++i)
      loss += test::cross_entropy(data.train.labels[i])({y[2 * i], y[2 * i + 1]}) / kImages;
    return loss;
  }
  /// As the digital network with these weights.
  std::vector<double> mean_gradient(const Weights& at) const {
    return test::mean_gradient(graph, data, at, test::loss_of_label);
  }
  double loss_in(const std::string& name) const {
    std::ifstream history(folder_.path() / name / "history.csv");
    std::string line;
    std::getline(history, line);
    std::getline(history, line);
    return std::stod(line.substr(line.find(',') + 1));
  }
  std::string weights_in(const std::string& name) const {
    std::ostringstream bytes;
    bytes << std::ifstream(folder_.path() / name / "weights.safetensors").rdbuf();
    return bytes.str();
  }
  /// Values of all trainable tensors in order.
  std::vector<float> flat(const Weights& weights) const {
    std::vector<float> all;
    for (const ParameterShape& p : parameter_shapes(graph))
      if (p.trainable)
        all.insert(all.end(), weights.at(p.name).values.begin(), weights.at(p.name).values.end());
    return all;
  }

  const Graph graph = test::without_norm();
  const Dataset data = test::noisy_data(kImages);
  const Weights start = initialize(graph, "glorot_uniform", 1);
  std::unique_ptr<Backend> backend_ = make_backend("reference");
  test::TemporaryFolder folder_;
};

TEST_F(HardwareTraining, ThroughAnIdealChipGivesTheBytesOfPlainTraining) {
  run("plain", one_update());
  run("ideal", through(hardware("model = 'ideal'")));
  const auto weights = [&](const std::string& name) {
    return read_safetensors(folder_.path() / name / "weights.safetensors").weights;
  };
  for (const auto& [tensor, values] : weights("plain"))
    EXPECT_EQ(weights("ideal").at(tensor).values, values.values) << tensor;
}

TEST_F(HardwareTraining, TheForwardPassIsThatOfTheChipThatIsEvaluated) {
  Periphery noisy = converters(5, 0.01);
  Periphery serial = converters(4);
  serial.dac->slice_bits = 1;
  Periphery wired = converters(6);
  wired.wires = Wires{};
  int number = 0;
  for (const Periphery& around : {Periphery{}, converters(3), noisy, serial, wired})
    for (const char* device : {"model = 'awgn'\neta = 0.3", "model = 'pcm'\ntime_s = 1e5"}) {
      const TrainingHardware h = hardware(device, around);
      AnalogNetwork chip = chip_of(h, start);
      const double expected = loss_of(chip.program(1, kFirstTrainingDraw));
      const std::string name = std::to_string(number++);
      run(name, through(h));
      // Images of a batch come shuffled: noise of reads and outputs meets other ones.
      const bool is_redrawn = around.output_noise || !around.is_ideal_per_mvm(true);
      EXPECT_NEAR(loss_in(name), expected, is_redrawn ? 0.02 : 1e-5) << name << " " << device;
      EXPECT_GT(std::abs(loss_in(name) - loss_of(chip.load_ideal())), 1e-4) << name;
    }
}

TEST_F(HardwareTraining, RemediesOfTheMappingAreTrainedWith) {
  TrainingHardware h = hardware(
      "model = 'stack'\nmodels = [{ model = 'awgn', eta = 0.3 }, { model "
      "= 'stuck', max_rate = 0.02 }]");
  h.mapping.replicas = 2;
  h.mapping.writes = 3;
  h.mapping.repair = Repair::partners;
  h.mapping.denoise = DenoiseSettings{.lambda = -1, .beta = 3};
  for (const char* name : {"ideal", "converters"}) {
    if (name == std::string("converters")) h.periphery = converters(4);
    AnalogNetwork chip = chip_of(h, start);
    run(name, through(h));
    EXPECT_NEAR(loss_in(name), loss_of(chip.program(1, kFirstTrainingDraw)), 1e-5) << name;
  }
}

TEST_F(HardwareTraining, GradientsAreThoseAtTheWeightsThatDevicesHold) {
  const TrainingHardware h = hardware("model = 'awgn'\neta = 0.5");
  const Weights held = chip_of(h, start).effective_weights(1, kFirstTrainingDraw);
  const std::vector<double> gradient = mean_gradient(held);
  const std::vector<float> to = flat(run("a", through(h)).weights), from = flat(start);
  for (std::size_t k = 0; k < to.size(); ++k)
    EXPECT_NEAR(to[k], from[k] - kRate * gradient[k], 2e-6) << k;
}

TEST_F(HardwareTraining, FineConvertersPassTheDigitalGradientOn) {
  const TrainingHardware h = hardware("model = 'ideal'", converters(14));
  const std::vector<double> gradient = mean_gradient(start);
  const std::vector<float> to = flat(run("a", through(h)).weights), from = flat(start);
  double largest = 0;
  for (const double g : gradient) largest = std::max(largest, std::abs(g));
  for (std::size_t k = 0; k < to.size(); ++k)
    EXPECT_NEAR((from[k] - to[k]) / kRate, gradient[k], 5e-3 * largest) << k;
}

struct Mean {
  double value = 0, error = 0;
  explicit Mean(const std::vector<double>& x) {
    const auto n = static_cast<double>(x.size());
    for (const double v : x) value += v / n;
    for (const double v : x) error += (v - value) * (v - value) / (n * (n - 1));
    error = std::sqrt(error);
  }
};

// d/dw E[loss] over chips, by central differences with the same noise on both sides, against the
// mean of what updates through as many chips do. Noise of two thirds of an ADC's step rounds what
// is averaged away. Ranges are those of the weights that are not moved.
TEST_F(HardwareTraining, TheMeanGradientIsThatOfTheExpectedLoss) {
  constexpr std::uint64_t kChips = 60;
  const TrainingHardware h =
      hardware("model = 'awgn'\neta = 0.05\nreference = 'w_max'", converters(6, 0.02));
  Weights large = start;
  for (auto& [name, tensor] : large)
    for (float& w : tensor.values) w *= name.starts_with("conv") ? 3 : 8;
  const std::vector<float> from = flat(large);
  std::vector<std::vector<double>> gradients(from.size());
  for (std::uint64_t chip = 0; chip < kChips; ++chip) {
    TrainSettings settings = through(h);
    settings.start = TrainingStart::given;
    const Weights to =
        run("chip" + std::to_string(chip), settings, chip, {nullptr, &large}).weights;
    const std::vector<float> values = flat(to);
    for (std::size_t k = 0; k < values.size(); ++k)
      gradients[k].push_back((from[k] - values[k]) / kRate);
  }
  const auto mapped = [&](const Weights& w) {
    return MappedNetwork(graph, w, h.mapping, {}, h.periphery, h.device);
  };
  const Calibration ranges = calibrate(mapped(large), *backend_, data.train, {}, kImages);
  const auto losses = [&](const std::string& name, std::size_t i, float by) {
    Weights moved = large;
    moved.at(name).values[i] += by;
    AnalogNetwork chips(mapped(moved), *backend_, ranges);
    std::vector<double> all;
    for (std::uint64_t chip = 0; chip < kChips; ++chip)
      all.push_back(loss_of(chips.program(chip, kFirstTrainingDraw)));
    return all;
  };
  double largest = 0, share = 0;
  std::size_t k = 0;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    for (std::size_t i = 0; i < large.at(p.name).values.size(); i += 9) {
      constexpr float kStep = 0.05f;
      std::vector<double> slopes = losses(p.name, i, kStep);
      const std::vector<double> below = losses(p.name, i, -kStep);
      for (std::size_t c = 0; c < kChips; ++c) slopes[c] = (slopes[c] - below[c]) / (2 * kStep);
      const Mean slope(slopes), mean(gradients[k + i]);
      EXPECT_NEAR(mean.value, slope.value, 4 * std::hypot(mean.error, slope.error) + 0.01)
          << p.name << " " << i;
      largest = std::max(largest, std::abs(slope.value));
      share = std::max(share, std::abs(slope.value) / slope.error);
    }
    k += large.at(p.name).values.size();
  }
  EXPECT_GT(largest, 0.2);
  EXPECT_GT(share, 20);
}

TEST_F(HardwareTraining, ClippedInputsHaveNoGradientUnlessItIsAskedFor) {
  Periphery around = converters(8);
  around.dac->percentile = 60;
  TrainingHardware h = hardware("model = 'ideal'", around);
  const std::vector<float> clipped = flat(run("a", through(h)).weights);
  h.input_gradient = InputGradient::plain;
  EXPECT_NE(flat(run("b", through(h)).weights), clipped);
}

// At strength 0 a chip holds the weights as they are, whatever its devices and what is done
// digitally against their drift; converters round.
TEST_F(HardwareTraining, ARampBeginsBehindConvertersAndWithCompensationToo) {
  run("plain", one_update());
  for (const Compensation compensation :
       {Compensation::none, Compensation::tile, Compensation::column})
    for (const bool are_wired : {false, true}) {
      Periphery around = converters(14);
      if (are_wired) around.wires = Wires{};
      TrainingHardware h = hardware("model = 'pcm'\ntime_s = 86400", around);
      h.mapping.compensation = compensation;
      h.ramp_epochs = 1;
      const std::string name =
          std::to_string(static_cast<int>(compensation)) + (are_wired ? "wired" : "");
      run(name, through(h));
      EXPECT_NEAR(loss_in(name), loss_in("plain"), 2e-3) << name;
    }
}

TEST_F(HardwareTraining, DivergesAsPlainTrainingDoes) {
  TrainSettings settings = through(hardware("model = 'pcm'"));
  settings.learning_rate = 1e30;
  settings.epochs = 3;
  EXPECT_THROW(run("a", settings), TrainingDiverged);
}

TEST_F(HardwareTraining, PatternsThatNameNoParameterAreRefused) {
  TrainSettings settings = one_update();
  settings.only = {"*.bias", "*bnn*"};
  try {
    run("a", settings);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "train.only: \"*bnn*\" names no parameter; there are conv.weight, conv.bias, "
                 "linear.weight, linear.bias");
  }
}

struct Interrupted {};

TEST_F(HardwareTraining, ContinuesToTheSameBytesAfterAnInterruption) {
  TrainingHardware h = hardware("model = 'pcm'", converters(6, 0.01));
  h.times_s = {1, 3600, 1e6};
  h.draw_every = 3;
  h.calibrate_every = 2;
  h.ramp_epochs = 2.5;
  TrainSettings settings = through(h);
  settings.epochs = 4;
  settings.batch = 2;
  settings.optimizer = "adam";
  settings.clip_sigma = 2;
  run("whole", settings);
  TrainProgress progress;
  progress.on_epoch = [](const EpochReport& report) {
    if (report.epoch == 1) throw Interrupted{};
  };
  EXPECT_THROW(run("cut", settings, 1, {}, progress), Interrupted);
  run("cut", settings);
  EXPECT_EQ(weights_in("cut"), weights_in("whole"));
  TrainSettings other = settings;
  other.hardware->times_s = {1};
  run("other", other);
  EXPECT_NE(weights_in("other"), weights_in("whole"));
}

TEST_F(HardwareTraining, ARampBeginsWithTheWeightsAsTheyAre) {
  TrainingHardware h = hardware("model = 'awgn'\neta = 0.5");
  h.ramp_epochs = 1;
  run("plain", one_update());
  run("ramp", through(h));
  EXPECT_NEAR(loss_in("ramp"), loss_in("plain"), 1e-6);
  run("whole", through(hardware("model = 'awgn'\neta = 0.5")));
  EXPECT_GT(std::abs(loss_in("whole") - loss_in("plain")), 5e-5);
}

TEST_F(HardwareTraining, OnlyNamedParametersAreTrained) {
  TrainSettings settings = one_update();
  settings.only = {"*.bias"};
  settings.l2 = 0.1;
  settings.optimizer = "adam";
  const Weights to = run("a", settings).weights;
  EXPECT_EQ(to.at("conv.weight").values, start.at("conv.weight").values);
  EXPECT_EQ(to.at("linear.weight").values, start.at("linear.weight").values);
  EXPECT_NE(to.at("conv.bias").values, start.at("conv.bias").values);
}

TEST_F(HardwareTraining, KernelsAreClippedAtTheirStandardDeviations) {
  TrainSettings settings = one_update();
  settings.learning_rate = 1e-30;
  settings.clip_sigma = 1;
  const Weights to = run("a", settings).weights;
  for (const char* name : {"conv.weight", "linear.weight"}) {
    const std::vector<float>& w = start.at(name).values;
    double mean = 0, squares = 0;
    for (const float v : w) mean += v / static_cast<double>(w.size());
    for (const float v : w) squares += (v - mean) * (v - mean) / static_cast<double>(w.size());
    const auto limit = static_cast<float>(std::sqrt(squares));
    bool any = false;
    for (std::size_t i = 0; i < w.size(); ++i) {
      EXPECT_NEAR(to.at(name).values[i], std::clamp(w[i], -limit, limit), 1e-6) << name;
      any |= std::abs(w[i]) > limit;
    }
    EXPECT_TRUE(any) << name;
  }
}

TEST_F(HardwareTraining, ContradictionsAreNamed) {
  const auto key = [](const TrainSettings& settings) {
    try {
      settings.validate();
    } catch (const ConfigError& error) {
      return error.faults().front().key;
    }
    return std::string("none");
  };
  TrainSettings settings = through(hardware("model = 'pcm'"));
  EXPECT_EQ(key(settings), "none");
  settings.noise_eta = 0.1;
  EXPECT_EQ(key(settings), "train.noise_eta");
  settings.noise_eta = 0;
  settings.hardware->times_s = {-1};
  EXPECT_EQ(key(settings), "train.hardware.times_s");
}

}  // namespace
}  // namespace ohmic
