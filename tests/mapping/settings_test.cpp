#include "mapping/settings.hpp"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

MappingSettings read(const std::string& toml, std::vector<Fault>& faults) {
  MappingSettings settings;
  MappingSettings::schema().read_into(parse_toml(toml, "f.toml"), "mapping", settings, faults);
  return settings;
}

TEST(MappingSettings, ReadATileAsRowsAndColumns) {
  std::vector<Fault> faults;
  const auto s = read("tile = [128, 64]\nform = \"two_sided\"", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(s.tile.rows, 128);
  EXPECT_EQ(s.tile.columns, 64);
  EXPECT_EQ(s.form, DifferentialForm::two_sided);
}

TEST(MappingSettings, ReadAnUnlimitedTileAndWriteItBack) {
  std::vector<Fault> faults;
  const auto s = read("tile = \"unlimited\"", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(s.tile.row_tiles(5000), 1);
  const Value table = MappingSettings::schema().write(&s);
  EXPECT_EQ(table.at("tile")->text(), "\"unlimited\"");
}

TEST(MappingSettings, SayWhatATileMayBe) {
  for (const char* bad : {"tile = 0", "tile = [0, 64]", "tile = [64]", "tile = [64, 1.5]",
                          "tile = \"infinite\"", "tile = [1, 2, 3]"}) {
    std::vector<Fault> faults;
    read(bad, faults);
    ASSERT_EQ(faults.size(), 1u) << bad;
    EXPECT_EQ(faults[0].key, "mapping.tile");
    EXPECT_EQ(faults[0].where.line, 1);
    EXPECT_NE(faults[0].message.find("expected [rows, columns], both at least 1, or \"unlimited\""),
              std::string::npos);
  }
}

}  // namespace
}  // namespace ohmic
