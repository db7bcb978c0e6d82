// `ohmic plot`: figures of one's own choice, and the numbers in them.
#include <gtest/gtest.h>

#include "experiments/figures/chosen_figure.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::npy;
using test::ohmic;
using test::Result;
using Floats = std::vector<float>;

/// Runs of a network of one layer over two noises and two widths of its tiles.
class Plot : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::filesystem::temp_directory_path() / ("ohmic_plot_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    test::Message graph;
    graph.message(1, test::onnx_node("MatMul", {"x", "w"}, {"y"}, "fc"))
        .message(5, test::onnx_tensor("w", {2, 2}, test::raw(Floats{1, 0, 0, 1})))
        .message(11, test::onnx_value("x", {-1, 2}))
        .message(12, test::onnx_value("y", {-1, 2}));
    write_atomically(folder_ / "net.onnx", test::onnx_model(graph).bytes());
    write_atomically(folder_ / "x.npy", npy({4, 2}, Floats{3, 1, 0, 2, 5, 4, 1, 9}));
    for (const char* run : {"a", "b"}) ASSERT_EQ(run_of(run, kSweep).status, 0);
  }
  static constexpr char kSweep[] =
      "mapping.tile = [[4, 4], [8, 8]]\ndevice.eta = [0.2, 0.5]\nseed = [1, 2]\n";
  /// Into the folder of this name.
  static Result run_of(const std::string& name, const std::string& sweep,
                       const std::vector<std::string>& more = {}) {
    const std::filesystem::path file = folder_ / (name + ".toml");
    write_atomically(file, std::string("[model]\nfile = \"") + at("net.onnx") +
                               "\"\n[data]\nname = \"files\"\ntest = { samples = \"" + at("x.npy") +
                               "\" }\n[device]\nmodel = \"awgn\"\n[evaluation]\ndraws = 3\n"
                               "metric = \"agreement\"\n[output]\nreport = false\nfigures = "
                               "false\n[sweep]\n" +
                               sweep);
    std::vector<std::string> words{"run", file.string(), "--out", at(name)};
    words.insert(words.end(), more.begin(), more.end());
    return ohmic(words);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }
  static std::string at(const std::string& name) { return (folder_ / name).string(); }
  static std::string said(std::vector<std::string> words) {
    words.insert(words.begin(), {"plot", at("a")});
    const Result result = ohmic(std::move(words));
    EXPECT_EQ(result.status, 2) << result.out;
    return result.err;
  }
  static inline std::filesystem::path folder_;
};

TEST_F(Plot, PrintsTheNumbersOfResults) {
  const Result csv = ohmic(
      {"plot", at("a"), "--x", "device.eta", "--y", "agreement", "--csv", "--only", "seed=2"});
  ASSERT_EQ(csv.status, 0) << csv.err;
  write_atomically(folder_ / "numbers.csv", csv.out);
  const RecordedTable numbers(folder_ / "numbers.csv"), all(folder_ / "a" / "results.csv");
  EXPECT_EQ(numbers.columns(), (std::vector<std::string>{"mapping.tile", "device.eta", "agreement",
                                                         "agreement_lo", "agreement_hi"}))
      << "seed has one value and tells nothing apart";
  ASSERT_EQ(numbers.rows(), 4u);
  std::size_t row = 0;
  for (std::size_t i = 0; i < all.rows(); ++i) {
    if (all.cell(i, "seed") != "2") continue;
    for (const std::string& column : numbers.columns())
      EXPECT_EQ(numbers.cell(row, column), all.cell(i, column)) << column;
    ++row;
  }
  const Result json = ohmic({"plot", at("a"), "--x", "device.eta", "--y", "draws", "--json",
                             "--only", "seed=2", "--only", "mapping.tile=[4, 4]"});
  EXPECT_EQ(json.out, "{\"device.eta\":0.2,\"draws\":3.0}\n{\"device.eta\":0.5,\"draws\":3.0}\n")
      << json.err;
}

