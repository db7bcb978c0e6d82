// `ohmic run` on a tiny experiment in a folder of the test's own: the program that was built,
// started, or its main function, called.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/commands/program.hpp"
#include "experiments/measure/files.hpp"

namespace ohmic::test {

inline constexpr char kTiny[] = R"(
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

/// Exit status and output of `run_program`, called in this process.
struct Said {
  int status;
  std::string out, err;
};

inline Said call(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = run_program(static_cast<int>(argv.size()), argv.data());
  const std::string err = testing::internal::GetCapturedStderr();
  return {status, testing::internal::GetCapturedStdout(), err};
}

/// Starts words[0], found in PATH, its output discarded or sent to a file.
inline pid_t start(std::vector<std::string> words, const std::string& output = "/dev/null") {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process = 0;
  EXPECT_EQ(posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

/// Exit status, or -1 when a signal ended it.
inline int wait_for(pid_t process) {
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline int run(const std::vector<std::string>& words, const std::string& output = "/dev/null") {
  return wait_for(start(words, output));
}

class StartedRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("ohmic_started_run_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write_atomically(folder_ / "tiny.toml", kTiny);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// ohmic run tiny.toml --out <test folder>/run MORE, for start and for call
  std::vector<std::string> command(const std::string& run,
                                   const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{OHMIC_PROGRAM, "run", folder_ / "tiny.toml", "--out",
                                   folder_ / run};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string content(const std::string& run, const char* file) const {
    return read_whole(folder_ / run / file);
  }
  void expect_same(const std::string& a, const std::string& b) const {
    for (const char* file : {"results.csv", "results.jsonl", "layers.csv", "resolved.toml"})
      EXPECT_EQ(content(a, file), content(b, file)) << file;
  }
  /// Files of points/ that end like this.
  std::ptrdiff_t points(const std::string& run, const std::string& extension) const {
    std::error_code none;
    std::ptrdiff_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / run / "points", none))
      count += entry.path().extension() == extension;
    return count;
  }
  /// Waits until points/ has a file that ends like this; false when it takes a minute.
  bool wait_for_points(const std::string& run, const std::string& extension) const {
    for (int i = 0; i < 6000 && points(run, extension) == 0; ++i) ::usleep(10'000);
    return points(run, extension) > 0;
  }

  std::filesystem::path folder_;
};

}  // namespace ohmic::test
