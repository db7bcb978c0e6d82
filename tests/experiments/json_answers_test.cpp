// --json: what every command answers, for a program.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "simulator/backend.hpp"
#include "simulator/device_model.hpp"
#include "simulator/version.hpp"
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
using Json = nlohmann::ordered_json;

/// The objects of stdout, one a line and nothing else.
std::vector<Json> objects(const std::string& out) {
  std::vector<Json> all;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    all.push_back(Json::parse(line));
    EXPECT_TRUE(all.back().is_object()) << line;
  }
  return all;
}

std::vector<Json> answers(const std::vector<std::string>& words) {
  const Result result = ohmic(words);
  EXPECT_EQ(result.status, 0) << result.err;
  return objects(result.out);
}

/// An experiment with a network of one layer, four samples of two numbers and their labels.
class JsonAnswers : public testing::Test {
 protected:
  JsonAnswers() {
    test::Message graph;
    graph.message(1, test::onnx_node("MatMul", {"x", "w"}, {"y"}, "fc"))
        .message(5, test::onnx_tensor("w", {2, 2}, test::raw(Floats{1, 0, 0, 1})))
        .message(11, test::onnx_value("x", {-1, 2}))
        .message(12, test::onnx_value("y", {-1, 2}));
    folder_.write("net.onnx", test::onnx_model(graph).bytes());
    folder_.write("x.npy", npy({4, 2}, Floats{3, 1, 0, 2, 5, 4, 1, 9}));
    folder_.write("y.npy", npy({4}, Floats{0, 1, 0, 1}));
    folder_.write("study.toml", "[model]\nfile = \"" + at("net.onnx") +
                                    "\"\n[data]\nname = \"files\"\ntest = { samples = \"" +
                                    at("x.npy") + "\", labels = \"" + at("y.npy") +
                                    "\" }\n[device]\nmodel = \"awgn\"\n[evaluation]\ndraws = 3\n"
                                    "[output]\nfigures = false\nreport = false\n");
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  const test::TemporaryFolder folder_;
};

TEST(Json, IsAnOptionOfEveryCommand) {
  const std::vector<std::vector<std::string>> commands{
      {"new"},    {"run"},         {"budget"},       {"design"}, {"report"},
      {"plot"},   {"check"},       {"inspect"},      {"list"},   {"cost"},
      {"export"}, {"data", "get"}, {"data", "show"}, {"bench"},  {"describe"}};
  for (std::vector<std::string> words : commands) {
    words.emplace_back("--help");
    EXPECT_NE(ohmic(words).out.find("\n  --json "), std::string::npos) << words.front();
  }
  const Result loose = ohmic({"--json", "list", "devices"});
  EXPECT_EQ(loose.status, 1);
  EXPECT_EQ(loose.out, "");
  EXPECT_NE(loose.err.find("expected behind the command"), std::string::npos) << loose.err;
}

TEST(Json, OfTheVersion) {
  const Json json = answers({"--version", "--json"}).at(0);
  EXPECT_EQ(json["ohmic"], version());
  EXPECT_EQ(json["commit"], commit());
  EXPECT_EQ(json["backends"], Json(backend_names()));
  EXPECT_EQ(answers({"--json", "--version"}).at(0), json);
}

TEST(Json, OfLists) {
  const std::vector<Json> devices = answers({"list", "devices", "--json"});
  ASSERT_EQ(devices.size(), device_kinds().size());
  for (std::size_t i = 0; i < devices.size(); ++i)
    EXPECT_EQ(devices[i],
              (Json{{"name", device_kinds()[i].name}, {"doc", device_kinds()[i].schema->doc}}));
  EXPECT_EQ(answers({"list", "backends", "--json"}).at(0), (Json{{"name", backend_names()[0]}}));
  for (const Json& metric : answers({"list", "metrics", "--json"})) {
    const std::string doc = metric["doc"];
    EXPECT_EQ(doc.find(" is better"), std::string::npos) << "a column of its own: " << doc;
    EXPECT_TRUE(metric["better"] == "higher" || metric["better"] == "lower");
  }
}

TEST(Json, OfParameters) {
  const std::vector<Json> bits = answers({"describe", "periphery.adc.bits", "--json"});
  ASSERT_EQ(bits.size(), 1u);
  EXPECT_EQ(bits[0].dump(),
            R"({"key":"periphery.adc.bits","model":null,"type":"integer","accepts":"an integer in )"
            R"([1, 16]","usually":null,"unit":"bit","default":8,"required":false,)"
            R"("doc":"Resolution.","source":null})");
  for (const Json& key : answers({"describe", "pcm", "--json"})) EXPECT_EQ(key["model"], "pcm");
  std::vector<std::string> tables;
  for (const Json& key : answers({"describe", "dac", "--json"}))
    tables.push_back(key["key"].get<std::string>().substr(0, 13));
  EXPECT_GT(tables.size(), 1u);
  EXPECT_EQ(std::count(tables.begin(), tables.end(), "periphery.dac"),
            static_cast<std::ptrdiff_t>(tables.size()));
  const std::vector<Json> preset = answers({"describe", "preset", "isaac-like", "--json"});
  EXPECT_EQ(std::count(preset.begin(), preset.end(),
                       Json({{"key", "mapping.weight_bits"}, {"value", 16}})),
            1);
  EXPECT_EQ(ohmic({"describe", "periphry", "--json"}).err, ohmic({"describe", "periphry"}).err);
}

