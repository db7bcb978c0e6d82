#include "experiments/commands/bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "experiments/commands/bench_digital.hpp"
#include "experiments/commands/bench_training.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/source_folder.hpp"

namespace ohmic {
namespace {

BenchOptions of_a_file() {
  BenchOptions options;
  options.model = (test::source_folder() / "experiments/your_network/network.pt2").string();
  options.images = 3;
  options.repetitions = 1;
  options.threads = {1, 1};
  return options;
}

TEST(Bench, MeasuresTheNetworkOfAFile) {
  const std::vector<BenchRow> rows = measure_model(of_a_file(), 1);
  ASSERT_EQ(rows.size(), 9u);
  EXPECT_EQ(rows[0].ratio_to(*rows[0].eager), 1);
  double least = HUGE_VAL;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].what);
    EXPECT_EQ(rows[i].seconds.mean > 0, rows[i].note.empty());
    if (i < 3 && rows[i].note.empty()) least = std::min(least, rows[i].seconds.mean);
    if (!rows[i].eager) continue;
    EXPECT_TRUE(std::isnan(rows[i].eager->target));
    if (i > 2) {
      EXPECT_EQ(rows[i].fastest->seconds.mean, least);
    }
  }
  EXPECT_EQ(rows[3].of_peak, 1);
  EXPECT_EQ(rows.back().other->name, "its evaluation");
}

TEST(Bench, WritesOneTableOfAllThreadCounts) {
  BenchOptions options = of_a_file();
  std::ostringstream csv, json, head, text;
  options.as_csv = true;
  run_bench(options, csv, head);
  options.as_csv = false;
  options.as_json = true;
  run_bench(options, json, head);
  options.as_json = false;
  run_bench(options, text, text);
  const auto lines = [](const std::string& s) { return std::ranges::count(s, '\n'); };
  EXPECT_EQ(lines(csv.str()), 1 + 2 * 9);
  EXPECT_TRUE(csv.str().starts_with("threads,turns,what,seconds,seconds_lo,seconds_hi,"))
      << csv.str();
  EXPECT_EQ(csv.str().find("threads,", 1), std::string::npos);
  EXPECT_EQ(lines(json.str()), 2 * 9);
  EXPECT_TRUE(json.str().starts_with("{\"threads\":1,\"turns\":5,\"what\":\"LibTorch"));
  EXPECT_NE(head.str().find("3 samples"), std::string::npos);
  EXPECT_NE(text.str().find("1 thread, medians of 5 turns in seconds of its processor time"),
            std::string::npos);
  EXPECT_NE(text.str().find("Too few turns"), std::string::npos);
}

TEST(Bench, MeasuresTrainingBesideLibTorchs) {
  const std::vector<BenchRow> rows = measure_training(1, 1, 1);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].ratio_to(*rows[0].eager), 1);
  for (const BenchRow& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_GT(row.seconds.mean, 0);
    EXPECT_EQ(row.eager->seconds.mean, rows[0].seconds.mean);
    EXPECT_EQ(std::isnan(row.eager->target), &row == &rows[0]);
  }
}

TEST(Bench, SaysWhatIsWrongWithAFile) {
  BenchOptions options;
  options.model = "nothing.onnx";
  EXPECT_THROW(network_of(options), DataError);
  EXPECT_EQ(test::ohmic({"bench", "--json", "--csv"}).status, 1);
}

/// Known to within `half_width` of it.
Estimate seconds(double median, double half_width) {
  return {median, median * (1 - half_width), median * (1 + half_width)};
}

/// How many turns are taken for a row that is narrow from `enough` turns on, and are said to be.
std::pair<int, int> turns_for(int repetitions, int enough) {
  int turns = -1;
  const std::vector<BenchRow> rows = measure_in_turns(
      repetitions,
      [&](int turn) {
        EXPECT_EQ(turn, turns + 1);
        turns = turn;
      },
      [&] {
        return std::vector<BenchRow>{
            {.what = "steady", .seconds = seconds(1, 0.029)},
            {.what = "ratio",
             .seconds = seconds(1, 0.01),
             .other = BenchBase{"base", seconds(1, turns >= enough ? 0.02 : 0.04)}}};
      });
  return {turns, rows.front().turns};
}

