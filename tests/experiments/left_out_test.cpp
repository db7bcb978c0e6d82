// A sweep in which one training diverges: its points are marked, the others computed, the status
// says that something is missing, and a second run says the same without training again.
#include <sstream>

#include "experiments/results/run_record.hpp"
#include "experiments/run/run.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic::test {
namespace {

class LeftOut : public StartedRun {
 protected:
  /// Calls `ohmic run` with other learning rates and SGD.
  Said train_at(const std::string& rates, const std::string& run,
                const std::vector<std::string>& more = {}, const std::string& settings = "") {
    std::string text = kTiny;
    const std::string before = "learning_rate = [0.001, 0.01]", table = "[train]\n";
    text.replace(text.find(before), before.size(), "learning_rate = " + rates);
    text.replace(text.find(table), table.size(), table + "optimizer = 'sgd'\n" + settings);
    write_atomically(folder_ / "tiny.toml", text);
    return call(command(run, more));
  }
  Said one_diverges(const std::vector<std::string>& more = {}) {
    return train_at("[0.01, 1e38, 0.02]", "a", more);
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_F(LeftOut, PointsAreMarkedAndEverythingElseIsComputed) {
  const Said first = one_diverges();
  EXPECT_EQ(first.status, 6) << first.err;
  EXPECT_NE(first.err.find("training resnet8 on synthetic, sgd 1e+38 diverged in epoch 1 of 3: the "
                           "loss is no finite number; its points are left out\n"),
            std::string::npos)
      << first.err;
  EXPECT_NE(first.err.find("ohmic: error: 2 of 6 points are missing: training diverged; "),
            std::string::npos)
      << first.err;
  EXPECT_NE(first.out.find("4 of 6 points finished"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("Left out, because training diverged:\n  "), std::string::npos);
  const std::vector<std::string> rows = lines_of(content("a", "results.csv"));
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_TRUE(rows[0].ends_with(",identity,status"));
  for (const std::size_t i : {1u, 2u, 5u, 6u}) EXPECT_TRUE(rows[i].ends_with(",measured"));
  for (const std::size_t i : {3u, 4u}) EXPECT_TRUE(rows[i].ends_with(",diverged")) << rows[i];
  const std::string page = content("a", "report.html");
  EXPECT_NE(page.find("2 of 6 points are missing because the training of their network diverged"),
            std::string::npos);
  EXPECT_NE(page.find("its training diverged in epoch 1 of 3"), std::string::npos);
}

TEST_F(LeftOut, ASecondRunSaysTheSameAndTrainsNothing) {
  EXPECT_EQ(one_diverges().status, 6);
  const std::string csv = content("a", "results.csv"), json = content("a", "results.jsonl");
  const Said again = one_diverges();
  EXPECT_EQ(again.status, 6);
  EXPECT_NE(
      again.err.find("6 points, 4 finished before, 0 to do, 2 whose training diverged before"),
      std::string::npos)
      << again.err;
  EXPECT_EQ(again.err.find("epoch 1/"), std::string::npos) << again.err;
  EXPECT_EQ(content("a", "results.csv"), csv);
  EXPECT_EQ(content("a", "results.jsonl"), json);
  const Said would = one_diverges({"--dry-run"});
  EXPECT_EQ(would.status, 0);
  EXPECT_NE(would.out.find("6 points, 4 finished, 2 left out."), std::string::npos) << would.out;
}

// The rows of the others are those of a run that never had the third rate, with a status.
TEST_F(LeftOut, RowsOfTheOthersAreWhatTheyAreWithoutIt) {
  EXPECT_EQ(one_diverges().status, 6);
  EXPECT_EQ(train_at("[0.01, 0.02]", "b").status, 0);
  const std::vector<std::string> marked = lines_of(content("a", "results.csv"));
  const std::vector<std::string> sound = lines_of(content("b", "results.csv"));
  ASSERT_EQ(sound.size(), 5u);
  EXPECT_EQ(marked[0], sound[0] + ",status");
  for (const auto& [i, j] : {std::pair{1u, 1u}, {2u, 2u}, {5u, 3u}, {6u, 4u}})
    EXPECT_EQ(marked[i], sound[j] + ",measured");
}

TEST_F(LeftOut, AStudentsTeacherThatDivergesIsNamed) {
  const Said said =
      train_at("[1e38]", "a", {}, "noise_eta = 0.1\ndistill = { temperature = 2.0 }\n");
  EXPECT_EQ(said.status, 6) << said.err;
  EXPECT_NE(content("a", "results.jsonl").find("has a teacher whose training diverged in epoch 1"),
            std::string::npos)
      << said.err;
}

TEST_F(LeftOut, DamagedFilesOfARunAreNamedByFileAndLine) {
  ASSERT_EQ(call(command("a", {"--set", "output.report=false"})).status, 0);
  const auto damaged = [&](const std::string& file, const std::string& from,
                           const std::string& to) {
    const auto path = folder_ / "a" / file;
    const std::string sound = read_whole(path);
    std::string text = sound;
    text.replace(text.find(from), from.size(), to);
    write_atomically(path, text);
    const Said said = call({"ohmic", "report", folder_ / "a"});
    EXPECT_EQ(said.status, 3) << file << said.err;
    write_atomically(path, sound);
    const std::string head = "ohmic: error: " + path.string();
    EXPECT_TRUE(said.err.starts_with(head)) << said.err;
    return said.err.substr(std::min(head.size(), said.err.size()));
  };
  std::string training, point;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "a" / "training"))
    if (entry.is_directory()) training = "training/" + entry.path().filename().string();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "a" / "points"))
    point = "points/" + entry.path().filename().string();
  const std::string row = lines_of(content("a", (training + "/history.csv").c_str())).at(1);
  const std::string first_row = "0,x," + row.substr(2);
  EXPECT_EQ(damaged(training + "/history.csv", "\n1,", "\n7,"),
            ":3: damaged: epoch is \"7\"; expected a whole number in [1, 1]\n");
  EXPECT_EQ(damaged(training + "/history.csv", "\n0,", "\n0,x,"),
            ":2: damaged: \"" + first_row.substr(0, 40) + "...\" has 7 cells, the header 6\n");
  EXPECT_EQ(
      damaged(training + "/history.csv", row,
              "0,1.5,0.25" + row.substr(row.find(',', row.find(',', 2) + 1))),
      ": damaged: it is not what the training wrote, as weights.safetensors beside it shows\n");
  EXPECT_EQ(damaged("provenance.json", "{", "{{"), ": damaged: not JSON\n");
  EXPECT_EQ(damaged("provenance.json", "{", std::string(200000, '[')),
            ": damaged: its JSON has more than 32 levels\n");
  EXPECT_TRUE(damaged(point, "\"images\": 40", "\"images\": 4").starts_with(": damaged: "));
  std::filesystem::rename(folder_ / "a" / point, folder_ / "away");
  EXPECT_EQ(damaged("results.jsonl", "{", "["), ":1: damaged: not JSON\n");
}

}  // namespace
}  // namespace ohmic::test
