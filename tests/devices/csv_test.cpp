#include "devices/csv.hpp"

#include <gtest/gtest.h>

#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

class Csv : public ::testing::Test {
 protected:
  /// Header and rows with `|` between cells and `/` between rows, or what is wrong.
  std::string read(const std::string& text) {
    const auto file = folder_.write("table.csv", text);
    std::string shown;
    const std::string error = test::error_of([&] {
      const CsvTable table = read_csv(file);
      shown = joined(table.header);
      for (const auto& row : table.rows) shown += "/" + joined(row);
    });
    return error.empty() ? shown : error.substr(error.find("table.csv"));
  }
  static std::string joined(const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i ? "|" : "") + cells[i];
    return text;
  }
  const test::TemporaryFolder folder_;
};

TEST_F(Csv, ReadsWhatProgramsWrite) {
  const std::string plain = "a|b/1|2/3|4";
  EXPECT_EQ(read("a,b\n1,2\n3,4\n"), plain);
  EXPECT_EQ(read("a, b\n\n# note, with commas\n 1 ,2\n3,4"), plain);
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a,b\r\n1,2\r\n3,4\r\n"),
            plain);
  EXPECT_EQ(read("a,b\r1,2\r3,4\r"), plain);
  EXPECT_EQ(read("\"a\",\"b\"\n\"1\",2\n 3 , \"4\" \n"), plain);
  EXPECT_EQ(read("a,b\n1,\n,\n"), "a|b/1|/|");
}

TEST_F(Csv, QuotesHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(read("a,b\n\"x, y\",\"say \"\"no\"\"\"\n\"two\nlines\",2\n"),
            "a|b/x, y|say \"no\"/two\nlines|2");
}

TEST_F(Csv, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(read("a,b\n\"two\nlines\",2\n1\n"),
            "table.csv:4: expected 2 cells as in the header, got 1");
  EXPECT_EQ(read("a,b\n1,\"2\n"), "table.csv:2: a quote is not closed");
  EXPECT_EQ(read("a,b\n\"1\"2,3\n"), "table.csv:2: expected a comma behind a quoted cell");
  EXPECT_EQ(read("a;b\n1;2\n"),
            "table.csv:1: cells are parted by semicolons; expected commas, and points in numbers");
  EXPECT_EQ(read("\xFF\xFE"
                 "a"),
            "table.csv:1: is UTF-16; expected UTF-8 or ASCII");
  EXPECT_EQ(read("\n# only a note\n"), "table.csv: has no header line");
  EXPECT_EQ(
      test::error_of([] { read_csv("/dev/zero"); }),
      "/dev/zero: cannot be read: it is a device, a pipe or a socket; expected a regular file");
}

TEST_F(Csv, NumbersAreFinite) {
  const CsvTable table = read_csv(folder_.write("n.csv", "x\n+1.5\n-2e-6\nnan\n0x1\ninf\n"));
  EXPECT_EQ(table.number(0, 0), 1.5);
  EXPECT_EQ(table.number(1, 0), -2e-6);
  for (const std::size_t row : {2, 3, 4})
    EXPECT_NE(test::error_of([&] { table.number(row, 0); }).find("x: expected a number, got"),
              std::string::npos);
}

TEST(NameAndUnit, AreTakenFromThreeForms) {
  const std::vector<std::string> units{"uS", "s"};
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(name_and_unit("g_mean_uS", units), Pair("g_mean", "uS"));
  EXPECT_EQ(name_and_unit("g_mean (uS)", units), Pair("g_mean", "uS"));
  EXPECT_EQ(name_and_unit("g_mean [ uS ]", units), Pair("g_mean", "uS"));
  EXPECT_EQ(name_and_unit("g_mean", units), Pair("g_mean", ""));
  EXPECT_EQ(name_and_unit("g_mean(ohm)", units), Pair("g_mean", "ohm"));
}

}  // namespace
}  // namespace ohmic
