// What OpenMP's variables do: what LibGOMP says it was started with, which it tells when
// OMP_DISPLAY_ENV asks it to, and how many threads a run takes.
#include <cstdlib>
#include <sstream>

#include "tests/experiments/started_run.hpp"

namespace ohmic::test {
namespace {

class Spinning : public StartedRun {
 protected:
  /// Every GOMP_SPINCOUNT that is told: once per LibGOMP that was set up.
  std::vector<std::string> told(const std::vector<std::string>& environment) {
    std::vector<std::string> words{
        "env", "-u", "GOMP_SPINCOUNT", "-u", "OMP_WAIT_POLICY", "OMP_DISPLAY_ENV=verbose"};
    words.insert(words.end(), environment.begin(), environment.end());
    words.insert(words.end(), {OHMIC_PROGRAM, "--version"});
    EXPECT_EQ(run(words, (folder_ / "said").string()), 0);
    std::istringstream lines(read_whole(folder_ / "said"));
    std::vector<std::string> counts;
    for (std::string line; std::getline(lines, line);)
      if (const std::size_t at = line.find("GOMP_SPINCOUNT = "); at != std::string::npos)
        counts.push_back(line.substr(at + 17));
    return counts;
  }
};

TEST_F(Spinning, IsShortUnlessTheUserSaysOtherwise) {
  const auto once = [](const char* count) { return std::vector<std::string>{count}; };
  if (told({}).empty()) GTEST_SKIP() << "this OpenMP does not tell its GOMP_SPINCOUNT";
  EXPECT_EQ(told({}), once("'5000'"));
  EXPECT_EQ(told({"GOMP_SPINCOUNT=77"}), once("'77'"));
  EXPECT_EQ(told({"OMP_WAIT_POLICY=passive"}), once("'0'"));
}

using Threads = StartedRun;

TEST_F(Threads, AreAsManyAsTheEnvironmentSaysWhereTheFileSaysNothing) {
  const auto threads = [this](const std::string& run, const char* of_file) {
    std::vector<std::string> words{"env", "OMP_NUM_THREADS=3"};
    for (std::string& word :
         command(run, {"--set", "train.epochs=1", "--set", "sweep={}", "--set", of_file}))
      words.push_back(std::move(word));
    EXPECT_EQ(test::run(words), 0);
    const std::string text = content(run, "provenance.json");
    return std::stoi(text.substr(text.find("\"threads\":") + 10));
  };
  EXPECT_EQ(threads("environment", "compute.threads=0"), 3);
  EXPECT_EQ(threads("file", "compute.threads=2"), 2);
}

}  // namespace
}  // namespace ohmic::test