TEST_F(Plot, KeysThatAreNotSweptHaveTheirValue) {
  const Result csv = ohmic({"plot", at("a"), "--x", "device.eta", "--y", "evaluation.draws",
                            "--csv", "--only", "seed=2", "--only", "mapping.tile=[4, 4]"});
  EXPECT_EQ(csv.out, "device.eta,evaluation.draws\n0.2,3\n0.5,3\n") << csv.err;
}

TEST_F(Plot, KeysThatACaseOrAModelSetsHaveTheValueOfEachPoint) {
  const auto images_by = [](const std::string& x, const std::string& name,
                            const std::string& sweep) {
    EXPECT_EQ(run_of(name, sweep).status, 0);
    return ohmic({"plot", at(name), "--x", x, "--y", "images", "--csv"}).out;
  };
  EXPECT_EQ(images_by("mapping.replicas", "cases",
                      "case = [{ name = \"one\" }, { name = \"two\", mapping = { replicas = 2 } }, "
                      "{ name = \"four\", mapping = { replicas = 4 } }]\n"),
            "mapping.replicas,images\n1,4\n2,4\n4,4\n");
  EXPECT_EQ(images_by("device.g_max_S", "models", "device.model = [\"pcm\", \"rram_milo\"]\n"),
            "device.g_max_S,images\n2.5e-05,4\n0.000225,4\n");
}

TEST_F(Plot, JoinsNoPointsOfSeveralValuesThatAreNotAllFinished) {
  const auto part = [](const std::string& eta, const std::string& tile) {
    return run_of(
        "part", kSweep,
        {"--only", "seed=1", "--only", "device.eta=" + eta, "--only", "mapping.tile=" + tile});
  };
  ASSERT_EQ(part("0.2", "[4, 4]").status, 0);
  ASSERT_EQ(part("0.5", "[8, 8]").status, 0);
  const Result csv = ohmic({"plot", at("part"), "--x", "device.eta", "--y", "draws", "--csv"});
  EXPECT_EQ(csv.out, "mapping.tile,device.eta,draws\n\"[4, 4]\",0.2,3\n\"[8, 8]\",0.5,3\n")
      << csv.err;
}

TEST_F(Plot, WhatIsNotThereIsAnsweredWithWhatIs) {
  EXPECT_EQ(said({"--x", "device.eta", "--y", "agrement"}),
            "error: --y agrement: is no column of " + at("a/results.csv") +
                "; did you mean \"agreement\"? The columns are mapping.tile, device.eta, seed, "
                "images, draws, baseline, agreement, std_draws, noise_free, dac_clipped, "
                "adc_clipped, dead_filters\n");
  for (const char* near : {"device.etta", "eta"})
    EXPECT_NE(said({"--x", near, "--y", "agreement"}).find("did you mean \"device.eta\"?"),
              std::string::npos);
  EXPECT_NE(said({"--x", "device.eta", "--y", "agreement", "--split", "sede"})
                .find("--split sede: is no swept key of " + at("a/results.csv") +
                      "; did you mean \"seed\"?"),
            std::string::npos);
  for (const char* option : {"--x", "--y"}) {
    const std::string other = option == std::string("--x") ? "--y" : "--x";
    EXPECT_NE(said({option, "identity", other, "device.eta"})
                  .find(std::string(option) + " identity: is no column of"),
              std::string::npos)
        << "names of points say nothing";
  }
  EXPECT_NE(said({"--x", "device.eta", "--y", "mapping.tile"}).find("holds no numbers in"),
            std::string::npos);
  EXPECT_NE(said({"--x", "mapping.tile", "--y", "agreement", "--log-x", "--out", at("no.svg")})
                .find("--log-x: mapping.tile has the value [4, 4]; expected numbers above 0"),
            std::string::npos);
  EXPECT_NE(said({"--x", "device.eta", "--y", "agreement", "--out", at("no.pdf")})
                .find("expected a name that ends in .svg or .png"),
            std::string::npos);
  const Result none = ohmic({"plot", at("nothing"), "--x", "device.eta", "--y", "agreement"});
  EXPECT_EQ(none.status, 3);
  EXPECT_NE(none.err.find("is not a run folder"), std::string::npos) << none.err;
}

