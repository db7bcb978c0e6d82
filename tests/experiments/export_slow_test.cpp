// The exported netlist, solved by ngspice, gives the currents of the exact effective matrix.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "experiments/export/netlist.hpp"
#include "simulator/wires.hpp"
#include "tests/experiments/export_chip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using testing::SmallChip;

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

}  // namespace
}  // namespace ohmic
