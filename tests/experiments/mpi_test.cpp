// `mpirun -n 2 ohmic run`: the files of one process, byte for byte, also when a rank is killed.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

class Ranks : public test::StartedRun {
 protected:
  void SetUp() override {
    if (test::run({"sh", "-c", "command -v mpirun"}) != 0)
      GTEST_SKIP() << "no mpirun (Debian: openmpi-bin)";
    for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                             "OMPI_MCA_rmaps_base_oversubscribe"})
      ::setenv(name, "1", 1);
    StartedRun::SetUp();
  }
  void TearDown() override {
    if (!folder_.empty()) StartedRun::TearDown();
  }
  std::vector<std::string> on_two(const std::string& run,
                                  const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = command(run, more);
    words.insert(words.begin(), {"mpirun", "-n", "2"});
    return words;
  }
};

std::vector<pid_t> children(pid_t process) {
  const std::string id = std::to_string(process);
  std::ifstream list("/proc/" + id + "/task/" + id + "/children");
  return {std::istream_iterator<pid_t>(list), {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST_F(Ranks, TwoMakeTheFilesOfOne) {
  ASSERT_EQ(test::run(on_two("two"), folder_ / "said"), 0) << read_whole(folder_ / "said");
  ASSERT_EQ(test::run(command("one")), 0);
  expect_same("one", "two");
  const std::string said = read_whole(folder_ / "said");
  EXPECT_EQ(count(said, "4 of 4 points finished"), 1u) << said;
  EXPECT_EQ(count(said, "epoch 3/3"), 2u) << "each network is trained once\n" << said;
  EXPECT_GT(count(said, "[0] "), 0u) << said;
  EXPECT_GT(count(said, "[1] "), 0u) << said;
}

TEST_F(Ranks, OneKilledLeavesWhatIsFinishedAndARunThatGoesOn) {
  const std::vector<std::string> longer{"--set", "evaluation.draws=60"};
  const pid_t launcher = test::start(on_two("two", longer));
  ASSERT_TRUE(wait_for_points("two", ".draws"));
  const std::vector<pid_t> ranks = children(launcher);
  ASSERT_EQ(ranks.size(), 2u);
  ::kill(ranks[1], SIGKILL);
  EXPECT_NE(test::wait_for(launcher), 0);
  ASSERT_EQ(test::run(on_two("two", longer)), 0);
  ASSERT_EQ(test::run(command("one", longer)), 0);
  expect_same("one", "two");
}

TEST_F(Ranks, SetNothingAsideTogether) {
  EXPECT_NE(test::run(on_two("two", {"--fresh"}), folder_ / "said"), 0);
  EXPECT_NE(read_whole(folder_ / "said").find("--fresh: 2 processes were started together"),
            std::string::npos)
      << read_whole(folder_ / "said");
}

}  // namespace
}  // namespace ohmic
