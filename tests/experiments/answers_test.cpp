// What the numbers of a file's answers are: where its classes lie, logits or probabilities; and
// what is told of a network that has nothing on crossbars.
#include <gtest/gtest.h>

#include "tests/experiments/command_line.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::npy;
using test::ohmic;
using test::Result;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

class AnswersOfFiles : public testing::Test {
 protected:
  /// An experiment of net.onnx.
  std::string experiment(const test::Message& network, const std::string& samples,
                         const std::string& labels) {
    folder_.write("net.onnx", network.bytes());
    folder_.write("x.npy", samples);
    folder_.write("y.npy", labels);
    const std::string at = folder_.path().string() + "/";
    return folder_.write("f.toml", "model.file = \"" + at +
                                       "net.onnx\"\n[data]\nname = \"files\"\ntest = { samples = "
                                       "\"" +
                                       at + "x.npy\", labels = \"" + at +
                                       "y.npy\" }\n[device]\nmodel = \"awgn\"\neta = 0.1\n");
  }
  const test::TemporaryFolder folder_;
};

/// 0.99 of a sigmoid of the first of a sample's two numbers.
test::Message share_of_two() {
  test::Message graph;
  graph.message(1, test::onnx_node("Gemm", {"x", "head.weight"}, {"h"}));
  graph.message(1, test::onnx_node("Sigmoid", {"h"}, {"s"}));
  graph.message(1, test::onnx_node("Mul", {"s", "most"}, {"y"}));
  graph.message(5, test::onnx_tensor("head.weight", {2, 1}, test::raw(Floats{1, -1})));
  graph.message(5, test::onnx_tensor("most", {1}, test::raw(Floats{0.99f})));
  graph.message(11, test::onnx_value("x", {-1, 2}));
  graph.message(12, test::onnx_value("y", {-1, 1}));
  return test::onnx_model(graph);
}

TEST_F(AnswersOfFiles, AreProbabilitiesWhereTheyLieSo) {
  Floats x;
  Integers y;
  for (int i = 0; i < 40; ++i) {
    x.insert(x.end(), {0.1f * static_cast<float>(i) - 1.95f, 0});
    y.push_back(i >= 20);
  }
  const std::string file = experiment(share_of_two(), npy("<f4", "40, 2", test::raw(x)),
                                      npy("<i8", "40,", test::raw(y)));
  const std::string note =
      "what the network answers without noise is from 0 to 1, so its one number is taken for a "
      "probability, and above 1/2 for class 1; evaluation.scores = \"logits\" says otherwise";
  const Result found = ohmic({"check", file});
  EXPECT_NE(found.out.find(": 100.00 % of 40"), std::string::npos) << found.out << found.err;
  EXPECT_NE(found.out.find("note: net.onnx on files: " + note + "\n"), std::string::npos);
  const Result logits = ohmic({"check", file, "--set", "evaluation.scores=logits"});
  EXPECT_NE(logits.out.find(": 50.00 % of 40"), std::string::npos) << logits.out << logits.err;
  EXPECT_EQ(logits.out.find("note:"), std::string::npos) << logits.out;
  const std::string run = folder_.path() / "run";
  const Result done = ohmic({"run", file, "--out", run, "--set", "evaluation.draws=2"});
  EXPECT_NE((done.out + done.err).find("  " + note + ".\n"), std::string::npos) << done.out;
  EXPECT_NE(test::bytes_of(folder_.path() / "run" / "results.jsonl").find("taken for a probab"),
            std::string::npos);
  const std::string entropy =
      ohmic({"check", file, "--set", "evaluation.metric=cross_entropy"}).out;
  EXPECT_NE(entropy.find("taken for a probability"), std::string::npos) << entropy;
}

/// Three classes at three positions, of one of three samples; classes on the first axis.
test::Message classes_of_three() {
  Floats weights;  // [sample][class][position]
  for (int k = 0; k < 3; ++k)
    for (int c = 0; c < 3; ++c)
      for (int p = 0; p < 3; ++p) weights.push_back(c == (p + k) % 3 ? 1.0f : 0.0f);
  test::Message graph;
  graph.message(1, test::onnx_node("Gemm", {"x", "head.weight"}, {"h"}));
  graph.message(1, test::onnx_node("Reshape", {"h", "apart"}, {"y"}));
  graph.message(5, test::onnx_tensor("head.weight", {3, 9}, test::raw(weights)));
  graph.message(5, test::onnx_tensor("apart", {3}, test::raw(Integers{-1, 3, 3}), 7));
  graph.message(11, test::onnx_value("x", {-1, 3}));
  graph.message(12, test::onnx_value("y", {-1, 3, 3}));
  return test::onnx_model(graph);
}

TEST_F(AnswersOfFiles, HaveClassesOnTheFirstAxisWhereTwoFit) {
  const std::string file = experiment(
      classes_of_three(), npy("<f4", "3, 3", test::raw(Floats{1, 0, 0, 0, 1, 0, 0, 0, 1})),
      npy("<i8", "3, 3", test::raw(Integers{0, 1, 2, 1, 2, 0, 2, 0, 1})));
  const Result found = ohmic({"check", file});
  EXPECT_NE(found.out.find(": 100.00 % of 3"), std::string::npos) << found.out << found.err;
  EXPECT_NE(
      found.out.find("note: net.onnx on files: labels fit an answer of 3 x 3 numbers with "
                     "classes on its first axis and on its last, and the first one is taken, "
                     "as in PyTorch's losses; evaluation.class_axis = \"last\" says otherwise"),
      std::string::npos)
      << found.out;
  const Result last = ohmic({"check", file, "--set", "evaluation.class_axis=last"});
  EXPECT_NE(last.out.find(": 33.33 % of 3"), std::string::npos) << last.out << last.err;
  EXPECT_EQ(last.out.find("note:"), std::string::npos) << last.out;
}

