// What is computed without an error is said where somebody may believe otherwise.
#include "experiments/study/exactness.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "experiments/budget/request.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/study/words.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Texts = std::vector<std::string>;

std::string exact(const std::string& text) {
  return exact_chips_remark(experiments_of(expand(parse_toml(text, "f.toml"))));
}

constexpr const char* kExact =
    "Nothing here makes an error: devices of awgn hold exactly what is written to them with these "
    "settings, and there are no converters, wires or noise behind them. Every chip is the network "
    "itself.";

TEST(ExactChips, AreThoseWithoutAnyError) {
  const std::string awgn = "[device]\nmodel = \"awgn\"\n";
  EXPECT_EQ(exact(awgn), kExact);
  EXPECT_EQ(exact(awgn + "eta = 1e-6\n"),
            "Devices of awgn hold what is written to them to within 0.01 % of their range with "
            "these settings, which is next to nothing, and there are no converters, wires or noise "
            "behind them: are the units right?");
  EXPECT_EQ(exact(awgn + "eta = 1e-3\n"), "");
  EXPECT_EQ(exact(awgn + "[sweep]\n\"device.eta\" = [1e-6, 0.1]\n"), "");
  EXPECT_EQ(exact(awgn + "[sweep]\n\"device.eta\" = [0, 0.1]\n"), "");
  EXPECT_EQ(exact(awgn + "[sweep]\n\"device.g_max_S\" = [1e-5, 2e-5]\n"), kExact);
  EXPECT_EQ(exact(awgn + "[device.layers.conv1]\nmodel = \"awgn\"\neta = 0.1\n"), "");
  EXPECT_EQ(exact(awgn + "[periphery]\nadc = { bits = 8 }\n"), "");
  EXPECT_EQ(exact(awgn + "[periphery]\nwires = { row_ohm = 1.0, column_ohm = 1.0 }\n"), "");
  EXPECT_EQ(exact("[device]\nmodel = \"stuck\"\nmin_rate = 1e-4\n"), "");
  EXPECT_EQ(exact("[device]\nmodel = \"pcm\"\n"), "");
}

std::string stack(const std::string& entries) {
  return "[device]\nmodel = \"stack\"\nmodels = [" + entries + "]\n";
}

TEST(ExactChips, OfAStackAreThoseWhoseEntriesDoNothing) {
  const std::string said = exact(stack(R"({ model = "awgn" }, { model = "stuck" })"));
  EXPECT_NE(said.find("Nothing here makes an error: devices of stack hold exactly"),
            std::string::npos)
      << said;
  EXPECT_EQ(exact(stack(R"({ model = "ideal" })")), "");
  EXPECT_EQ(exact(stack("")), "") << "has a remark of its own";
  EXPECT_EQ(exact(stack(R"({ model = "awgn", eta = 0.1 })")), "");
}

// Rare faults, levels and maps may lie outside of any sample.
TEST(ExactChips, AreNoneWhereErrorsMayBeOutOfSight) {
  const test::TemporaryFolder folder;
  const std::string map =
      folder.write("map.csv", "layer,role,row,column,state\n0,0,17,3,max\n").string();
  EXPECT_EQ(exact("[device]\nmodel = \"stuck\"\nmin_rate = 1e-7\n"), "");
  EXPECT_EQ(exact("[device]\nmodel = \"stuck\"\nmap = \"" + map + "\"\n"), "");
  for (const int bits : {1, 2, 3, 8})
    EXPECT_EQ(exact("[device]\nmodel = \"quantized\"\nbits = " + std::to_string(bits) + "\n"), "")
        << bits;
}

std::string idle(const std::string& text) {
  return idle_entries_remark(experiments_of(expand(parse_toml(text, "f.toml"))));
}

TEST(IdleEntries, OfAStackAreNamed) {
  EXPECT_EQ(idle(stack(R"({ model = "awgn", eta = 0.1 }, { model = "awgn" })")),
            "Of the stack's [[device.models]] entry 2 (awgn) changes nothing with these settings: "
            "devices hold exactly what the entry is asked for.");
  EXPECT_EQ(
      idle(stack(R"({ model = "stuck" }, { model = "awgn", eta = 0.1 }, { model = "awgn" })")),
      "Of the stack's [[device.models]] entry 1 (stuck), entry 3 (awgn) change nothing with these "
      "settings: devices hold exactly what the entry is asked for.");
  EXPECT_EQ(idle(stack(R"({ model = "awgn", eta = 0.1 }, { model = "ideal" })")), "");
  EXPECT_EQ(idle(stack(R"({ model = "pcm" }, { model = "stuck", min_rate = 1e-6 })")), "");
  EXPECT_EQ(idle(stack(R"({ model = "awgn" })")), "") << "all of them: said of the chip";
}

