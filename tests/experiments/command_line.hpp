// The program called from a test, with what it printed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "experiments/commands/program.hpp"

namespace ohmic::test {

struct Result {
  int status;
  std::string out, err;
};

/// `ohmic` with these words.
inline Result ohmic(std::vector<std::string> words) {
  words.insert(words.begin(), "ohmic");
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = run_program(static_cast<int>(argv.size()), argv.data());
  const std::string err = ::testing::internal::GetCapturedStderr();
  return {status, ::testing::internal::GetCapturedStdout(), err};
}

}  // namespace ohmic::test
