// Files that `ohmic new` writes are checked and run as they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "experiments/measure/files.hpp"
#include "experiments/study/presets.hpp"
#include "simulator/device_model.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/keras_file.hpp"
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

/// y = x w for x of 2 numbers and the identity w: the label is the larger number's place.
class New : public testing::Test {
 protected:
  New() {
    test::Message graph;
    graph.message(1, test::onnx_node("MatMul", {"x", "w"}, {"y"}, "fc"))
        .message(5, test::onnx_tensor("w", {2, 2}, test::raw(Floats{1, 0, 0, 1})))
        .message(11, test::onnx_value("x", {-1, 2}))
        .message(12, test::onnx_value("y", {-1, 2}));
    folder_.write("net.onnx", test::onnx_model(graph).bytes());
    folder_.write("x.npy", npy({4, 2}, Floats{3, 1, 0, 2, 5, 4, 1, 9}));
    folder_.write("y.npy", npy({4}, Floats{0, 1, 0, 1}));
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string text(const std::string& name) const { return read_whole(at(name)); }
  /// `ohmic new` for net.onnx on x.npy.
  Result made(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"new",       "--model", at("net.onnx"), "--samples",
                                   at("x.npy"), "--out",   at(out)};
    words.insert(words.end(), more.begin(), more.end());
    return ohmic(words);
  }
  std::size_t rows(const std::string& run) const {
    const std::string csv = text(run + "/results.csv");
    return static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) - 1;
  }
  const test::TemporaryFolder folder_;
};

