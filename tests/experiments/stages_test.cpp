// What counts where: every parameter of every table, by name; that keys follow it; and that chips
// do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "experiments/measure/files.hpp"
#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/point_chip.hpp"
#include "experiments/study/experiment.hpp"
#include "simulator/error.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr std::array kNames{"inputs", "images", "training", "network", "ranges",
                            "exact",  "cost",   "draw",     "point"};

std::vector<Stage> all_stages() {
  std::vector<Stage> all;
  for (std::size_t i = 0; i < kNames.size(); ++i) all.push_back(static_cast<Stage>(i));
  return all;
}

/// "everywhere", "from ranges", "inputs, from ranges", "inputs, cost" or "nowhere".
std::string text_of(Stages stages) {
  if (stages == Stages()) return "nowhere";
  if (stages == Stages::all()) return "everywhere";
  for (const Stage first : all_stages()) {
    const std::string from = std::string("from ") + kNames[static_cast<std::size_t>(first)];
    if (stages == Stages::from(first)) return from;
    if (stages == (Stages::from(first) | Stage::inputs)) return "inputs, " + from;
  }
  std::string text;
  for (const Stage stage : all_stages())
    if (stages.has(stage))
      text += (text.empty() ? "" : ", ") + std::string(kNames[static_cast<std::size_t>(stage)]);
  return text;
}

Experiment read(const std::string& text) {
  std::vector<Fault> faults;
  Experiment experiment = Experiment::read(parse_toml(text, "study.toml"), faults);
  if (!faults.empty()) throw ConfigError(faults);
  return experiment;
}

/// Calls see(dotted key, parameter) for every key of every table, nested ones behind their tables.
template <class See>
void visit(const SchemaBase& schema, const std::string& prefix, const See& see) {
  for (const Parameter& p : schema.parameters()) {
    see(prefix + p.key, p);
    if (p.nested) visit(*p.nested, prefix + p.key + ".", see);
  }
}

