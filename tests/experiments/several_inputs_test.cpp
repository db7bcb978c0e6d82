// A network with two inputs from its file to results, and its answers beside known ones.
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/measure/files.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::npy;
using test::ohmic;
using test::Result;
using Floats = std::vector<float>;

/// y = [a, b] w for a of 2 numbers and b of 3: y_0 = a_0 + 2 b_2, y_1 = a_1 + b_0.
class TwoInputs : public testing::Test {
 protected:
  TwoInputs() {
    test::Message graph;
    graph
        .message(1,
                 test::onnx_node("Concat", {"a.1", "b"}, {"all"}, "", {test::onnx_int("axis", 1)}))
        .message(1, test::onnx_node("MatMul", {"all", "w"}, {"y"}, "fc"))
        .message(5, test::onnx_tensor("w", {5, 2}, test::raw(Floats{1, 0, 0, 1, 0, 1, 0, 0, 2, 0})))
        .message(11, test::onnx_value("a.1", {-1, 2}))
        .message(11, test::onnx_value("b", {-1, 3}))
        .message(12, test::onnx_value("y", {-1, 2}));
    folder_.write("net.onnx", test::onnx_model(graph).bytes());
    folder_.write("a.npy", npy({3, 2}, Floats{1, 2, 0, -4, 5, 1}));
    folder_.write("b.npy", npy({3, 3}, Floats{3, 9, 0, 1, 9, 2, 0, 9, -3}));
    folder_.write("y.npy", npy({3}, Floats{1, 0, 1}));
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }

  std::string experiment(const std::string& test) const {
    return folder_.write("f.toml",
                         "[model]\nfile = \"" + at("net.onnx") +
                             "\"\n[data]\nname = \"files\"\ntest = { " + test + ", labels = \"" +
                             at("y.npy") +
                             "\" }\n[device]\nmodel = \"awgn\"\neta = 0.001\n[evaluation]\n"
                             "draws = 2\n[output]\nfigures = false\n");
  }
  std::string said_of(const std::string& test) const {
    return ohmic({"check", experiment(test)}).err;
  }
  const test::TemporaryFolder folder_;
};

TEST_F(TwoInputs, AreMeasuredWithAnArrayForEach) {
  const std::string file =
      experiment("samples = { b = \"" + at("b.npy") + "\", \"a.1\" = \"" + at("a.npy") + "\" }");
  const Result result = ohmic({"run", file, "--out", at("out")});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::string rows = read_whole(folder_.path() / "out/results.csv");
  // Answers 1 5, 4 -3, -1 1: all labels are right, with next to no noise on every chip.
  EXPECT_NE(rows.find(",1,1,"), std::string::npos) << rows;
  EXPECT_NE(result.out.find("100.00"), std::string::npos) << result.out;
  const Result again = ohmic({"check", at("out/resolved.toml")});
  EXPECT_EQ(again.status, 0) << again.err;
}

TEST_F(TwoInputs, SayWhichArrayIsMissingOrOfNoInput) {
  EXPECT_NE(said_of("samples = { \"a.1\" = \"" + at("a.npy") + "\" }")
                .find("no array is given for the network's input b; expected one for "
                      "each of a.1 ([2]), b ([3])"),
            std::string::npos);
  EXPECT_NE(said_of("samples = \"" + at("a.npy") + "\"")
                .find("the network takes a.1 ([2]), b ([3]); expected an array for each"),
            std::string::npos);
  EXPECT_NE(said_of("samples = { \"a.1\" = 3 }")
                .find("data.test.samples.a.1: expected the name of a file, got 3"),
            std::string::npos);
  EXPECT_NE(said_of("samples = {}")
                .find("data.test.samples: expected a file for each input of the network"),
            std::string::npos);
}

TEST_F(TwoInputs, AreShownAndComparedWithKnownAnswers) {
  folder_.write("known.npy", npy({3, 2}, Floats{1, 5, 4, -3, -1, 1}));
  folder_.write("other.npy", npy({3, 2}, Floats{1, 5, 4, -3, -1, 1.5f}));
  const auto compared = [&](const std::string& known) {
    return ohmic({"inspect", at("net.onnx"), "--samples", "b=" + at("b.npy"), "--samples",
                  "a.1=" + at("a.npy"), "--answers", at(known)});
  };
  const Result same = compared("known.npy");
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_NE(same.out.find("a sample: a.1: 2 (float32), b: 3 (float32); its answer: 2\n"),
            std::string::npos)
      << same.out;
  EXPECT_NE(same.out.find("answers: 3 samples, whose answers are those of " + at("known.npy") +
                          " to the bit"),
            std::string::npos)
      << same.out;
  const Result other = compared("other.npy");
  EXPECT_EQ(other.status, 3);
  EXPECT_NE(other.err.find("answers: 3 samples, whose answers are not those of " + at("other.npy") +
                           ": that of sample 2 is 1.0e-01 of the largest number "
                           "away"),
            std::string::npos)
      << other.err;
  folder_.write("turned.npy", npy({2, 3}, Floats{1, 4, -1, 5, -3, 1}));
  EXPECT_NE(compared("turned.npy").err.find("is 2 x 3; expected 3 samples' answers of 2"),
            std::string::npos);
  folder_.write("none.npy", npy({3, 2}, Floats{1, 5, std::nanf(""), -3, -1, 1}));
  EXPECT_NE(compared("none.npy").err.find(": of sample 1 the known one is no number"),
            std::string::npos);
  std::filesystem::create_directories(folder_.path() / "run=3");
  folder_.write("run=3/b.npy", test::bytes_of(folder_.path() / "b.npy"));
  EXPECT_EQ(ohmic({"inspect", at("net.onnx"), "--samples", "b=" + at("run=3/b.npy"), "--samples",
                   "a.1=" + at("a.npy"), "--answers", at("known.npy")})
                .status,
            0);
  const Result lacks =
      ohmic({"inspect", at("net.onnx"), "--samples", at("a.npy"), "--answers", at("known.npy")});
  EXPECT_NE(lacks.status, 0);
  EXPECT_NE(lacks.err.find("--samples: the network takes a.1 ([2]), b ([3])"), std::string::npos)
      << lacks.err;
}

// torch.export keeps a sample of the inputs beside the program.
TEST(Inspect, AnswersTheSampleThatAFileStores) {
  const std::string file =
      (test::source_folder() / "experiments/your_network/network.pt2").string();
  const std::string out = ohmic({"inspect", file}).out;
  const std::string said =
      "stored sample: 2 samples, whose answers are those of the file's operators to ";
  const std::size_t at = out.find(said);
  ASSERT_NE(at, std::string::npos) << out;
  const std::string how = out.substr(at + said.size());
  if (how.starts_with("the bit")) return;
  EXPECT_LT(std::stod(how.substr(std::string("within ").size())), 1e-5) << how;
}

}  // namespace
}  // namespace ohmic
