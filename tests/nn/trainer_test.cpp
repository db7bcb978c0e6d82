// The training loop on a toy problem: it learns, gives the same bits each time, and continues after
// an interruption as if nothing had been.
#include "nn/train/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "nn/denormals.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/curves.hpp"
#include "nn/train/divergence.hpp"
#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"
#include "tests/nn/denormal_product.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// Noisy images whose class is their brightness.
ImageSet images(std::int64_t count, std::uint16_t which) {
  ImageSet set;
  set.classes = 2;
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(count * ImageSet::kPixels));
  fill_bits(noise_key(20261121, 0), {Stream::synthetic_data, which}, 0, bits);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const std::size_t label = i / ImageSet::kPixels % 2;
    set.pixels.push_back(static_cast<std::uint8_t>(bits[i] % 128 + 96 * label));
  }
  for (std::int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<std::uint8_t>(i % 2));
  return set;
}

Dataset toy() { return {images(40, 1), images(20, 2), {}}; }

TrainSettings quick() {
  TrainSettings settings;
  settings.epochs = 3;
  settings.batch = 16;
  settings.learning_rate = 0.01;
  return settings;
}

Graph tiny() {
  ModelSettings model;
  model.name = "resnet8";
  model.width = 4;
  return build_model(model, 2);
}