TEST_F(New, OfAnOnnxNetworkWithLabels) {
  const Result result = made("my.toml", {"--labels", at("y.npy")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(
      result.out.find(at("my.toml") + ": written, 6 points\nNext:\n  ohmic check " + at("my.toml")),
      std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("\n  ohmic run " + at("my.toml")), std::string::npos);
  EXPECT_NE(result.out.find("\n  ohmic plot runs/my --x device.eta --y normalized"),
            std::string::npos);
  EXPECT_NE(result.out.find("100.00 % of 4 test images are answered right"), std::string::npos)
      << "the file was checked\n"
      << result.out;
  const std::string file = text("my.toml");
  EXPECT_NE(file.find("# 4 samples of [2], with a label from 0 to 1 each."), std::string::npos)
      << file;
  EXPECT_NE(file.find("\nmetric = \"accuracy\"\n"), std::string::npos) << file;
  EXPECT_NE(file.find("too: auc, cross_entropy, perplexity, agreement,"), std::string::npos)
      << file;
  EXPECT_NE(file.find("that of its reference; for sigma_w the form factor 1/SNR."),
            std::string::npos)
      << "what device.eta declares\n"
      << file;
  EXPECT_EQ(ohmic({"check", at("my.toml")}).status, 0);
  const Result run = ohmic({"run", at("my.toml"), "--out", at("run")});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(rows("run"), 6u);
}

TEST_F(New, WithoutLabelsAsksForAgreementAndAgesWhatWasMeasured) {
  ASSERT_EQ(made("pcm.toml", {"--device", "pcm"}).status, 0);
  const std::string file = text("pcm.toml");
  EXPECT_NE(file.find("\nmetric = \"agreement\"\n"), std::string::npos) << file;
  EXPECT_NE(file.find("\ndevice.time_s = [60, 3600, 86400]\n"), std::string::npos) << file;
  EXPECT_EQ(ohmic({"run", at("pcm.toml"), "--out", at("run")}).status, 0);
  EXPECT_EQ(rows("run"), 3u);
}

TEST_F(New, OfEveryDeviceAndPresetIsChecked) {
  int refused = 0;
  for (const DeviceKind& kind : device_kinds()) {
    const Result result = made(kind.name + ".toml", {"--device", kind.name});
    if (result.status == 2) {  // it needs a file, or a list
      EXPECT_TRUE(result.err.starts_with("--device: error: device.")) << result.err;
      ++refused;
      continue;
    }
    ASSERT_EQ(result.status, 0) << kind.name << "\n" << result.err;
    const Result check = ohmic({"check", at(kind.name + ".toml")});
    EXPECT_EQ(check.status, 0) << check.err;
    std::istringstream lines(text(kind.name + ".toml"));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("# ")) {
        EXPECT_LE(line.size(), 100u + at("").size()) << line;
      }
  }
  EXPECT_LE(refused, 2);
  for (const Preset& preset : presets()) {
    const std::string file = "preset-" + preset.name + ".toml";
    const Result result = made(file, {"--preset", preset.name});
    ASSERT_EQ(result.status, 0) << preset.name << "\n" << result.err;
    EXPECT_EQ(ohmic({"check", at(file)}).status, 0) << preset.name;
    EXPECT_NE(text(file).find("\npreset = \"" + preset.name + "\"\n"), std::string::npos);
  }
}

TEST_F(New, OfDevicesAsTheyWereMeasured) {
  const std::string table =
      folder_.write("cells.csv", "g_target_uS,g_mean_uS,g_std_uS\n1,1,0.1\n25,24,1\n").string();
  ASSERT_EQ(made("cells.toml", {"--device", "lookup", "--table", table}).status, 0);
  EXPECT_NE(text("cells.toml").find("\nfile = \"" + table + "\"\n"), std::string::npos)
      << text("cells.toml");
  EXPECT_EQ(ohmic({"check", at("cells.toml")}).status, 0);
  EXPECT_EQ(made("no.toml", {"--device", "lookup"}).err,
            "--device: error: device.file: lookup is made from measurements; expected their table "
            "as --table FILE (`ohmic describe lookup` says what it holds)\n");
  EXPECT_EQ(made("no.toml", {"--device", "pcm", "--table", table}).err,
            "error: --table " + table + ": pcm reads no table; expected --device lookup\n");
  EXPECT_EQ(made("no.toml", {"--table", table}).status, 1) << "of which device?";
}

TEST_F(New, CalibratesOnWhatItIsGiven) {
  ASSERT_EQ(made("own.toml", {"--preset", "pcm-hermes-like", "--train", at("x.npy")}).status, 0);
  EXPECT_EQ(text("own.toml").find("no others were given"), std::string::npos);
  EXPECT_NE(text("own.toml").find("\ntrain = "), std::string::npos);
  ASSERT_EQ(made("test.toml", {"--preset", "pcm-hermes-like"}).status, 0);
  EXPECT_NE(text("test.toml").find("no others were given"), std::string::npos);
  EXPECT_NE(text("test.toml").find("\ntrain = "), std::string::npos);
  ASSERT_EQ(made("none.toml").status, 0);
  EXPECT_NE(text("none.toml").find("\n# train = "), std::string::npos);
}

TEST_F(New, OfANetworkThatPyTorchExported) {
  const auto folder = test::source_folder() / "experiments" / "your_network";
  const std::string waves = (folder / "waves.npz").string();
  const Result result =
      ohmic({"new", "--model", (folder / "network.pt2").string(), "--samples", waves + ":test_x",
             "--labels", waves + ":test_y", "--train", waves + ":train_x", "--out", at("w.toml")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(text("w.toml").find("with a label from 0 to 3 each"), std::string::npos);
  const Result run = ohmic({"run", at("w.toml"), "--out", at("run"), "--only", "device.eta=0.1"});
  EXPECT_EQ(run.status, 0) << run.err;
}

TEST_F(New, OfAKerasModel) {
  {
    test::KerasFile h5(at("net.h5"));
    h5.put("model_weights/dense/dense/kernel:0", {2, 3}, -2);
    h5.put("model_weights/dense/dense/bias:0", {3}, 0);
    h5.config(R"({"class_name":"Sequential","config":{"name":"net","layers":[)"
              R"({"class_name":"InputLayer","config":{"name":"x","batch_shape":[null,2]}},)"
              R"({"class_name":"Dense","config":{"name":"dense"}}]}})");
  }
  const Result result = ohmic({"new", "--model", at("net.h5"), "--samples", at("x.npy"), "--labels",
                               at("y.npy"), "--out", at("keras.toml")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(ohmic({"run", at("keras.toml"), "--out", at("run")}).status, 0);
  EXPECT_EQ(rows("run"), 6u);
}

TEST_F(New, ScalesBytes) {
  folder_.write("bytes.npy", npy("|u1", "2, 2", std::string("\x03\x01\x02\x09", 4)));
  ASSERT_EQ(ohmic({"new", "--model", at("net.onnx"), "--samples", at("bytes.npy"), "--out",
                   at("bytes.toml")})
                .status,
            0);
  EXPECT_NE(text("bytes.toml").find("\nnormalize = { scale = 0.00392156862745098 }\n"),
            std::string::npos)
      << text("bytes.toml");
}

TEST_F(New, TakesAnArrayForEachInput) {
  test::Message graph;
  graph.message(1, test::onnx_node("Add", {"a.1", "b"}, {"sum"}, "add"))
      .message(1, test::onnx_node("MatMul", {"sum", "w"}, {"y"}, "fc"))
      .message(5, test::onnx_tensor("w", {2, 2}, test::raw(Floats{1, 0, 0, 1})))
      .message(11, test::onnx_value("a.1", {-1, 2}))
      .message(11, test::onnx_value("b", {-1, 2}))
      .message(12, test::onnx_value("y", {-1, 2}));
  const std::string net = folder_.write("two.onnx", test::onnx_model(graph).bytes()).string();
  const Result lacks = ohmic({"new", "--model", net, "--samples", at("x.npy")});
  EXPECT_EQ(lacks.status, 3);
  EXPECT_NE(lacks.err.find("--samples: the network takes a.1 ([2]), b ([2]); expected an array"),
            std::string::npos)
      << lacks.err;
  const Result result = ohmic({"new", "--model", net, "--samples", "b=" + at("x.npy"), "--samples",
                               "a.1=" + at("x.npy"), "--out", at("two.toml")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(ohmic({"check", at("two.toml")}).status, 0);
}

TEST_F(New, WithoutAModelTrainsAResNetOnBuiltInImages) {
  const Result result = ohmic({"new", "--out", at("small.toml")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(text("small.toml").find("\nname = \"resnet8\"\n"), std::string::npos);
  EXPECT_EQ(ohmic({"check", at("small.toml")}).status, 0);
  const Result run = ohmic({"run", at("small.toml"), "--out", at("run"), "--set",
                            "data.train_images=64", "--set", "data.test_images=20", "--set",
                            "train.epochs=1", "--set", "model.width=4", "--set", "device.eta=0.1"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(rows("run"), 1u);
}

TEST_F(New, SaysHowToGetImagesThatAreNotHere) {
  const Result result =
      ohmic({"new", "--model", "resnet20", "--data", "cifar10", "--out", at("cifar.toml")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(text("cifar.toml").find("\nestimator = \"per_batch\"\n"), std::string::npos);
  if (std::filesystem::exists("data")) GTEST_SKIP() << "images are here";
  EXPECT_NE(result.out.find("Next:\n  ohmic data get cifar10"), std::string::npos) << result.out;
}

TEST_F(New, NeverWritesOverAFile) {
  folder_.write("my.toml", "mine");
  const Result result = made("my.toml");
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "error: " + at("my.toml") +
                            ": is there already, and no file is written over; expected a new name, "
                            "--out NAME.toml\n");
  EXPECT_EQ(text("my.toml"), "mine");
  std::filesystem::create_symlink("nowhere", folder_.path() / "link.toml");
  EXPECT_EQ(made("link.toml").status, 2) << "a link that leads nowhere is there too";
  EXPECT_EQ(made("my.txt").err,
            "error: --out " + at("my.txt") + ": expected a name that ends in .toml\n");
}

TEST_F(New, SaysWhatWouldBeAccepted) {
  const auto said = [&](const std::vector<std::string>& more, int status) {
    const Result result = made("no.toml", more);
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_FALSE(std::filesystem::exists(at("no.toml"))) << result.err;
    return result.err;
  };
  EXPECT_NE(said({"--device", "pmc"}, 2).find("did you mean \"pcm\"?"), std::string::npos);
  EXPECT_NE(said({"--preset", "isac-like"}, 2).find("did you mean \"isaac-like\"?"),
            std::string::npos);
  folder_.write("three.npy", npy({3}, Floats{0, 1, 0}));
  EXPECT_TRUE(said({"--labels", at("three.npy")}, 3)
                  .starts_with("ohmic: error: --labels: " + at("three.npy") + ": has 3 labels"));
  folder_.write("many.npy", npy({4}, Floats{0, 1, 0, 7}));
  EXPECT_NE(said({"--labels", at("many.npy")}, 3)
                .find("label 7 of sample 3 is no class: the network answers with 2 numbers"),
            std::string::npos);
  const Result none = ohmic({"new", "--model", at("net.onnx")});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(none.err.starts_with("error: --samples: is missing; expected what " + at("net.onnx") +
                                   " is measured on, for x ([2]): an array"))
      << none.err;
  EXPECT_EQ(said({"--train", at("none.npy")}, 3).find("ohmic: error: --train: " + at("none.npy")),
            0u);
  EXPECT_TRUE(said({"--train", at("y.npy")}, 3)
                  .starts_with("ohmic: error: --train: a sample of the data is "));
  EXPECT_EQ(
      said({"--device", "lookup", "--table", at("t.csv")}, 3),
      "ohmic: error: --table: " + at("t.csv") +
          ": no such file; expected measurements as CSV (`ohmic describe lookup` says what it "
          "holds)\n");
  const std::string table = folder_.write("t.csv", "no,table\n1\n").string();
  EXPECT_NE(said({"--device", "lookup", "--table", table}, 3).find("--table: " + table),
            std::string::npos);
  EXPECT_EQ(ohmic({"new", "--model", at("foo.onnx")}).err,
            "ohmic: error: --model: " + at("foo.onnx") +
                ": no such file; expected a model file (.onnx, .pt2, .keras, .h5), or a built-in "
                "network (`ohmic list models`)\n");
  const std::string broken = folder_.write("broken.onnx", "no model").string();
  EXPECT_EQ(ohmic({"new", "--model", broken}).err.find("ohmic: error: --model: " + broken), 0u);
  for (const char* name : {"cifar10", "cifar100", "synthetic"})
    EXPECT_EQ(
        ohmic({"new", "--model", at("net.onnx"), "--data", name, "--out", at("no.toml")})
            .err.find("ohmic: error: --data " + std::string(name) + ": a sample of the data is "),
        0u);
  EXPECT_FALSE(std::filesystem::exists(at("no.toml")));
  const Result misspelt = ohmic({"new", "--model", "resnt20"});
  EXPECT_EQ(misspelt.status, 2);
  EXPECT_TRUE(misspelt.err.starts_with("--model: error: model.name: expected resnetD with D = 6n"))
      << misspelt.err;
  EXPECT_TRUE(
      misspelt.err.ends_with("got resnt20, which is no file either; did you mean \"resnet20\"?\n"))
      << misspelt.err;
  EXPECT_NE(ohmic({"new", "--data", "cifar11"}).err.find("did you mean \"cifar10\"?"),
            std::string::npos)
      << ohmic({"new", "--data", "cifar11"}).err;
}

TEST_F(New, HelpTeaches) {
  const Result help = ohmic({"new", "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("Examples:\n  ohmic new "), std::string::npos) << help.out;
}

}  // namespace
}  // namespace ohmic
