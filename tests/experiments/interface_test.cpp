// The interface of the library: the numbers of the program, and what it says to whoever calls it
// amiss.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <sstream>

#include "experiments/budget/request.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/ohmic.hpp"
#include "experiments/report/budget/run_budget.hpp"
#include "experiments/run/run.hpp"
#include "experiments/text/table.hpp"
#include "simulator/call_error.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

std::string your_network() {
  return (test::source_folder() / "experiments/your_network/").string();
}

Network waves_network() { return load_network(your_network() + "network.pt2"); }

Samples waves() {
  const std::string file = your_network() + "waves.npz:";
  DataSettings data;
  data.name = "files";
  data.test_samples = {file + "test_x", file + "test_y", "", {}};
  data.train_samples.samples = file + "train_x";
  data.normalize = "given";
  data.scale = 0.0078125;
  data.mean = {1.0};
  return load_samples(data);
}

/// The same as an experiment file, with more of it.
Value waves_file(const std::string& more) {
  const std::string file = your_network() + "waves.npz:";
  return parse_toml("[model]\nfile = \"" + your_network() +
                        "network.pt2\"\n[data]\nname = \"files\"\n" + "test = { samples = \"" +
                        file + "test_x\", labels = \"" + file +
                        "test_y\" }\ntrain = { samples = \"" + file +
                        "train_x\" }\nnormalize = { scale = 0.0078125, mean = [1.0] }\n" +
                        "[output]\nfigures = false\nreport = false\n" + more,
                    "waves.toml");
}

Hardware converters(double eta) {
  Hardware hardware;
  hardware.mapping.tile = {128, 128};
  hardware.device = make_device("awgn", {{"eta", eta}});
  hardware.periphery.dac = Dac{};
  hardware.periphery.adc = Adc{};
  return hardware;
}

constexpr char kConverters[] =
    "[mapping]\ntile = [128, 128]\n[device]\nmodel = \"awgn\"\neta = 0.2\n[periphery]\ndac = {}\n"
    "adc = {}\n";

/// The only row of a CSV, by column.
std::map<std::string, std::string> only_row(const std::filesystem::path& file) {
  std::istringstream lines(read_whole(file));
  std::string head, row;
  std::getline(lines, head);
  std::getline(lines, row);
  const std::vector<std::string> keys = csv_cells(head), cells = csv_cells(row);
  std::map<std::string, std::string> columns;
  for (std::size_t i = 0; i < keys.size(); ++i) columns[keys[i]] = cells.at(i);
  return columns;
}

TEST(Interface, MeasuresTheBitsOfTheProgram) {
  const test::TemporaryFolder folder;
  RunOptions options;
  options.folder = folder.path();
  run_experiment(waves_file(std::string(kConverters) + "[evaluation]\ndraws = 4\n"), options);
  auto row = only_row(folder.path() / "results.csv");
  int called = 0;
  MeasureOptions asked;
  asked.draws = 4;
  asked.progress = [&](const std::string&, double part) {
    ++called;
    EXPECT_TRUE(part >= 0 && part <= 1) << part;
  };
  const Measurement m = measure(waves_network(), waves(), converters(0.2), asked);
  EXPECT_EQ(number_text(m.value), row["accuracy"]);
  EXPECT_EQ(number_text(m.lo), row["accuracy_lo"]);
  EXPECT_EQ(number_text(m.hi), row["accuracy_hi"]);
  EXPECT_EQ(number_text(m.baseline), row["baseline"]);
  EXPECT_EQ(number_text(m.noise_free), row["noise_free"]);
  EXPECT_EQ(number_text(m.normalized.mean), row["normalized"]);
  EXPECT_EQ(m.draws.size(), 4u);
  EXPECT_GT(called, 4);
}

