// Targets worked by hand on [5, 25] uS: g_range = 20 uS, g_mid = 15 uS.
#include "mapping/cell_code.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace ohmic {
namespace {

constexpr double kMin_S = 5e-6, kMax_S = 25e-6;

CellCode code(Encoding encoding, const MappingSettings& more = {}) {
  MappingSettings s = more;
  s.encoding = encoding;
  return {s, kMin_S, kMax_S};
}

std::vector<double> targets(const CellCode& c, std::size_t role, std::vector<double> v) {
  std::vector<double> out(v.size());
  c.targets(c.roles()[role], v, out);
  return out;
}

void expect_uS(const std::vector<double>& got_S, const std::vector<double>& expected_uS) {
  ASSERT_EQ(got_S.size(), expected_uS.size());
  for (std::size_t i = 0; i < got_S.size(); ++i) EXPECT_NEAR(got_S[i] * 1e6, expected_uS[i], 1e-9);
}

/// v as the planes give it back.
double decoded(const CellCode& c, double v) {
  double sum = 0;
  for (std::size_t p = 0; p < c.planes().size(); ++p) {
    double G_S = -c.planes()[p].reference_S;
    for (std::size_t r = 0; r < c.roles().size(); ++r)
      if (c.roles()[r].plane == static_cast<int>(p))
        G_S += c.roles()[r].sign * targets(c, r, {v})[0];
    sum += c.planes()[p].value_per_S * G_S;
  }
  return sum;
}

TEST(CellCode, OffsetUsesTheWholeRangeOfOneDevice) {
  const CellCode c = code(Encoding::offset);
  ASSERT_EQ(c.roles().size(), 1u);
  expect_uS(targets(c, 0, {-1, -0.5, 0, 1}), {5, 10, 15, 25});
  EXPECT_DOUBLE_EQ(c.planes()[0].value_per_S, 2 / 20e-6);
  EXPECT_DOUBLE_EQ(c.devices(), 1);
}

TEST(CellCode, APhysicalReferenceIsASecondDeviceAtMidRange) {
  MappingSettings s;
  s.reference = Reference::physical;
  const CellCode c = code(Encoding::offset, s);
  ASSERT_EQ(c.roles().size(), 2u);
  EXPECT_TRUE(c.roles()[1].is_reference);
  expect_uS(targets(c, 1, {-1, 1}), {15, 15});
  EXPECT_DOUBLE_EQ(c.devices(), 2);
}

TEST(CellCode, DigitalSubtractionHasAPlanePerPolarity) {
  MappingSettings s;
  s.subtraction = Subtraction::digital;
  const CellCode c = code(Encoding::differential, s);
  ASSERT_EQ(c.planes().size(), 2u);
  EXPECT_DOUBLE_EQ(c.planes()[0].value_per_S, -c.planes()[1].value_per_S);
  EXPECT_TRUE(c.planes()[0].unipolar && c.planes()[1].unipolar);
  EXPECT_DOUBLE_EQ(c.planes()[0].span_S, kMax_S);
  expect_uS(targets(c, 0, {0.5, -0.5}), {15, 5});
  expect_uS(targets(c, 1, {0.5, -0.5}), {5, 15});
}

// 5 bits in slices of 2: q = round(15 v). v = 0.6: q = 9 = 10 01b; v = -1: q = -15 = 11 11b.
TEST(CellCode, DifferentialSlicesHoldSignAndMagnitude) {
  MappingSettings s;
  s.weight_bits = 5;
  const CellCode c = code(Encoding::bit_sliced, s);
  ASSERT_EQ(c.planes().size(), 2u);
  const double third = 20.0 / 3;
  expect_uS(targets(c, 0, {0.6, -1, 0}), {5 + 1 * third, 5, 5});
  expect_uS(targets(c, 1, {0.6, -1, 0}), {5, 25, 5});
  expect_uS(targets(c, 2, {0.6, -1, 0}), {5 + 2 * third, 5, 5});
  expect_uS(targets(c, 3, {0.6, -1, 0}), {5, 25, 5});
  EXPECT_NEAR(decoded(c, 0.6), 0.6, 1e-12);
}

// 4 bits in slices of 2: u = round(7.5 (v + 1)). v = 0.2: u = 9 = 10 01b.
TEST(CellCode, OffsetSlicesHoldAllBits) {
  MappingSettings s;
  s.weight_bits = 4;
  s.slices = Encoding::offset;
  const CellCode c = code(Encoding::bit_sliced, s);
  const double third = 20.0 / 3;
  expect_uS(targets(c, 0, {0.2, -1, 1}), {5 + 1 * third, 5, 25});
  expect_uS(targets(c, 1, {0.2, -1, 1}), {5 + 2 * third, 5, 25});
  EXPECT_NEAR(decoded(c, 0.2), 0.2, 1e-12);
}

TEST(CellCode, SlicesDecodeToHalfAStep) {
  for (const Encoding slices : {Encoding::differential, Encoding::offset})
    for (const int bits : {3, 4, 7, 8})
      for (const int slice : {1, 2, 3, 4}) {
        MappingSettings s;
        s.weight_bits = bits;
        s.slice_bits = slice;
        s.slices = slices;
        const CellCode c = code(Encoding::bit_sliced, s);
        const double half_step = 0.5 / (std::exp2(bits - 1) - 1);
        for (double v = -1; v <= 1; v += 0.01)
          ASSERT_NEAR(decoded(c, v), v, half_step * (1 + 1e-9)) << bits << " bits by " << slice;
      }
}

// Four 2-bit slices of 8 bits, differential: weights 1, 4, 16, 64 of a pair each.
TEST(CellCode, CountsDevicesByTheirWeight) {
  const CellCode c = code(Encoding::bit_sliced);
  ASSERT_EQ(c.planes().size(), 4u);
  EXPECT_NEAR(c.devices(), 2 * (1 + 1. / 16 + 1. / 256 + 1. / 4096), 1e-12);
}

TEST(CellCode, ReplicasGiveTheNumberBackAsOneCellDoes) {
  for (const Encoding encoding : {Encoding::differential, Encoding::offset, Encoding::bit_sliced})
    for (const DifferentialForm form : {DifferentialForm::one_sided, DifferentialForm::two_sided})
      for (const Subtraction subtraction : {Subtraction::analog, Subtraction::digital})
        for (const Reference reference : {Reference::ideal, Reference::physical})
          for (const Fill fill : {Fill::equal, Fill::maximal})
            for (const int replicas : {1, 2, 3, 8}) {
              MappingSettings s;
              s.form = form;
              s.subtraction = subtraction;
              s.reference = reference;
              s.fill = fill;
              s.replicas = replicas;
              const CellCode c = code(encoding, s);
              const double step = encoding == Encoding::bit_sliced ? 1. / 127 : 0;
              for (const double v : {-1.0, -0.61, -0.25, 0.0, 0.1, 0.5, 0.77, 1.0})
                EXPECT_NEAR(decoded(c, v), v, 0.5 * step + 1e-12) << replicas;
            }
}

// Four slices of equal significance of +-0.6 on [5, 25] uS: 2.4 devices full. Filled alike each
// holds 5 + 0.6 * 20 = 17 uS; filled one after the other 25, 25, 5 + 0.4 * 20 = 13 and 5 uS. The
// other of every pair is idle.
TEST(CellCode, ReplicasAreSlicesOfEqualSignificance) {
  const std::map<Fill, std::vector<double>> held_uS{{Fill::equal, {17, 17, 17, 17}},
                                                    {Fill::maximal, {25, 25, 13, 5}}};
  for (const auto& [fill, expected] : held_uS) {
    MappingSettings s;
    s.replicas = 4;
    s.fill = fill;
    const CellCode c = code(Encoding::differential, s);
    ASSERT_EQ(c.planes().size(), 1u);
    EXPECT_DOUBLE_EQ(c.planes()[0].value_per_S, 1 / (4 * 20e-6));
    ASSERT_EQ(c.roles().size(), 8u);
    for (std::size_t role = 0; role < 8; ++role) {
      const bool positive = role % 2 == 0;
      EXPECT_EQ(c.roles()[role].sign, positive ? 1 : -1);
      const double active = expected[role / 2];
      expect_uS(targets(c, role, {0.6, -0.6}),
                positive ? std::vector<double>{active, 5} : std::vector<double>{5, active});
    }
  }
}

// Weights of -1, 0 and 1 times the scale take the ends of the range, whatever holds them.
TEST(CellCode, BinaryAndTernaryNumbersTakeTheEndsOfTheRange) {
  expect_uS(targets(code(Encoding::offset), 0, {-1, 1}), {5, 25});
  const CellCode pair = code(Encoding::differential);
  expect_uS(targets(pair, 0, {-1, 0, 1}), {5, 5, 25});
  expect_uS(targets(pair, 1, {-1, 0, 1}), {25, 5, 5});
}

// Sign and one bit of magnitude: three states, from half of the scale on.
TEST(CellCode, TwoBitSlicesAreTernary) {
  MappingSettings s;
  s.weight_bits = 2;
  s.slice_bits = 1;
  const CellCode c = code(Encoding::bit_sliced, s);
  ASSERT_EQ(c.roles().size(), 2u);
  expect_uS(targets(c, 0, {-1, -0.51, -0.49, 0.49, 0.51, 1}), {5, 5, 5, 5, 25, 25});
  expect_uS(targets(c, 1, {-1, -0.51, -0.49, 0.49, 0.51, 1}), {25, 25, 5, 5, 5, 5});
  for (const double v : {-1.0, 0.0, 1.0}) EXPECT_NEAR(decoded(c, v), v, 1e-12);
}

}  // namespace
}  // namespace ohmic