class Trainer : public testing::Test {
 protected:
  Checkpoint run(const std::string& name, const TrainSettings& settings = quick(),
                 const TrainProgress& progress = {}, std::uint64_t seed = 1,
                 const std::string& identity = "one") {
    return train(tiny(), toy(), settings, seed, "cpu", folder_ / name, identity, progress);
  }
  static std::string bytes(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::string weights(const std::string& name) {
    return bytes(folder_ / name / "weights.safetensors");
  }
  std::string history(const std::string& name) { return bytes(folder_ / name / "history.csv"); }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

struct Interrupted {};

TrainProgress interrupt_after(std::int64_t epoch) {
  TrainProgress progress;
  progress.on_epoch = [epoch](const EpochReport& report) {
    if (report.epoch == epoch) throw Interrupted{};
  };
  return progress;
}

/// Stops within `epoch`, its first update made.
TrainProgress interrupt_within(std::int64_t epoch) {
  TrainProgress progress;
  progress.on_batch = [epoch](std::int64_t e, double, double, double, double) {
    if (e == epoch) throw Interrupted{};
  };
  return progress;
}

/// What TrainingDiverged says; empty without it.
template <class Action>
std::string divergence(const Action& action) {
  try {
    action();
    return "";
  } catch (const TrainingDiverged& error) {
    return error.what();
  }
}

TEST_F(Trainer, DivergesInTheEpochThatSaysSoAndIsNotTrainedAgain) {
  TrainSettings settings = quick();
  settings.optimizer = "sgd";
  settings.learning_rate = 1e38;
  std::int64_t epochs = 0;
  TrainProgress progress;
  progress.on_epoch = [&](const EpochReport&) { ++epochs; };
  const auto again = [&] { return divergence([&] { run("a", settings, progress); }); };
  const std::string said = again();
  EXPECT_EQ(said, "diverged in epoch 1 of 3: the loss is no finite number");
  EXPECT_EQ(epochs, 0);
  EXPECT_FALSE(fs::exists(folder_ / "a" / "weights.safetensors"));
  progress.on_batch = [](std::int64_t, double, double, double, double) { FAIL() << "trains"; };
  EXPECT_EQ(again(), said);
  EXPECT_EQ(read_divergence(folder_ / "a", "one"), said);
  EXPECT_EQ(read_divergence(folder_ / "a", "another"), std::nullopt);
  std::ofstream(folder_ / "a" / "diverged.txt") << "\x1b[31m\nidentity one\n";
  EXPECT_EQ(read_divergence(folder_ / "a", "one"), std::nullopt);
}

// Weights that the last update of the last epoch spoils have a finite loss beside them.
TEST_F(Trainer, DivergesWhereWeightsAloneAreNoNumbers) {
  TrainSettings settings = quick();
  settings.optimizer = "sgd";
  settings.epochs = 1;
  settings.batch = 40;
  settings.learning_rate = 3e38;
  settings.l2 = 1e30;
  EXPECT_EQ(divergence([&] { run("a", settings); }),
            "diverged in epoch 1 of 1: weights are no finite numbers");
}

// What came before stays: a later epoch that diverges leaves the curve up to there.
TEST_F(Trainer, KeepsTheEpochsBeforeItDiverges) {
  TrainSettings settings = quick();
  settings.optimizer = "sgd";
  settings.schedule = "steps";
  settings.schedule_epochs = {0};
  settings.schedule_factors = {1e38};
  EXPECT_EQ(divergence([&] { run("a", settings); }),
            "diverged in epoch 2 of 3: the loss is no finite number");
  const std::string curve = history("a");
  EXPECT_EQ(std::count(curve.begin(), curve.end(), '\n'), 2) << "the header and epoch 0";
}

TEST_F(Trainer, LearnsAToyProblem) {
  TrainSettings settings = quick();
  settings.epochs = 12;
  std::vector<EpochReport> reports;
  TrainProgress progress;
  progress.on_epoch = [&](const EpochReport& report) { reports.push_back(report); };
  const Checkpoint kept = run("a", settings, progress);
  ASSERT_EQ(reports.size(), 12u);
  EXPECT_LT(reports.back().loss, 0.5 * reports.front().loss);
  EXPECT_EQ(reports.back().accuracy, 1.0);
  EXPECT_EQ(kept.weights.at("conv1.weight").values,
            read_safetensors(folder_ / "a" / "weights.safetensors").weights["conv1.weight"].values);
  EXPECT_FALSE(fs::exists(folder_ / "a" / "state.safetensors"));
}

TEST_F(Trainer, SameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  run("a");
  run("b");
  run("c", quick(), {}, 2);
  EXPECT_FALSE(weights("a").empty());
  EXPECT_TRUE(weights("a") == weights("b"));
  EXPECT_EQ(history("a"), history("b"));
  EXPECT_NE(history("a"), history("c"));
}

TEST_F(Trainer, ContinuesToTheSameBytesAfterAnInterruption) {
  for (const std::string optimizer : {"adam", "nadam", "adamx", "nesterov"}) {
    TrainSettings settings = quick();
    settings.optimizer = optimizer;
    settings.keep = "best";
    run(optimizer + ".whole", settings);
    const std::string cut = optimizer + ".cut";
    EXPECT_THROW(run(cut, settings, interrupt_within(0)), Interrupted);
    EXPECT_THROW(run(cut, settings, interrupt_after(0)), Interrupted);
    EXPECT_THROW(run(cut, settings, interrupt_within(2)), Interrupted);
    EXPECT_THROW(run(cut, settings, interrupt_after(2)), Interrupted);
    run(cut, settings);
    EXPECT_TRUE(weights(optimizer + ".whole") == weights(cut)) << optimizer;
    EXPECT_EQ(history(optimizer + ".whole"), history(cut));
  }
}

// Between the writing of its state and of its curve a training may be killed.
TEST_F(Trainer, ACurveIsWhatWasWrittenOrItsBeginning) {
  EXPECT_THROW(run("a", quick(), interrupt_after(1)), Interrupted);
  const fs::path file = folder_ / "a" / "history.csv";
  const std::string curve = history("a");
  const std::string first = curve.substr(0, curve.find("\n1,") + 1);
  ASSERT_LT(first.size(), curve.size());
  EXPECT_NO_THROW(check_curve(file, curve));
  EXPECT_NO_THROW(check_curve(file, first));
  std::string other = curve;
  other[other.find("\n1,") + 3] ^= 1;
  EXPECT_THROW(check_curve(file, other), DataError);
  EXPECT_THROW(check_curve(file, curve + "2,1,1,1,1,0\n"), DataError);
  run("a");
  EXPECT_NO_THROW(check_curve(file, history("a")));
  EXPECT_THROW(check_curve(file, curve), DataError) << "the training has ended";
  EXPECT_NO_THROW(check_curve(folder_ / "elsewhere" / "history.csv", other)) << "nobody knows";
}

// What a CUDA graph would compute, on the host: images stay with the network, and the work of the
// first step is run again for every other one.
TEST_F(Trainer, RecordedStepsGiveTheBytesOfStepsLaunchedOneByOne) {
  for (const std::string& optimizer : optimizer_names()) {
    TrainSettings settings = quick();
    settings.optimizer = optimizer;
    settings.schedule = "steps";
    settings.schedule_epochs = {0};
    settings.schedule_factors = {0.1};
    settings.weight_decay = 0.1;
    run(optimizer, settings);
    ::setenv("OHMIC_CUDA_GRAPHS", "emulated", 1);
    run(optimizer + ".recorded", settings);
    ::unsetenv("OHMIC_CUDA_GRAPHS");
    EXPECT_TRUE(weights(optimizer) == weights(optimizer + ".recorded")) << optimizer;
    EXPECT_EQ(history(optimizer), history(optimizer + ".recorded"));
  }
}

TEST_F(Trainer, FinishedTrainingIsReadNotRepeated) {
  const Checkpoint first = run("a");
  TrainProgress progress;
  progress.on_epoch = [](const EpochReport&) { FAIL() << "trained again"; };
  EXPECT_EQ(run("a", quick(), progress).weights.at("conv1.weight").values,
            first.weights.at("conv1.weight").values);
  EXPECT_THROW(run("a", quick(), {}, 1, "other"), DataError);
}

TEST_F(Trainer, StateOfAnotherTrainingIsRefusedAndKept) {
  EXPECT_THROW(run("a", quick(), interrupt_after(1)), Interrupted);
  const fs::path state = folder_ / "a" / "state.safetensors";
  const std::string before = bytes(state);
  try {
    run("a", quick(), {}, 1, "other");
    FAIL();
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("belongs to another training (identity one, here other)"),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("Move"), std::string::npos);
  }
  EXPECT_TRUE(bytes(state) == before);
}

TEST_F(Trainer, DamagedStateIsRefusedAndKept) {
  EXPECT_THROW(run("a", quick(), interrupt_after(1)), Interrupted);
  const fs::path state = folder_ / "a" / "state.safetensors";
  const std::string whole = bytes(state);
  std::string flipped = whole;
  flipped[flipped.size() - 100] ^= 1;
  for (const std::string& damaged : {flipped, whole.substr(0, whole.size() / 2)}) {
    std::ofstream(state, std::ios::binary) << damaged;
    EXPECT_THROW(run("a"), DataError);
    EXPECT_TRUE(bytes(state) == damaged);
  }
}

// Whoever writes a state can write its hash. Moments too short were read beyond their end.
TEST_F(Trainer, AStateWithARightHashIsNotBelievedForIt) {
  EXPECT_THROW(run("a", quick(), interrupt_after(1)), Interrupted);
  const fs::path state = folder_ / "a" / "state.safetensors";
  const Checkpoint sound = read_safetensors(state);
  const auto said = [&](const auto& change) {
    Checkpoint other = sound;
    change(other);
    other.metadata.erase(kContentHash);
    other.metadata[kContentHash] = content_hash(other);
    write_safetensors(state, other);
    const std::string text = test::error_of([&] { run("a"); });
    const std::string start = state.string() + ": is damaged: ", end = ". Move ";
    EXPECT_TRUE(text.starts_with(start)) << text;
    EXPECT_NE(text.find(end), std::string::npos) << text;
    return text.substr(start.size(), text.find(end) - start.size());
  };
  const std::string size = std::to_string(sound.weights.at("moment.0").values.size());
  const std::string moments =
      "the optimiser has 2 moments of " + size + " numbers each, and it has not";
  EXPECT_EQ(said([](Checkpoint& c) { c.weights["moment.1"] = {{2}, {1, 2}}; }), moments);
  EXPECT_EQ(said([](Checkpoint& c) { c.weights.erase("moment.1"); }), moments);
  EXPECT_EQ(said([](Checkpoint& c) { c.weights.erase("moment.0"); }), "it has no moment.0");
  EXPECT_EQ(said([](Checkpoint& c) { c.metadata.erase("history"); }), "it has no history");
  EXPECT_EQ(said([](Checkpoint& c) { c.metadata["epochs_done"] = "-3"; }), "epochs_done is \"-3\"");
  EXPECT_EQ(said([](Checkpoint& c) { c.metadata["steps"] = "1e9"; }), "steps is \"1e9\"");
}

// One update of plain SGD on the whole set: with L2 the gradient of a kernel w has 2 l2 w more, and
// nothing else changes.
TEST_F(Trainer, L2ActsOnConvolutionKernelsOnly) {
  TrainSettings settings = quick();
  settings.epochs = 1;
  settings.batch = 40;
  settings.optimizer = "sgd";
  settings.l2 = 0;
  const Weights without = run("a", settings).weights;
  settings.l2 = 0.25;
  const Weights with = run("b", settings).weights;
  for (const auto& [name, start] : initialize(tiny(), settings.init, 1))
    for (std::size_t i = 0; i < start.values.size(); ++i) {
      const double more = start.shape.size() == 4 ? 0.01 * 2 * 0.25 * start.values[i] : 0.0;
      ASSERT_NEAR(with.at(name).values[i], without.at(name).values[i] - more, 1e-7) << name;
    }
}

// One update: Adam's first step is rate * g/(|g| + small) whatever the size of g, and a decoupled
// decay of 0.5 takes 0.01 * 0.5 w of every kernel besides. (In the loss, the decay would only turn
// signs of g.)
TEST_F(Trainer, WeightDecayIsNotRescaledByTheOptimizer) {
  TrainSettings settings = quick();
  settings.epochs = 1;
  settings.batch = 40;
  settings.l2 = 0;
  const Weights without = run("a", settings).weights;
  settings.weight_decay = 0.5;
  const Weights with = run("b", settings).weights;
  for (const auto& [name, start] : initialize(tiny(), settings.init, 1))
    for (std::size_t i = 0; i < start.values.size(); ++i) {
      const double decay = start.shape.size() == 4 ? 0.01 * 0.5 * start.values[i] : 0.0;
      ASSERT_NEAR(with.at(name).values[i], without.at(name).values[i] - decay, 1e-7) << name;
    }
}

TEST_F(Trainer, BestKeepsTheEpochOfHighestTestAccuracy) {
  TrainSettings settings = quick();
  settings.keep = "best";
  settings.learning_rate = 0.05;
  std::vector<double> accuracies;
  TrainProgress progress;
  progress.on_epoch = [&](const EpochReport& r) { accuracies.push_back(r.test_accuracy); };
  const Metadata metadata = run("a", settings, progress).metadata;
  const auto best = std::max_element(accuracies.begin(), accuracies.end());
  EXPECT_EQ(metadata.at("epoch"), std::to_string(best - accuracies.begin()));
}

#ifdef __x86_64__
TEST_F(Trainer, TakesDenormalsForZeroWhileItLasts) {
  float during = -1;
  TrainProgress progress;
  progress.on_epoch = [&](const EpochReport&) { during = test::denormal_product(); };
  run("a", quick(), progress);
  EXPECT_EQ(during, 0.0f);
  EXPECT_EQ(test::denormal_product(), 1e-39f);
}

TEST(DenormalsAreZero, WithinAnotherOneEndsWithIt) {
  {
    const DenormalsAreZero outer;
    { const DenormalsAreZero inner; }
    EXPECT_EQ(test::denormal_product(), 0.0f);
  }
  EXPECT_EQ(test::denormal_product(), 1e-39f);
}
#endif

TEST_F(Trainer, WeightsSayWhatTheyAre) {
  const Metadata m = run("a").metadata;
  EXPECT_EQ(m.at("architecture"), "resnet8");
  EXPECT_EQ(m.at("layout"), "keras_v1");
  EXPECT_EQ(m.at("width"), "4");
  EXPECT_EQ(m.at("data_sha256"), toy().train.hash());
  EXPECT_EQ(m.at("normalization"), "none");
  EXPECT_EQ(m.at("seed"), "1");
  EXPECT_NE(m.at("train").find("optimizer = \"adam\""), std::string::npos) << m.at("train");
}

/// Flips one bit at a time of a file that was finished: in its header, its tensors and its last
/// byte.
TEST_F(Trainer, ABitThatFlippedInFinishedWeightsIsFound) {
  run("a");
  const std::string sound = weights("a");
  const fs::path file = folder_ / "a" / "weights.safetensors";
  const std::size_t header =
      8 + static_cast<unsigned char>(sound[0]) + 256u * static_cast<unsigned char>(sound[1]);
  for (const std::size_t at : {header + 1, (header + sound.size()) / 2, sound.size() - 1}) {
    std::string damaged = sound;
    damaged[at] ^= 1;
    std::ofstream(file, std::ios::binary) << damaged;
    EXPECT_EQ(test::error_of([&] { run("a"); }),
              file.string() +
                  ": is damaged: its content does not have the SHA-256 it states. Move "
                  "it away to train again, or choose another folder")
        << at;
    EXPECT_EQ(test::error_of([&] { load_checkpoint(file, tiny()); }),
              file.string() + ": is damaged: its content does not have the SHA-256 it states");
  }
  for (std::size_t at = 8; at < header; at += 13) {
    std::string damaged = sound;
    damaged[at] ^= 1;
    std::ofstream(file, std::ios::binary) << damaged;
    EXPECT_NE(test::error_of([&] { run("a"); }), "") << at;
  }
  std::ofstream(file, std::ios::binary) << sound;
  EXPECT_EQ(run("a").metadata, load_checkpoint(file, tiny()).metadata);
}

TEST_F(Trainer, Bf16TrainsWhereTheProcessorHasIt) {
  TrainSettings settings = quick();
  settings.precision = "bf16";
  try {
    run("a", settings);
  } catch (const UnsupportedError& error) {
    GTEST_SKIP() << error.what();
  }
  run("b", settings);
  EXPECT_TRUE(weights("a") == weights("b"));
}

TEST_F(Trainer, DataThatDoNotFitAreRefused) {
  Dataset data = toy();
  data.train.labels[3] = 7;
  EXPECT_THROW(train(tiny(), data, quick(), 1, "cpu", folder_, "one", {}), DataError);
  EXPECT_THROW(train(tiny(), Dataset{}, quick(), 1, "cpu", folder_, "one", {}), DataError);
  data = toy();
  data.test = {};
  TrainSettings best = quick();
  best.keep = "best";
  EXPECT_THROW(train(tiny(), data, best, 1, "cpu", folder_, "one", {}), DataError);
}

}  // namespace
}  // namespace ohmic
