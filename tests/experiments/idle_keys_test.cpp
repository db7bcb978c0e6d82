// Keys that a file sets and that nothing reads beside its other settings.
#include "experiments/study/idle_keys.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "experiments/budget/request.hpp"
#include "experiments/study/configure.hpp"
#include "experiments/study/exactness.hpp"
#include "experiments/study/remarks.hpp"
#include "tests/experiments/budget_run.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

/// "key, key" of a file's points.
std::string idle_in(const std::string& text) {
  const std::vector<Point> points = expand(parse_toml(text, "f.toml"));
  std::string keys;
  for (const IdleKey& idle : idle_keys(experiments_of(points)))
    keys += (keys.empty() ? "" : ", ") + idle.key;
  return keys;
}

const std::string kNoNorm = "model.norm = \"none\"\n";
const std::string kPlain = "model.name = \"plain20\"\n";

struct Case {
  std::string key, set;
  std::string idle;  ///< beside this it has no effect; empty: by itself
  std::string acts;  ///< beside this it has one
};

std::vector<Case> cases() {
  const std::string sliced = "mapping.encoding = \"bit_sliced\"\n",
                    offset = "mapping.encoding = \"offset\"\n",
                    adc = "periphery.adc.range = \"max\"\n",
                    calibrated = "periphery.adc.range = \"calibrated\"\n";
  const std::string keras = "device.model = \"awgn\"\nnoise.semantics = \"keras_get_weights\"\n";
  const std::string perturbed = "device.model = \"awgn\"\n";
  return {
      {"data.root", "data.root = \"here\"\n", "", "data.name = \"cifar10\"\n"},
      {"data.transform", "data.transform = \"imagenet\"\n", "",
       "data.name = \"files\"\ndata.test.samples = \"pictures\"\n"},
      {"model.norm_k", "model.norm_k = 5\n", "", "model.norm = \"top_k_batch\"\n"},
      {"train", "train.epochs = 3\n", "model.weights = \"w.h5\"\n", "seed = 2\n"},
      {"mapping.form", "mapping.form = \"two_sided\"\n", offset, "seed = 2\n"},
      {"mapping.subtraction", "mapping.subtraction = \"digital\"\n", offset,
       offset + "mapping.reference = \"physical\"\n"},
      {"mapping.reference", "mapping.reference = \"physical\"\n", "",
       sliced + "mapping.slices = \"offset\"\n"},
      {"mapping.slices", "mapping.slices = \"offset\"\n", "", sliced},
      {"mapping.weight_bits", "mapping.weight_bits = 6\n", offset, sliced},
      {"mapping.slice_bits", "mapping.slice_bits = 1\n", "", sliced},
      {"mapping.compensation", "mapping.compensation = \"column\"\n", "device.model = \"pcm\"\n",
       "device.model = \"pcm\"\ndevice.time_s = 3600\n"},
      {"mapping.compensation_s", "mapping.compensation_s = 60\n",
       "device.model = \"pcm\"\ndevice.time_s = 3600\n",
       "device.model = \"pcm\"\ndevice.time_s = 3600\nmapping.compensation = \"tile\"\n"},
      {"mapping.fill", "mapping.fill = \"maximal\"\n", "", "mapping.replicas = 2\n"},
      {"mapping.writes", "mapping.writes = 5\n", "device.model = \"quantized\"\n",
       "device.model = \"pcm\"\n"},
      {"mapping.write_tolerance", "mapping.write_tolerance = 0.1\n", "device.model = \"pcm\"\n",
       "device.model = \"pcm\"\nmapping.writes = 2\n"},
      {"mapping.repair", "mapping.repair = \"partners\"\n", "device.model = \"pcm\"\n",
       "device.model = \"stuck\"\ndevice.max_rate = 0.01\n"},
      {"periphery.dac.slice_bits", "periphery.dac.slice_bits = 4\n", "periphery.dac.bits = 4\n",
       "periphery.dac.bits = 5\n"},
      {"periphery.adc.percentile", "periphery.adc.percentile = 99\n", adc, calibrated},
      {"periphery.adc.full_scale", "periphery.adc.full_scale = 0.5\n", calibrated,
       "periphery.adc.range = \"fixed\"\n"},
      {"periphery.adc.per", "periphery.adc.per = \"column\"\n", adc, calibrated},
      {"periphery.adc.enob", "periphery.adc.enob = 6\n", "periphery.adc.bits = 6\n",
       "periphery.adc.bits = 7\n"},
      {"periphery.products", "periphery.products = \"bf16\"\n", "compute.backend = \"reference\"\n",
       "seed = 2\n"},
      {"noise.semantics = \"folded\"", "noise.semantics = \"folded\"\n", kNoNorm, "seed = 2\n"},
      {"noise.tensors = [\"gamma\"]", "noise.tensors = [\"kernel\", \"gamma\"]\n",
       perturbed + kNoNorm, perturbed},
      {"noise.tensors = [\"beta\"]", "noise.tensors = [\"kernel\", \"beta\"]\n",
       perturbed + kNoNorm, perturbed},
      {"noise.tensors = [\"moving_mean\"]", "noise.tensors = [\"kernel\", \"moving_mean\"]\n",
       perturbed + kNoNorm, perturbed},
      {"noise.tensors = [\"moving_variance\"]",
       "noise.tensors = [\"kernel\", \"moving_variance\"]\n", perturbed + kNoNorm, perturbed},
      {"noise.negative_variance", "noise.negative_variance = \"abs\"\n", "", keras},
      {"noise.spare_dead_filters", "noise.spare_dead_filters = true\n", kNoNorm, "seed = 2\n"},
      {"evaluation.top_k", "evaluation.top_k = 3\n", "", "evaluation.metric = \"top_k\"\n"},
      {"evaluation.class_axis", "evaluation.class_axis = \"last\"\n",
       "evaluation.metric = \"mse\"\n", "seed = 2\n"},
      {"evaluation.scores", "evaluation.scores = \"logits\"\n", "evaluation.metric = \"mse\"\n",
       "seed = 2\n"},
      {"evaluation.calibration_images", "evaluation.calibration_images = 100\n", "",
       "periphery.dac.bits = 8\nperiphery.adc.bits = 8\n"},
      {"evaluation.calibrate", "evaluation.calibrate = \"chip\"\n", "",
       "periphery.dac.bits = 8\nperiphery.adc.bits = 8\n"},
      {"evaluation.batch_norm_images", "evaluation.batch_norm_images = 100\n", kNoNorm,
       "seed = 2\n"},
      {"evaluation.batch_norm_statistics", "evaluation.batch_norm_statistics = \"measured\"\n", "",
       "evaluation.batch_norm_images = 100\n"},
  };
}

