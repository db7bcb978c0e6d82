// Messages about what a file names say where it does.
#include "experiments/study/places.hpp"

#include <gtest/gtest.h>

#include "tests/experiments/command_line.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

TEST(Places, AreThoseOfTheKeysThatLinesBeginWith) {
  Value root = parse_toml(
      "seed = 1\n[data]\ntest = { samples = \"x.npy\" }\ntrain_images = 3\n[sweep]\n"
      "\"model.weights\" = [\"a\", \"b\"]\nmodel.file = [\"c\", \"d\"]\n",
      "f.toml");
  apply_override(root, "data.test_images=7");
  EXPECT_EQ(with_places("data.test: x.npy: is empty", root),
            "data.test (f.toml:3): x.npy: is empty");
  EXPECT_EQ(with_places("data.test.labels: y", root), "data.test.labels (f.toml:3): y")
      << "in its table";
  EXPECT_EQ(with_places("data.train_images asks for 3\ndata.test: no", root),
            "data.train_images (f.toml:4) asks for 3\ndata.test (f.toml:3): no");
  EXPECT_EQ(with_places("data.test_images asks for 7", root),
            "data.test_images (--set) asks for 7");
  EXPECT_EQ(with_places("model.weights: a", root), "model.weights (f.toml:6): a");
  EXPECT_EQ(with_places("model.file: c", root), "model.file (f.toml:7): c");
  for (const char* unplaced : {"data.train: no", "x.npy: is empty", "x.npy is empty", "data: no",
                               "device.eta: no", "data.test", ".: a", "", "data.test.: a"})
    EXPECT_EQ(with_places(unplaced, root), unplaced);
}

class PlacesOfData : public ::testing::Test {
 protected:
  std::string said(const std::string& command, const std::string& data,
                   const std::string& more = "") const {
    const std::string text =
        "model.file = \"" + own_ + "network.pt2\"\n[data]\nname = \"files\"\n" + data + more;
    return test::ohmic({command, folder_.write("f.toml", text)}).err;
  }
  std::string waves(const std::string& array) const { return own_ + "waves.npz:" + array; }
  std::string place(const std::string& key, int line) const {
    return key + " (" + (folder_.path() / "f.toml").string() + ":" + std::to_string(line) + "): ";
  }
  const std::string own_ = (test::source_folder() / "experiments/your_network/").string();
  const test::TemporaryFolder folder_;
};

// 400 samples of 4 classes, of which row 7 has the label 9.
TEST_F(PlacesOfData, OfALabelThatIsNoClassAreItsRow) {
  const auto npy = [&](const char* name, const std::string& values) {
    return folder_.write(name, test::npy("|u1", std::to_string(values.size()) + ",", values));
  };
  std::string classes(400, '\1');
  classes[7] = '\11';
  const std::string labels = npy("labels.npy", classes), rows = npy("rows.npy", "\11\7");
  const auto is_said = [&](const std::string& command, const std::string& more, int sample) {
    const std::string err = said(command, "test = { samples = \"" + waves("test_x") +
                                              "\", labels = \"" + labels + "\"" + more + " }\n");
    const std::string expected =
        place("data.test", 4) + "label 9 of sample " + std::to_string(sample) +
        " is no class: the network answers with 4 numbers; expected whole numbers from 0 to 3 "
        "(row 7 of " +
        labels + ")";
    EXPECT_NE(err.find(expected), std::string::npos) << err;
  };
  for (const char* command : {"check", "run"}) {
    is_said(command, "", 7);
    is_said(command, ", rows = \"" + rows + "\"", 1);
  }
}

TEST_F(PlacesOfData, AreSaidWhateverReadsThem) {
  const std::string absent = folder_.path() / "absent.npy", text = folder_.write("t.npy", "text");
  const auto test = [](const std::string& samples) {
    return "test = { samples = \"" + samples + "\" }\n";
  };
  for (const char* command : {"check", "run"}) {
    const std::string of_text = said(command, test(text)), of_absent = said(command, test(absent));
    EXPECT_NE(of_text.find("ohmic: error: " + place("data.test", 4) + text + ": "),
              std::string::npos)
        << of_text;
    EXPECT_NE(of_absent.find(place("data.test", 4) + absent + ": "), std::string::npos)
        << of_absent;
  }
  EXPECT_NE(said("check", "test = { samples = \"" + waves("test_x") + "\", labels = \"" +
                              waves("train_x") + "\" }\n")
                .find(place("data.test", 4) + waves("train_x") + ": has 100 labels for the 400 "),
            std::string::npos);
  EXPECT_NE(said("check",
                 test(waves("test_x")) + "train = { samples = \"" + waves("train_x") +
                     "\", labels = \"" + waves("test_y") + "\" }\n",
                 "[periphery]\nadc = { bits = 8 }\n")
                .find(place("data.train", 5) + waves("test_y") + ": has 400 labels for the 100 "),
            std::string::npos);
  EXPECT_NE(
      said("check", test(waves("test_y"))).find(place("data.test", 4) + "a sample of the data"),
      std::string::npos);
}

}  // namespace
}  // namespace ohmic
