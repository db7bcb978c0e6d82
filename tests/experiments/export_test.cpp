// What `ohmic export` writes: every device once, in its place, with the bits that the chip computes
// with.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "experiments/export/netlist.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/export_chip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::SmallChip;

struct Line {
  std::string layer, polarity;
  int tile_row, tile_column, row, column, slice;
  double target_S, programmed_S;
};

std::vector<Line> read_csv(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text, field;
  std::getline(file, text);
  EXPECT_EQ(text, "layer,tile_row,tile_column,row,column,polarity,slice,target_S,programmed_S");
  std::vector<Line> lines;
  while (std::getline(file, text)) {
    std::istringstream fields(text);
    std::vector<std::string> f;
    while (std::getline(fields, field, ',')) f.push_back(field);
    lines.push_back({f.at(0), f.at(5), std::stoi(f.at(1)), std::stoi(f.at(2)), std::stoi(f.at(3)),
                     std::stoi(f.at(4)), std::stoi(f.at(6)), std::stod(f.at(7)),
                     std::stod(f.at(8))});
  }
  return lines;
}

TEST(Export, CsvHoldsEveryDeviceInItsPlace) {
  const SmallChip chip;
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "conductances.csv";
  write_conductances_csv(path, chip.programmed());
  const auto lines = read_csv(path);
  ASSERT_EQ(lines.size(), 2u * 20 * 5);
  std::vector<double> target_S(100);
  std::map<std::string, std::vector<double>> expected;
  const MappedLayer& layer = chip.layers.front();
  for (const Line& line : lines) {
    const int role = line.polarity == "plus" ? 0 : 1;
    layer.target_S(role, 0, target_S);
    const auto programmed_S = layer.programmed_S(role, *chip.device, noise_key(9, 4));
    const int k = line.tile_row * 8 + line.row, n = line.tile_column * 3 + line.column;
    const auto cell = static_cast<std::size_t>(n * 20 + k);
    EXPECT_EQ(line.layer, "layer1.0.conv");
    EXPECT_EQ(line.slice, 0);
    EXPECT_EQ(line.target_S, target_S[cell]);
    EXPECT_EQ(line.programmed_S, programmed_S[cell]);
  }
}

// Two groups of 5 columns, tiles 3 wide: columns 0 to 2, 3 and 4, 5 to 7, 8 and 9 of the layer.
TEST(Export, TilesHoldColumnsOfOneGroup) {
  SmallChip chip;
  ConvGeometry geometry;
  geometry.in_channels = 8;
  geometry.out_channels = 10;
  geometry.groups = 2;
  MappingSettings settings;
  settings.tile = chip.tile;
  chip.layers.clear();
  chip.layers.emplace_back("grouped", 0, geometry, std::vector<float>(40, 0.5f), settings,
                           chip.device->g_min_S, chip.device->g_max_S);
  std::vector<int> first, columns;
  chip.programmed().for_each_tile([&](const MappedLayer&, const ProgrammedTile& t) {
    if (t.polarity == "minus") return;
    first.push_back(t.first_column);
    columns.push_back(t.columns);
  });
  EXPECT_EQ(first, (std::vector{0, 3, 5, 8}));
  EXPECT_EQ(columns, (std::vector{3, 2, 3, 2}));
}

TEST(Export, TilesAtTheEdgeHoldWhatIsLeft) {
  const SmallChip chip;
  const auto corner = chip.programmed().tile_at("layer1.0.conv", 2, 1, "minus");
  EXPECT_EQ(corner.rows, 4);
  EXPECT_EQ(corner.columns, 2);
  EXPECT_EQ(corner.first_row, 16);
  EXPECT_EQ(corner.first_column, 3);
  EXPECT_THROW(chip.programmed().tile_at("layer1.0.conv", 3, 0, "plus"), UnsupportedError);
  EXPECT_THROW(chip.programmed().tile_at("layer9", 0, 0, "plus"), UnsupportedError);
}

TEST(Export, Hdf5HoldsEveryTileIndexedByRowAndColumn) {
  const SmallChip chip;
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "conductances.h5";
  write_conductances_hdf5(path, chip.programmed());
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  const auto tile = chip.programmed().tile_at("layer1.0.conv", 2, 1, "minus");
  const hid_t set = H5Dopen2(file, "/layer1.0.conv/tile_2_1/minus_0/programmed_S", H5P_DEFAULT);
  ASSERT_GE(set, 0);
  double cells[4][2];
  ASSERT_GE(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells), 0);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 2; ++j)
      EXPECT_EQ(cells[i][j], tile.programmed_S[static_cast<std::size_t>(j * 4 + i)]);
  H5Dclose(set);
  H5Fclose(file);
}

