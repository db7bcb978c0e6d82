// Against long double; 2 million points each, seed 7.
#include "simulator/elementary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

constexpr double kStatedError = 4e-16;

std::vector<float> uniforms(std::uint64_t event) {
  std::vector<float> u(2000000);
  fill_uniforms(noise_key(7, 0), {Stream::resampling, 0, 0, event}, 0, u);
  return u;
}

double relative_error(double got, long double exact) {
  if (exact == 0) return got == 0 ? 0 : 1;
  return static_cast<double>(std::abs((got - exact) / exact));
}

TEST(Elementary, LogIsWithinItsStatedErrorOverAllMagnitudes) {
  double worst = 0;
  for (const float u : uniforms(0)) {
    const double x = std::exp2(2040.0 * (double{u} - 0.5));
    worst = std::max(worst, relative_error(log_of(x), std::log(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, kStatedError);
}

TEST(Elementary, LogIsWithinItsStatedErrorAboutOne) {
  double worst = 0;
  for (const float u : uniforms(1)) {
    const double x = 0.5 + 1.5 * double{u};
    worst = std::max(worst, relative_error(log_of(x), std::log(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, kStatedError);
  EXPECT_EQ(log_of(1.0), 0.0);
}

TEST(Elementary, ExpIsWithinItsStatedError) {
  double worst = 0;
  for (const float u : uniforms(2))
    for (const double reach : {2.0, 1400.0}) {
      const double x = reach * (double{u} - 0.5);
      worst = std::max(worst, relative_error(exp_of(x), std::exp(static_cast<long double>(x))));
    }
  EXPECT_LT(worst, kStatedError);
  EXPECT_EQ(exp_of(0.0), 1.0);
}

TEST(Elementary, ExpSaturatesInsteadOfOverflowing) {
  EXPECT_EQ(exp_of(1e300), exp_of(700.0));
  EXPECT_EQ(exp_of(-1e300), exp_of(-700.0));
  EXPECT_GT(exp_of(-1e300), 0);
}

}  // namespace
}  // namespace ohmic