TEST(BenchTurns, GoOnUntilCandidatesAndBasesAreNarrow) {
  EXPECT_EQ(turns_for(4, 0), std::pair(4, 4));
  EXPECT_EQ(turns_for(4, 7), std::pair(7, 7));
  EXPECT_EQ(turns_for(4, 100), std::pair(20, 20));
}

TEST(BenchTurns, TellWhatIsUnsteady) {
  const BenchRow steady{.what = "a", .seconds = seconds(1, 0.029)},
      wide{.what = "b", .seconds = seconds(2, 0.05), .turns = 20},
      few{.what = "d", .seconds = {1}, .turns = 5}, unmeasured{.what = "c", .note = "cannot be"};
  EXPECT_EQ(unsteady_text({steady, unmeasured}), "");
  EXPECT_EQ(unsteady_text({steady, wide, unmeasured}),
            "Unsteady: after 20 turns the medians of 1 of 3 rows, or of their bases, are not known "
            "to within 3 %; the widest, of \"b\", to within 5.0 %.");
  EXPECT_EQ(unsteady_text({steady, few}),
            "Too few turns to tell how steady the run was: 5, at least 6 are needed.");
}

TEST(BenchTable, JudgesRatiosByTheTargetsOfTheirBase) {
  const BenchBase eager{"eager", seconds(2, 0.01), 0.5}, fastest{"fast", seconds(1.6, 0.01), 0.6};
  const DataTable table = bench_table({{.what = "ideal",
                                        .seconds = seconds(1, 0.02),
                                        .of_peak = 0.75,
                                        .eager = eager,
                                        .fastest = fastest},
                                       {.what = "bf16", .note = "none here"}});
  EXPECT_EQ(terminal_text(table),
            " what      s  ± %  of peak, %  / eager   target  / fastest      target  \n"
            "ideal  1.000  2.0        75.0    0.500  0.5 met      0.625  0.6 missed  \n"
            " bf16                                                                   none here\n");
  EXPECT_EQ(csv_text(table),
            "threads,turns,what,seconds,seconds_lo,seconds_hi,half_width,of_peak,to_eager,"
            "eager_target,eager_met,to_fastest,fastest_target,fastest_met,base,to_base,base_target,"
            "base_met,note\n"
            "1,0,ideal,1,0.98,1.02,0.020000000000000018,0.75,0.5,0.5,true,0.625,0.6,false,,,,,\n"
            "1,0,bf16,,,,,,,,,,,,,,,,none here\n");
}

TEST(BenchDigital, RunsThatAnswerOtherwiseAreNoBase) {
  const std::vector<float> eager{1, -200, 3};
  EXPECT_EQ(why_unusable({1.01f, -200, 3}, eager), "");
  EXPECT_EQ(why_unusable({1.1f, -200, 3}, eager),
            "answers otherwise than the eager run, by 0.0005 of the largest");
  EXPECT_NE(why_unusable({NAN, -200, 3}, eager), "");
  EXPECT_NE(why_unusable({1, -200}, eager), "");
  EXPECT_EQ(why_unusable({0, 0}, {0, 0}), "");
}

// A kernel of 3 x 3 sees 2 x 2 pixels at each of 4 corners: 16 pairs of 36. Per axis of 4 pixels, a
// stride of 2 leaves outputs at -1 and 1 with 2 and 3 of the kernel's places.
TEST(BenchDigital, CountsMultiplyAddsInsideImages) {
  Graph graph;
  Node node;
  node.op = Op::convolution;
  node.conv = {.in_height = 2, .in_width = 2, .in_channels = 6, .out_channels = 5};
  node.conv.kernel_height = node.conv.kernel_width = 3;
  node.conv.pad_top = node.conv.pad_left = node.conv.pad_bottom = node.conv.pad_right = 1;
  graph.nodes = {node};
  EXPECT_EQ(multiply_adds(graph), 16 * 6 * 5);
  node.conv.in_height = node.conv.in_width = 4;
  node.conv.stride_height = node.conv.stride_width = 2;
  graph.nodes = {node};
  EXPECT_EQ(multiply_adds(graph), 5 * 5 * 6 * 5);
  node = {};
  node.op = Op::recurrent;
  node.shape = {7, 3};
  node.conv = {.in_channels = 3, .out_channels = 12};
  graph.nodes = {node};
  EXPECT_EQ(multiply_adds(graph), 7 * 3 * 12);
}

}  // namespace
}  // namespace ohmic
