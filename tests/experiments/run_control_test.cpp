// The parts of `ohmic run` that decide who does what: claims, ranks, choice of points, dry runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "experiments/measure/claims.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/measure/ranks.hpp"
#include "experiments/measure/set_aside.hpp"
#include "experiments/measure/timing.hpp"
#include "experiments/run/run.hpp"
#include "experiments/study/selection.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// A folder of this test, removed at the end.
class RunControl : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ohmic_run_control_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(RunControl, AClaimExcludesOthersUntilItIsGivenUp) {
  const Claims one(folder_ / "lock"), two(folder_ / "lock");
  {
    const auto held = one.try_exclusive("point a");
    ASSERT_TRUE(held);
    EXPECT_FALSE(two.try_exclusive("point a"));
    EXPECT_FALSE(two.try_shared("point a"));
    EXPECT_TRUE(two.try_exclusive("point b"));
    EXPECT_TRUE(Claims::is_held(folder_ / "lock", "point a"));
    EXPECT_FALSE(Claims::is_held(folder_ / "lock", "point b"));
  }
  EXPECT_FALSE(Claims::is_held(folder_ / "lock", "point a"));
  EXPECT_TRUE(two.try_exclusive("point a"));
}

TEST_F(RunControl, SharedClaimsExcludeOnlyExclusiveOnes) {
  const Claims one(folder_ / "lock"), two(folder_ / "lock"), three(folder_ / "lock");
  const auto first = one.try_shared("folder"), second = two.try_shared("folder");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(three.try_exclusive("folder"));
}

TEST_F(RunControl, ClaimsOutliveTheClaimsTheyCameFrom) {
  std::optional<Claim> held;
  held = std::nullopt;
  {
    const Claims one(folder_ / "lock");
    held.emplace(*one.try_exclusive("a"));
  }
  EXPECT_TRUE(Claims::is_held(folder_ / "lock", "a"));
  held.reset();
  EXPECT_FALSE(Claims::is_held(folder_ / "lock", "a"));
}

TEST_F(RunControl, AskingWhoHoldsWhatMakesNoFile) {
  EXPECT_FALSE(Claims::is_held(folder_ / "lock", "a"));
  EXPECT_FALSE(fs::exists(folder_ / "lock"));
}

Rank rank_in(const std::map<std::string, std::string>& variables) {
  return rank_from([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Launchers, AreReadFromEveryLauncher) {
  const Rank alone = rank_in({});
  EXPECT_EQ(alone.count, 1);
  EXPECT_EQ(alone.prefix(), "");
  const Rank open_mpi = rank_in({{"OMPI_COMM_WORLD_RANK", "3"},
                                 {"OMPI_COMM_WORLD_SIZE", "8"},
                                 {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"},
                                 {"OMPI_COMM_WORLD_LOCAL_RANK", "2"},
                                 {"SLURM_PROCID", "0"},
                                 {"SLURM_STEP_NUM_TASKS", "2"}});
  EXPECT_EQ(open_mpi.index, 3);
  EXPECT_EQ(open_mpi.count, 8);
  EXPECT_EQ(open_mpi.local_count, 4);
  EXPECT_EQ(open_mpi.local_index, 2);
  EXPECT_EQ(open_mpi.prefix(), "[3] ");
  const Rank mpich = rank_in({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}});
  EXPECT_EQ(mpich.index, 1);
  EXPECT_EQ(mpich.local_count, 1);
  EXPECT_EQ(mpich.local_index, 0);
  const Rank intel = rank_in(
      {{"PMI_RANK", "5"}, {"PMI_SIZE", "8"}, {"MPI_LOCALNRANKS", "4"}, {"MPI_LOCALRANKID", "1"}});
  EXPECT_EQ(intel.local_count, 4);
  EXPECT_EQ(intel.local_index, 1);
  const Rank slurm = rank_in({{"SLURM_PROCID", "5"},
                              {"SLURM_STEP_NUM_TASKS", "6"},
                              {"SLURM_STEP_TASKS_PER_NODE", "2(x3)"},
                              {"SLURM_LOCALID", "1"}});
  EXPECT_EQ(slurm.index, 5);
  EXPECT_EQ(slurm.local_count, 2);
  EXPECT_EQ(slurm.local_index, 1);
}

// A batch script runs on its first node with SLURM_PROCID=0, alone whatever it asked for.
TEST(Launchers, ABatchScriptIsAlone) {
  EXPECT_EQ(rank_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "16"}}).count, 1);
  EXPECT_EQ(rank_in({{"OMPI_COMM_WORLD_RANK", "x"}, {"OMPI_COMM_WORLD_SIZE", "2"}}).count, 1);
}

