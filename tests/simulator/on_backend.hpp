// A test that runs on the back end that its parameter names, and is skipped where that has no
// machine.
#pragma once

#include <gtest/gtest.h>

#include "tests/simulator/backend_cases.hpp"

namespace ohmic::test {

class OnBackend : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const std::string why = missing_machine(GetParam()); !why.empty()) GTEST_SKIP() << why;
    backend_ = backend_under_test(GetParam());
  }
  std::unique_ptr<Backend> backend_;
};

}  // namespace ohmic::test