TEST_F(Plot, TakesNoTablesAndNoColumnTwice) {
  for (const char* x : {"", "device"})
    EXPECT_NE(said({"--x", x, "--y", "agreement"})
                  .find("--x " + std::string(x) + ": is no column of " + at("a/results.csv")),
              std::string::npos);
  EXPECT_EQ(said({"--x", "device.eta", "--y", "agreement", "--split", "mapping"})
                .find("error: --split mapping: is no swept key of "),
            0u);
  EXPECT_EQ(said({"--x", "agreement", "--y", "agreement"}),
            "error: --x agreement: is what --y shows; expected another column\n");
  EXPECT_EQ(said({"--x", "agreement_lo", "--y", "agreement"}),
            "error: --x agreement_lo: is what --y shows; expected another column\n");
  EXPECT_EQ(said({"--x", "device.eta", "--y", "evaluation.draws", "--split", "evaluation.draws"}),
            "error: --split evaluation.draws: is what --y shows; expected another column\n");
  EXPECT_EQ(said({"--x", "device.eta", "--y", "agreement", "--split", "device.eta"}),
            "error: --split device.eta: is what --x shows; expected another column\n");
  EXPECT_EQ(said({"--x", "seed", "--y", "agreement", "--split", "agreement"})
                .find("error: --split agreement: is no swept key of "),
            0u);
}

TEST_F(Plot, OfResultsThatAreCutOffSaysSo) {
  const std::filesystem::path file = folder_ / "b" / "results.csv";
  const std::string whole = read_whole(file);
  const auto plot_of = [&](std::size_t bytes) {
    write_atomically(file, whole.substr(0, bytes));
    return ohmic({"plot", at("b"), "--x", "device.eta", "--y", "agreement", "--csv"});
  };
  const std::size_t third = whole.find('\n', whole.find('\n', whole.find('\n') + 1) + 1) + 1;
  const Result within = plot_of(third + 9);
  EXPECT_EQ(within.status, 3);
  EXPECT_EQ(within.err,
            "ohmic: error: " + file.string() + ":4: damaged: the file ends within this line\n");
  const Result between = plot_of(third);
  EXPECT_EQ(between.status, 0) << between.err;
  EXPECT_EQ(between.err.find("note: " + file.string() + " has 2 of the 8 finished points"), 0u)
      << between.err;
  EXPECT_EQ(plot_of(whole.size()).err, "");
}

TEST_F(Plot, BelievesPointsBeforeTheTable) {
  const std::filesystem::path file = folder_ / "b" / "results.csv";
  const std::string whole = read_whole(file);
  const auto refused = [&](const std::string& cells, const std::string& changed) {
    std::string text = whole;
    text.replace(text.find(cells), cells.size(), changed);
    write_atomically(file, text);
    const Result plot = ohmic({"plot", at("b"), "--x", "device.eta", "--y", "agreement", "--csv"});
    EXPECT_EQ(plot.status, 3) << plot.out;
    return plot.err;
  };
  const std::string value = RecordedTable(file).cell(3, "agreement_hi");
  EXPECT_EQ(refused("," + value + ",", ",0.125,"),
            "ohmic: error: " + file.string() + ":5: damaged: agreement_hi is \"0.125\", and \"" +
                value + "\" in points/; `ohmic run` with the run's file writes it anew\n");
  EXPECT_EQ(refused("\"[8, 8]\",0.2,1,", "\"[8, 8]\",0.3,1,"),
            "ohmic: error: " + file.string() +
                ":6: damaged: no point of the run has these values of mapping.tile, "
                "device.eta, seed\n");
  write_atomically(file, whole);
}

TEST_F(Plot, SaysWhereResultsMayBeOfOtherHardware) {
  const std::filesystem::path file = folder_ / "b" / "resolved.toml";
  const std::string own = read_whole(file);
  std::string other = own;
  const std::string scale = "reference = \"sigma_w\"";
  other.replace(other.find(scale), scale.size(), "reference = \"g_max\"");
  write_atomically(file, other);
  const Result plot = ohmic({"plot", at("b"), "--x", "device.eta", "--y", "agreement", "--csv"});
  write_atomically(file, own);
  EXPECT_EQ(plot.status, 0);
  EXPECT_EQ(plot.err.find("note: " + at("b") + ": 8 of 8 points were found by their swept values"),
            0u)
      << plot.err;
}