TEST(IdleEntries, AreIdleInEveryPoint) {
  const std::string swept =
      "[sweep]\ndevice = [{ model = \"stack\", models = [{ model = \"pcm\" }, { model = \"awgn\" "
      "}] }, { model = \"stack\", models = [{ model = \"pcm\" }, { model = \"awgn\", eta = ETA "
      "}] }]\n";
  const auto at = [&](const std::string& eta) {
    std::string text = swept;
    return text.replace(text.find("ETA"), 3, eta);
  };
  EXPECT_EQ(idle(at("0.1")), "");
  EXPECT_NE(idle(at("0")), "");
}

// Who names exact devices in a run means them; who asks what their errors cost does not.
TEST(ExactChips, AreSaidOfWhoeverAsksWhatErrorsCost) {
  const auto remarks = [](const std::string& more) {
    return remarks_on(
        read_request(parse_toml("[data]\nname = \"synthetic\"\n[device]\nmodel = "
                                "\"ideal\"\n" +
                                    more,
                                "f.toml")));
  };
  const std::string exact =
      "Nothing here makes an error: devices of ideal hold exactly what is written to them with "
      "these settings, and there are no converters, wires or noise behind them. Every chip is the "
      "network itself.";
  EXPECT_EQ(remarks(""), Texts{});
  EXPECT_EQ(remarks("[budget.yield]\n"), Texts{exact});
  EXPECT_EQ(remarks("[budget.sensitivity]\n"), Texts{exact});
  EXPECT_EQ(remarks("[budget.find]\nknob = \"device.g_max_S\"\nrange = [1e-5, 2e-5]\n"),
            Texts{exact});
  const std::string adc = "[periphery]\nadc = { bits = 8 }\ndac = { bits = 8 }\n";
  EXPECT_EQ(remarks(adc + "[budget.yield]\n"), Texts{});
  EXPECT_EQ(remarks(adc + "[budget.sensitivity]\n"),
            Texts{"[budget.sensitivity] asks what the noise of each layer's devices costs, and "
                  "devices here hold exactly what is written to them: no layer has any."});
}

// There is a source, of next to nothing.
TEST(ExactChips, AreSaidOfAttributionsToo) {
  const Texts remarks = remarks_on(
      read_budget(parse_toml("[data]\nname = \"synthetic\"\n[device]\nmodel = \"awgn\"\neta = "
                             "1e-6\n[budget.attribution]\n",
                             "f.toml")));
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_TRUE(remarks[0].starts_with("Devices of awgn hold what is written to them to within"))
      << remarks[0];
}

// A budget's questions have draws of their own.
TEST(BudgetRemarks, AreNotOfTheDrawsOfARun) {
  const auto remarks = [](const std::string& more) {
    return remarks_on(
        read_request(parse_toml("evaluation.draws = 1\n[data]\nname = "
                                "\"synthetic\"\n[device]\nmodel = \"awgn\"\neta = "
                                "0.1\n" +
                                    more,
                                "f.toml")));
  };
  EXPECT_EQ(remarks("").size(), 1u);
  EXPECT_EQ(remarks("[budget.yield]\n"), Texts{});
}

TEST(ExactChips, AreSaidOfWhatABudgetMeasuresBesideItsKnob) {
  const auto remarks = [](const std::string& more) {
    return remarks_on(
        read_budget(parse_toml("[data]\nname = \"synthetic\"\n[device]\nmodel = "
                               "\"awgn\"\n[budget.find]\nknob = \"device.eta\"\n" +
                                   more,
                               "f.toml")));
  };
  EXPECT_EQ(remarks(""), Texts{});
  EXPECT_EQ(remarks("[budget.yield]\n"), Texts{kExact});
  BudgetRequest run;
  run.points = expand(parse_toml("[device]\nmodel = \"awgn\"\n", "f.toml"));
  EXPECT_EQ(remarks_on(run), Texts{kExact});
}

/// Samples of 4 x 6 numbers; each row has a matrix of its own, another answers.
test::Message with_a_stack_of_matrices() {
  const auto floats = [](std::size_t n) {
    std::vector<float> values(n);
    std::iota(values.begin(), values.end(), 0.1f);
    return test::raw(values);
  };
  test::Message graph;
  graph.message(1, test::onnx_node("Reshape", {"x", "rows"}, {"apart"}));
  graph.message(1, test::onnx_node("MatMul", {"apart", "mixer.weight"}, {"mixed"}));
  graph.message(1, test::onnx_node("Flatten", {"mixed"}, {"all"}));
  graph.message(1, test::onnx_node("Gemm", {"all", "head.weight"}, {"y"}));
  const std::vector<std::int64_t> rows{-1, 4, 1, 6};
  graph.message(5, test::onnx_tensor("rows", {4}, test::raw(rows), 7));
  graph.message(5, test::onnx_tensor("mixer.weight", {4, 6, 6}, floats(144)));
  graph.message(5, test::onnx_tensor("head.weight", {24, 3}, floats(72)));
  graph.message(11, test::onnx_value("x", {-1, 4, 6}));
  graph.message(12, test::onnx_value("y", {-1, 3}));
  return test::onnx_model(graph);
}

