// Training and evaluation with LibTorch on a GPU. Instantiated where LibTorch finds one, or where
// OHMIC_REQUIRE_CUDA=1 says that it must.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "nn/data/synthetic.hpp"
#include "nn/torch/ideal_evaluation.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/optimizer.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/close_weights.hpp"
#include "tests/nn/updated_parameters.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::shared_device;

std::vector<std::string> gpus() {
  const char* required = std::getenv("OHMIC_REQUIRE_CUDA");
  const bool must = required && std::string(required) == "1";
  return must || torch_gpu_count() > 0 ? std::vector<std::string>{"cuda"}
                                       : std::vector<std::string>{};
}

class LibTorchOnGpu : public testing::TestWithParam<std::string> {
 protected:
  LibTorchOnGpu() {
    ModelSettings model;
    model.name = "resnet8";
    model.width = 8;
    graph_ = build_model(model, data_.test.classes);
    settings_.epochs = 2;
    settings_.batch = 32;
  }
  ~LibTorchOnGpu() override { ::unsetenv("OHMIC_CUDA_GRAPHS"); }

  struct Trained {
    Weights weights;
    EpochReport last;
  };
  Trained train_on(const std::string& device, const std::string& name) {
    Trained trained;
    TrainProgress progress;
    progress.on_epoch = [&](const EpochReport& report) { trained.last = report; };
    trained.weights =
        train(graph_, data_, settings_, 1, device, folder_.path() / name, "one", progress).weights;
    return trained;
  }
  std::int64_t count(const std::string& device, const Weights& weights, Precision precision) {
    IdealEvaluation evaluation(graph_, data_.test, {}, resolve_device(device), precision, 64);
    evaluation.set_weights(weights);
    std::int64_t first = 0;
    for (int i = 0; i < 5; ++i) {  // as launched, then recorded
      const std::int64_t right = evaluation.count_correct(0, data_.test.size());
      if (i == 0) first = right;
      EXPECT_EQ(right, first) << "run " << i;
    }
    return first;
  }

  const Dataset data_{synthetic_images(1000, 1, SyntheticPart::train),
                      synthetic_images(400, 1, SyntheticPart::test),
                      {}};
  Graph graph_;
  TrainSettings settings_;
  const test::TemporaryFolder folder_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LibTorchOnGpu);
INSTANTIATE_TEST_SUITE_P(, LibTorchOnGpu, testing::ValuesIn(gpus()),
                         [](const auto& info) { return info.param; });

TEST_P(LibTorchOnGpu, RecordedTrainingGivesTheBitsOfStepsLaunchedOneByOne) {
  for (const std::string& optimizer : optimizer_names()) {
    settings_.optimizer = optimizer;
    settings_.weight_decay = 1e-3;
    ::setenv("OHMIC_CUDA_GRAPHS", "0", 1);
    const Trained launched = train_on(GetParam(), optimizer + ".launched");
    ::unsetenv("OHMIC_CUDA_GRAPHS");
    const Trained recorded = train_on(GetParam(), optimizer + ".recorded");
    EXPECT_EQ(recorded.last.loss, launched.last.loss) << optimizer;
    for (const auto& [name, tensor] : launched.weights)
      EXPECT_TRUE(recorded.weights.at(name).values == tensor.values) << optimizer << " " << name;
  }
}

// Normals of other elements, or of another update, would end elsewhere.
TEST_P(LibTorchOnGpu, WeightNoiseOfARecordedStepIsThatOfTheHost) {
  settings_.noise_eta = 0.3;
  ::setenv("OHMIC_CUDA_GRAPHS", "0", 1);
  const Trained launched = train_on(GetParam(), "launched");
  ::unsetenv("OHMIC_CUDA_GRAPHS");
  const Trained recorded = train_on(GetParam(), "recorded");
  for (const auto& [name, tensor] : launched.weights)
    EXPECT_TRUE(recorded.weights.at(name).values == tensor.values) << name;
  settings_.epochs = 1;
  settings_.batch = 1000;  // one update, large beside the weights
  settings_.optimizer = "sgd";
  settings_.schedule = "constant";
  settings_.learning_rate = 1;
  test::expect_close(train_on(GetParam(), "gpu").weights, train_on("cpu", "host").weights, 1e-3f);
}

TEST_P(LibTorchOnGpu, UpdatesParametersToTheBitsOfTheHost) {
  for (const std::string& optimizer : optimizer_names())
    EXPECT_TRUE(test::updated_with_decay(optimizer, Update::fused, GetParam()) ==
                test::updated_with_decay(optimizer, Update::fused))
        << optimizer;
}