TEST(Interface, FindsTheBudgetOfTheProgram) {
  const test::TemporaryFolder folder;
  Progress silent;
  run_budget(
      waves_file("[device]\nmodel = \"awgn\"\neta = 0.1\n[budget]\nmax_drop = [5.0]\ndraws = "
                 "4\nmax_draws = 8\n[budget.find]\nsteps = 8\n"),
      folder.path(), silent);
  auto row = only_row(folder.path() / "budget.csv");
  BudgetOptions options;
  options.max_drop = 5;
  options.draws = 4;
  options.max_draws = 8;
  options.steps = 8;
  Hardware hardware;
  hardware.device = make_device("awgn", {{"eta", 0.1}});
  const Budget budget = find_budget(waves_network(), waves(), hardware, "device.eta", options);
  EXPECT_EQ(number_text(budget.tolerated.value_or(NAN)), row["tolerated"]);
  EXPECT_EQ(number_text(budget.not_tolerated.value_or(NAN)), row["not_tolerated"]);
  EXPECT_EQ(number_text(budget.estimate.value_or(NAN)), row["estimate"]);
  EXPECT_EQ(number_text(budget.baseline), row["baseline"]);
  EXPECT_EQ(std::to_string(budget.probes.size()), row["values"]);
}

TEST(Interface, OneCrossbarMultiplies) {
  const Network matrix = matrix_network({0.5f, -1.0f, 0.25f, 1.0f, 0.0f, 2.0f}, 3, 2);
  const Samples x({1.0f, 2.0f, -1.0f, 0.5f}, {2, 2});
  Chip exact(matrix, {});
  const Answers y = exact(x);
  ASSERT_EQ(y.samples, 2);
  ASSERT_EQ(y.size, 3);
  const double wanted[] = {-1.5, 2.25, 4, -1, 0.25, 1};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(y.numbers[std::size_t(i)], wanted[i], 1e-6);
  Hardware noisy;
  noisy.device = make_device("awgn", {{"eta", 0.3}});
  Chip a(matrix, noisy, {.seed = 5, .draw = 1}), b(matrix, noisy, {.seed = 5, .draw = 0});
  EXPECT_NE(a(x).numbers, b(x).numbers);
  b.program(1);
  EXPECT_EQ(a(x).numbers, b(x).numbers);
  EXPECT_EQ(a.digital(x).numbers, exact.digital(x).numbers);
  EXPECT_EQ(a(x).numbers, b(x).numbers);  // digital() leaves the chip as it was
}

// Numbers in memory are the samples of a file, and labels are classes where they can be.
TEST(Interface, TakesNumbersInMemory) {
  const StoredArray x = open_array(your_network() + "waves.npz:test_x"),
                    y = open_array(your_network() + "waves.npz:test_y");
  Hardware hardware;
  hardware.device = make_device("awgn", {{"eta", 0.2}});
  MeasureOptions options;
  options.draws = 2;
  const Samples held(x.whole().values, x.shape, y.whole().values), stored(x, y);
  EXPECT_EQ(held.size(), x.shape.front());
  EXPECT_TRUE(held.has_labels());
  EXPECT_EQ(measure(waves_network(), held, hardware, options).draws,
            measure(waves_network(), stored, hardware, options).draws);
  EXPECT_EQ(measure(waves_network(), Samples(x), hardware, options).metric, "agreement");
}

TEST(Interface, TakesAnArrayForEachInput) {
  const StoredArray x = open_array(your_network() + "waves.npz:test_x"),
                    y = open_array(your_network() + "waves.npz:test_y");
  Hardware hardware;
  hardware.device = make_device("awgn", {{"eta", 0.2}});
  MeasureOptions options;
  options.draws = 2;
  const Network network = waves_network();
  const auto named = [&](const std::string& input) {
    return measure(network, Samples(std::vector<InputArray>{{input, x}}, y), hardware, options);
  };
  EXPECT_EQ(named(network.inputs().at(0)).draws,
            measure(network, Samples(x, y), hardware, options).draws);
  EXPECT_NE(error_of([&] { named("other"); }).find("no array is given for the network's input"),
            std::string::npos);
}

