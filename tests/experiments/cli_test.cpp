#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <new>
#include <sstream>

#include "experiments/commands/program.hpp"
#include "experiments/manual/manual.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/experiments/started_run.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;
using test::Result;

/// A folder of this test with one experiment file, removed at the end.
class Cli : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("ohmic_cli_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& text) {
    const auto path = folder_ / "study.toml";
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

TEST_F(Cli, CheckCountsThePoints) {
  const std::string path =
      file("[device]\nmodel = \"awgn\"\n[sweep]\n\"device.eta\" = [0.1, 0.2]\n");
  const Result swept = ohmic({"check", path});
  EXPECT_EQ(swept.status, 0) << swept.err;
  EXPECT_EQ(swept.out, path + ": ok, 2 points\n");
  EXPECT_EQ(ohmic({"check", path, "--set", "device.eta=0.3", "--set", "seed=4"}).out,
            path + ": ok, 1 point\n");
  EXPECT_EQ(ohmic({"check", "--set", "device.eta=0.3", path}).status, 0);
}

TEST_F(Cli, CheckReportsEveryFaultWithItsPlace) {
  const std::string path = file("sede = 1\n[device]\nmodel = \"awgn\"\neta = 11\n");
  const Result result = ohmic({"check", path});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, path + ":1:1: error: sede: unknown key; did you mean \"seed\"?\n" + path +
                            ":4:7: error: device.eta: expected a real number in [0, 10], got the "
                            "integer 11; did you mean 0.11?\n");
}

