#include "nn/analog/row_activity.hpp"

#include <gtest/gtest.h>

#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

Periphery with_dac(int bits, int slice_bits = 0, bool is_signed = false) {
  Periphery p;
  p.dac.emplace().bits = bits;
  p.dac->is_signed = is_signed;
  if (slice_bits > 0) p.dac->slice_bits = slice_bits;
  return p;
}

double of_one_input(const Periphery& p, float x, double range = 7.0) {
  RowActivity drive(test::dense(1, 1), p, range);
  drive.observe(&x, 1);
  return drive.mean_squares().at(0);
}

TEST(RowActivity, SquaresWhatAPhaseAppliesOverFullDrive) {
  // Code 5 of 0..7 is 101 in binary.
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3), 5.2f), 25.0 / 49);
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3, 1), 5.2f), 2.0 / 3);
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3, 2), 5.2f), (1.0 / 9 + 1.0 / 9) / 2);
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3), 100.0f), 1.0);
  // With a sign, codes are -3..3 and slices of two bits are whole.
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3, 0, true), -2.0f, 3.0), 4.0 / 9);
  EXPECT_DOUBLE_EQ(of_one_input(with_dac(3, 1, true), -2.0f, 3.0), 1.0 / 2);
  Periphery two_phase = with_dac(3, 0, true);
  two_phase.dac->drive = SignedDrive::two_phase;
  EXPECT_DOUBLE_EQ(of_one_input(two_phase, -2.0f, 3.0), 4.0 / 9 / 2);
}

TEST(RowActivity, MeansOverPositionsAreThoseOfPlainLoops) {
  const ConvGeometry g = test::same_padded(5, 3, 2, 3, 2);
  const auto x = test::normals(2 * test::values_in(g), 3);
  RowActivity drive(g, {}, 0);
  drive.observe(x.data(), 1);
  drive.observe(x.data() + test::values_in(g), 1);
  double largest = 0;
  for (const float v : x) largest = std::max(largest, std::abs(double{v}));
  const std::vector<double> means = drive.mean_squares();
  ASSERT_EQ(means.size(), 27u);
  for (int k = 0; k < 27; ++k) {
    const int c = k / 9, ky = k / 3 % 3, kx = k % 3;
    double sum = 0;
    for (int i = 0; i < 2; ++i)
      for (int oy = 0; oy < 3; ++oy)
        for (int ox = 0; ox < 3; ++ox) {
          const int y = 2 * oy + ky - g.pad_top, xx = 2 * ox + kx - g.pad_left;
          if (y < 0 || y > 4 || xx < 0 || xx > 4) continue;
          const double v = x[static_cast<std::size_t>(((i * 5 + y) * 5 + xx) * 3 + c)] / largest;
          sum += v * v;
        }
    EXPECT_NEAR(means[static_cast<std::size_t>(k)], sum / 18, 1e-12) << k;
  }
}

TEST(RowActivity, BiasRowsAreDrivenFullyBelowTheirGroups) {
  ConvGeometry g = test::dense(4, 2);
  g.groups = 2;
  g.bias_rows = 1;
  const std::vector<float> x{1, 2, 3, 7};
  const auto means = [&](const Periphery& p) {
    RowActivity drive(g, p, 7.0);
    drive.observe(x.data(), 1);
    return drive.mean_squares();
  };
  const std::vector<double> whole{1.0 / 49, 4.0 / 49, 1.0, 9.0 / 49, 1.0, 1.0};
  const auto expect_rows = [](const std::vector<double>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], wanted[k], 1e-12) << k;
  };
  expect_rows(means({}), whole);
  expect_rows(means(with_dac(3)), whole);
  Periphery two_phase = with_dac(4, 0, true);  // the phase of negative inputs does not drive it
  two_phase.dac->drive = SignedDrive::two_phase;
  EXPECT_DOUBLE_EQ(means(two_phase)[2], 0.5);
}

}  // namespace
}  // namespace ohmic