TEST_P(LibTorchOnGpu, TrainingLearnsAsOnTheHost) {
  const Trained gpu = train_on(GetParam(), "gpu"), host = train_on("cpu", "host");
  EXPECT_NEAR(gpu.last.loss, host.last.loss, 0.1 * host.last.loss);
}

// One device of every kind of effect (tests/mapping/resident_devices_test.cpp), to the bit.
TEST_P(LibTorchOnGpu, ProgramsTheDrawsOfTheHost) {
  const char* const models[] = {
      "model = \"awgn\"\neta = 0.3\nclip = \"range\"",
      "model = \"stack\"\ntime_s = 1000.0\nmodels = [{model = \"pcm\"}, {model = \"stuck\", "
      "open_rate = 0.1}, {model = \"uniform\", size = 0.05}, {model = \"sonos\"}]",
      "model = \"stack\"\ntime_s = 1e5\nmodels = [{model = \"rram_cmo\"}, {model = "
      "\"inverse_proportional\", std_relative = 0.01}]"};
  for (const char* toml : models) {
    const auto backend = make_backend("cpu");
    const AnalogNetwork analog(
        {graph_, initialize(graph_, "he_normal", 1), {}, {}, {}, shared_device(toml)}, *backend);
    IdealEvaluation there(graph_, data_.test, {}, resolve_device(GetParam()), Precision::f32, 64);
    IdealEvaluation here(graph_, data_.test, {}, "cpu", Precision::f32, 64);
    ASSERT_TRUE(there.take_devices(analog, cuda::machine_of(resolve_device(GetParam()))));
    for (const std::uint64_t draw : {0u, 1u}) {
      there.program(5, draw);
      here.set_weights(analog.effective_weights(5, draw));
      const Weights got = there.weights();
      for (const auto& [name, tensor] : here.weights())
        EXPECT_TRUE(got.at(name).values == tensor.values) << toml << " " << name;
    }
  }
}

TEST_P(LibTorchOnGpu, SolvesTheWiresOfItsDevices) {
  MappingSettings mapping;
  mapping.tile = {64, 64};
  Periphery periphery;
  periphery.wires.emplace();
  const auto backend = make_backend("cpu");
  const AnalogNetwork analog({graph_,
                              initialize(graph_, "he_normal", 1),
                              mapping,
                              {},
                              periphery,
                              shared_device("model = \"pcm\"")},
                             *backend);
  IdealEvaluation there(graph_, data_.test, {}, resolve_device(GetParam()), Precision::f32, 64);
  IdealEvaluation here(graph_, data_.test, {}, "cpu", Precision::f32, 64);
  ASSERT_TRUE(there.take_devices(analog, cuda::machine_of(resolve_device(GetParam()))));
  there.program(5, 1);
  here.set_weights(analog.effective_weights(5, 1));
  test::expect_close(there.weights(), here.weights(), 2e-7f);
}

TEST_P(LibTorchOnGpu, DrawsComputedAtOnceCountAsOneByOne) {
  IdealEvaluation one(graph_, data_.test, {}, resolve_device(GetParam()), Precision::f32, 64);
  const auto two = one.another();
  const Weights weights[] = {initialize(graph_, "he_normal", 1),
                             initialize(graph_, "he_normal", 2)};
  std::int64_t alone[2];
  for (int i = 0; i < 2; ++i) {
    one.set_weights(weights[i]);
    alone[i] = one.count_correct(0, data_.test.size());
  }
  one.set_weights(weights[0]);
  two->set_weights(weights[1]);
  for (int i = 0; i < 5; ++i) {  // as launched, then recorded
    one.start(0, data_.test.size());
    two->start(0, data_.test.size());
    EXPECT_EQ(one.finish(), alone[0]) << "run " << i;
    EXPECT_EQ(two->finish(), alone[1]) << "run " << i;
  }
}

TEST_P(LibTorchOnGpu, EvaluationCountsWhatTheHostCounts) {
  const Weights weights = train_on("cpu", "host").weights;
  const std::int64_t host = count("cpu", weights, Precision::f32);
  EXPECT_NEAR(count(GetParam(), weights, Precision::f32), host, 2);
  EXPECT_NEAR(count(GetParam(), weights, Precision::bf16), host, 8);
}

}  // namespace
}  // namespace ohmic