TEST_F(JsonAnswers, OfACheck) {
  const Json good = answers({"check", at("study.toml"), "--json"}).at(0);
  EXPECT_EQ(good["ok"], true);
  EXPECT_EQ(good["points"], 1);
  EXPECT_EQ(good["faults"], Json::array());
  const Result text = ohmic({"check", at("study.toml")});
  for (const Json& remark : good["remarks"])
    EXPECT_NE(text.out.find(remark.get<std::string>() + "\n"), std::string::npos) << remark;
  EXPECT_FALSE(good["remarks"].empty()) << "four samples are few";

  const std::string bad = folder_.write("bad.toml", "sede = 1\n[device]\nmodel = 2\n").string();
  const Result result = ohmic({"check", bad, "--json"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, ohmic({"check", bad}).err);
  const Json faults = objects(result.out).at(0);
  EXPECT_EQ(faults["ok"], false);
  EXPECT_EQ(faults["points"], nullptr);
  ASSERT_EQ(faults["faults"].size(), 2u);
  EXPECT_EQ(faults["faults"][0], (Json{{"file", bad},
                                       {"line", 1},
                                       {"column", 1},
                                       {"key", "sede"},
                                       {"message", "unknown key; did you mean \"seed\"?"}}));
  const Result nothing = ohmic({"check", at("nothing.toml"), "--json"});
  EXPECT_EQ(objects(nothing.out).at(0)["faults"].at(0)["file"], at("nothing.toml"));
  const Result absent = ohmic({"check", at("study.toml"), "--set", "model.file=no.onnx", "--json"});
  EXPECT_EQ(absent.status, 3);
  EXPECT_EQ(objects(absent.out).at(0)["faults"].size(), 1u);
}

TEST_F(JsonAnswers, OfARunAndWhatIsMadeOfIt) {
  const std::vector<std::string> run{
      "run",   at("study.toml"), "--out", at("run"), "--set", "sweep={\"device.eta\"=[0.1, 0.5]}",
      "--json"};
  std::vector<std::string> dry = run;
  dry.emplace_back("--dry-run");
  const std::vector<Json> before = answers(dry);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[1], (Json{{"device.eta", 0.5}, {"state", "not begun"}}));
  const Result done = ohmic(run);
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, read_whole(folder_.path() / "run" / "results.jsonl"));
  EXPECT_EQ(objects(done.out).size(), 2u);
  EXPECT_EQ(answers(dry)[0]["state"], "finished");
  const Json report = answers({"report", at("run"), "--no-figures", "--json"}).at(0);
  EXPECT_EQ(report["page"], at("run/report.html"));
  EXPECT_EQ(report["figures"], 0);
}

