// Training images that are asked for and not there, and those that are the test images.
#include "experiments/study/training_images.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/experiments/command_line.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;

class TrainingImages : public ::testing::Test {
 protected:
  test::Result check(const std::string& text) const {
    return ohmic({"check", folder_.write("f.toml", text)});
  }
  const test::TemporaryFolder folder_;
};

TEST_F(TrainingImages, ThatAreNotThereAreNotUsed) {
  const std::string data = "data = { name = \"synthetic\", train_images = 20, test_images = 10 }\n";
  const std::string adc = "periphery = { adc = { bits = 8 }, dac = { bits = 8 } }\n";
  const auto asks = [](const char* key) {
    return std::string("ohmic: error: evaluation.") + key +
           " asks for 21 images but there are 20 (data.train)\n";
  };
  const test::Result many = check(data + adc + "evaluation.calibration_images = 21\n");
  EXPECT_EQ(many.status, 3);
  EXPECT_EQ(many.err, asks("calibration_images"));
  EXPECT_EQ(check(data + adc + "evaluation.calibration_images = 20\n").status, 0);
  EXPECT_EQ(check(data + adc).status, 0) << "the default means as many as there are";
  EXPECT_EQ(check(data + "evaluation.calibration_images = 21\n").status, 0) << "nobody looks";
  EXPECT_EQ(check(data + "evaluation.batch_norm_images = 21\n").err, asks("batch_norm_images"));
  EXPECT_EQ(check(data + "evaluation.batch_norm_images = 20\n").status, 0);
  const test::Result run =
      ohmic({"run", folder_.write("f.toml", data + adc + "evaluation.calibration_images = 21\n"),
             "--out", folder_.path() / "run"});
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find(asks("calibration_images")), std::string::npos) << run.err;
}

class SameSamples : public TrainingImages {
 protected:
  std::string file(const std::string& test, const std::string& train,
                   const std::string& more = "") const {
    return "model.file = \"" + (own_ / "network.pt2").string() + "\"\n" + more +
           "[data]\nname = \"files\"\nnormalize = { scale = 0.0078125, mean = [1.0] }\n" +
           "test = { samples = \"" + test + "\", labels = \"" + waves("test_y") +
           "\" }\ntrain = { samples = \"" + train + "\" }\n";
  }
  std::string waves(const std::string& array) const {
    return (own_ / "waves.npz").string() + ":" + array;
  }
  const std::filesystem::path own_ = test::source_folder() / "experiments" / "your_network";
};

TEST_F(SameSamples, AreNamedWhereverTheyLie) {
  const auto note = [](const std::string& samples) {
    return "note: data.test and data.train name the same samples (" + samples +
           "): if the network was trained on them, right answers to them promise nothing for "
           "others.\n";
  };
  const std::string copy = folder_.path() / "copy.npz";
  std::filesystem::copy_file(own_ / "waves.npz", copy);
  const std::string test = waves("test_x");
  for (const std::string& train : {test, copy + ":test_x"}) {
    const std::string said = check(file(test, train)).out;
    EXPECT_TRUE(said.starts_with(note(test))) << said;
    EXPECT_EQ(said.find("are among the training images"), std::string::npos) << said;
  }
  EXPECT_EQ(check(file(test, waves("train_x"))).out.find("note: "), std::string::npos);
}

TEST_F(SameSamples, AreNamedOnceWhereTheyAreReadToo) {
  const std::string test = waves("test_x");
  const std::string said =
      check(file(test, test, "periphery = { adc = { bits = 8 }, dac = { bits = 8 } }\n")).out;
  EXPECT_EQ(said.find("name the same samples"), std::string::npos) << said;
  EXPECT_NE(said.find(" test images examined are among the training images: ranges of converters "
                      "that are found on these are tested on themselves\n"),
            std::string::npos)
      << said;
}

TEST_F(SameSamples, OfCifarAreFoundByTheirContent) {
  const std::string image(3073, '\0'), other = '\1' + std::string(3072, '\0');
  folder_.write("a.bin", image);
  folder_.write("b.bin", image);
  folder_.write("c.bin", other);
  const auto both = [&](const std::string& train) {
    std::vector<Fault> faults;
    const std::string folder = folder_.path().string() + "/";
    return file_of_both_sets(Experiment::read(
        parse_toml("data = { name = \"cifar10\", normalize = \"none\", test = [\"" + folder +
                       "a.bin\"], train = [\"" + folder + train + "\"] }\nmodel.weights = \"w\"\n",
                   "f.toml"),
        faults));
  };
  EXPECT_EQ(both("a.bin"), folder_.path() / "a.bin");
  EXPECT_EQ(both("b.bin"), folder_.path() / "a.bin");
  EXPECT_EQ(both("c.bin"), "");
  EXPECT_EQ(both("absent.bin"), "");
}

}  // namespace
}  // namespace ohmic