TEST(IdleKeys, AreNamedWhereNothingReadsThemAndOnlyThere) {
  std::set<std::string> tried;
  for (const Case& c : cases()) {
    EXPECT_EQ(idle_in(c.set + c.idle), c.key);
    EXPECT_EQ(idle_in(c.set + c.acts), "") << c.key;
    tried.insert(c.key);
  }
  for (const IdleKey& key : conditional_keys()) EXPECT_TRUE(tried.contains(key.key)) << key.key;
}

TEST(IdleKeys, AreKeysOfAFile) {
  Experiment e;
  std::vector<Fault> faults;
  e = Experiment::read(
      parse_toml("[periphery]\ndac = { bits = 8 }\nadc = { bits = 8 }\n", "f.toml"), faults);
  for (const IdleKey& key : conditional_keys())
    EXPECT_TRUE(key.key == "train" || parameter_of(e, key.key.substr(0, key.key.find(' '))))
        << key.key;
}

TEST(IdleKeys, ActInAStudyWhereTheyDoInOneOfItsPoints) {
  const std::string bits = "mapping.weight_bits = 6\n";
  EXPECT_EQ(idle_in(bits + "[sweep]\n\"mapping.encoding\" = [\"differential\", \"bit_sliced\"]\n"),
            "");
  EXPECT_EQ(idle_in(bits + "[sweep]\n\"mapping.encoding\" = [\"differential\", \"offset\"]\n"),
            "mapping.weight_bits");
  EXPECT_EQ(idle_in("[sweep]\n\"mapping.weight_bits\" = [6, 8]\n"), "mapping.weight_bits");
}

