// What may happen to a run and its folder: it is killed at any moment, the disk is full at any
// write, the folder vanishes or is copied while the run goes on, the clock jumps. Whatever it was,
// the same command then ends in the bytes of an undisturbed run, or says what is wrong.
//
//   OHMIC_TEST_KILLS=N   how many kills (200 otherwise)
//   OHMIC_TEST_STRIDE=N  every so many-th write fails in a run of its own (7 otherwise; 1: each)
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "simulator/random/noise.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using test::run;
using test::start;
using test::wait_for;

int number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

/// Variables of the programs that are started while it lives.
class Environment {
 public:
  explicit Environment(std::vector<std::pair<std::string, std::string>> variables)
      : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;

 private:
  std::vector<std::pair<std::string, std::string>> variables_;
};

class Faults : public test::StartedRun {
 protected:
  void SetUp() override {
    StartedRun::SetUp();
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(run(command("whole")), 0);
    whole_ = std::chrono::steady_clock::now() - began;
  }
  /// Some moment of an undisturbed run.
  void wait_somewhere(std::uint64_t number) const {
    const auto bits = bits_at(noise_key(6, number), {Stream::resampling}, 0);
    std::this_thread::sleep_for(whole_ * (bits / 4294967296.0));
  }
  std::chrono::duration<double> whole_{};
};

TEST_F(Faults, KilledTwoHundredTimesRunsEndInTheSameBytes) {
  const int kills = number("OHMIC_TEST_KILLS", 200);
  int folder = 0;
  for (int killed = 0; killed < kills;) {
    const std::string name = "killed" + std::to_string(folder);
    const pid_t process = start(command(name));
    wait_somewhere(static_cast<std::uint64_t>(killed));
    ::kill(process, SIGKILL);
    const int status = wait_for(process);
    if (status == -1) {
      ++killed;
      if (killed < kills) continue;
    }
    ASSERT_EQ(run(command(name)), 0);
    expect_same("whole", name);
    ASSERT_FALSE(HasFailure()) << "after " << killed << " kills";
    fs::remove_all(folder_ / name);
    ++folder;
  }
}

TEST_F(Faults, AFullDiskAtAnyWriteIsSaidAndLosesNothing) {
  const int stride = number("OHMIC_TEST_STRIDE", 7);
  const fs::path said = folder_ / "said";
  for (int at = 1;; at += stride) {
    int status = 0;
    {
      const Environment full({{"LD_PRELOAD", OHMIC_FAILING_WRITES},
                              {"OHMIC_FAIL_BELOW", folder_ / "full"},
                              {"OHMIC_FAIL_AT", std::to_string(at)}});
      status = run(command("full"), said);
    }
    const bool was_met = status != 0;
    if (was_met) {
      EXPECT_EQ(status, 5) << "change " << at;
      EXPECT_NE(read_whole(said).find("No space left on device"), std::string::npos)
          << read_whole(said);
      ASSERT_EQ(run(command("full")), 0) << "change " << at;
    }
    expect_same("whole", "full");
    ASSERT_FALSE(HasFailure()) << "change " << at;
    fs::remove_all(folder_ / "full");
    if (!was_met) {
      EXPECT_GT(at, 100) << "so few writes fail";
      return;
    }
  }
}

TEST_F(Faults, AFolderThatVanishesEndsTheRunWithAWord) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    const fs::path said = folder_ / "said";
    const pid_t process = start(command("gone", {"--set", "evaluation.draws=200"}), said);
    ASSERT_TRUE(wait_for_points("gone", ".draws"));
    wait_somewhere(1000 + i);
    std::error_code busy;
    for (int k = 0; k < 1000 && (fs::remove_all(folder_ / "gone", busy), busy); ++k) {
    }
    const int status = wait_for(process);
    if (status == 0) continue;  // it was done already
    EXPECT_TRUE(status == 3 || status == 5) << status;
    EXPECT_NE(read_whole(said).find((folder_ / "gone").string()), std::string::npos)
        << read_whole(said);
  }
}

TEST_F(Faults, AFolderCopiedWhileItsRunGoesOnIsContinuedToTheSameBytes) {
  for (std::uint64_t i = 0; i < 10; ++i) {
    const pid_t process = start(command("source"));
    wait_somewhere(2000 + i);
    std::error_code moved;  // what is renamed meanwhile is not copied
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "source", moved)) {
      const fs::path to = folder_ / "copy" / fs::relative(entry.path(), folder_ / "source");
      if (entry.is_directory(moved))
        fs::create_directories(to);
      else
        fs::copy_file(entry.path(), to, moved);
    }
    EXPECT_EQ(wait_for(process), 0);
    ASSERT_EQ(run(command("copy")), 0);
    expect_same("whole", "copy");
    expect_same("whole", "source");
    fs::remove_all(folder_ / "copy");
    fs::remove_all(folder_ / "source");
  }
}

// Neither the time of day nor files from the future or long ago decide what is computed.
TEST_F(Faults, AClockThatJumpsChangesNothing) {
  ASSERT_EQ(run({"date", "+%Y"}, folder_ / "year"), 0);
  const std::vector<std::pair<std::string, std::string>> jumping{
      {"LD_PRELOAD", OHMIC_JUMPING_CLOCK}};
  const Environment jumps(jumping);
  ASSERT_EQ(run({"date", "+%Y"}, folder_ / "jumped"), 0);
  ASSERT_NE(read_whole(folder_ / "year"), read_whole(folder_ / "jumped"));
  ASSERT_EQ(run(command("jumps")), 0);
  expect_same("whole", "jumps");
  const auto now = fs::file_time_type::clock::now();
  for (std::uint64_t i = 0; i < 10; ++i) {
    const pid_t process = start(command("killed"));
    wait_somewhere(3000 + i);
    ::kill(process, SIGKILL);
    wait_for(process);
    int file = 0;
    std::error_code none;  // it was killed before there was a folder
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "killed", none))
      fs::last_write_time(entry.path(), now + std::chrono::hours(++file % 2 ? 90'000 : -90'000));
    ASSERT_EQ(run(command("killed")), 0);
    expect_same("whole", "killed");
    fs::remove_all(folder_ / "killed");
  }
  for (int i = 0; i < 3; ++i)  // what was there before is set aside, whenever that was
    ASSERT_EQ(run(command("jumps", {"--fresh"})), 0);
  expect_same("whole", "jumps");
  const auto is_old = [](const fs::directory_entry& e) {
    return e.path().filename().string().starts_with("before-");
  };
  EXPECT_EQ(std::ranges::count_if(fs::directory_iterator(folder_ / "jumps"), is_old), 3);
}

}  // namespace
}  // namespace ohmic
