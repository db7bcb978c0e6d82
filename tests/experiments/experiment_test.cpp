#include "experiments/study/experiment.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/experiments/read_text.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

Experiment read(const std::string& text) {
  std::vector<Fault> faults;
  Experiment experiment = Experiment::read(parse_toml(text, "study.toml"), faults);
  if (!faults.empty()) throw ConfigError(faults);
  return experiment;
}

using test::points_of;

/// "key=value key=value" of one point.
std::string axes_of(const Point& point) {
  std::string text;
  for (const auto& [key, value] : point.axes)
    text += (text.empty() ? "" : " ") + key + "=" + value.text();
  return text;
}

std::string faults_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    points_of(text, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no fault";
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path(std::filesystem::temp_directory_path() /
             ("ohmic_experiment_test_" + std::to_string(::getpid()))) {
    write(content);
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  void write(const std::string& content) const { std::ofstream(path) << content; }
  const std::filesystem::path path;
};

TEST(Experiment, AnEmptyFileIsAllDefaults) {
  const Experiment e = read("");
  EXPECT_EQ(e.seed, 1u);
  EXPECT_EQ(e.device_model, "ideal");
  ASSERT_NE(e.device, nullptr);
  EXPECT_FALSE(e.periphery.adc);
  EXPECT_FALSE(e.evaluation.stop);
  EXPECT_EQ(e.output.dir, "runs/study");
}

TEST(Experiment, ReadsEveryTable) {
  const Experiment e = read(
      "title = \"T\"\nseed = 5\n[data]\nname = \"synthetic\"\n[model]\nname = \"resnet32\"\n"
      "[train]\nepochs = 3\n[mapping]\ntile = [64, 32]\n[device]\nmodel = \"awgn\"\neta = 0.2\n"
      "[periphery]\nadc = { bits = 6 }\n[noise]\nsemantics = \"folded\"\n"
      "[evaluation]\nestimator = \"per_batch\"\nstop = { half_width = 0.01 }\n"
      "[compute]\nbackend = \"reference\"\ndevice = \"cuda:1\"\n[output]\ndir = \"here\"\n");
  EXPECT_EQ(e.title, "T");
  EXPECT_EQ(e.seed, 5u);
  EXPECT_EQ(e.model.name, "resnet32");
  EXPECT_EQ(e.train.epochs, 3);
  EXPECT_EQ(e.mapping.tile.columns, 32);
  EXPECT_EQ(e.device->form_factor(), 0.2);
  EXPECT_EQ(e.periphery.adc->bits, 6);
  EXPECT_EQ(e.noise.semantics, Semantics::folded);
  EXPECT_EQ(e.evaluation.estimator, Estimator::per_batch);
  EXPECT_EQ(e.evaluation.stop->half_width, 0.01);
  EXPECT_EQ(e.compute.backend, "reference");
  EXPECT_EQ(e.compute.device, "cuda:1");
  EXPECT_EQ(e.output.dir, "here");
}

TEST(Experiment, WhatIsResolvedReadsBackToTheSameExperiment) {
  for (const char* text :
       {"", "seed = 3\n[device]\nmodel = \"awgn\"\neta = 0.1\n[periphery]\nadc = {}\n",
        "[evaluation]\nstop = { max_draws = 7 }\n"}) {
    const Experiment first = read(text);
    const std::string resolved = to_toml(first.resolved());
    const Experiment second = read(resolved);
    EXPECT_EQ(to_toml(second.resolved()), resolved);
    EXPECT_EQ(second.identity(), first.identity());
    EXPECT_EQ(second.training_identity(), first.training_identity());
  }
}

TEST(Identity, ChangesWithWhatChangesNumbersAndWithNothingElse) {
  const std::string base = read("").identity();
  EXPECT_EQ(base.size(), 64u);
  for (const char* same :
       {"title = \"other\"\n", "[compute]\nthreads = 3\nbackend = \"reference\"\n",
        "[output]\ndir = \"elsewhere\"\nfigures = false\n", "[device]\nmodel = \"ideal\"\n",
        "[train]\nepochs = 200\n", "[periphery]\nadc = \"ideal\"\n"})
    EXPECT_EQ(read(same).identity(), base) << same;
  std::set<std::string> all{base};
  const std::vector<std::string> different = {"seed = 2\n",
                                              "[train]\nepochs = 3\n",
                                              "[device]\nmodel = \"awgn\"\n",
                                              "[device]\nmodel = \"awgn\"\neta = 0.1\n",
                                              "[periphery]\nadc = {}\n",
                                              "[noise]\nsemantics = \"folded\"\n",
                                              "[evaluation]\ndraws = 11\n",
                                              "[mapping]\ntile = [64, 64]\n",
                                              "[model]\nname = \"resnet32\"\n"};
  for (const std::string& text : different) all.insert(read(text).identity());
  EXPECT_EQ(all.size(), different.size() + 1);
}

TEST(Identity, OfTrainingLeavesOutWhatIsBehindIt) {
  const std::string base = read("").training_identity();
  for (const char* same :
       {"[device]\nmodel = \"awgn\"\neta = 0.1\n", "[mapping]\ntile = [64, 64]\n",
        "[evaluation]\ndraws = 3\n", "[data]\ntest_images = 10\n", "title = \"x\"\n"})
    EXPECT_EQ(read(same).training_identity(), base) << same;
  for (const char* other :
       {"seed = 2\n", "[train]\nlearning_rate = 0.01\n", "[model]\nname = \"resnet32\"\n"})
    EXPECT_NE(read(other).training_identity(), base) << other;
}

TEST(Identity, CountsTestImagesThatChooseTheEpoch) {
  EXPECT_NE(read("[train]\nkeep = \"best\"\n[data]\ntest_images = 10\n").training_identity(),
            read("[train]\nkeep = \"best\"\n").training_identity());
}

TEST(Identity, FollowsTheContentOfAWeightFileNotItsPlace) {
  const TemporaryFile file("weights A");
  const std::string table = "[model]\nweights = \"" + file.path.string() + "\"\n";
  const std::string first = read(table).identity();
  EXPECT_EQ(read(table + "[train]\nepochs = 3\n").identity(), first) << "nothing is trained";
  const auto moved = file.path.string() + "_moved";
  std::filesystem::copy_file(file.path, moved);
  EXPECT_EQ(read("[model]\nweights = \"" + moved + "\"\n").identity(), first);
  std::filesystem::remove(moved);
  file.write("weights B");
  EXPECT_NE(read(table).identity(), first);
}

TEST(Identity, FollowsTheContentOfImagesNotTheirPlace) {
  const test::TemporaryFolder folder;
  const auto experiment = [&](const std::string& name) {
    return read("[data]\nname = \"cifar10\"\nroot = \"" + (folder.path() / name).string() + "\"\n");
  };
  const auto data = [&](const std::string& name, const char* train, const char* test) {
    for (int i = 1; i <= 5; ++i)
      folder.write(name + "/data_batch_" + std::to_string(i) + ".bin", i == 3 ? train : "same");
    folder.write(name + "/test_batch.bin", test);
    return experiment(name);
  };
  const Experiment first = data("first", "a", "b"), moved = data("moved", "a", "b");
  EXPECT_EQ(moved.identity(), first.identity());
  EXPECT_EQ(moved.training_identity(), first.training_identity());
  const Experiment tested = data("tested", "a", "c"), trained = data("trained", "d", "b");
  EXPECT_NE(tested.identity(), first.identity());
  EXPECT_EQ(tested.training_identity(), first.training_identity()) << "tests choose no epoch";
  EXPECT_NE(trained.identity(), first.identity());
  EXPECT_NE(trained.training_identity(), first.training_identity());
  EXPECT_NE(experiment("nowhere").identity(), experiment("elsewhere").identity());
  const std::string before = first.identity();
  folder.write("first/test_batch.bin", "e");
  EXPECT_NE(first.identity(), before);
}

TEST(Identity, FollowsTheContentOfFilesThatDevicesRead) {
  const std::string header = "g_target_uS, g_mean_uS, g_std_uS\n0, 0, 1\n";
  const TemporaryFile file(header + "25, 25, 1\n");
  const auto name = [&](const std::string& path) {
    return std::string("model = \"lookup\"\nfile = \"") + path + "\"\n";
  };
  const std::string path = file.path.string(), moved = path + "_moved";
  const std::string alone = "[device]\n" + name(path);
  const std::string stacked = "[device]\nmodel = \"stack\"\n[[device.models]]\n" + name(path);
  const std::string first = read(alone).identity(), first_stacked = read(stacked).identity();
  std::filesystem::copy_file(file.path, moved);
  EXPECT_EQ(read("[device]\n" + name(moved)).identity(), first);
  std::filesystem::remove(moved);
  file.write(header + "25, 24, 1\n");
  EXPECT_NE(read(alone).identity(), first);
  EXPECT_NE(read(stacked).identity(), first_stacked);
}

TEST(Identity, FollowsTheContentOfAMapOfStuckCells) {
  const TemporaryFile file("layer, role, row, column, state\n0, 0, 0, 0, min\n");
  const std::string table = "[device]\nmodel = \"stuck\"\nmap = \"" + file.path.string() + "\"\n";
  const std::string first = read(table).identity();
  EXPECT_EQ(read(table).identity(), first);
  file.write("layer, role, row, column, state\n0, 0, 0, 0, max\n");
  EXPECT_NE(read(table).identity(), first);
}

TEST(Sweep, LastAxisIsFastest) {
  const auto points = points_of(
      "[device]\nmodel = \"awgn\"\n[sweep]\nseed = [1, 2]\n\"device.eta\" = [0.0, 0.1, 0.2]\n");
  ASSERT_EQ(points.size(), 6u);
  EXPECT_EQ(axes_of(points[0]), "seed=1 device.eta=0.0");
  EXPECT_EQ(axes_of(points[1]), "seed=1 device.eta=0.1");
  EXPECT_EQ(axes_of(points[5]), "seed=2 device.eta=0.2");
  EXPECT_EQ(points[5].experiment.device->form_factor(), 0.2);
  EXPECT_EQ(points[5].experiment.seed, 2u);
}

TEST(Sweep, WithoutAxesIsOnePoint) {
  const auto points = points_of("");
  ASSERT_EQ(points.size(), 1u);
  EXPECT_TRUE(points[0].axes.empty());
}

TEST(Sweep, TablesMoveKeysTogetherAndReportEveryLeaf) {
  const auto points = points_of(
      "[device]\nmodel = \"awgn\"\n[noise]\nnegative_variance = \"abs\"\n[sweep]\n"
      "noise = [{ semantics = \"kernels\" }, "
      "{ semantics = \"keras_get_weights\", negative_variance = \"nan\" }]\n");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(axes_of(points[0]), "noise.semantics=\"kernels\" noise.negative_variance=\"abs\"");
  EXPECT_EQ(axes_of(points[1]),
            "noise.semantics=\"keras_get_weights\" noise.negative_variance=\"nan\"");
}

TEST(Sweep, DevicesAreAnAxisWithTheirOwnParameters) {
  const auto points =
      points_of("[sweep]\ndevice = [{ model = \"ideal\" }, { model = \"awgn\", eta = 0.5 }]\n");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(axes_of(points[0]), "device.model=\"ideal\" device.eta=");
  EXPECT_EQ(axes_of(points[1]), "device.model=\"awgn\" device.eta=0.5");
}

TEST(Sweep, EntriesOfAStackHaveTheirNumber) {
  const std::string text =
      "[device]\nmodel = \"stack\"\nmodels = [{ model = \"pcm\" }, { model = \"read_disturb\" }]\n"
      "[sweep]\ndevice.models.1.reads = [0, 1e9]\n";
  const auto points = points_of(text);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(axes_of(points[0]), "device.models.1.reads=0.0");
  EXPECT_EQ(axes_of(points[1]), "device.models.1.reads=1e+09");
  EXPECT_NE(points[0].experiment.identity(), points[1].experiment.identity());
  const auto pinned = points_of(text, {"device.models.1.reads=5e8"});
  ASSERT_EQ(pinned.size(), 1u);
  EXPECT_EQ(axes_of(pinned[0]), "device.models.1.reads=5e+08");
}

// Whole tables of resolved values would say the same at length.
TEST(Sweep, TablesAreKnownByWhatTheyAreGiven) {
  const auto points = points_of(
      "[periphery.adc]\npercentile = 99\n[sweep]\nperiphery.adc = [\"ideal\", { bits = 6 }, { bits "
      "= 8, per = \"layer\" }]\n");
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(axes_of(points[0]), "periphery.adc=\"ideal\"");
  EXPECT_EQ(axes_of(points[1]), "periphery.adc={ bits = 6 }");
  EXPECT_EQ(axes_of(points[2]), "periphery.adc={ bits = 8, per = \"layer\" }");
  EXPECT_EQ(points[1].experiment.periphery.adc->percentile, 99);
  const auto stacks = points_of(
      "[device]\nmodel = \"stack\"\n[sweep]\ndevice.models = [[{ model = \"awgn\", eta = 0.5 }], "
      "[{ model = \"pcm\" }, { model = \"awgn\" }]]\n");
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(axes_of(stacks[0]), "device.models=[{ model = \"awgn\", eta = 0.5 }]");
  EXPECT_EQ(axes_of(stacks[1]), "device.models=[{ model = \"pcm\" }, { model = \"awgn\" }]");
}

TEST(Sweep, ParametersOfAnotherModelDoNotApply) {
  const std::string device = "[device]\nmodel = \"awgn\"\neta = 0.5\ng_max_S = 1e-4\n";
  const auto points = points_of(device + "[sweep]\n\"device.model\" = [\"awgn\", \"ideal\"]\n");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].experiment.device->g_max_S, 1e-4);
  EXPECT_EQ(
      faults_of("[device]\nmodel = \"awgn\"\netta = 0.5\n[sweep]\n"
                "\"device.model\" = [\"ideal\"]\n"),
      "study.toml:3:1: error: device.etta: unknown key; known here: g_min_S, g_max_S, time_s");
}