TEST(DigitalMatrices, AreNamedWhereNobodyAskedForThem) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("net.onnx", with_a_stack_of_matrices().bytes()).string();
  const auto remarks = [&](const std::string& more) {
    return digital_matrices_remarks(experiments_of(
        expand(parse_toml("[model]\nfile = \"" + file +
                              "\"\n[data]\nname = \"files\"\ntest = { "
                              "samples = \"none.npy\" }\n[device]\nmodel = \"awgn\"\n" +
                              more,
                          "f.toml"))));
  };
  EXPECT_EQ(remarks(""), Texts{"Matrices of net.onnx that stay digital, hence exact: mixer (it "
                               "is a stack of matrices)."});
  EXPECT_EQ(remarks("[mapping]\ndigital = [\"mixer\"]\n"), Texts{});
}

/// Two products of whole numbers, and what is taken from the largest number of a batch.
test::Message with_whole_numbers() {
  test::Message graph;
  graph.message(1, test::onnx_node("QuantizeLinear", {"x", "s", "z"}, {"q"}));
  graph.message(1, test::onnx_node("MatMulInteger", {"q", "a.weight", "z"}, {"a"}));
  graph.message(1, test::onnx_node("MatMulInteger", {"q", "b.weight", "z"}, {"b"}));
  graph.message(1, test::onnx_node("Add", {"a", "b"}, {"sum"}));
  graph.message(1, test::onnx_node("Cast", {"sum"}, {"c"}, "",
                                   {test::Message().text(1, "to").number(3, 1).number(20, 2)}));
  graph.message(1, test::onnx_node("ReduceMax", {"c"}, {"most"}, "largest"));
  graph.message(1, test::onnx_node("Sub", {"c", "most"}, {"d"}));
  graph.message(1, test::onnx_node("Softmax", {"d"}, {"e"}));
  graph.message(1, test::onnx_node("Gemm", {"e", "head.weight"}, {"y"}));
  graph.message(5, test::onnx_tensor("s", {}, test::raw(std::vector<float>{0.1f})));
  graph.message(5, test::onnx_tensor("z", {}, std::string(1, '\100'), 2));
  graph.message(5, test::onnx_tensor("a.weight", {6, 2}, std::string(12, '\3'), 3));
  graph.message(5, test::onnx_tensor("b.weight", {6, 2}, std::string(12, '\2'), 3));
  graph.message(
      5, test::onnx_tensor("head.weight", {2, 3}, test::raw(std::vector<float>{1, 2, 3, 4, 5, 6})));
  graph.message(11, test::onnx_value("x", {-1, 6}));
  graph.message(12, test::onnx_value("y", {-1, 3}));
  return test::onnx_model(graph);
}

TEST(DigitalMatrices, AreSaidWithTheReasonOfTheFirst) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("net.onnx", with_whole_numbers().bytes()).string();
  const std::vector<Point> points =
      expand(parse_toml("[model]\nfile = \"" + file +
                            "\"\n[data]\nname = \"files\"\ntest = { samples = \"none.npy\" }\n"
                            "[device]\nmodel = \"awgn\"\n[evaluation]\nbatch = 7\n",
                        "f.toml"));
  EXPECT_EQ(digital_matrices_remarks(experiments_of(points)),
            Texts{"Matrices of net.onnx that stay digital, hence exact: a (its product is of whole "
                  "numbers; products of floats with QuantizeLinear and DequantizeLinear around "
                  "them are on crossbars), b. `ohmic inspect` says why of each."});
  EXPECT_EQ(batch_remarks(experiments_of(points)),
            Texts{"net.onnx: largest (ReduceMax) takes one value from all samples of a "
                  "batch. An answer may change with the samples beside it, and results with "
                  "evaluation.batch, which is 7 here."});
  const std::vector<std::string> all = remarks_on(experiments_of(points));
  EXPECT_NE(std::ranges::find(all, batch_remarks(experiments_of(points)).front()), all.end());
}

TEST(SignedDacs, AreCalledWhatTheyAre) {
  EXPECT_EQ(value_words("periphery.dac.is_signed", "true"), "every DAC is signed");
  EXPECT_EQ(value_words("periphery.dac.is_signed", "false"), "DACs are signed where inputs are");
}

TEST(SettingsOfOneLayer, AreCalledByItsName) {
  EXPECT_EQ(key_words("device.eta"), "noise η");
  EXPECT_EQ(key_words("device.layers.conv1.eta"), "noise η of conv1");
  EXPECT_EQ(key_title("device.layers.layer1.0.conv1.g_max_S", nullptr),
            "g max of layer1.0.conv1 (S)");
}

}  // namespace
}  // namespace ohmic