/// "[table] stages: keys" for each table and set of stages, in lines of a width that can be read.
std::string declared() {
  constexpr std::size_t kWidth = 96;
  std::vector<std::pair<std::string, std::string>> groups;  // what stands before the keys, the keys
  visit(Experiment::schema(), "", [&](const std::string& key, const Parameter& p) {
    const auto dot = key.rfind('.');
    const std::string table = dot == std::string::npos ? "" : "[" + key.substr(0, dot) + "] ";
    const std::string head = table + text_of(Experiment::schema().stages_of(key)) + ":";
    auto group = std::ranges::find(groups, head, [](const auto& g) { return g.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {head, head});
    std::string& text = group->second;
    const std::size_t line = text.size() - (text.rfind('\n') + 1);  // npos + 1 is 0
    text += (line + p.key.size() >= kWidth ? "\n    " : " ") + p.key;
  });
  std::string text = "\n";
  for (const auto& [head, keys] : groups) text += keys + "\n";
  return text;
}

// A new key stands here, where whoever adds it says at which stage it counts. In doubt it counts.
TEST(Stages, OfEveryParameterAreThese) {
  EXPECT_EQ(declared(), R"(
nowhere: title case preset allow output
everywhere: seed data
[data] everywhere: name root train test train_images test_images transform normalize
inputs, from training: model train
[model] inputs, from training: name layout width norm norm_k weights tensors file inputs output
[train] from training: epochs batch optimizer learning_rate momentum beta1 beta2 epsilon
    beta1_decay schedule schedule_epochs schedule_factors l2 weight_decay only init augment
    shift flip keep precision noise_eta clip_sigma hardware measure
[train] inputs, from training: start distill
[train.hardware] from training: device chip chip_epochs mapping periphery draw_every times_s
    calibrate_every ramp_epochs input_gradient
[train.distill] inputs, from training: teacher tensors temperature weight
[train.measure] from training: every images
inputs, from network: mapping evaluation
[mapping] from ranges: encoding form subtraction reference slices weight_bits slice_bits tile
    weight_percentile weight_scale replicas fill writes write_tolerance repair compensation
    compensation_s denoise bias
[mapping.denoise] from ranges: lambda beta
[mapping] inputs, from network: digital crossbar
from ranges: device periphery noise
[periphery] from ranges: dac adc wires output_noise layers
[periphery.dac] from ranges: bits is_signed percentile drive slice_bits
[periphery.adc] from exact: bits range full_scale offset_lsb gain_error inl_lsb enob
    capacitor_mismatch rounding
[periphery.adc] from ranges: percentile per columns_per_adc
[periphery.wires] from ranges: row_ohm column_ohm driver_ohm sense_ohm drive
[periphery.output_noise] from exact: relative
[periphery] from exact: read_noise products
[noise] from ranges: semantics tensors negative_variance spare_dead_filters
[evaluation] from exact: estimator batch calibrate batch_norm_statistics
[evaluation] inputs, from network: metric top_k against class_axis scores
[evaluation] from point: draws confidence stop
[evaluation] from draw: first_draw
[evaluation.stop] from point: half_width max_draws
[evaluation] inputs, from ranges: calibration_images
[evaluation] inputs, from exact: batch_norm_images
cost: cost
[cost] cost: tech_nm read_V read_s cell wire_fF_per_um mean_square_drive driver_pJ driver_um2
    dac_conversion_pJ dac_area_um2 dac_V dac_bit_fF dac_unit_fF dac_unit_um2 adc_rate_Hz adc_pJ
    adc_um2 shift_add_pJ shift_add_um2 activation_bits buffer_pJ buffer_um2 tiles_per_buffer
    router_pJ router_um2 buffers_per_router
inputs, ranges, exact, cost: compute
[compute] inputs, ranges, exact, cost: device backend threads
[output] nowhere: dir figures report
)");
}

/// Keys that a default changes by no rule.
const std::map<std::string, std::string>& other_values() {
  static const std::map<std::string, std::string> values{
      {"data.train", "['a.bin']"},
      {"data.test", "['a.bin']"},
      {"data.transform", "{ resize = 9 }"},
      {"data.normalize", "{ mean = [0.5, 0.5, 0.5], std = [0.2, 0.2, 0.2] }"},
      {"mapping.tile", "'unlimited'"},
      {"train.start", "'given'"},
      {"train.hardware.device", "{ model = 'pcm' }"},
      {"train.hardware.chip", "3"},
      {"train.hardware.mapping", "{ tile = [64, 64] }"},
      {"train.hardware.periphery", "{ adc = { bits = 5 } }"},
      {"periphery.layers", "{ conv1 = { adc = { percentile = 90.0 } } }"},
      {"compute.device", "'cuda:1'"},
      {"device", "{ model = 'awgn', eta = 0.1, g_max_S = 1e-5 }"}};
  return values;
}

/// A number that the key takes instead.
double other_number(const Parameter& p, double present) {
  const auto takes = [&](double x) {
    return x != present && x <= p.maximum && (p.minimum_is_open ? x > p.minimum : x >= p.minimum) &&
           x >= p.usual_minimum && x <= p.usual_maximum;
  };
  for (const double x : {present + 1, present - 1, present / 2, 1.0, 0.3, 0.7, 60.0})
    if (takes(x)) return x;
  throw std::logic_error("no other number for " + p.key);
}

Value other_value(const std::string& key, const Parameter& p, const Value& present) {
  const auto given = other_values().find(key);
  if (given != other_values().end()) {
    const Value parsed = parse_toml("x = " + given->second, "value");
    return *parsed.at("x");
  }
  const auto* word = std::get_if<std::string>(&present.data);
  const bool is_absent = word && !p.absent.empty() && *word == p.absent;
  if (!p.absent.empty() && !is_absent) return {p.absent};
  if (p.nested) return {Table{}};
  if (p.type == "boolean") return {!std::get<bool>(present.data)};
  if (p.type == "integer" || p.type == "real") {
    const auto* whole = std::get_if<std::int64_t>(&present.data);
    const auto* real = std::get_if<double>(&present.data);
    const double x = other_number(p, whole ? static_cast<double>(*whole) : real ? *real : 0.0);
    return p.type == "integer" ? Value{static_cast<std::int64_t>(x)} : Value{x};
  }
  if (p.type == "list of reals") return {Array{{0.5}}};
  if (p.type.starts_with("list of")) return {Array{{p.choices.empty() ? "x" : p.choices.front()}}};
  for (const std::string& choice : p.choices)
    if (choice != *word) return {choice};
  return {"other"};
}

/// The experiment with another value of one key; what holds between keys is not looked at.
Experiment with_other(const Experiment& base, const std::string& key, const Parameter& p) {
  Value all = Experiment::schema().write(&base);
  const Value* present = all.at(key);
  all.set(key, other_value(key, p, present ? *present : Value{}));
  Experiment other = base;
  std::vector<Fault> faults;
  Experiment::schema().read_into(all, "", other, faults);
  if (!faults.empty()) throw ConfigError(faults);
  return other;
}

/// Every table is there.
Experiment base() {
  return read(
      "seed = 3\ndata = { name = 'synthetic', train_images = 20, test_images = 20 }\n"
      "[model]\nname = 'resnet8'\nwidth = 2\n[train]\nkeep = 'best'\n"
      "distill = { temperature = 2.0 }\nmeasure = {}\nhardware = {}\n[mapping]\ntile = [64, "
      "64]\ndenoise = {}\n"
      "[device]\nmodel = 'awgn'\neta = 0.1\n"
      "[periphery]\ndac = {}\nadc = {}\nwires = { row_ohm = 1.0 }\noutput_noise = { relative = "
      "0.01 }\n"
      "[evaluation]\nstop = {}\n[cost]\n[compute]\ndevice = 'cpu'\n");
}

TEST(Stages, AreThoseWhoseKeysAnotherValueChanges) {
  const Experiment e = base();
  int keys = 0;
  visit(Experiment::schema(), "", [&](const std::string& key, const Parameter& p) {
    if (p.nested && p.absent.empty()) return;  // a table that is always there
    const Experiment other = with_other(e, key, p);
    Stages changed, identified;
    for (const Stage stage : all_stages()) {
      if (other.part(stage).text() != e.part(stage).text()) changed = changed | stage;
      if (other.identity(stage) != e.identity(stage)) identified = identified | stage;
    }
    EXPECT_EQ(text_of(changed), text_of(Experiment::schema().stages_of(key))) << key;
    if (key == "data.root") identified = changed;  // what lies there counts, not where
    EXPECT_EQ(text_of(identified), text_of(changed)) << key;
    ++keys;
  });
  EXPECT_GT(keys, 100);
}

TEST(Stages, ThatOtherValuesDecide) {
  const Experiment e = base(), last = read("[train]\nkeep = 'last'\n");
  const auto changes = [](Experiment a, Stage stage, auto change) {
    const std::string before = a.part(stage).text();
    change(a);
    return a.part(stage).text() != before;
  };
  const auto tests = [](Experiment& a) { a.data.test_images = 7; };
  EXPECT_TRUE(changes(e, Stage::training, tests)) << "they choose the epoch";
  EXPECT_FALSE(changes(last, Stage::training, tests));
  EXPECT_TRUE(changes(last, Stage::network, tests));
  const auto epochs = [](Experiment& a) { a.train.epochs = 7; };
  EXPECT_FALSE(changes(read("[model]\nweights = 'w.h5'\n"), Stage::point, epochs));
}

/// Stages that a key of [device], beside these, changes.
std::string changed_by(const std::string& device, const std::string& other) {
  const Experiment a = read("[device]\n" + device), b = read("[device]\n" + other);
  Stages changed;
  for (const Stage stage : all_stages())
    if (a.part(stage).text() != b.part(stage).text()) changed = changed | stage;
  return text_of(changed);
}

TEST(Stages, OfDevicesAreThoseOfWhatExactOnesShow) {
  const std::string awgn = "model = 'awgn'\neta = 0.1\n", draws = "from draw", all = "from ranges";
  EXPECT_EQ(changed_by(awgn, "model = 'awgn'\neta = 0.2\n"), draws);
  EXPECT_EQ(changed_by(awgn, "model = 'ideal'\n"), draws);
  EXPECT_EQ(changed_by(awgn, awgn + "g_max_S = 1e-5\n"), all);
  EXPECT_EQ(changed_by(awgn, awgn + "[device.layers.linear]\neta = 0.3\n"), all)
      << "a layer of its own";
  EXPECT_EQ(changed_by(awgn + "[device.layers.linear]\neta = 0.3\n",
                       awgn + "[device.layers.linear]\neta = 0.4\n"),
            draws);
  EXPECT_EQ(changed_by(awgn + "[device.layers.linear]\ng_min_S = 1e-6\n",
                       awgn + "[device.layers.linear]\ng_min_S = 2e-6\n"),
            all);
  const std::string curve = "model = 'cell_curve'\nv_read_V = 0.5\n";
  EXPECT_EQ(changed_by(curve, "model = 'cell_curve'\nv_read_V = 0.4\n"), all);
  EXPECT_EQ(changed_by(curve, curve + "cubic_per_V2 = 3.0\n"), all);
  EXPECT_EQ(changed_by("model = 'rram_milo'\nv_read_V = 0.2\n", "model = 'rram_milo'\n"), all);
}

// Points, trainings and evaluations of folders that exist are found again; those with wires are
// solved otherwise since 30 November 2026, and are others.
TEST(Identity, IsWhatItWas) {
  const Experiment plain = read("");
  EXPECT_EQ(plain.identity(), "587c2b3c9b8b2967da1b8d46e2c11b19910b40c6957b3a0c446513a64f20b24a");
  EXPECT_EQ(plain.training_identity(),
            "083f6c66f1fa516d5d0c44b07b82f54cab46bf5aa5b97dbbd5ce67c660d2aa7f");
  Experiment e = base();
  e.train.hardware.reset();  // which came later, as did this:
  e.mapping.denoise.reset();
  EXPECT_EQ(e.identity(), "08aec2da93580bf0e0684e8b84d8f66734ea4fce355d3c5390ca7b4c4a1a565b");
  EXPECT_EQ(e.training_identity(),
            "12183eeb16c0453f6d9533aae8e0c5833dd19cdefe28bf775f99c38946ba758c");
  EXPECT_EQ(e.identity(Stage::draw),
            "b441309cb5d2ea9b0e997e8d985e721235a93a8d4e8c2015121f8553aa101c3d");
  const Experiment given = read(
      "[model]\nweights = 'absent.h5'\n[data]\nname = 'cifar10'\nroot = 'absent'\n"
      "[device]\nmodel = 'rram_milo'\n[evaluation]\nmetric = 'top_k'\n");
  EXPECT_EQ(given.identity(), "5f20776fc01df563f492ceb14fe06e34fba71d6ea2c14c4426201375a52b1963");
  EXPECT_EQ(given.training_identity(),
            "04da594baa4fd28fc95690bc7c7d51fae44b49e9f0f53d30514bb569388ed4f5");
}

/// A network of weights at random, with data of its own.
class ChipsAtStages : public testing::Test {
 protected:
  ChipsAtStages() {
    const Experiment e = base();
    network_.data = std::make_shared<const Dataset>(load_dataset(e.data, e.seed));
    network_.graph = build_model(e.model, 10);
    network_.weights = std::make_shared<const Weights>(initialize(network_.graph, "he_normal", 1));
  }

  /// What calibration finds, and what the chip then answers with exact devices.
  struct Found {
    std::vector<double> ranges;
    std::vector<float> answers;
  };
  Found found(const Experiment& e) const {
    Calibrations none;
    PointChip chip(e, network_, none);
    Found found;
    for (const LayerRanges& layer : chip.analog().calibration()) {
      found.ranges.push_back(layer.input);
      found.ranges.insert(found.ranges.end(), layer.output.begin(), layer.output.end());
    }
    const ImageSet& test = network_.data->test;
    std::vector<float> x(static_cast<std::size_t>(test.size() * test.values()));
    normalized_batch(test, network_.data->normalization, 0, test.size(), x.data());
    found.answers = chip.analog().load_noise_free().logits(x.data(), test.size(), 0);
    return found;
  }

  /// What is not of a stage changes nothing of it, to the last bit. How many stages that were.
  int expect_same(const Experiment& e, const Found& of_e, const Experiment& other,
                  const std::string& key) const {
    const auto is_same = [&](Stage stage) {
      return e.part(stage).text() == other.part(stage).text();
    };
    const bool same_ranges = is_same(Stage::ranges), same_answers = is_same(Stage::exact);
    if (!same_ranges && !same_answers) return 0;
    const Found of_other = found(other);
    if (same_ranges) {
      EXPECT_EQ(of_other.ranges, of_e.ranges) << key;
    }
    if (same_answers) {
      EXPECT_EQ(of_other.answers, of_e.answers) << key;
    }
    return same_ranges + same_answers;
  }
  TrainedNetwork network_;
};

TEST_F(ChipsAtStages, AreTheSameWhateverCountsLater) {
  const Experiment e = base();
  const Found of_e = found(e);
  EXPECT_GT(of_e.ranges.size(), 50u);
  int compared = 0;
  visit(Experiment::schema(), "", [&](const std::string& key, const Parameter& p) {
    if ((p.nested && p.absent.empty()) || key.starts_with("cost.")) return;
    if (Experiment::schema().stages_of(key) == Stages()) return;
    compared += expect_same(e, of_e, with_other(e, key, p), key);
  });
  EXPECT_GE(compared, 30);
}

/// Every parameter of every device model that needs no file.
TEST_F(ChipsAtStages, AreTheSameForDevicesThatShowTheSame) {
  int compared = 0;
  for (const DeviceKind& kind : device_kinds()) {
    std::vector<Fault> faults;
    Value table{Table{}};
    table.set("model", {kind.name});
    Experiment e = base();
    e.periphery.wires.reset();
    const auto take = [&](const Value& device) {
      Experiment other = e;
      other.device_model = kind.name;
      other.device = read_device(device, "device", faults);
      return other;
    };
    const Experiment plain = take(table);
    if (!faults.empty()) continue;  // a file or a list has to be given
    const Found of_plain = found(plain);
    for (const Parameter& p : kind.schema->parameters()) {
      Value changed = write_device(kind.name, *plain.device);
      if (!changed.at(p.key) || p.type == "path" || p.type == "table") continue;
      try {
        changed.set(p.key, other_value("device." + p.key, p, *changed.at(p.key)));
      } catch (const std::logic_error&) {
        continue;
      }
      faults.clear();
      const Experiment other = take(changed);
      if (!faults.empty()) continue;
      compared += expect_same(plain, of_plain, other, kind.name + "." + p.key);
    }
  }
  EXPECT_GE(compared, 150);
}

// Noise behind columns has to know their ranges, which nothing else here does.
TEST_F(ChipsAtStages, WithoutConvertersHaveRangesOfColumnsForNoiseAlone) {
  Experiment quiet = base();
  quiet.periphery = {};
  quiet.mapping.bias = BiasPlace::analog;
  Experiment noisy = quiet;
  noisy.periphery.output_noise = OutputNoise{.relative = 0.1};
  Calibrations shared, own;
  PointChip(quiet, network_, shared);
  EXPECT_EQ(PointChip(noisy, network_, shared).measure(0).scores,
            PointChip(noisy, network_, own).measure(0).scores);
  EXPECT_EQ(shared.size(), 2u);
}

// A network whose layers are chosen by the file is another one for each choice.
TEST(Stages, LayersThatStayDigitalAreOfTheNetwork) {
  const test::TemporaryFolder folder;
  using Floats = std::vector<float>;
  test::Message graph;
  graph.message(1, test::onnx_node("Gemm", {"x", "a.weight"}, {"h"}));
  graph.message(1, test::onnx_node("Gemm", {"h", "b.weight"}, {"y"}));
  graph.message(5, test::onnx_tensor("a.weight", {2, 2}, test::raw(Floats{1, 2, 3, 4})));
  graph.message(5, test::onnx_tensor("b.weight", {2, 2}, test::raw(Floats{1, -2, 3, -4})));
  graph.message(11, test::onnx_value("x", {-1, 2}));
  graph.message(12, test::onnx_value("y", {-1, 2}));
  folder.write("net.onnx", test::onnx_model(graph).bytes());
  const std::string at = folder.path().string() + "/";
  folder.write("x.npy", test::npy({1, 2}, Floats{1, 2}));
  const auto of = [&](const std::string& digital) {
    return read("model.file = '" + at + "net.onnx'\nmapping.digital = [" + digital +
                "]\n[data]\nname = 'files'\ntest = { samples = '" + at + "x.npy' }\n");
  };
  const Experiment both = of(""), first = of("'b'");
  Progress progress;
  Networks networks(folder.path() / "training", progress);
  const auto layers = [&](const Experiment& e) {
    const auto& nodes = networks.get(e).graph.nodes;
    return std::ranges::count_if(nodes, [](const Node& node) { return has_matrix(node); });
  };
  EXPECT_EQ(layers(both), 2);
  EXPECT_EQ(layers(first), 1);
  EXPECT_EQ(first.training_identity(), both.training_identity());
  EXPECT_NE(first.identity(), both.identity());
}

// Errors against labels and against the network's own answers are two things.
TEST(Stages, WhatIsKeptOfANetworkIsOfItsMetric) {
  const test::TemporaryFolder folder;
  const auto of = [](const std::string& evaluation) { return read("[evaluation]\n" + evaluation); };
  Plausibility facts;
  facts.images = 7;
  keep_plausibility(folder.path(), of("metric = 'mse'\n"), facts, "x");
  EXPECT_TRUE(kept_plausibility(folder.path(), of("metric = 'mse'\ndraws = 3\n")));
  for (const char* other : {"", "metric = 'mae'\n", "metric = 'mse'\nagainst = 'answers'\n",
                            "metric = 'mse'\nscores = 'logits'\n"})
    EXPECT_FALSE(kept_plausibility(folder.path(), of(other))) << other;
}

// Of a run folder of somebody else's: no number is believed that none of this could be.
TEST(Stages, WhatIsKeptOfANetworkIsReadAsAStrangers) {
  const test::TemporaryFolder folder;
  const Experiment e = read("");
  Plausibility facts;
  facts.images = 40;
  keep_plausibility(folder.path(), e, facts, "x");
  const auto file = std::filesystem::directory_iterator(folder.path() / "plausibility")->path();
  const std::string sound = read_whole(file);
  const auto said = [&](const std::string& text) {
    write_atomically(file, text);
    try {
      kept_plausibility(folder.path(), e, "x");
    } catch (const DataError& error) {
      const std::string what = error.what(), place = file.string() + ": damaged: ";
      EXPECT_EQ(what.find(place), 0u) << what;
      return what.substr(std::min(what.size(), place.size()));
    }
    return std::string("believed");
  };
  const std::string advice = "; delete it and the points of its network to measure them again";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = sound;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return said(text.replace(text.find(from), from.size(), to));
  };
  EXPECT_EQ(said(sound), "believed");
  EXPECT_EQ(with("\"correct\": 0", "\"correct\": 39"),
            "its content does not have the SHA-256 it states" + advice);
  const std::string images = "\"images\": 40", whole = "; expected a whole number in ";
  for (const std::string wrong : {"-40", "1e300", "1e18", "\"40\"", "null"})
    EXPECT_EQ(with(images, "\"images\": " + wrong).find("images is "), 0u) << wrong;
  EXPECT_EQ(with("\"favourite\": 0", "\"favourite\": 4294967296"),
            "favourite is 4294967296" + whole + "[0, 2147483647]" + advice);
  EXPECT_EQ(with("\"correct\": 0", "\"correct\": 41"), "it counts 41 of 40 images" + advice);
  EXPECT_EQ(with("\"confidence\": 0.0", "\"confidence\": 1.5"),
            "confidence is 1.5; expected a number in [0, 1]" + advice);
  EXPECT_EQ(with("\"readings\": []", "\"readings\": [{\"name\": \"x\", \"accuracy\": 7}]"),
            "accuracy is 7; expected a number in [0, 1]" + advice);
  EXPECT_EQ(said(std::string(100'000, '[')), "its JSON has more than 32 levels" + advice);
  EXPECT_EQ(said("[]"), "a list where an object was expected" + advice);
  EXPECT_EQ(said("{"), "not JSON" + advice);
}

}  // namespace
}  // namespace ohmic