TEST_F(Plot, NamesTheFolderForTemporaryFilesThatIsMissing) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before ? before : "", missing = at("missing");
  ::setenv("TMPDIR", missing.c_str(), 1);
  const Result result = ohmic({"plot", at("a"), "--x", "device.eta", "--y", "agreement", "--split",
                               "seed", "--out", at("b.svg")});
  before ? ::setenv("TMPDIR", kept.c_str(), 1) : ::unsetenv("TMPDIR");
  EXPECT_EQ(result.status, 5);
  EXPECT_NE(result.err.find(missing + ": no folder can be made in it: "), std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("which TMPDIR names"), std::string::npos) << result.err;
}

TEST_F(Plot, WritesOverItsOwnFiguresAlone) {
  const auto drawn = [](const std::string& out) {
    return ohmic({"plot", at("a"), "--x", "device.eta", "--y", "agreement", "--split", "seed",
                  "--out", out});
  };
  const Result first = drawn(at("mine.svg"));
  if (first.status == 4) GTEST_SKIP() << first.err;
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.out, at("mine.svg") + "\n");
  const std::string svg = read_whole(folder_ / "mine.svg");
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  const Result again = drawn(at("mine.svg"));
  EXPECT_EQ(again.out, at("mine.svg") + ", in place of the figure that was there\n");
  EXPECT_EQ(read_whole(folder_ / "mine.svg"), svg) << "the same numbers are the same bytes";
  write_atomically(folder_ / "notes.png", "mine");
  const Result refused = drawn(at("notes.png"));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("is there already and is no figure"), std::string::npos);
  EXPECT_EQ(read_whole(folder_ / "notes.png"), "mine");
  const Result beside = ohmic({"plot", at("a"), "--x", "device.eta", "--y", "agreement"});
  EXPECT_EQ(beside.status, 0) << beside.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a/figures/plot_agreement_by_device_eta.png"))
      << beside.out;
}

TEST_F(Plot, TellsSeveralRunsApart) {
  const Result both = ohmic({"plot", at("a"), at("b"), "--x", "device.eta", "--y", "agreement",
                             "--split", "run", "--csv", "--only", "seed=1"});
  ASSERT_EQ(both.status, 0) << both.err;
  EXPECT_TRUE(both.out.starts_with("mapping.tile,run,device.eta,agreement,")) << both.out;
  EXPECT_NE(both.out.find("\"[4, 4]\",a,0.2,"), std::string::npos) << both.out;
  EXPECT_NE(both.out.find("\"[4, 4]\",b,0.2,"), std::string::npos) << both.out;
}

TEST_F(Plot, TellsRunsOfOneNameApartByTheirPaths) {
  for (const char* run : {"a", "b"}) {
    std::filesystem::create_directories(folder_ / "in" / run);
    std::filesystem::copy(folder_ / run, folder_ / "in" / run / "same",
                          std::filesystem::copy_options::recursive);
  }
  const std::string one = at("in/a/same"), other = at("in/b/same");
  for (const std::vector<std::string>& split : {std::vector<std::string>{}, {"--split", "run"}}) {
    std::vector<std::string> words{"plot",       one,      other,    "--x",
                                   "device.eta", "--y",    "draws",  "--csv",
                                   "--only",     "seed=1", "--only", "mapping.tile=[4, 4]"};
    words.insert(words.end(), split.begin(), split.end());
    const Result both = ohmic(words);
    EXPECT_EQ(both.out, "run,device.eta,draws\n" + one + ",0.2,3\n" + one + ",0.5,3\n" + other +
                            ",0.2,3\n" + other + ",0.5,3\n")
        << both.err;
  }
  const Result twice = ohmic({"plot", one, one + "/../same", "--x", "device.eta", "--y", "draws"});
  EXPECT_EQ(twice.status, 2);
  EXPECT_EQ(twice.err, "error: " + one + "/../same: is given twice; expected each run once\n");
}

// --- what is drawn ---

