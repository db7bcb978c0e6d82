// Against long double; 2 million points each, seed 8.
#include "nn/analog/gate_functions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

constexpr double kStatedError = 4e-7;

/// The largest relative error over |x| <= reach, half of the points about 0.
template <class Got, class Exact>
double worst_error(double reach, const Got& got, const Exact& exact) {
  std::vector<float> u(2000000);
  fill_uniforms(noise_key(8, 0), {Stream::resampling, 0, 0, 0}, 0, u);
  double worst = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double spread = std::pow(2.0 * u[i] - 1, i % 2 == 0 ? 1 : 9);
    const auto x = static_cast<float>(reach * spread);
    const long double right = exact(static_cast<long double>(x));
    if (right != 0) worst = std::max(worst, static_cast<double>(std::abs(got(x) / right - 1)));
  }
  return worst;
}

TEST(GateFunctions, SigmoidIsWithinItsStatedError) {
  const auto exact = [](long double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_LT(worst_error(80, gate_sigmoid, exact), kStatedError);
  EXPECT_LT(worst_error(2, gate_sigmoid, exact), kStatedError);
}

TEST(GateFunctions, TanhIsWithinItsStatedErrorDownToTheSmallest) {
  const auto exact = [](long double x) { return std::tanh(x); };
  EXPECT_LT(worst_error(12, gate_tanh, exact), kStatedError);
  EXPECT_LT(worst_error(1e-3, gate_tanh, exact), kStatedError);
}

TEST(GateFunctions, EndWhereFloatsDo) {
  const float most = std::numeric_limits<float>::max();
  EXPECT_EQ(gate_tanh(most), 1);
  EXPECT_EQ(gate_tanh(-most), -1);
  EXPECT_EQ(gate_tanh(0), 0);
  EXPECT_EQ(gate_sigmoid(0), 0.5f);
  EXPECT_EQ(gate_sigmoid(most), 1);
  EXPECT_LT(gate_sigmoid(-most), 1e-37f);
  EXPECT_TRUE(std::isnan(gate_tanh(std::nanf(""))));
  EXPECT_TRUE(std::isnan(gate_sigmoid(std::nanf(""))));
}

}  // namespace
}  // namespace ohmic
