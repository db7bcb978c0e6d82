// Repeated work where nothing can be recorded: on a host, and on a GPU's default stream.
#include "nn/torch/captured_work.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ohmic {
namespace {

TEST(CapturedWork, WhatCannotBeRecordedIsRunEachTimeAndSaysWhy) {
  CapturedWork work(Repetition::recorded);
  int runs = 0;
  for (int i = 0; i < 3; ++i) work.run([&] { ++runs; });
  EXPECT_EQ(work.problem(), "") << "the first times nobody tries";
  for (int i = 0; i < 3; ++i) work.run([&] { ++runs; });
  EXPECT_NE(work.problem(), "");
  EXPECT_GE(runs, 6);
}

TEST(CapturedWork, LaunchedWorkIsWhatIsGiven) {
  CapturedWork work(Repetition::launched);
  std::string seen;
  for (const char* what : {"a", "b", "c", "d", "e"}) work.run([&, what] { seen += what; });
  EXPECT_EQ(seen, "abcde");
  EXPECT_EQ(work.problem(), "");
}

TEST(CapturedWork, EmulatedWorkIsWhatWasGivenFirst) {
  CapturedWork work(Repetition::emulated);
  std::string seen;
  for (const char* what : {"a", "b", "c"}) work.run([&, what] { seen += what; });
  EXPECT_EQ(seen, "aaa");
}

TEST(CapturedWork, TheEnvironmentTurnsRecordingOff) {
  ::unsetenv("OHMIC_CUDA_GRAPHS");
  EXPECT_EQ(repetition_on("cuda:1"), Repetition::recorded);
  EXPECT_EQ(repetition_on("cpu"), Repetition::launched);
  ::setenv("OHMIC_CUDA_GRAPHS", "0", 1);
  EXPECT_EQ(repetition_on("cuda:1"), Repetition::launched);
  ::unsetenv("OHMIC_CUDA_GRAPHS");
}

}  // namespace
}  // namespace ohmic