ChosenColumns chosen(const std::string& x, const std::vector<ChosenRow>& rows) {
  std::vector<Fault> faults;
  ChosenColumns columns;
  columns.experiment = Experiment::read(
      parse_toml("[device]\nmodel = \"awgn\"\nreference = \"g_max\"\n", "test.toml"), faults);
  columns.x = {x, key_title(x, &columns.experiment)};
  columns.y = with_interval("accuracy", "accuracy (%)", kPercent);
  columns.x_is_swept = true;
  columns.rows = rows;
  return columns;
}

TEST(ChosenFigure, HasUnitsIntervalsAndACurveForEachValue) {
  const auto row = [](const char* bits, const char* x, double y) {
    return ChosenRow{{{"periphery.adc.bits", bits}}, x, {y, y - 0.25, y + 0.25}};
  };
  const ChosenColumns columns =
      chosen("device.eta", {row("6", "0.2", 0.5), row("6", "0.1", 0.75), row("8", "0.1", 0.875),
                            row("8", "0.3", 0.625), row("6", "0.3", 0.375)});
  const Figure figure = chosen_figure(columns, "");
  EXPECT_EQ(figure.name, "plot_accuracy_by_device_eta");
  for (const char* part :
       {"'noise η, fraction of g_max'", "'accuracy (%)'", "title 'ADC bits'",
        "$p0s0 << EOD\n0.1 75 50 100\n0.2 50 25 75\n0.3 37.5 12.5 62.5\nEOD",
        "$p0s1 << EOD\n0.1 87.5 62.5 112.5\n\n0.3 62.5 37.5 87.5\nEOD", "unset logscale x"})
    EXPECT_NE(figure.script.find(part), std::string::npos) << part << "\n" << figure.script;
  EXPECT_NE(chosen_figure(columns, "", true).script.find("set logscale x"), std::string::npos);
}

TEST(ChosenFigure, SpreadsWideNumbersUnlessToldOtherwise) {
  const auto scale = [](const char* key, std::optional<bool> log_x) {
    const ChosenColumns columns = chosen(key, {{{}, "1", {0.5}}, {{}, "3600", {0.5}}});
    const std::string script = chosen_figure(columns, "", log_x).script;
    return script.find(" set logscale x") != std::string::npos;
  };
  EXPECT_TRUE(scale("device.time_s", {}));
  EXPECT_FALSE(scale("device.time_s", false));
  EXPECT_FALSE(scale("device.eta", {})) << "as in other figures";
  EXPECT_TRUE(scale("device.eta", true));
}

TEST(ChosenFigure, MakesPanelsOfWhatElseIsSwept) {
  std::vector<ChosenRow> rows;
  for (int seed = 1; seed <= 13; ++seed)
    for (const char* bits : {"6", "8"})
      for (const char* x : {"0.1", "0.2"})
        rows.push_back({{{"seed", std::to_string(seed)}, {"periphery.adc.bits", bits}}, x, {0.5}});
  const ChosenColumns all = chosen("device.eta", rows);
  EXPECT_NE(test::error_of<ConfigError>([&] { chosen_figure(all, ""); }).find("13 panels"),
            std::string::npos);
  const std::string script = chosen_figure(all, "seed").script;
  EXPECT_NE(script.find("set title 'ADC bits = 6'"), std::string::npos) << script;
  EXPECT_NE(script.find("set title 'ADC bits = 8'"), std::string::npos);
  EXPECT_EQ(script.find("$p2s0"), std::string::npos) << "two panels";
  EXPECT_NE(script.find("$p1s12 <<"), std::string::npos) << "thirteen curves in each";
}

TEST(ChosenFigure, MarksWhatWasMeasuredWithoutALine) {
  ChosenColumns columns = chosen("device.eta", {{{}, "0.5", {0.5}}, {{}, "0.25", {0.75}}});
  columns.x = {"noise_free", "accuracy with exact devices (%)", kPercent};
  columns.x_is_swept = false;
  const std::string script = chosen_figure(columns, "").script;
  EXPECT_NE(script.find("<< EOD\n25 75 75 75\n50 50 50 50\nEOD"), std::string::npos) << script;
  EXPECT_EQ(script.find("with lines"), std::string::npos) << script;
}

}  // namespace
}  // namespace ohmic
