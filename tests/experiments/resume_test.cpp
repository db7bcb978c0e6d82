// `ohmic run`, killed with SIGKILL anywhere and started again, ends in the same bytes; so does what
// several processes do together.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "simulator/random/noise.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

using test::run;
using test::start;
using test::wait_for;

class Resume : public test::StartedRun {
 protected:
  /// How long an undisturbed run to `name` takes.
  std::chrono::duration<double> time_whole(const std::string& name,
                                           const std::vector<std::string>& more = {}) const {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(run(command(name, more)), 0);
    return std::chrono::steady_clock::now() - began;
  }
  /// Starts and kills, `kills` times, at moments spread evenly over `whole`; then lets it finish.
  void kill_and_finish(const std::string& name, int kills, std::chrono::duration<double> whole,
                       const std::vector<std::string>& more = {}) const {
    for (int i = 0; i < kills; ++i) {
      const pid_t process = start(command(name, more));
      const auto bits =
          bits_at(noise_key(5, static_cast<std::uint64_t>(i)), {Stream::resampling}, 0);
      std::this_thread::sleep_for(whole * (bits / 4294967296.0));
      ::kill(process, SIGKILL);
      wait_for(process);
    }
    EXPECT_EQ(run(command(name, more)), 0);
  }
};

// OHMIC_TEST_KILLS sets how many.
TEST_F(Resume, KilledAnywhereARunEndsInTheSameBytes) {
  const auto whole = time_whole("whole");
  const char* kills = std::getenv("OHMIC_TEST_KILLS");
  kill_and_finish("killed", kills ? std::atoi(kills) : 3, whole);
  expect_same("whole", "killed");
}

// Passes with a draw per batch, and looks after 10, 15, 23, 35, 40 of them.
TEST_F(Resume, KilledAStoppingPerBatchRunEndsInTheSameBytes) {
  const std::vector<std::string> stop{"--set", "evaluation.estimator=per_batch",
                                      "--set", "evaluation.batch=16",
                                      "--set", "evaluation.stop={ max_draws = 40 }",
                                      "--set", "train.learning_rate=0.01",
                                      "--set", "device.eta=0.4"};
  kill_and_finish("killed", 1, time_whole("whole", stop), stop);
  expect_same("whole", "killed");
}

TEST_F(Resume, TwoProcessesOnOneFolderEndInTheSameBytes) {
  const pid_t one = start(command("shared")), two = start(command("shared"));
  EXPECT_EQ(wait_for(one), 0);
  EXPECT_EQ(wait_for(two), 0);
  ASSERT_EQ(run(command("alone")), 0);
  expect_same("alone", "shared");
}

TEST_F(Resume, AProcessTakesOverWhatADeadOneHad) {
  const std::vector<std::string> longer{"--set", "evaluation.draws=40"};
  const pid_t one = start(command("shared", longer));
  ASSERT_TRUE(wait_for_points("shared", ".draws"));
  const pid_t two = start(command("shared", longer));
  ::kill(one, SIGKILL);
  EXPECT_EQ(wait_for(one), -1);
  EXPECT_EQ(wait_for(two), 0);
  ASSERT_EQ(run(command("alone", longer)), 0);
  expect_same("alone", "shared");
}

}  // namespace
}  // namespace ohmic