TEST(Sweep, WhatIsResolvedMakesTheSamePoints) {
  Value root = parse_toml(
      "[device]\nmodel = \"ideal\"\n[sweep]\nseed = [1, 2, 3]\n"
      "device = [{ model = \"awgn\", eta = 0.5 }, { model = \"ideal\" }]\n"
      "\"periphery.output_noise\" = [\"ideal\", {}, { relative = 0.5 }]\n"
      "noise.negative_variance = [\"nan\", \"abs\"]\n",
      "study.toml");
  apply_override(root, "seed=9");
  apply_override(root, "sweep.noise.negative_variance=[\"dead\"]");
  const auto points = expand(root);
  ASSERT_EQ(points.size(), 6u);
  Value resolved = points[0].experiment.resolved();
  resolved.table()["sweep"] = resolved_sweep(root);
  const auto again = points_of(to_toml(resolved));
  ASSERT_EQ(again.size(), points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(axes_of(again[i]), axes_of(points[i]));
    EXPECT_EQ(again[i].experiment.identity(), points[i].experiment.identity());
  }
}

TEST(Sweep, AConverterIsThereOrIdeal) {
  const auto points =
      points_of("[sweep]\n\"periphery.output_noise\" = [\"ideal\", {}, { relative = 0.5 }]\n");
  ASSERT_EQ(points.size(), 3u);
  EXPECT_FALSE(points[0].experiment.periphery.output_noise);
  EXPECT_EQ(points[1].experiment.periphery.output_noise->relative, 0.0);
  EXPECT_EQ(axes_of(points[2]), "periphery.output_noise={ relative = 0.5 }");
}

