// Calls of AffineGrid; values by hand: x' = theta (x, y, 1), pixel centres at -1/2 and 1/2 for two
// pixels, corners at -1 and 1.
#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "tests/nn/operator_cases.hpp"

namespace ohmic::test {
namespace {

using I = std::int64_t;

/// As it is; then half as wide, moved by 1, rows and columns exchanged.
const ConstantTensor kTheta = reals({2, 2, 3}, {1, 0, 0, 0, 1, 0, 0, 0.5, 1, 1, 0, 0});

const RegisterCases kPlanes{
    {"AffineGrid",
     {},
     {kTheta, wholes({4}, {2, 3, 1, 2})},
     {-0.5, 0, 0.5, 0, 1, -0.5, 1, 0.5},
     {2, 1, 2, 2},
     20,
     true,
     true},
    {"AffineGrid",
     {{"align_corners", I{1}}},
     {kTheta, wholes({4}, {2, 3, 2, 2})},
     {-1, -1, 1, -1, -1, 1, 1, 1, 0.5, -1, 0.5, 1, 1.5, -1, 1.5, 1},
     {2, 2, 2, 2},
     20,
     true,
     true},
    {"AffineGrid",
     {},
     {reals({1, 3, 4}, {2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3}), wholes({5}, {1, 1, 1, 1, 2})},
     {-1, 0, 3, 1, 0, 3},
     {1, 1, 1, 2, 3},
     20,
     true},
};

TEST(AffineGrid, RefusesWhatDoesNotFit) {
  const OperatorCase one{"AffineGrid", {}, {kTheta, wholes({5}, {2, 1, 1, 1, 2})}, {}};
  try {
    evaluate(node_of(one), 20, one.inputs);
    FAIL() << "nothing is wrong";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "n (AffineGrid): theta and size do not fit; theta of N x 2 x 3 with 4 sizes, or "
                 "N x 3 x 4 with 5, is accepted");
  }
}

}  // namespace
}  // namespace ohmic::test
