// Two networks' tensors next to each other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/network/weights.hpp"

namespace ohmic::test {

/// Within `tolerance` of each tensor's largest value.
inline void expect_close(const Weights& got, const Weights& wanted, float tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [name, tensor] : wanted) {
    float largest = 0;
    for (const float value : tensor.values) largest = std::max(largest, std::abs(value));
    ASSERT_EQ(got.at(name).values.size(), tensor.values.size()) << name;
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      ASSERT_NEAR(got.at(name).values[i], tensor.values[i], tolerance * largest) << name;
  }
}

}  // namespace ohmic::test
