// Every target as an ordinary test: its seeds, the inputs that ever failed, and changed seeds.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "simulator/error.hpp"
#include "tests/fuzz/mutator.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

// A reader that asks for more than this is a finding, with the place that asked.
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=1024"; }

namespace ohmic::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// What this process may have beyond what it has. The sanitizers map more than any machine holds.
void cap_memory(std::uint64_t more_bytes) {
  if (kIsSanitized) return;
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlimit cap{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more_bytes,
                   RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &cap);
}

/// True where the reader did what it may; false where it threw what it may not.
void read_or_refuse(const Target& target, const std::string& bytes) {
  try {
    target.read(bytes);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
  } catch (const std::exception& error) {
    FAIL() << "not one of ohmic's errors: " << error.what();
  }
}

class Fuzz : public ::testing::Test {
 public:
  explicit Fuzz(const NamedTarget& named) : name_(named.name), target_(named.make()) {}

  void TestBody() override {
    cap_memory(std::uint64_t{1} << 30);
    for (const std::string& seed : target_.seeds) EXPECT_NO_THROW(target_.read(seed)) << name_;
    const fs::path failed = source_folder() / "tests/fuzz/failed" / name_;
    if (fs::exists(failed))
      for (const auto& file : fs::directory_iterator(failed)) {
        SCOPED_TRACE(file.path());
        read_or_refuse(target_, bytes_of(file.path()));
      }
    run_changed();
  }

 private:
  void run_changed() {
    const std::uint64_t first = from_environment("OHMIC_FUZZ_FIRST", 0),
                        runs = std::getenv("OHMIC_FUZZ_RUNS")
                                   ? from_environment("OHMIC_FUZZ_RUNS", 0)
                                   : std::max<std::uint64_t>(2000 / target_.cost, 1);
    const std::chrono::seconds seconds(from_environment("OHMIC_FUZZ_SECONDS", 0));
    const auto began = Clock::now();
    const auto goes_on = [&](std::uint64_t done) {
      return seconds.count() > 0 ? Clock::now() - began < seconds : done < runs;
    };
    std::uint64_t done = 0;
    for (; goes_on(done); ++done) {
      const std::uint64_t run = first + done;
      SCOPED_TRACE("OHMIC_FUZZ_RUNS=1 OHMIC_FUZZ_FIRST=" + std::to_string(run));
      const auto before = Clock::now();
      read_or_refuse(target_, Mutator(target_, run).bytes());
      slowest_ = std::max(slowest_, {Clock::now() - before, run});
      if (HasFatalFailure()) return;
    }
    if (seconds.count() > 0)
      std::cout << name_ << ": " << done << " runs, the slowest, "
                << std::chrono::duration<double>(slowest_.first).count() << " s, was run "
                << slowest_.second << std::endl;
  }

  std::string name_;
  Target target_;
  std::pair<Clock::duration, std::uint64_t> slowest_{};
};

}  // namespace
}  // namespace ohmic::test

int main(int argc, char** argv) {
  for (const ohmic::test::NamedTarget& target : ohmic::test::targets())
    ::testing::RegisterTest(
        "Fuzz", target.name, nullptr, nullptr, __FILE__, __LINE__,
        [&target]() -> ::testing::Test* { return new ohmic::test::Fuzz(target); });
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
