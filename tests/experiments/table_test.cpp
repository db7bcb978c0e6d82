// One table, as every writer has it.
#include "experiments/text/table.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/report/html.hpp"

namespace ohmic {
namespace {

constexpr double kNone = Estimate::kNone;

Estimate within(double mean, double half_width) {
  return {mean, mean - half_width, mean + half_width, half_width / 2, 9};
}

/// A column for both, one for files, one for readers, and an estimate; numbers that binary holds.
DataTable rates() {
  DataTable table{"rates", "Rates:"};
  table.append({{"rate", "rate"},
                {"draws"},
                titled("good"),
                with_interval("accuracy", "accuracy %", kPercent)});
  table.add({0.125, 3, "1 of 3", within(0.75, 0.0625)});
  table.add({"a|b, c", true}, {{}, {}});
  table.add({"all", 6, "", within(0.5, 0.25)}, {}, "total");
  return table;
}

TEST(DataTable, FilesHaveItsKeysInFull) {
  EXPECT_EQ(csv_text(rates()),
            "rate,draws,accuracy,accuracy_lo,accuracy_hi\n"
            "0.125,3,0.75,0.6875,0.8125\n"
            "\"a|b, c\",true,,,\n");
  EXPECT_EQ(jsonl_text(rates()),
            "{\"rate\":0.125,\"draws\":3,\"accuracy\":0.75,\"accuracy_lo\":0.6875,"
            "\"accuracy_hi\":0.8125}\n"
            "{\"rate\":\"a|b, c\",\"draws\":true,\"accuracy\":null,\"accuracy_lo\":null,"
            "\"accuracy_hi\":null}\n");
}

TEST(DataTable, AReaderSeesItsTitlesInDigits) {
  EXPECT_EQ(terminal_text(rates()),
            "Rates:\n"
            "  rate    good     accuracy %\n"
            " 0.125  1 of 3   75.00 ± 6.25\n"
            "a|b, c                       \n"
            "   all          50.00 ± 25.00\n");
  EXPECT_EQ(markdown_text(rates()),
            "Rates:\n\n| rate | good | accuracy % |\n| --- | --- | --- |\n"
            "| 0.125 | 1 of 3 | 75.00 ± 6.25 |\n| a\\|b, c |  |  |\n| all |  | 50.00 ± 25.00 |\n");
  EXPECT_EQ(
      table_element(rates()).html(),
      "<div class=\"scroll\" tabindex=\"0\"><table><caption>Rates:</caption><thead><tr>"
      "<th scope=\"col\" class=\"label\">rate</th><th scope=\"col\" class=\"number\">good</th>"
      "<th scope=\"col\" class=\"number\">accuracy %</th></tr></thead><tbody>"
      "<tr><th scope=\"row\">0.125</th><td>1 of 3</td>"
      "<td>75.00<span class=\"pm\"> ± 6.25</span></td></tr>"
      "<tr><th scope=\"row\">a|b, c</th><td></td><td></td></tr>"
      "<tr class=\"total\"><th scope=\"row\">all</th><td></td>"
      "<td>50.00<span class=\"pm\"> ± 25.00</span></td></tr></tbody></table></div>");
}

TEST(DataTable, AsShownHasIntervalsInColumnsOfTheirOwn) {
  EXPECT_EQ(csv_text(as_shown(rates(), "")),
            "rate,good,accuracy %,accuracy % half-width\n"
            "0.125,1 of 3,75.00,6.25\n\"a|b, c\",,,\nall,,50.00,25.00\n");
  EXPECT_TRUE(csv_text(as_shown(rates(), "50 %"))
                  .starts_with("rate,good,accuracy %,accuracy % 50 % half-width\n"));
}

TEST(DataTable, ColumnsThatSayNothingAreLeftToFiles) {
  DataTable table;
  for (const int number : {1, 2})
    table.add({{titled("a"), ""}, {{"b", "b"}, kNone}, {{"c", "c"}, number}});
  table.drop_empty_columns();
  EXPECT_EQ(csv_text(as_shown(table, "")), "a,c\n,1\n,2\n");
  EXPECT_EQ(csv_text(table), "b,c\n,1\n,2\n");
}

TEST(DataTable, WithoutLinesIsItsHeader) {
  DataTable table;
  EXPECT_EQ(csv_text(table), "");
  table.append({{"a"}, with_interval("b")});
  EXPECT_EQ(csv_text(table), "a,b,b_lo,b_hi\n");
  EXPECT_EQ(jsonl_text(table), "");
}

TEST(DataTable, ALastColumnOnTheLeftIsNotFilled) {
  DataTable table;
  for (const char* state : {"finished", "not begun, trains resnet20"})
    table.add({{titled("eta"), 0.1}, {{.key = {}, .title = "state", .is_left = true}, state}});
  EXPECT_EQ(terminal_text(table), "eta  state\n0.1  finished\n0.1  not begun, trains resnet20\n");
}

TEST(Digits, AreThoseOfTheColumn) {
  EXPECT_EQ(Digits{}.text(0.1), "0.1");
  EXPECT_EQ(Digits::general(3).text(1234.5), "1.23e+03");
  EXPECT_EQ(Digits::fixed(1, 100).text(0.125), "12.5");
  EXPECT_EQ(kPoints.text(0.005), "+0.50");
  EXPECT_EQ(kPercent.text(kNone), "");
  EXPECT_EQ(kPercent.text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(Digits::general(4).text(within(0.123456, 0.00123)), "0.1235 ± 0.0012");
  EXPECT_EQ(kPercent.text(Estimate{0.5, kNone, kNone}), "50.00");
}

}  // namespace
}  // namespace ohmic