TEST(Interface, TakesNamedHardware) {
  const Hardware hardware = preset_hardware("isaac-like");
  ASSERT_TRUE(hardware.periphery.adc.has_value());
  const Hardware coarse = with_setting(hardware, "periphery.adc.bits", {std::int64_t{4}});
  EXPECT_EQ(coarse.periphery.adc->bits, 4);
  EXPECT_EQ(coarse.mapping.tile.rows, hardware.mapping.tile.rows);
}

// A layer keeps what its table gives, and follows the others in everything else, as in a file.
TEST(Interface, LayersOfATableFollowTheCommonDevice) {
  const std::string tables =
      "[device]\nmodel = \"awgn\"\neta = 0.1\n[device.layers.conv1]\ng_max_S = 3e-5\n";
  const Hardware read = read_hardware(parse_toml(tables, "hardware.toml"));
  const Value changed = table_of(with_setting(read, "device.eta", {0.3}));
  EXPECT_EQ(changed.at("device.layers.conv1")->text(), "{ g_max_S = 3e-05 }");
  const Network net = waves_network();
  const Samples x = waves().first(50);
  const std::string layer = net.layers().front();
  const auto hardware = [&](const std::string& eta) {
    return read_hardware(parse_toml("[device]\nmodel = \"awgn\"\neta = " + eta +
                                        "\n[device.layers.\"" + layer + "\"]\ng_max_S = 3e-5\n",
                                    "hardware.toml"));
  };
  const auto answers = [&](const Hardware& h) { return Chip(net, h)(x).numbers; };
  const auto moved = answers(with_setting(hardware("0.1"), "device.eta", {0.3}));
  EXPECT_EQ(moved, answers(hardware("0.3")));
  Hardware whole = hardware("0.1");  // a device by itself follows nothing
  whole.layers[layer] = make_device("awgn", {{"eta", 0.1}});
  EXPECT_EQ(answers(with_setting(whole, "device.layers." + layer + ".eta", {0.1})), answers(whole));
  EXPECT_NE(answers(with_setting(whole, "device.eta", {0.3})), moved);
}

TEST(Interface, CalibrationSamplesAreNormalisedAsTheMeasuredOnes) {
  const std::string file = your_network() + "waves.npz:";
  const Samples raw(open_array(file + "train_x"));
  EXPECT_EQ(error_of([&] { waves().with_calibration(raw); }),
            "Samples::with_calibration: the samples are normalised in another way than those to be "
            "measured; expected both from load_samples() with the same normalize, or both as the "
            "network takes them");
  EXPECT_NO_THROW(waves().with_calibration(waves().first(3)));
  EXPECT_NO_THROW(raw.with_calibration(raw));
}

BudgetOptions few_looks() {
  BudgetOptions options;
  options.max_drop = 5;
  options.draws = options.max_draws = 3;
  options.steps = 4;
  return options;
}

TEST(Interface, ABudgetRefusesAChangeTheOtherWay) {
  const auto refused = [](const std::string& metric, BudgetOptions options) {
    options.measure.metric = metric;
    Hardware hardware;
    hardware.device = make_device("awgn", {{"eta", 0.05}});
    return test::error_of<ConfigError>(
        [&] { find_budget(waves_network(), waves(), hardware, "device.eta", options); });
  };
  BudgetOptions rises = few_looks();
  rises.max_drop.reset();
  rises.max_rise = 5;
  EXPECT_EQ(refused("cross_entropy", few_looks()),
            "error: budget.max_drop: 5.0 is for metrics where higher is better, and of "
            "cross-entropy lower is; expected budget.max_rise, by how much it may rise, or "
            "budget.limit, the value itself");
  EXPECT_NE(refused("accuracy", rises).find("budget.max_rise: 5.0 is for metrics where lower"),
            std::string::npos);
}