TEST_F(Cli, SyntaxErrorsAndBadOverridesAreConfigurationErrors) {
  const std::string path = file("[device\n");
  const Result syntax = ohmic({"check", path});
  EXPECT_EQ(syntax.status, 2);
  EXPECT_EQ(syntax.err,
            path + ":1:8: error: in a table header: expected ']', got the end of the line\n");
  EXPECT_EQ(ohmic({"check", file("# to do\n\n")}).err,
            path +
                ": error: is empty and asks for nothing; expected an experiment, such as "
                "[model], [data] and [device] (`ohmic describe` lists every table)\n");
  EXPECT_EQ(ohmic({"run", path}).status, 2);
  EXPECT_EQ(ohmic({"check", path, "--set", "seed=4"}).status, 0);
  const Result bad = ohmic({"check", file(""), "--set", "device.eta"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_EQ(bad.err, "--set: error: device.eta: expected table.key=value, as in device.eta=0.1\n");
}

TEST_F(Cli, AMissingFileIsADataError) {
  const Result result = ohmic({"check", "no/such.toml"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.err, "ohmic: error: no/such.toml: cannot be read: No such file or directory\n");
}

TEST_F(Cli, AFileNameLongerThanFilesHaveIsADataErrorOfItsKey) {
  const std::string name = std::string(5000, 'a') + ".onnx";
  const Result result = ohmic({"check", file("[model]\nfile = \"" + name + "\"\n")});
  EXPECT_EQ(result.status, 3);
  EXPECT_NE(result.err.find("model.file"), std::string::npos) << result.err;
}

TEST_F(Cli, WhatAnExportTakesIsSaid) {
  const std::string path = file("");
  const auto error = [&](const char* option, const char* value) {
    const Result result = ohmic({"export", path, option, value});
    EXPECT_EQ(result.status, 1);
    return result.err;
  };
  const std::string draw = " is no draw; expected a whole number from 0 to 9223372036854775807";
  for (const char* value : {"-1", "18446744073709551615", "1.5", "x"})
    EXPECT_NE(error("--draw", value).find(value + draw), std::string::npos) << value;
  const std::string volts = " is no voltage; expected a finite number, in V";
  for (const char* value : {"nan", "1e400", "-inf", "x"})
    EXPECT_NE(error("--volts", value).find(value + volts), std::string::npos) << value;
}

TEST_F(Cli, ALinkToItselfIsNamed) {
  std::filesystem::create_directory_symlink("loop", folder_ / "loop");
  const std::string why = ": Too many levels of symbolic links\n";
  const std::string file = folder_ / "loop" / "net.onnx";
  const Result read = ohmic({"inspect", file});
  EXPECT_EQ(read.status, 3);
  EXPECT_EQ(read.err, "ohmic: error: " + file + ": cannot be read" + why);
  const Result reported = ohmic({"report", folder_ / "loop"});
  EXPECT_EQ(reported.status, 5);
  EXPECT_EQ(reported.err, "ohmic: error: " + std::string(folder_ / "loop/resolved.toml") + why);
}

// /dev/full accepts an open and refuses every write: a full disk.
TEST(Program, OutputThatIsLostIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  EXPECT_EQ(test::run({OHMIC_PROGRAM, "list", "devices"}, "/dev/full"), 5);
  // More than a buffer holds is lost before the end.
  EXPECT_EQ(test::run({OHMIC_PROGRAM, "describe", "--json-schema"}, "/dev/full"), 5);
  EXPECT_EQ(test::run({OHMIC_PROGRAM, "describe"}), 0);
}

// Else the run's lock is the standard error, and holds what is said there.
TEST(Program, AClosedStandardErrorIsNoFileOfARun) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("tiny.toml", test::kTiny), run = folder.path() / "run";
  const std::string words =
      OHMIC_PROGRAM " run " + file + " --set train.epochs=1 --set evaluation.draws=1 --out " + run;
  ASSERT_EQ(test::run({"/bin/sh", "-c", words + " 2>&-"}, folder.path() / "said"), 0);
  EXPECT_EQ(read_whole(run + "/lock"), "");
  // What is lost of an answer stays an error.
  EXPECT_EQ(test::run({"/bin/sh", "-c", OHMIC_PROGRAM " list devices >&-"}), 5);
  EXPECT_EQ(test::run({"/bin/sh", "-c", OHMIC_PROGRAM " list devices <&- 2>&-"}), 0);
}

// OpenBLAS would ask for ever.
TEST(Program, WithoutAddressSpaceTheProgramSaysSo) {
  const test::TemporaryFolder folder;
  const std::filesystem::path said = folder.path() / "said";
  const std::string command = "ulimit -v 700000; timeout 60 " OHMIC_PROGRAM " --version";
  EXPECT_EQ(test::run({"/bin/sh", "-c", command}, said), 1);
  EXPECT_NE(read_whole(said).find("needs 1 GiB of address space to start"), std::string::npos);
}

TEST_F(Cli, UsageErrorsSayWhatIsExpected) {
  EXPECT_EQ(ohmic({"chek"}).status, 1);
  EXPECT_EQ(ohmic({"chek"}).err,
            "ohmic: error: \"chek\" is not a command; did you mean \"check\"?\nRun with --help for "
            "usage.\n");
  EXPECT_EQ(ohmic({"check"}).err, "ohmic: error: FILE is required\nRun with --help for usage.\n");
  EXPECT_EQ(ohmic({"list", "devcies"}).status, 1);
}

TEST(Guarded, GivesEachKindOfFailureItsStatusAndOneMessage) {
  const auto result = [](const std::function<int()>& action) {
    testing::internal::CaptureStderr();
    const int status = guarded(action);
    return std::to_string(status) + " " + testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(result([] { return 0; }), "0 ");
  EXPECT_EQ(result([]() -> int { throw ConfigError("no"); }), "2 error: no\n");
  EXPECT_EQ(result([]() -> int { throw DataError("f: no"); }), "3 ohmic: error: f: no\n");
  EXPECT_EQ(result([]() -> int { throw DataError("f: Library error: no"); }),
            "3 ohmic: error: f: Library error: no\n");
  EXPECT_EQ(result([]() -> int { throw UnsupportedError("no"); }), "4 ohmic: error: no\n");
  EXPECT_EQ(result([]() -> int { throw OutputError("no"); }), "5 ohmic: error: no\n");
  EXPECT_EQ(result([]() -> int { throw std::bad_alloc(); }), "1 ohmic: error: out of memory\n");
  EXPECT_EQ(result([]() -> int { throw std::runtime_error("no"); }), "1 ohmic: error: no\n");
  EXPECT_EQ(result([]() -> int { throw 3; }), "1 ohmic: error: an unknown failure\n");
}

TEST_F(Cli, HelpTeachesAndVersionNamesLibTorch) {
  const Result help = ohmic({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(ohmic({}).out, help.out);
  EXPECT_NE(help.out.find("Examples:\n  ohmic run experiments/quickstart.toml"), std::string::npos);
  EXPECT_EQ(ohmic({"check", "--help"}).status, 0);
  const Result version = ohmic({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_TRUE(version.out.starts_with("ohmic 0.1.0, LibTorch ")) << version.out;
}

TEST_F(Cli, ListNamesWhatAFileCanName) {
  const std::string devices = ohmic({"list", "devices"}).out;
  EXPECT_NE(devices.find("awgn"), std::string::npos);
  EXPECT_NE(devices.find("ideal"), std::string::npos);
  EXPECT_NE(ohmic({"list", "models"}).out.find("resnet20\n"), std::string::npos);
  EXPECT_NE(ohmic({"list", "optimizers"}).out.find("adam\n"), std::string::npos);
  EXPECT_NE(ohmic({"list", "backends"}).out.find("reference\n"), std::string::npos);
  EXPECT_NE(ohmic({"list", "aten"}).out.find("\nindex_add\n"), std::string::npos);
  EXPECT_NE(ohmic({"list", "datasets"}).out.find("cifar10\n"), std::string::npos);
}

TEST_F(Cli, DescribeExplainsTablesModelsAndParameters) {
  const std::string adc = ohmic({"describe", "periphery.adc"}).out;
  EXPECT_TRUE(adc.starts_with("[periphery.adc]\n")) << adc;
  EXPECT_EQ(ohmic({"describe", "awgn"}).out.substr(0, 14), "[device] awgn\n");
  EXPECT_EQ(ohmic({"describe", "output.figures"}).out,
            "[output]\n"
            "  key      type     unit  range  default\n"
            "  figures  boolean               true\n"
            "      Whether figures are drawn (SVG and PNG).\n");
  EXPECT_NE(ohmic({"describe", "eta"}).out.find("[device] awgn\n"), std::string::npos);
  EXPECT_NE(ohmic({"describe", "device"}).out.find("awgn"), std::string::npos);
  for (const char* table : {"data", "model", "train", "mapping", "device", "periphery", "noise",
                            "evaluation", "cost", "compute", "output", "budget", "sweep"})
    EXPECT_NE(ohmic({"describe"}).out.find("[" + std::string(table) + "]"), std::string::npos);
}

TEST_F(Cli, DescribeOfNothingKnownSuggests) {
  const Result result = ohmic({"describe", "periphry"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "error: nothing is called \"periphry\"; did you mean \"periphery\"?\n");
}

TEST(Manual, FitsAHundredColumns) {
  for (const char* thing : {"", "data", "model", "train", "mapping", "device", "periphery", "noise",
                            "evaluation", "cost", "compute", "output", "awgn", "budget", "sweep"}) {
    std::istringstream lines(manual_page(thing));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Manual, KeysHaveWhatIsAcceptedUnitDefaultAndSource) {
  EXPECT_EQ(keys_text({"periphery.adc.bits"}),
            "periphery.adc.bits: an integer in [1, 16], in bit; default 8\n    Resolution.\n");
  EXPECT_NE(keys_text({"cost"}).find("\n    Source: "), std::string::npos);
  const std::string devices = keys_text({"device"});
  EXPECT_NE(devices.find("device.eta of awgn: a real number"), std::string::npos);
  EXPECT_NE(devices.find("device.g_max_S of pcm: a real number > 0, in S"), std::string::npos);
  EXPECT_EQ(test::error_of<ConfigError>([] {
              keys_text({"seed", "periphry"});
            }),
            "error: nothing is called \"periphry\"; did you mean \"periphery\"?");
}

TEST(Manual, EveryParameterIsDocumented) {
  std::istringstream lines(parameters_markdown());
  for (std::string line; std::getline(lines, line);)
    EXPECT_FALSE(line.ends_with("|  |")) << "no doc: " << line;
}

TEST(Manual, ParametersMdIsUpToDate) {
  const auto root = test::source_folder();
  std::ifstream stream(root / "docs" / "parameters.md");
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_TRUE(text.str() == parameters_markdown())
      << "run: ohmic describe --markdown > docs/parameters.md";
}

}  // namespace
}  // namespace ohmic
