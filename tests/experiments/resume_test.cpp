// `ohmic run`, killed with SIGKILL anywhere and started again, ends in the same bytes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "experiments/results/files.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

constexpr char kTiny[] = R"(
[data]
name = "synthetic"
train_images = 96
test_images = 40
[model]
name = "resnet8"
width = 2
[train]
epochs = 3
augment = false
[device]
model = "awgn"
[evaluation]
draws = 3
[compute]
device = "cpu"
threads = 1
[output]
figures = false
[sweep]
train.learning_rate = [0.001, 0.01]
device.eta = [0.1, 0.4]
)";

/// Starts the program with these words, its output discarded.
pid_t start(const std::vector<std::string>& words) {
  std::string program = OHMIC_PROGRAM;
  std::vector<std::string> arguments = words;
  std::vector<char*> argv{program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&quiet, stream, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  EXPECT_EQ(posix_spawn(&process, program.c_str(), &quiet, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&quiet);
  return process;
}

/// Exit status, or -1 when a signal ended it.
int wait_for(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Resume : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ohmic_resume_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    write_atomically(folder_ / "tiny.toml", kTiny);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> command(const std::string& run) const {
    return {"run", folder_ / "tiny.toml", "--out", folder_ / run};
  }
  std::string content(const std::string& run, const char* file) const {
    return read_whole(folder_ / run / file);
  }
  void expect_same(const std::string& a, const std::string& b) const {
    for (const char* file : {"results.csv", "results.jsonl", "layers.csv", "resolved.toml"})
      EXPECT_EQ(content(a, file), content(b, file)) << file;
  }
  fs::path folder_;
};

double uniform(std::uint64_t draw) {
  return bits_at(noise_key(5, draw), {Stream::resampling}, 0) / 4294967296.0;
}

// OHMIC_TEST_KILLS sets how many; each hits at a moment spread evenly over what an undisturbed run
// takes.
TEST_F(Resume, KilledAnywhereARunEndsInTheSameBytes) {
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(wait_for(start(command("whole"))), 0);
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - began;
  const char* kills = std::getenv("OHMIC_TEST_KILLS");
  for (int i = 0; i < (kills ? std::atoi(kills) : 3); ++i) {
    const pid_t process = start(command("killed"));
    std::this_thread::sleep_for(whole * uniform(static_cast<std::uint64_t>(i)));
    ::kill(process, SIGKILL);
    wait_for(process);
  }
  ASSERT_EQ(wait_for(start(command("killed"))), 0);
  expect_same("whole", "killed");
}

TEST_F(Resume, TwoProcessesOnOneFolderEndInTheSameBytes) {
  const pid_t one = start(command("shared")), two = start(command("shared"));
  EXPECT_EQ(wait_for(one), 0);
  EXPECT_EQ(wait_for(two), 0);
  ASSERT_EQ(wait_for(start(command("alone"))), 0);
  expect_same("alone", "shared");
}

}  // namespace
}  // namespace ohmic
