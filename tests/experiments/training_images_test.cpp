// Training images that are asked for and not there, and those that are the test images.
#include "experiments/study/training_images.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "nn/io/stored_array.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/stored_npy.hpp"
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
  const auto asks = [&](const char* key, int line) {
    return fmt::format(
        "ohmic: error: evaluation.{} ({}:{}) asks for 21 images but there are 20 "
        "(data.train)\n",
        key, (folder_.path() / "f.toml").string(), line);
  };
  const test::Result many = check(data + adc + "evaluation.calibration_images = 21\n");
  EXPECT_EQ(many.status, 3);
  EXPECT_EQ(many.err, asks("calibration_images", 3));
  EXPECT_EQ(check(data + adc + "evaluation.calibration_images = 20\n").status, 0);
  EXPECT_EQ(check(data + adc).status, 0) << "the default means as many as there are";
  EXPECT_EQ(check(data + "evaluation.calibration_images = 21\n").status, 0) << "nobody looks";
  EXPECT_EQ(check(data + "evaluation.batch_norm_images = 21\n").err, asks("batch_norm_images", 2));
  EXPECT_EQ(check(data + "evaluation.batch_norm_images = 20\n").status, 0);
  const test::Result run =
      ohmic({"run", folder_.write("f.toml", data + adc + "evaluation.calibration_images = 21\n"),
             "--out", folder_.path() / "run"});
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find(asks("calibration_images", 3)), std::string::npos) << run.err;
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

/// Waves of the test's own: what is done to those of experiments/your_network.
class OtherSamples : public SameSamples {
 protected:
  static std::vector<std::uint8_t> bytes_of(const std::string& array) {
    const std::vector<float> values = open_array(array).whole().values;
    return {values.begin(), values.end()};
  }
  std::string npy(const char* name, const std::string& shape,
                  const std::vector<std::uint8_t>& values) const {
    return folder_.write(name, test::npy("|u1", shape, {values.begin(), values.end()}));
  }
  std::string waves_file(const std::string& test, const std::string& labels,
                         const std::string& train, const std::string& more = "") const {
    return "model.file = \"" + (own_ / "network.pt2").string() + "\"\n" + more +
           "[data]\nname = \"files\"\nnormalize = { scale = 0.0078125, mean = [1.0] }\n" +
           "test = { samples = \"" + test + "\", labels = \"" + labels + "\" }\n" + train;
  }
  std::string trained_on(const std::string& samples) const {
    return "train = { samples = \"" + samples + "\" }\n";
  }
  static constexpr const char* kConverters =
      "periphery = { adc = { bits = 8 }, dac = { bits = 8 } }\n";
};

TEST_F(OtherSamples, ForTrainingAreNamedWhetherTheyAreNeededOrNot) {
  auto dark = bytes_of(waves("train_x"));
  for (auto& value : dark) value = static_cast<std::uint8_t>(value / 2);
  const std::string file = npy("dark.npy", "100, 1, 48", dark);
  for (const char* more : {"", kConverters}) {
    const auto said = [&](const std::string& train) {
      return check(waves_file(waves("test_x"), waves("test_y"), train, more)).out;
    };
    const std::string other = said(trained_on(file));
    EXPECT_NE(other.find("warning: network.pt2 on files: samples of data.train are not like those "
                         "of data.test: 64 of them give 0 inputs of "),
              std::string::npos)
        << other;
    const std::string same = said(trained_on(waves("train_x")));
    EXPECT_EQ(same.find("warning: "), std::string::npos) << same;
  }
  const std::string unread =
      check(waves_file(waves("test_x"), waves("test_y"), trained_on("absent.npy"))).out;
  EXPECT_EQ(unread.find("warning: "), std::string::npos) << unread;
}

TEST_F(OtherSamples, OfSomeClassesAloneAreNamed) {
  const auto x = bytes_of(waves("test_x"));  // its labels are 0, 1, 2, 3, 0, 1, ...
  std::vector<std::uint8_t> sorted, labels;
  for (std::size_t kind = 0; kind < 4; ++kind)
    for (std::size_t i = kind; i < 400; i += 4) {
      sorted.insert(sorted.end(), x.begin() + static_cast<std::ptrdiff_t>(i * 48),
                    x.begin() + static_cast<std::ptrdiff_t>(i * 48 + 48));
      labels.push_back(static_cast<std::uint8_t>(kind));
    }
  const std::string text = waves_file(npy("x.npy", "400, 1, 48", sorted),
                                      npy("y.npy", "400,", labels), "test_images = ");
  const std::string first = check(text + "200\n").out, all = check(text + "400\n").out;
  EXPECT_NE(
      first.find("warning: network.pt2 on files: the 200 test samples have labels of 2 of the "
                 "network's 4 classes only"),
      std::string::npos)
      << first;
  EXPECT_EQ(all.find("warning: "), std::string::npos) << all;
}

TEST_F(OtherSamples, ThatRepeatThemselvesAreCounted) {
  auto x = bytes_of(waves("test_x"));
  std::copy(x.begin(), x.begin() + 60 * 48, x.begin() + 340 * 48);
  const std::string said =
      check(waves_file(npy("x.npy", "400, 1, 48", x), waves("test_y"), "")).out;
  EXPECT_NE(said.find("60 of 400 test samples repeat an earlier one value by value"),
            std::string::npos)
      << said;
}

}  // namespace
}  // namespace ohmic
