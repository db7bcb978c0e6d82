// Two experiment files of one name do not share a run folder unawares.
#include "experiments/measure/folder_owner.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "experiments/measure/files.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/started_run.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

class FolderOwner : public testing::Test {
 protected:
  FolderOwner() {
    for (const fs::path& folder : {a_.parent_path(), b_.parent_path(), run_ / "points"})
      fs::create_directories(folder);
    write_atomically(a_, "seed = 1\n");
    write_atomically(b_, "seed = 2\n");
  }

  /// A run of the file begins, and publishes a point.
  void begin(const fs::path& file, const std::string& resolved) const {
    take_folder(run_, read_toml(file), resolved);
    write_atomically(run_ / "resolved.toml", resolved);
    write_atomically(run_ / "points" / "1.json", "{}");
  }
  std::string refusal(const fs::path& file, const std::string& resolved) const {
    try {
      take_folder(run_, read_toml(file), resolved, kFreshTakesFolder);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }
  std::string owner() const { return read_whole(run_ / kOwnerFile); }

  test::TemporaryFolder folder_;
  fs::path a_ = folder_.path() / "a" / "my.toml", b_ = folder_.path() / "b" / "my.toml",
           run_ = folder_.path() / "runs" / "my";
};

TEST_F(FolderOwner, AnotherFilesResultsAreNotWrittenOver) {
  begin(a_, "seed = 1\n");
  EXPECT_EQ(owner(), "../../a/my.toml\n");
  EXPECT_EQ(refusal(b_, "seed = 2\n"),
            b_.string() + ": error: output.dir: " + run_.string() +
                " holds the results of another experiment file, " + fs::proximate(a_).string() +
                ", which would be written over; give one of the two a folder of its own (--out "
                "FOLDER, or output.dir in the file), or set these results aside in the folder "
                "itself with --fresh");
  EXPECT_EQ(owner(), "../../a/my.toml\n");
}

TEST_F(FolderOwner, AnEditedFileKeepsItsFolder) {
  begin(a_, "seed = 1\n");
  write_atomically(a_, "seed = 3\ntitle = \"another\"\n");
  EXPECT_EQ(refusal(a_, "seed = 3\n"), "none");
}

TEST_F(FolderOwner, AMovedFileTakesItsFolderAlong) {
  begin(a_, "seed = 1\n");
  fs::rename(a_, folder_.path() / "renamed.toml");
  EXPECT_EQ(refusal(folder_.path() / "renamed.toml", "seed = 1\n"), "none");
  EXPECT_EQ(owner(), "../../renamed.toml\n");
  EXPECT_NE(refusal(b_, "seed = 2\n"), "none");
}

TEST_F(FolderOwner, ACopyThatMeansTheSameLosesNothing) {
  begin(a_, "seed = 1\n");
  EXPECT_EQ(refusal(b_, "seed = 1\n"), "none");
  EXPECT_EQ(owner(), "../../a/my.toml\n") << "the copy may be edited next";
}

TEST_F(FolderOwner, AFileOfTheFolderItselfAndATextMayUseIt) {
  begin(a_, "seed = 1\n");
  EXPECT_EQ(refusal(run_ / "resolved.toml", "seed = 2\n"), "none");
  EXPECT_NO_THROW(take_folder(run_, parse_toml("seed = 2\n", "text"), "seed = 2\n"));
  EXPECT_EQ(owner(), "../../a/my.toml\n");
}

TEST_F(FolderOwner, WhereNothingWasComputedNothingIsInTheWay) {
  begin(a_, "seed = 1\n");
  fs::remove(run_ / "points" / "1.json");
  EXPECT_EQ(refusal(b_, "seed = 2\n"), "none");
  EXPECT_EQ(owner(), "../../b/my.toml\n");
}

TEST_F(FolderOwner, ADamagedWordOfItIsNoOwner) {
  begin(a_, "seed = 1\n");
  for (const std::string& word : {std::string("\n"), std::string("\0", 1), std::string(5000, 'x'),
                                  std::string("../../gone.toml"), std::string("..")}) {
    write_atomically(run_ / kOwnerFile, word);
    EXPECT_EQ(refusal(b_, "seed = 2\n"), "none") << word.substr(0, 20);
    EXPECT_EQ(owner(), "../../b/my.toml\n");
  }
}

using TwoFilesOfOneName = test::StartedRun;

TEST_F(TwoFilesOfOneName, AreToldApartByRunsAndDryRunsAndFreshSetsAside) {
  fs::create_directories(folder_ / "other");
  write_atomically(folder_ / "other" / "tiny.toml", std::string("seed = 5\n") + test::kTiny);
  const std::vector<std::string> one{"--only", "device.eta=0.1", "--only",
                                     "train.learning_rate=0.01"};
  ASSERT_EQ(test::call(command("run", one)).status, 0);
  const std::string results = content("run", "results.csv");
  std::vector<std::string> other = command("run", one);
  other[2] = folder_ / "other" / "tiny.toml";
  for (const bool dry : {false, true}) {
    std::vector<std::string> words = other;
    if (dry) words.push_back("--dry-run");
    const test::Said said = test::call(words);
    EXPECT_EQ(said.status, 2);
    EXPECT_NE(said.err.find("holds the results of another experiment file, "), std::string::npos)
        << said.err;
  }
  EXPECT_EQ(content("run", "results.csv"), results);
  other.resize(5);
  other.insert(other.end(), {"--fresh", "--set", "train.epochs=1", "--set", "sweep.device.eta=[0]",
                             "--set", "sweep.train.learning_rate=[0.01]"});
  EXPECT_EQ(test::call(other).status, 0);
  EXPECT_EQ(content("run", kOwnerFile), "../other/tiny.toml\n");
  bool kept = false;
  for (const auto& entry : fs::directory_iterator(folder_ / "run"))
    kept |= entry.path().filename().string().starts_with("before-") &&
            read_whole(entry.path() / "results.csv") == results;
  EXPECT_TRUE(kept);
}

}  // namespace
}  // namespace ohmic