TEST(Launchers, ShareTheProcessorsOfAMachine) {
  EXPECT_EQ(threads_of({}, 16, 16), 16);
  EXPECT_EQ(threads_of({0, 4, 4}, 16, 16), 4);
  EXPECT_EQ(threads_of({0, 4, 4}, 2, 16), 2) << "bound to two by the launcher";
  EXPECT_EQ(threads_of({0, 8, 8}, 4, 4), 1) << "more processes than processors";
}

std::string device_of_local(int local_index, const std::string& requested, int gpus) {
  Rank rank;
  rank.local_index = local_index;
  return device_of(rank, requested, gpus);
}

TEST(Launchers, TakeTheGpusOfAMachineInTurn) {
  for (const char* any : {"auto", "cuda"}) {
    EXPECT_EQ(device_of_local(0, any, 4), "cuda:0");
    EXPECT_EQ(device_of_local(3, any, 4), "cuda:3");
    EXPECT_EQ(device_of_local(5, any, 4), "cuda:1") << "more ranks than GPUs share them";
    EXPECT_EQ(device_of_local(7, any, 1), "cuda:0") << "the launcher shows each rank its own";
    EXPECT_EQ(device_of_local(1, any, 0), any) << "what is missing is said elsewhere";
  }
  EXPECT_EQ(device_of_local(3, "cuda:0", 4), "cuda:0");
  EXPECT_EQ(device_of_local(3, "cpu", 4), "cpu");
}

constexpr char kSweep[] = R"(
[data]
name = "synthetic"
[model]
name = "resnet8"
[train]
epochs = 10
[device]
model = "awgn"
[evaluation]
draws = 10
[sweep]
train.learning_rate = [0.001, 0.01]
device.eta = [0.1, 0.2, 0.3]
)";

std::vector<Point> points() { return expand(parse_toml(kSweep, "test.toml")); }

std::vector<bool> chosen(const std::vector<std::string>& only) {
  return select_points(points(), only);
}

