// The exported netlist, solved by ngspice, gives the currents of the exact effective matrix.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "experiments/export/netlist.hpp"
#include "simulator/wires.hpp"
#include "simulator/wires_newton.hpp"
#include "tests/experiments/export_chip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::SmallChip;

/// Column currents that `ngspice -b` prints for a netlist; empty when there is no ngspice.
std::vector<double> run_ngspice(const std::string& netlist) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("tile.sp", netlist);
  FILE* pipe = popen(("ngspice -b '" + path.string() + "' 2>/dev/null").c_str(), "r");
  std::vector<double> currents;
  std::array<char, 256> line;
  while (fgets(line.data(), line.size(), pipe)) {
    int column = 0;
    double ampere = 0;
    if (sscanf(line.data(), "i(vsense_%d) = %lf", &column, &ampere) == 2)
      currents.push_back(ampere);
  }
  pclose(pipe);
  return currents;
}

void expect_ngspice_agrees(const ProgrammedTile& tile, const Wires& wires) {
  std::vector<double> volts;
  for (int i = 0; i < tile.rows; ++i) volts.push_back(0.05 + 0.01 * i * (i % 3));
  const auto measured = run_ngspice(spice_netlist(tile, wires, volts));
  ASSERT_EQ(std::ssize(measured), tile.columns);
  std::vector<double> W(tile.programmed_S.size());
  wired_effective_S(tile.rows, tile.columns, tile.programmed_S, wires, W);
  for (int j = 0; j < tile.columns; ++j) {
    double expected = 0;
    for (int i = 0; i < tile.rows; ++i)
      expected +=
          volts[static_cast<std::size_t>(i)] * W[static_cast<std::size_t>(j * tile.rows + i)];
    const double found = measured[static_cast<std::size_t>(j)];
    EXPECT_NEAR(found, expected, 1e-6 * std::abs(expected)) << "column " << j;
  }
}

TEST(ExportedNetlist, GivesTheEffectiveMatrixsCurrentsInNgspice) {
  if (std::system("command -v ngspice >/dev/null") != 0) GTEST_SKIP() << "ngspice is not installed";
  const SmallChip chip;
  for (const char* polarity : {"plus", "minus"})
    for (const Wires& wires :
         {Wires{}, Wires{100, 50, 1000, 200, RowDrive::left}, Wires{100, 50, 0, 0, RowDrive::both},
          Wires{0, 20, 500, 0, RowDrive::both}, Wires{30, 0, 0, 100, RowDrive::left}})
      expect_ngspice_agrees(chip.programmed().tile_at("layer1.0.conv", 1, 0, polarity), wires);
}

TEST(ExportedNetlist, OfA64By64TileAgreesToo) {
  if (std::system("command -v ngspice >/dev/null") != 0) GTEST_SKIP() << "ngspice is not installed";
  ProgrammedTile tile{"large", 0, 0, 0, 0, 64, 64, "plus", 0, {}, std::vector<double>(64 * 64)};
  std::vector<float> u(64 * 64);
  fill_uniforms(noise_key(3, 0), {Stream::programming}, 0, u);
  for (std::size_t k = 0; k < u.size(); ++k) tile.programmed_S[k] = 100e-6 * u[k];
  expect_ngspice_agrees(tile, Wires{1, 1, 0, 0, RowDrive::left});
}

/// I = G V (1 + 2 |V| + 3 V^2).
struct Bent final : PolynomialCurve {
  void coefficients(std::span<const double> G_S, std::span<double> a_A_V2,
                    std::span<double> b_A_V3) const override {
    for (std::size_t i = 0; i < G_S.size(); ++i) a_A_V2[i] = 2 * G_S[i], b_A_V3[i] = 3 * G_S[i];
  }
};

TEST(ExportedNetlist, GivesTheCurrentsOfNonLinearCellsInNgspice) {
  if (std::system("command -v ngspice >/dev/null") != 0) GTEST_SKIP() << "ngspice is not installed";
  const SmallChip chip;
  const auto tile = chip.programmed().tile_at("layer1.0.conv", 1, 0, "plus");
  const std::vector<double> volts{0.5, -0.4, 0.3, 0.2, -0.1, 0.45, 0.0, 0.35};
  for (const Wires& wires :
       {Wires{100, 50, 1000, 200, RowDrive::left}, Wires{2000, 1000, 0, 0, RowDrive::both}}) {
    const auto found =
        nonlinear_currents(tile.rows, tile.columns, tile.programmed_S, Bent{}, wires, volts);
    const Bent curve;
    const auto measured = run_ngspice(spice_netlist(tile, wires, volts, &curve));
    ASSERT_EQ(measured.size(), found.column_A.size());
    for (std::size_t j = 0; j < measured.size(); ++j)
      EXPECT_NEAR(measured[j], found.column_A[j], 1e-6 * std::abs(found.column_A[j])) << j;
  }
}

}  // namespace
}  // namespace ohmic
