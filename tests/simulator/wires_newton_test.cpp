// Non-linear cells on resistive wires: ohmic cells must reproduce the exact effective matrix, one
// cell in series is a scalar equation, and what does not converge is refused.
#include "simulator/wires_newton.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

std::vector<double> random_values(std::size_t count, double low, double high) {
  std::vector<float> u(count);
  fill_uniforms(noise_key(11, 0), {Stream::programming}, count, u);
  std::vector<double> values;
  for (const float x : u) values.push_back(low + (high - low) * x);
  return values;
}

struct Ohmic final : CellCurve {
  void evaluate(std::span<const double> G_S, std::span<const double> volts,
                std::span<double> current_A, std::span<double> slope_S) const override {
    for (std::size_t k = 0; k < G_S.size(); ++k) {
      current_A[k] = G_S[k] * volts[k];
      slope_S[k] = G_S[k];
    }
  }
};

/// I = G V + a G V^3.
struct Cubic final : CellCurve {
  double a;
  explicit Cubic(double a) : a(a) {}
  void evaluate(std::span<const double> G_S, std::span<const double> volts,
                std::span<double> current_A, std::span<double> slope_S) const override {
    for (std::size_t k = 0; k < G_S.size(); ++k) {
      const double V = volts[k];
      current_A[k] = G_S[k] * (V + a * V * V * V);
      slope_S[k] = G_S[k] * (1 + 3 * a * V * V);
    }
  }
};

/// Slope of the wrong sign: no circuit that Newton's method could settle.
struct Unstable final : CellCurve {
  void evaluate(std::span<const double> G_S, std::span<const double> volts,
                std::span<double> current_A, std::span<double> slope_S) const override {
    for (std::size_t k = 0; k < G_S.size(); ++k) {
      current_A[k] = G_S[k] * std::sqrt(std::abs(volts[k]) + 1e-3);
      slope_S[k] = -G_S[k];
    }
  }
};

TEST(WiresNewton, OhmicCellsGiveTheExactEffectiveMatrix) {
  const int rows = 13, columns = 9;
  const auto G_S = random_values(13 * 9, 1e-6, 100e-6);
  const auto volts = random_values(13, -0.3, 0.5);
  for (const Wires& wires :
       {Wires{}, Wires{10, 20, 300, 50, RowDrive::both}, Wires{0, 5, 100, 0, RowDrive::left},
        Wires{0, 0, 0, 0, RowDrive::left}, Wires{0, 0, 40, 30, RowDrive::both}}) {
    std::vector<double> W(G_S.size());
    wired_effective_S(rows, columns, G_S, wires, W);
    const auto found = nonlinear_currents(rows, columns, G_S, Ohmic{}, wires, volts);
    EXPECT_LE(found.steps, 2);
    for (int j = 0; j < columns; ++j) {
      double expected = 0, scale = 0;
      for (int i = 0; i < rows; ++i) {
        const double term =
            volts[static_cast<std::size_t>(i)] * W[static_cast<std::size_t>(j * rows + i)];
        expected += term;
        scale += std::abs(term);
      }
      EXPECT_NEAR(found.column_A[static_cast<std::size_t>(j)], expected, 1e-9 * scale);
    }
  }
}

TEST(WiresNewton, OneCellInSeriesSolvesItsCubic) {
  // 0.5 V over 10 kOhm of driver and wires and a cell with I = 1e-4 (V + 2 V^3). V = 0.2 V there
  // gives 2.16e-5 A; the driver then drops 0.216 V, so it must stand at 0.416 V.
  const std::vector<double> G_S{1e-4}, volts{0.416};
  const auto found = nonlinear_currents(1, 1, G_S, Cubic{2.0}, {4000, 3000, 2000, 1000}, volts);
  EXPECT_NEAR(found.column_A[0], 2.16e-5, 1e-14);
}

TEST(WiresNewton, CurrentsAddUpAndConvergenceIsQuadratic) {
  const int rows = 32, columns = 24;
  const auto G_S = random_values(32 * 24, 1e-6, 200e-6);
  const std::vector<double> volts(32, 0.5);
  const auto found = nonlinear_currents(rows, columns, G_S, Cubic{5.0}, Wires{}, volts);
  EXPECT_LE(found.left_over, 1e-11);
  EXPECT_LE(found.steps, 8);
}

TEST(WiresNewton, ShortWiresAreSolvedAsFarAsVoltagesAreExact) {
  const auto G_S = random_values(20 * 10, 1e-6, 200e-6);
  const std::vector<double> volts(20, 0.5);
  const auto without = nonlinear_currents(20, 10, G_S, Cubic{5.0}, {0, 0, 0, 0}, volts);
  for (const double ohm : {1.0, 0.1, 1e-2, 1e-3, 1e-4}) {
    const auto found = nonlinear_currents(20, 10, G_S, Cubic{5.0}, {ohm, ohm}, volts);
    for (std::size_t j = 0; j < 10; ++j)  // drops of some 20 x 10 x 1e-4 A x ohm over 0.5 V
      EXPECT_NEAR(found.column_A[j] / without.column_A[j], 1, 0.2 * ohm) << ohm;
  }
}

TEST(WiresNewton, WithoutWiresEveryCellSeesItsRowsVoltage) {
  const std::vector<double> G_S{1e-4, 2e-4, 3e-4, 4e-4}, volts{0.1, 0.2};
  const auto found = nonlinear_currents(2, 2, G_S, Cubic{1.0}, {0, 0, 0, 0}, volts);
  EXPECT_DOUBLE_EQ(found.column_A[0], 1e-4 * 0.101 + 2e-4 * 0.208);
  EXPECT_DOUBLE_EQ(found.column_A[1], 3e-4 * 0.101 + 4e-4 * 0.208);
}

TEST(WiresNewton, WhatDoesNotConvergeIsRefused) {
  const std::vector<double> G_S{1e-4}, volts{0.5};
  EXPECT_THROW(nonlinear_currents(1, 1, G_S, Unstable{}, {1e4, 1e4, 0, 0}, volts),
               UnsupportedError);
  NewtonSettings hasty;
  hasty.max_steps = 1;
  try {
    nonlinear_currents(1, 1, G_S, Cubic{50.0}, {1e4, 1e4, 0, 0}, volts, hasty);
    FAIL() << "converged in one step";
  } catch (const UnsupportedError& e) {
    EXPECT_NE(std::string(e.what()).find("not converged after 1 Newton steps"), std::string::npos);
  }
}

}  // namespace
}  // namespace ohmic