TEST(IdleKeys, OfAPresetAreNotTheFilesOwn) {
  const std::string other = "[mapping]\nencoding = \"differential\"\n";
  EXPECT_EQ(idle_in("preset = \"isaac-like\"\n" + other), "");
  EXPECT_EQ(idle_in("preset = \"isaac-like\"\n" + other + "weight_bits = 12\n"),
            "mapping.weight_bits");
}

TEST(IdleKeys, AreNotInTheShippedExperimentsNorBeyondTheirPoints) {
  int files = 0, budgets = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_folder() / "experiments")) {
    if (entry.path().extension() != ".toml") continue;
    const Value root = read_toml(entry.path());
    const bool is_budget = root.at("budget");
    const auto points = is_budget ? read_budget(root).points : expand(root);
    const auto experiments = experiments_of(points);
    EXPECT_EQ(idle_keys_remark(experiments), "") << entry.path();
    if (is_budget) {
      std::vector<std::string> of_points = remarks_on(experiments);
      std::erase(of_points, exact_chips_remark(experiments));  // the knob is what errs
      EXPECT_EQ(remarks_on(read_budget(root)), of_points) << entry.path();
    }
    ++files;
    budgets += is_budget;
  }
  EXPECT_GT(files, 20);
  EXPECT_GT(budgets, 4);
}

TEST(IdleKeys, AreSaidInOneSentence) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write(
      "f.toml",
      "data = { name = \"synthetic\", train_images = 20, test_images = 10 }\n[mapping]\n"
      "reference = \"physical\"\nweight_bits = 6\n[evaluation]\ntop_k = 3\n");
  EXPECT_EQ(test::ohmic({"check", file}).out,
            "note: These keys have no effect beside the other settings: mapping.reference (needs "
            "offset cells), mapping.weight_bits (needs mapping.encoding = \"bit_sliced\"), "
            "evaluation.top_k (needs evaluation.metric = \"top_k\").\n" +
                file + ": ok, 1 point\n");
}

// The network of a file may have BatchNorms that are operators, over signals of three axes.
TEST(IdleKeys, NeedBatchNormOfRowsOrImages) {
  const auto points = expand(test::waves("eta = 0.1\n[evaluation]\nbatch_norm_images = 50\n"));
  EXPECT_NE(idle_keys_remark(experiments_of(points))
                .find("evaluation.batch_norm_images (needs BatchNorm of rows or images in the "
                      "network)"),
            std::string::npos);
}

// The points of a budget have the file's own age, 0: what is searched lies at the range's ends.
TEST(BudgetRemarks, AreOfTheKnobsRangeToo) {
  const auto remarks = [](const std::string& device, const std::string& knob,
                          const std::string& range = "[60, 86400]") {
    return remarks_on(read_budget(
        parse_toml("[data]\nname = \"synthetic\"\n[device]\nmodel = \"" + device + "\"\n" +
                       (device == "awgn" ? "eta = 0.1\n" : "") + "[budget.find]\nknob = \"" + knob +
                       "\"\nrange = " + range + "\n",
                   "f.toml")));
  };
  EXPECT_EQ(remarks("awgn", "device.time_s"),
            std::vector<std::string>{
                "Devices of awgn do not age: device.time_s changes nothing for them."});
  EXPECT_EQ(remarks("pcm", "device.time_s"), std::vector<std::string>{});
  EXPECT_EQ(remarks("awgn", "device.eta", "[0.1, 10]"),
            std::vector<std::string>{"device.eta = 10 is noise of 1000 % of its reference; eta is "
                                     "a fraction, and 5 % is 0.05."});
  EXPECT_EQ(remarks("pcm", "mapping.weight_bits", "[2, 8]"),
            std::vector<std::string>{
                "These keys have no effect beside the other settings: mapping.weight_bits (needs "
                "mapping.encoding = \"bit_sliced\")."});
}

}  // namespace
}  // namespace ohmic