// Noise that nothing ends: who reads the files is told, and what to do about it.
TEST(Export, NegativeConductancesAreCountedAndNamed) {
  const test::TemporaryFolder folder;
  const SmallChip clipped;
  EXPECT_EQ(write_conductances_csv(folder.path() / "a.csv", clipped.programmed()).count, 0);
  const SmallChip chip({}, "none");
  const Negatives negatives = write_conductances_csv(folder.path() / "a.csv", chip.programmed());
  std::int64_t below = 0;
  for (const Line& line : read_csv(folder.path() / "a.csv")) below += line.programmed_S < 0;
  EXPECT_GT(below, 0);
  EXPECT_EQ(negatives.count, below);
  EXPECT_EQ(negatives.of, 200);
  EXPECT_EQ(negatives.text(),
            fmt::format("{} of 200 devices have a negative conductance, which no real one has: the "
                        "model's noise is not clipped; device.clip = \"positive\" ends it at 0, "
                        "\"range\" at g_min_S and g_max_S",
                        below));
  EXPECT_EQ(write_conductances_hdf5(folder.path() / "a.h5", chip.programmed()).count, below);
  const hid_t file = H5Fopen((folder.path() / "a.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, "negative_devices", H5P_DEFAULT);
  double stored = 0;
  ASSERT_GE(H5Aread(attribute, H5T_NATIVE_DOUBLE, &stored), 0);
  EXPECT_EQ(stored, double(below));
  EXPECT_GT(H5Aexists(file, "note"), 0);
  H5Aclose(attribute);
  H5Fclose(file);

  const ProgrammedTile tile = chip.programmed().tile_at("layer1.0.conv", 0, 0, "plus");
  const auto negative = std::count_if(tile.programmed_S.begin(), tile.programmed_S.end(),
                                      [](double G) { return G < 0; });
  ASSERT_GT(negative, 0);
  const std::string netlist =
      spice_netlist(tile, {}, std::vector<double>(static_cast<std::size_t>(tile.rows), 0.1));
  EXPECT_NE(netlist.find(fmt::format("\n* {} of 24 devices have a negative conductance", negative)),
            std::string::npos)
      << netlist;
}

TEST(Export, AFolderThatIsMissingIsNamed) {
  const SmallChip chip;
  const test::TemporaryFolder folder;
  const auto missing = folder.path() / "no such folder" / "a.h5";
  try {
    write_conductances_hdf5(missing, chip.programmed());
    FAIL() << "wrote into a folder that does not exist";
  } catch (const OutputError& error) {
    EXPECT_NE(std::string(error.what()).find("no such folder/a.h5"), std::string::npos);
  }
  EXPECT_THROW(
      write_conductances_csv(folder.path() / "no such folder" / "a.csv", chip.programmed()),
      OutputError);
}

TEST(Export, SlicesOfOffsetCellsHaveOnePolarity) {
  MappingSettings settings;
  settings.encoding = Encoding::bit_sliced;
  settings.slices = Encoding::offset;
  settings.weight_bits = 4;
  const SmallChip chip(settings);
  for (int slice : {0, 1})
    EXPECT_EQ(chip.programmed().tile_at("layer1.0.conv", 0, 0, "plus", slice).slice, slice);
  EXPECT_THROW(chip.programmed().tile_at("layer1.0.conv", 0, 0, "minus"), UnsupportedError);
}

TEST(Export, ReplicasStandBesideOneAnother) {
  MappingSettings settings;
  settings.replicas = 2;
  const SmallChip chip(settings), alone;
  const test::TemporaryFolder folder;
  const auto csv = folder.path() / "conductances.csv", h5 = folder.path() / "conductances.h5";
  write_conductances_csv(csv, chip.programmed());
  std::ifstream file(csv);
  std::string line;
  std::getline(file, line);
  EXPECT_TRUE(line.ends_with(",programmed_S,replica")) << line;
  std::map<std::string, int> lines;
  while (std::getline(file, line)) ++lines[line.substr(line.rfind(','))];
  EXPECT_EQ(lines, (std::map<std::string, int>{{",0", 200}, {",1", 200}}));
  write_conductances_hdf5(h5, chip.programmed());
  const hid_t archive = H5Fopen(h5.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(archive, 0);
  for (const char* name :
       {"/layer1.0.conv/tile_2_1/minus_0", "/layer1.0.conv/tile_2_1/minus_0_replica_1"})
    EXPECT_GT(H5Lexists(archive, name, H5P_DEFAULT), 0) << name;
  H5Fclose(archive);
  const auto first = chip.programmed().tile_at("layer1.0.conv", 2, 1, "minus");
  EXPECT_EQ(first.programmed_S,
            alone.programmed().tile_at("layer1.0.conv", 2, 1, "minus").programmed_S);
}

TEST(Export, AReferenceColumnStandsBesideItsCells) {
  MappingSettings settings;
  settings.encoding = Encoding::offset;
  settings.reference = Reference::physical;
  const SmallChip chip(settings);
  const auto cells = chip.programmed().tile_at("layer1.0.conv", 1, 0, "plus");
  const auto references = chip.programmed().tile_at("layer1.0.conv", 1, 0, "minus");
  const ProgrammedTile wired = with_reference_column(cells, references);
  EXPECT_EQ(wired.columns, 4);
  ASSERT_EQ(wired.programmed_S.size(), 4u * 8);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(wired.programmed_S[i], cells.programmed_S[i]);
    for (std::size_t column : {0u, 1u, 2u})
      EXPECT_EQ(wired.programmed_S[24 + i], references.programmed_S[8 * column + i]);
  }
}

TEST(Export, NetlistOfTwoCellsIsThisText) {
  ProgrammedTile tile{"fc", 0, 0, 0, 0, 2, 1, "plus", 0, {}, {1e-4, 0.0}};
  const std::vector<double> volts{0.2, 0.1};
  EXPECT_EQ(spice_netlist(tile, Wires{1, 2, 0, 30, RowDrive::left}, volts),
            "* fc tile 0,0 plus slice 0: 2 rows x 1 columns\n"
            "* driver 0 ohm, row 1 ohm per cell, column 2 ohm per cell, sense 30 ohm\n"
            "Vsense_0 s0 0 DC 0\n"
            "Rs0_c1_0 s0 c1_0 32\n"
            "Vdrive_1 d1 0 DC 0.1\n"
            "Rd1_r1_0 d1 r1_0 1\n"
            "Vdrive_0 d0 0 DC 0.2\n"
            "Rd0_r0_0 d0 r0_0 1\n"
            "Rc1_0_c0_0 c1_0 c0_0 2\n"
            "Rcell0_0 r0_0 c0_0 10000\n"
            ".control\nset numdgt=15\nop\nprint i(Vsense_0)\nquit\n.endc\n.end\n");
}

}  // namespace
}  // namespace ohmic