TEST(Sweep, DottedKeysNeedNoQuotes) {
  EXPECT_EQ(points_of("[device]\nmodel = \"awgn\"\n[sweep]\ndevice.eta = [0.1, 0.2]\n").size(), 2u);
}

TEST(Sweep, AxesStandInTheOrderOfTheFile) {
  const auto points = points_of(
      "[device]\nmodel = \"awgn\"\n[sweep]\ndevice.eta = [0.1]\nseed = [1]\n"
      "device.g_max_S = [1e-5]\n",
      {"sweep.train.epochs=[3]", "sweep.seed=[4]"});
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(axes_of(points[0]), "device.eta=0.1 seed=4 device.g_max_S=1e-05 train.epochs=3");
}

TEST(Sweep, OverridesOfASweptKeyPinIt) {
  const std::string text =
      "[device]\nmodel = \"awgn\"\n[sweep]\nseed = [1, 2]\n\"device.eta\" = [0.0, 0.1]\n";
  const auto pinned = points_of(text, {"device.eta=0.7"});
  ASSERT_EQ(pinned.size(), 2u);
  EXPECT_EQ(axes_of(pinned[1]), "seed=2 device.eta=0.7");
  const auto replaced = points_of(text, {"sweep.device.eta=[0.3]"});
  ASSERT_EQ(replaced.size(), 2u);
  EXPECT_EQ(axes_of(replaced[0]), "seed=1 device.eta=0.3");
}