// What `ohmic budget` says beside its answer stands in the budget.
TEST(Interface, ABudgetSaysWhyNothingWasFound) {
  const Network net = waves_network();
  const Samples x = waves();
  Hardware hardware;
  hardware.device = make_device("awgn", {{"eta", 0.05}});
  BudgetOptions options = few_looks();
  options.range = {1, 10};
  EXPECT_EQ(find_budget(net, x, hardware, "device.time_s", options).warnings,
            std::vector<std::string>{
                "every chip answers the same at both ends of the range, so that there is no "
                "budget: device.time_s has no effect beside the file's other settings, or none "
                "that these samples show there (a wider range may)"});
  options.range = {1, 6};
  options.scale = KnobScale::linear;
  options.steps = 5;
  const Budget turned = find_budget(net, x, converters(0.05), "periphery.adc.bits", options);
  EXPECT_EQ(turned.tolerated, std::nullopt);
  EXPECT_EQ(turned.warnings,
            std::vector<std::string>{"at 6 it is better, so look for the lowest value "
                                     "(budget.find.tolerate = \"fewest\")"});
  EXPECT_TRUE(find_budget(net, x, hardware, "device.eta", few_looks()).warnings.empty());
}

TEST(Interface, ABudgetIsOfTheHardwareAlone) {
  for (const char* knob : {"data.test_images", "train.epochs", "evaluation.batch", "seed", ""})
    EXPECT_EQ(error_of<ConfigError>(
                  [&] { find_budget(waves_network(), waves(), Hardware{}, knob, few_looks()); }),
              "error: knob: \"" + std::string(knob) +
                  "\" is nothing of the hardware; expected a number of mapping, device, periphery "
                  "or noise");
}

// What stops a call, or is wrong with its samples, never leaves other answers behind it.
TEST(Interface, AChipThatWasStoppedGivesTheAnswersAskedForOrNone) {
  struct Stopped {};
  bool stops = false;
  const auto stopped = [&](const auto& call) {
    stops = true;
    EXPECT_THROW(call(), Stopped);
    stops = false;
  };
  const Network net = waves_network();
  const Samples x = waves().first(100);
  Chip whole(net, converters(0.2));
  Chip chip(net, converters(0.2), {.progress = [&] {
              if (stops) throw Stopped();
            }});
  stopped([&] { chip.calibrate(x); });
  EXPECT_TRUE(chip.needs_calibration());
  chip.calibrate(x);
  whole.calibrate(x);
  const auto wanted = whole(x).numbers, digital = whole.digital(x).numbers;
  EXPECT_NE(wanted, digital);
  EXPECT_EQ(chip(x).numbers, wanted);
  EXPECT_THROW(chip.digital(Samples({1, 2, 3}, {1, 3})), DataError);
  EXPECT_EQ(chip(x).numbers, wanted);
  stopped([&] { chip.digital(x); });
  EXPECT_EQ(chip(x).numbers, wanted);
  EXPECT_EQ(chip.digital(x).numbers, digital);
  EXPECT_EQ(chip(x).numbers, wanted);
  stopped([&] { chip.program(2); });
  whole.program(2);
  EXPECT_NE(whole(x).numbers, wanted);
  EXPECT_EQ(chip(x).numbers, whole(x).numbers);
  stopped([&] { chip.calibrate(x); });
  EXPECT_TRUE(chip.needs_calibration());
  EXPECT_THROW(chip(x), CallError);
  chip.calibrate(x);
  EXPECT_EQ(chip(x).numbers, whole(x).numbers);
}

TEST(Interface, AChipHasItsThreadsInEveryCall) {
  const Network net = waves_network();
  const Samples x = waves().first(10);
  Chip chip(net, converters(0.1), {.threads = 1});
  const auto expect_one = [&](const auto& call) {
    use_threads(3);
    call();
    EXPECT_EQ(omp_get_max_threads(), 1);
  };
  expect_one([&] { chip.calibrate(x); });
  expect_one([&] { chip.program(1); });
  expect_one([&] { chip(x); });
  expect_one([&] { chip.digital(x); });
  use_threads(0);
}