TEST_F(JsonAnswers, OfARunAreNotColouredAndLeaveItsDoubtsToStderr) {
  const std::vector<std::string> run{
      "run",   at("study.toml"),
      "--out", at("run"),
      "--set", "sweep={case=[{name=\"two: note: x\"}, {name=\"b\", mapping={fill=\"maximal\"}}]}",
      "--json"};
  std::vector<std::string> dry = run;
  dry.emplace_back("--dry-run");
  const Result before = ohmic(dry);
  EXPECT_NE(before.err.find(at("run") + ": 2 points, 2 not begun.\n"), std::string::npos)
      << before.err;
  std::vector<std::string> colored = run;
  colored.insert(colored.end(), {"--color", "always"});
  const Result done = ohmic(colored);
  ohmic({"list", "devices", "--color", "auto"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(objects(done.out).at(0)["case"], "two: note: x");
  EXPECT_EQ(done.out, read_whole(folder_.path() / "run" / "results.jsonl"));
  EXPECT_NE(done.err.find("Every draw answers the same for all values of case"), std::string::npos)
      << done.err;
}

TEST_F(JsonAnswers, OfACostIsItsCsv) {
  const std::vector<std::string> cost{"cost",  at("study.toml"),
                                      "--set", "periphery.adc.bits=6",
                                      "--set", "data.train={samples=\"" + at("x.npy") + "\"}"};
  const auto with = [&](const char* option) {
    std::vector<std::string> words = cost;
    words.emplace_back(option);
    return words;
  };
  folder_.write("cost.csv", ohmic(with("--csv")).out);
  const RecordedTable csv(folder_.path() / "cost.csv");
  const std::vector<Json> rows = answers(with("--json"));
  ASSERT_EQ(rows.size(), csv.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i]["layer"], csv.cell(i, "layer"));
    EXPECT_EQ(rows[i]["energy_nJ"], csv.real(i, "energy_nJ"));
  }
  EXPECT_EQ(ohmic({"cost", at("study.toml"), "--json", "--csv"}).status, 1);
}

TEST_F(JsonAnswers, OfABudgetAreTheRowsOfItsTables) {
  const Result result = ohmic({"budget", at("study.toml"), "--out", at("budget"), "--set",
                               "budget={max_drop=5, max_draws=10, find={knob=\"device.eta\", "
                               "range=[0.01, 2]}}",
                               "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  std::size_t rows = 0;
  for (const Json& row : objects(result.out)) {
    const std::string table = row.at("table");
    Json rest = row;
    rest.erase("table");
    const std::string file = read_whole(folder_.path() / "budget" / (table + ".jsonl"));
    EXPECT_NE(file.find(rest.dump() + "\n"), std::string::npos) << row << "\n" << file;
    ++rows;
  }
  EXPECT_GT(rows, 0u);
  const Result ages =
      ohmic({"budget", at("study.toml"), "--out", at("ages"), "--set",
             "budget={max_drop=5, lifetime={times_s=[1.0, 2.0], draws=2}}", "--json"});
  EXPECT_NE(ages.err.find("every chip measures the same at all ages"), std::string::npos)
      << ages.err;
}

// One of the answers would be lost.
TEST(Json, OfADescriptionIsOneAnswer) {
  const std::vector<std::vector<std::string>> several{{"--markdown", "--json"},
                                                      {"--json-schema", "--card-schema"},
                                                      {"--markdown", "--json-schema"},
                                                      {"pcm", "--markdown"}};
  for (std::vector<std::string> words : several) {
    words.insert(words.begin(), "describe");
    const Result result = ohmic(words);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find(" excludes "), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(JsonAnswers, OfData) {
  const std::vector<Json> sets = answers({"data", "show", at("study.toml"), "--json"});
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0]["set"], "test");
  EXPECT_EQ(sets[0]["samples"], 4);
  EXPECT_EQ(sets[0]["shape"], Json({2}));
  EXPECT_EQ(sets[0]["samples_per_class"], Json({2, 2}));
  for (const char* name : {"train.bin", "test.bin"})
    folder_.write(std::string("data/cifar-100-binary/") + name, "x");
  EXPECT_EQ(answers({"data", "get", "cifar100", "--root", at("data"), "--json"}).at(0),
            (Json{{"name", "cifar100"}, {"folder", at("data/cifar-100-binary")}}));
}

TEST_F(JsonAnswers, OfFilesThatAreWritten) {
  const Json made = answers({"new", "--model", at("net.onnx"), "--samples", at("x.npy"), "--out",
                             at("my.toml"), "--json"})
                        .at(0);
  EXPECT_EQ(made["file"], at("my.toml"));
  EXPECT_EQ(made["points"], 6);
  EXPECT_EQ(made["next"][1], "ohmic run " + at("my.toml"));
  const Json exported =
      answers({"export", at("study.toml"), "--out", at("chip"), "--tile", "fc:0:0", "--json"})
          .at(0);
  EXPECT_EQ(exported["files"], Json({at("chip/fc_0_0_plus.sp"), at("chip/conductances.csv"),
                                     at("chip/conductances.h5")}));
  for (const Json& file : exported["files"])
    EXPECT_TRUE(std::filesystem::exists(file.get<std::string>())) << file;
}

}  // namespace
}  // namespace ohmic