TEST(ExperimentErrors, MisspeltTableAndKey) {
  EXPECT_EQ(faults_of("[devise]\n"),
            "study.toml:1:2: error: devise: unknown key; did you mean "
            "\"device\"?");
  EXPECT_EQ(faults_of("[train]\nlearing_rate = 1\n"),
            "study.toml:2:1: error: train.learing_rate: unknown key; did you mean "
            "\"learning_rate\"?");
}

TEST(ExperimentErrors, OutOfRangeEta) {
  EXPECT_EQ(faults_of("[device]\nmodel = \"awgn\"\neta = -0.1\n"),
            "study.toml:3:7: error: device.eta: expected a real number in [0, 10], got the real "
            "number -0.1");
}

TEST(ExperimentErrors, ComputeDeviceThatIsNone) {
  EXPECT_EQ(faults_of("[compute]\ndevice = \"gpu\"\n"),
            "study.toml:2:10: error: compute.device: expected \"auto\", \"cpu\", \"cuda\" or "
            "\"cuda:i\", got the string \"gpu\"");
}

TEST(ExperimentErrors, OverridesAreCheckedToo) {
  EXPECT_EQ(faults_of("", {"device.modle=awgn"}).substr(0, 43),
            "--set: error: device.model: missing; expect");
  EXPECT_EQ(faults_of("[device]\nmodel = \"awgn\"\n", {"device.etta=0.1"}),
            "--set: error: device.etta: unknown key; did you mean \"eta\"?");
}