TEST(Selection, JoinsValuesOfAKeyAndCrossesKeys) {
  using Flags = std::vector<bool>;
  EXPECT_EQ(chosen({}), Flags(6, true));
  EXPECT_EQ(chosen({"device.eta=0.3"}), (Flags{0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(chosen({"device.eta=1e-1", "device.eta=0.20", "train.learning_rate=0.01"}),
            (Flags{0, 0, 0, 1, 1, 0}));
}

TEST(Selection, TakesWholeNumbersForRealOnesInTablesToo) {
  const auto points = expand(parse_toml(
      "[sweep]\nperiphery.wires = [\"ideal\", { row_ohm = 10, column_ohm = 2 }]\n", "test.toml"));
  for (const char* wires : {"{row_ohm=10, column_ohm=2}", "{ row_ohm = 10.0, column_ohm = 2 }"})
    EXPECT_EQ(select_points(points, {std::string("periphery.wires=") + wires}),
              (std::vector<bool>{0, 1}));
  EXPECT_EQ(select_points(points, {"periphery.wires=ideal"}), (std::vector<bool>{1, 0}));
}

std::string refusal(const std::vector<std::string>& only) {
  try {
    chosen(only);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(Selection, SaysWhichAxesAndValuesThereAre) {
  EXPECT_EQ(refusal({"device.etta=0.1"}),
            "error: --only device.etta=0.1: \"device.etta\" is not swept; did you mean "
            "\"device.eta\"? The "
            "axes are train.learning_rate, device.eta");
  EXPECT_EQ(
      refusal({"device.eta=0.4"}),
      "error: --only device.eta=0.4: the sweep does not have this value; device.eta is one of 0.1, "
      "0.2, 0.3");
  EXPECT_EQ(refusal({"device.eta"}),
            "error: --only device.eta: expected KEY=VALUE, such as device.eta=0.1");
}

TEST_F(RunControl, SpeedsAreMeansOverAllThatWasTimed) {
  const fs::path file = folder_ / "timing.jsonl";
  EXPECT_FALSE(Speeds(file).seconds_per("draw a"));
  append_line(file, R"({"work": "draw a", "units": 3, "seconds": 6})");
  append_line(file, R"({"work": "draw a", "units": 1, "seconds": 4})");
  append_line(file, R"({"work": "draw a", "units": 1, "seconds": 1e300})");
  append_line(file, R"({"work": "draw a", "units": -1, "seconds": 4})");
  append_line(file, R"({"work": "draw b", "uni)");
  EXPECT_DOUBLE_EQ(Speeds(file).seconds_per("draw a").value(), 2.5);
  EXPECT_FALSE(Speeds(file).seconds_per("draw b"));
}

TEST_F(RunControl, TimersWriteWhatTheyTimed) {
  const fs::path file = folder_ / "timing.jsonl";
  {
    Timer timer(file, "draw a"), idle(file, "draw b");
    for (int i = 0; i < 4; ++i) timer.done();
  }
  EXPECT_GE(Speeds(file).seconds_per("draw a").value(), 0);
  EXPECT_FALSE(Speeds(file).seconds_per("draw b"));
}

TEST(Timing, TellsWorkApartByWhatItsDurationDependsOn) {
  const std::vector<Point> all = points();
  const Experiment &first = all[0].experiment, &last = all[5].experiment;
  EXPECT_EQ(draw_work(first), draw_work(last)) << "eta and the learning rate take no time";
  EXPECT_EQ(epoch_work(first), epoch_work(last));
  Experiment other = first;
  other.mapping.tile.rows = 17;
  EXPECT_NE(draw_work(first), draw_work(other));
  EXPECT_EQ(epoch_work(first), epoch_work(other));
}

std::vector<fs::path> everything_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// One network is trained, one at its third epoch. Left are 6 + 4 * 10 draws at 2 s, 5 setups at 1 s
// and 7 epochs at a minute: 517 s.
TEST_F(RunControl, ADryRunTellsEveryStateAndWritesNothing) {
  const std::vector<Point> all = points();
  const PointStore store(folder_ / "points");
  fs::create_directories(folder_ / "points");
  PointResult finished;
  finished.identity = all[0].experiment.identity();
  store.publish(finished);
  const std::string begun = all[1].experiment.identity();
  for (std::int64_t d = 0; d < 4; ++d)
    store.log_draw(begun, metric_named("accuracy"), d, {{50}, {}});
  const fs::path trained =
                     folder_ / "training" / all[0].experiment.training_identity().substr(0, 12),
                 training =
                     folder_ / "training" / all[3].experiment.training_identity().substr(0, 12);
  for (const fs::path& f : {trained, training}) fs::create_directories(f);
  write_atomically(trained / "weights.safetensors", "");
  write_atomically(training / "history.csv", "epoch\n0\n1\n2\n");
  const fs::path timing = folder_ / "timing.jsonl";
  append_line(timing,
              "{\"work\": \"" + draw_work(all[0].experiment) + "\", \"units\": 1, \"seconds\": 2}");
  append_line(timing, "{\"work\": \"" + setup_work(all[0].experiment) +
                          "\", \"units\": 1, \"seconds\": 1}");
  append_line(timing, "{\"work\": \"" + epoch_work(all[0].experiment) +
                          "\", \"units\": 1, \"seconds\": 60}");

  const auto before = everything_in(folder_);
  const Claims other(folder_ / "lock");
  const auto held = other.try_exclusive("point " + begun);
  RunOptions options;
  options.folder = folder_;
  const Outlook outlook = dry_run(parse_toml(kSweep, "test.toml"), options);
  EXPECT_EQ(
      terminal_text(outlook.points) + "\n" + outlook.text,
      "train.learning_rate  device.eta  state\n"
      "              0.001         0.1  finished\n"
      "              0.001         0.2  4 of 10 draws, a process works on it\n"
      "              0.001         0.3  not begun\n"
      "               0.01         0.1  not begun, trains resnet8 on synthetic, adam 0.01 (3 of "
      "10 epochs done)\n"
      "               0.01         0.2  not begun, trains resnet8 on synthetic, adam 0.01 (3 of "
      "10 epochs done)\n"
      "               0.01         0.3  not begun, trains resnet8 on synthetic, adam 0.01 (3 of "
      "10 epochs done)\n\n" +
          folder_.string() +
          ": 6 points, 1 finished, 1 begun, 4 not begun; to train: 1 network.\n"
          "Time left: about 8 min 37 s for one process, as fast as before.\n");
  fs::remove(folder_ / "lock");
  EXPECT_EQ(everything_in(folder_), before);
}

// A claim is let go after five seconds, so that a run that does not look fails and does not hang.
TEST_F(RunControl, ARunThatWaitsForOthersCanBeStopped) {
  struct Stopped {
    bool waited;
  };
  struct Stops : Progress {
    explicit Stops(const std::atomic<bool>& held) : is_held(held) {}
    void update(double, const std::string&) override { throw Stopped{is_held}; }
    void wait() override { throw Stopped{is_held}; }
    const std::atomic<bool>& is_held;
  };
  const Claims other(folder_ / "lock");
  auto held = other.try_exclusive("point " + points().front().experiment.identity());
  ASSERT_TRUE(held);
  std::atomic<bool> is_held = true, is_over = false;
  std::thread releases([&] {
    for (int i = 0; i < 50 && !is_over; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    is_held = false;
    held.reset();
  });
  RunOptions options;
  options.folder = folder_;
  options.only = {"train.learning_rate=0.001", "device.eta=0.1"};
  Stops stops(is_held);
  options.progress = &stops;
  try {
    run_experiment(parse_toml(kSweep, "test.toml"), options);
    ADD_FAILURE() << "it was not stopped";
  } catch (const Stopped& stopped) {
    EXPECT_TRUE(stopped.waited);
  }
  is_over = true;
  releases.join();
}

TEST_F(RunControl, ADryRunOfNothingYetKnowsNoTimeAndMakesNoFolder) {
  RunOptions options;
  options.folder = folder_ / "none";
  options.only = {"device.eta=0.1"};
  const std::string text = dry_run(parse_toml(kSweep, "test.toml"), options).text;
  EXPECT_NE(text.find("6 points, 2 not begun, 4 not chosen; to train: 2 networks.\n"
                      "Time left: unknown until some of it has run here.\n"),
            std::string::npos)
      << text;
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST_F(RunControl, SettingAsideMovesOnlyWhatWasChosen) {
  const std::vector<Point> all = points();
  const PointStore store(folder_ / "points");
  fs::create_directories(folder_ / "points");
  for (const std::size_t i : {0u, 1u})
    store.log_draw(all[i].experiment.identity(), metric_named("accuracy"), 0, {{1}, {}});
  write_atomically(folder_ / "results.csv", "old");
  const fs::path aside = set_aside(folder_, {&all[0].experiment}, false, false);
  EXPECT_TRUE(fs::exists(aside / "points" / (all[0].experiment.identity() + ".draws")));
  EXPECT_EQ(store.logged_draws(all[0].experiment.identity()).size(), 0u);
  EXPECT_EQ(store.logged_draws(all[1].experiment.identity()).size(), 1u);
  EXPECT_TRUE(fs::exists(folder_ / "results.csv"));
  EXPECT_EQ(set_aside(folder_, {&all[0].experiment}, false, false), "") << "nothing is there";
}

}  // namespace
}  // namespace ohmic