/// Samples above 4 move the answers to the others: the means of what is above are added.
test::Message with_means_of_samples() {
  test::Message graph;
  const test::Message samples = test::Message().text(1, "axes").number(8, 0).number(20, 7);
  graph.message(1, test::onnx_node("Sub", {"x", "four"}, {"above"}));
  graph.message(1, test::onnx_node("Relu", {"above"}, {"only"}));
  graph.message(1, test::onnx_node("ReduceMean", {"only"}, {"mean"}, "", {samples}));
  graph.message(1, test::onnx_node("Add", {"x", "mean"}, {"moved"}));
  graph.message(1, test::onnx_node("Gemm", {"moved", "head.weight"}, {"y"}));
  graph.message(5, test::onnx_tensor("four", {1}, test::raw(Floats{4})));
  graph.message(5, test::onnx_tensor("head.weight", {2, 2}, test::raw(Floats{1, -1, 2, 1})));
  graph.message(11, test::onnx_value("x", {-1, 2}));
  graph.message(12, test::onnx_value("y", {-1, 2}));
  return test::onnx_model(graph);
}

TEST_F(AnswersOfFiles, AreThoseOfSamplesAlone) {
  const auto said = [&](const Floats& x) {
    return ohmic({"check", experiment(with_means_of_samples(), npy("<f4", "3, 2", test::raw(x)),
                                      npy("<i8", "3,", test::raw(Integers{0, 1, 1})))});
  };
  const Result large = said({9, 0, -3, 2, 1, 1}), small = said({3, 0, -3, 2, 1, 1});
  EXPECT_EQ(large.status, 3);
  EXPECT_EQ(large.err,
            "ohmic: error: net.onnx on files: of 3 samples of data.test 3 are answered otherwise "
            "beside one another than alone; such a network cannot be measured sample by sample\n");
  EXPECT_EQ(small.status, 0) << small.err;
}

TEST(Inspect, ShowsNetworksWithNothingOnCrossbars) {
  const test::TemporaryFolder folder;
  test::Message graph;
  graph.message(1, test::onnx_node("MatMul", {"x", "one.weight"}, {"y"}));
  graph.message(5, test::onnx_tensor("one.weight", {6}, test::raw(Floats(6, 0.5f))));
  graph.message(11, test::onnx_value("x", {-1, 4, 6}));
  graph.message(12, test::onnx_value("y", {-1, 4}));
  const std::string file = folder.write("net.onnx", test::onnx_model(graph).bytes());
  const Result result = ohmic({"inspect", file});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("on crossbars: 0 layers, 0 parameters, 0 MACs per sample\nnothing of "
                            "this network can be measured on crossbars: its matrices of constants "
                            "stay digital, below with what keeps each there\n"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("digital matrix: one (MatMul): it is a vector, not a matrix\n"),
            std::string::npos)
      << result.out;
  EXPECT_NE(ohmic({"inspect", file, "--json"}).out.find("\"layers\": []"), std::string::npos);
  const Result run = ohmic({"check", folder.write("f.toml", "model.file = \"" + file +
                                                                "\"\n[device]\nmodel = "
                                                                "\"awgn\"\n")});
  EXPECT_NE(run.err.find("net.onnx: no layer is left on crossbars; `ohmic inspect` says why"),
            std::string::npos)
      << run.err;
}

TEST(Inspect, SaysWhatIsComputedOnceAndWhatHangsOnTheBatch) {
  const test::TemporaryFolder folder;
  test::Message graph;
  graph.message(1, test::onnx_node("MatMul", {"places", "bias.weight"}, {"bias"}, "cpb"));
  graph.message(1, test::onnx_node("Add", {"x", "bias"}, {"a"}));
  graph.message(1, test::onnx_node("ReduceMax", {"a"}, {"most"}, "largest"));
  graph.message(1, test::onnx_node("Sub", {"a", "most"}, {"c"}));
  graph.message(1, test::onnx_node("Softmax", {"c"}, {"b"}));
  graph.message(1, test::onnx_node("Gemm", {"b", "head.weight"}, {"y"}));
  graph.message(5, test::onnx_tensor("places", {1, 2}, test::raw(Floats{1, 2})));
  graph.message(5, test::onnx_tensor("bias.weight", {2, 4}, test::raw(Floats(8, 0.5f))));
  graph.message(5, test::onnx_tensor("head.weight", {4, 3}, test::raw(Floats(12, 0.5f))));
  graph.message(11, test::onnx_value("x", {-1, 4}));
  graph.message(12, test::onnx_value("y", {-1, 3}));
  const std::string file = folder.write("net.onnx", test::onnx_model(graph).bytes());
  const Result result = ohmic({"inspect", file});
  EXPECT_NE(result.out.find(
                "computed once: cpb: constants times constants, 10 numbers of the file, which no "
                "sample drives\nover a batch: largest (ReduceMax) takes one value from "
                "all samples of a batch; an answer may change with the samples beside it, and with "
                "evaluation.batch\n"),
            std::string::npos)
      << result.out << result.err;
  const std::string json = ohmic({"inspect", file, "--json"}).out;
  EXPECT_NE(json.find("\"numbers\": 10"), std::string::npos) << json;
  EXPECT_NE(json.find("\"largest (ReduceMax)\""), std::string::npos) << json;
}

}  // namespace
}  // namespace ohmic