TEST(ExperimentErrors, DigitalNoiseNeedsAFormFactor) {
  EXPECT_EQ(faults_of("[noise]\nsemantics = \"trainable\"\n[device]\nmodel = \"awgn\"\n"
                      "reference = \"g_max\"\n"),
            "study.toml:2:13: error: noise.semantics: perturbs tensors in digital memory by a form "
            "factor eta, which device model \"awgn\" does not have; expected only kernels, or one "
            "of awgn as device.model");
}

TEST(ExperimentErrors, BiasesOnDevicesAreNotPerturbedInDigitalMemory) {
  EXPECT_EQ(faults_of("[noise]\nsemantics = \"trainable\"\n[mapping]\nbias = \"analog\"\n[device]\n"
                      "model = \"awgn\"\n"),
            "study.toml:4:8: error: mapping.bias: \"analog\" holds biases on devices, and "
            "noise.semantics perturbs them in digital memory; accepted together: \"digital\", or "
            "noise.semantics \"kernels\" or \"folded\"");
  EXPECT_EQ(faults_of("[noise]\ntensors = [\"gamma\"]\n[mapping]\nbias = \"analog\"\n[device]\n"
                      "model = \"awgn\"\n"),
            "no fault");
}

TEST(ExperimentErrors, DepthThatNoResNetHas) {
  EXPECT_TRUE(
      faults_of("[model]\nname = \"resnet21\"\n")
          .starts_with("study.toml:2:8: error: model.name: expected resnetD with D = 6n+2"));
}

TEST(ExperimentErrors, ScheduleWithoutItsFactors) {
  EXPECT_EQ(faults_of("[train]\nschedule = \"steps\"\nschedule_epochs = [1]\n"),
            "study.toml:3:19: error: train.schedule_epochs: needs as many values as "
            "schedule_factors, one at least");
}

TEST(ExperimentErrors, SweepFaultsPointIntoTheSweep) {
  EXPECT_EQ(faults_of("[device]\nmodel = \"awgn\"\n[sweep]\nseed = [1, 2]\n"
                      "\"device.etta\" = [0.1]\n\"train.epochs\" = [1, \"two\"]\n"
                      "\"compute.threads\" = [1, 2]\n\"device.eta\" = []\n"),
            "study.toml:5:1: error: device.etta: unknown key; did you mean \"eta\"?\n"
            "study.toml:6:22: error: train.epochs: expected an integer >= 1, got the string "
            "\"two\"\n"
            "study.toml:7:1: error: sweep.compute.threads: cannot be swept: it does not change "
            "results\n"
            "study.toml:8:16: error: sweep.device.eta: expected an array of values, got []");
}

TEST(ExperimentErrors, FaultsOfManyPointsAreReportedOnceInTheOrderOfTheFile) {
  EXPECT_EQ(faults_of("sede = 1\n[noise]\nsemantics = \"kernel\"\n[sweep]\nseed = [1, 2, 3]\n"
                      "\"periphery.read_noise\" = [true, 1]\n"),
            "study.toml:1:1: error: sede: unknown key; did you mean \"seed\"?\n"
            "study.toml:3:13: error: noise.semantics: expected one of kernels, trainable, "
            "keras_get_weights, folded, got the string \"kernel\"; did you mean \"kernels\"?\n"
            "study.toml:6:33: error: periphery.read_noise: expected true or false, got the integer "
            "1");
}

TEST(ExperimentErrors, SweepThatIsTooLarge) {
  std::string axis = "[1";
  for (int i = 2; i <= 1001; ++i) axis += ", " + std::to_string(i);
  axis += "]";
  EXPECT_EQ(faults_of("[sweep]\nseed = " + axis + "\n\"train.epochs\" = " + axis + "\n"),
            "study.toml:1:1: error: sweep: makes 1002001 points; expected at most 100000: give "
            "each part of the study a file of its own");
}

}  // namespace
}  // namespace ohmic
