// `ohmic data get` and `ohmic data show`, without a network.
#include <gtest/gtest.h>

#include <filesystem>

#include "nn/io/sha256.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using test::ohmic;
using test::Result;

class DataCommand : public testing::Test {
 protected:
  std::string file(const std::string& text) { return folder_.write("study.toml", text); }
  std::string root() const { return (folder_.path() / "data").string(); }

  test::TemporaryFolder folder_;
};

TEST_F(DataCommand, GetWithoutAServerNamesTheUrlTheChecksumAndTheFolder) {
  const std::string server = "file://" + folder_.path().string() + "/absent/";
  const Result result = ohmic({"data", "get", "cifar10", "--root", root(), "--from", server});
  EXPECT_EQ(result.status, 3);
  EXPECT_TRUE(result.err.starts_with("ohmic: error: cannot download cifar10: ")) << result.err;
  EXPECT_TRUE(result.err.ends_with(
      "\n  Download " + server +
      "cifar-10-binary.tar.gz\n"
      "  by hand (MD5 c32a1d4ab5d03f1284b67883e8d87530) and put it, as it is, into " +
      root() + "\n  then run `ohmic data get cifar10 --root " + root() + "` again\n"))
      << result.err;
  EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(DataCommand, GetTakesAnArchiveThatWasPutThereOnlyWithItsChecksum) {
  const auto archive = folder_.write("data/cifar-100-binary.tar.gz", "not it");
  const Result result = ohmic({"data", "get", "cifar100", "--root", root()});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.err, "ohmic: error: " + archive.string() +
                            ": is not the published archive: its MD5 is " + md5_of_file(archive) +
                            ", expected 03b5dce01913d631647c71ecec9e9cb8; remove it and try "
                            "again\n");
}

TEST_F(DataCommand, GetSaysWhereDataAreThatAreThere) {
  for (const char* name : {"train.bin", "test.bin"})
    folder_.write(std::string("data/cifar-100-binary/") + name, "x");
  const Result result = ohmic({"data", "get", "cifar100", "--root", root()});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "cifar100 is in " + root() + "/cifar-100-binary\n");
}

TEST_F(DataCommand, GetKnowsTwoNames) {
  const Result result = ohmic({"data", "get", "cifar11"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err,
            "error: \"cifar11\" is not a data set to get; expected cifar10 or cifar100\n");
  EXPECT_EQ(ohmic({"data", "get"}).status, 1);
  EXPECT_EQ(ohmic({"data"}).status, 1);
}

TEST_F(DataCommand, ShowCountsTheImagesOfEveryClass) {
  // Two label bytes, the second is the class.
  const std::string pixels(3072, '\x40');
  const std::string record = std::string("\x05\x03", 2) + pixels;
  const auto train = folder_.write("train.bin", record + record);
  const auto test = folder_.write("test.bin", record);
  const Result result = ohmic({"data", "show",
                               file("[data]\nname = \"cifar100\"\ntrain = [\"" + train.string() +
                                    "\"]\ntest = [\"" + test.string() + "\"]\n")});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("train: 2 samples of [3, 32, 32], 100 classes, sha256 "))
      << result.out;
  EXPECT_NE(result.out.find("\n  samples per class: 0 0 0 2 0 "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\ntest: 1 samples of [3, 32, 32], 100 classes, sha256 "),
            std::string::npos);
}

TEST_F(DataCommand, ShowsFilesWithoutLabelsOrTrainingSamples) {
  const std::string samples =
      folder_.write("x", std::string("\0\0\x08\2\0\0\0\3\0\0\0\2abcdef", 18));
  const std::string file = folder_.write(
      "files.toml", "[data]\nname = \"files\"\ntest = { samples = \"" + samples + "\" }\n");
  const Result result = ohmic({"data", "show", file});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("test: 3 samples of [2], 1 classes, sha256 ")) << result.out;
  EXPECT_TRUE(result.out.ends_with("\n  no labels\n")) << result.out;
}

TEST_F(DataCommand, ShowOfMissingDataNamesTheCommandThatGetsThem) {
  const Result result =
      ohmic({"data", "show", file("[data]\nname = \"cifar10\"\n"), "--set", "data.root=" + root()});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.err, "ohmic: error: cifar10 is not in " + root() +
                            " or its folder cifar-10-batches-bin (looked for data_batch_1.bin ... "
                            "test_batch.bin); get it with `ohmic data get cifar10 --root " +
                            root() + "`\n");
}

}  // namespace
}  // namespace ohmic