// Everything in the wrong order, or with what cannot be: a typed exception, and never abort().
TEST(Interface, SaysWhatIsWrongWhateverIsCalled) {
  const Network net = waves_network();
  const Samples x = waves();
  Chip chip(net, converters(0.1));
  EXPECT_TRUE(chip.needs_calibration());
  EXPECT_EQ(error_of<CallError>([&] { chip(x); }),
            "Chip: its converters have no ranges; calibrate it with samples first");
  EXPECT_THROW(chip.program(3), CallError);
  EXPECT_NO_THROW(chip.digital(x));
  chip.calibrate(x.first(64));
  EXPECT_NO_THROW(chip(x.part(0, 10)));
  const Chip taken = std::move(chip);
  EXPECT_EQ(error_of<CallError>([&] { chip(x); }), "Chip: it was moved from");
  EXPECT_THROW(chip.calibrate(x), CallError);
  EXPECT_THROW(x.part(0, x.size() + 1), CallError);
  EXPECT_THROW(x.part(-1, 1), CallError);
  EXPECT_THROW(Samples(std::vector<float>{}, {0, 3}), DataError);
  EXPECT_THROW(Samples({1.0f, 2.0f, 3.0f}, {2, 2}), DataError);
  EXPECT_THROW(Samples({1.0f, NAN}, {1, 2}), DataError);
  EXPECT_THROW(Samples({1.0f, 2.0f}, {2, 1}, {0.0f}), DataError);
  EXPECT_THROW(matrix_network({1.0f}, 2, 2), DataError);
  EXPECT_THROW(matrix_network({}, 0, 0), DataError);
  EXPECT_THROW(Network(Graph{}, {}), DataError);
  Graph backwards;
  backwards.nodes.resize(2);
  backwards.nodes[0].height = backwards.nodes[0].width = backwards.nodes[0].channels = 1;
  backwards.nodes[1].op = Op::relu;
  backwards.nodes[1].inputs = {1};
  EXPECT_EQ(error_of([&] { Network(backwards, {}, "mine"); }),
            "mine: node 1 (relu) takes what node 1 gives; expected an earlier one");
  EXPECT_THROW(load_network("no/such/file.onnx"), DataError);
  EXPECT_THROW(load_network(ModelSettings{}), ConfigError);
  EXPECT_EQ(error_of<ConfigError>([] {
              make_device("awgn", {{"etta", 0.1}});
            }),
            "error: device.etta: unknown key; did you mean \"eta\"?");
  EXPECT_THROW(make_device("awgm"), ConfigError);
  EXPECT_THROW(preset_hardware("isaac"), ConfigError);
  Hardware wrong;
  wrong.periphery.adc = Adc{};
  wrong.periphery.adc->bits = -3;
  EXPECT_EQ(error_of<ConfigError>([&] { measure(net, x, wrong); }),
            "error: periphery.adc.bits: expected an integer in [1, 16], got the integer -3");
  Hardware half;
  half.device = {};
  EXPECT_EQ(error_of<ConfigError>([&] { measure(net, x, half); }),
            "error: device: has no parameters; expected a Device that make_device() made");
  EXPECT_THROW(find_budget(net, x, Hardware{}, "device.eta",
                           {.drop = DropUnit::points, .measure = {.metric = "cross_entropy"}}),
               ConfigError);
  Hardware unknown;
  unknown.layers["conv9"] = make_device("awgn");
  EXPECT_THROW(measure(net, x, unknown), ConfigError);
  EXPECT_THROW(measure(net, Samples({1, 2, 3}, {1, 3}), Hardware{}), DataError);
  EXPECT_THROW(measure(net, x, Hardware{}, {.metric = "acuracy"}), ConfigError);
  EXPECT_EQ(error_of<ConfigError>([&] { Chip(net, {}, {.seed = std::uint64_t{1} << 63}); }),
            "error: seed: expected an integer in [0, 9223372036854775807], got "
            "9223372036854775808");
  EXPECT_THROW(find_budget(net, x, Hardware{}, "device.eta"), ConfigError);
  EXPECT_THROW(find_budget(net, x, Hardware{}, "mapping.encoding"), ConfigError);
  struct Stopped {};
  EXPECT_THROW(measure(net, x, converters(0.1),
                       {.progress = [](const std::string&, double) { throw Stopped(); }}),
               Stopped);
}

}  // namespace
}  // namespace ohmic
