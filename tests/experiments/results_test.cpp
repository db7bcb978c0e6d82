#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "experiments/measure/files.hpp"
#include "experiments/measure/point_check.hpp"
#include "experiments/measure/provenance.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/results/left_out.hpp"
#include "experiments/results/published.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/text/table.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// A folder of this test, removed at the end.
class Results : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("ohmic_results_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

/// What a DataError says; empty without one.
template <class Action>
std::string fault_of(const Action& action) {
  try {
    action();
    return "";
  } catch (const DataError& error) {
    return error.what();
  }
}

PointResult result_of(const std::string& identity, std::vector<std::int64_t> correct) {
  PointResult r;
  r.identity = identity;
  r.images = 100;
  r.baseline_score = r.noise_free_score = 80;
  for (const std::int64_t c : correct) r.draws.push_back({{static_cast<double>(c)}, {}});
  return r;
}

constexpr char kSweep[] = R"(
[device]
model = "awgn"
[data]
name = "cifar10"
[sweep]
train.learning_rate = [0.0005, 0.0015]
device.eta = [0.1, 0.2]
)";

struct Measured {
  std::vector<Point> points = expand(parse_toml(kSweep, "test.toml"));
  std::vector<PointResult> results;
  std::vector<MeasuredPoint> all() const {
    std::vector<MeasuredPoint> measured;
    for (std::size_t i = 0; i < results.size(); ++i) measured.push_back({&points[i], &results[i]});
    return measured;
  }
};

Measured four_points() {
  Measured m;
  for (const std::int64_t c : {76, 60, 72, 40})
    m.results.push_back(result_of("id" + std::to_string(c), {c - 2, c, c + 2}));
  return m;
}

TEST_F(Results, AnAtomicWriteReplacesTheWhole) {
  write_atomically(folder_ / "a", "long old content");
  write_atomically(folder_ / "a", "new");
  EXPECT_EQ(read_whole(folder_ / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Results, AFolderThatCannotBeIsOneErrorWithPathAndReason) {
  write_atomically(folder_ / "file", "");
  try {
    make_folder(folder_ / "file" / "run");
    FAIL();
  } catch (const OutputError& error) {
    EXPECT_NE(std::string(error.what()).find((folder_ / "file" / "run").string()),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find("Not a directory"), std::string::npos);
  }
}

// /dev/full accepts an open and refuses every write: a full disk.
TEST(Files, AFullDiskIsAnOutputError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  try {
    append_line("/dev/full", "draw");
    FAIL();
  } catch (const OutputError& error) {
    EXPECT_STREQ(error.what(), "/dev/full: cannot be written: No space left on device");
  }
}

TEST_F(Results, APublishedPointReadsBack) {
  PointResult r = result_of("abc", {70, 71});
  r.draws[1].tally = {10, 1, 20, 2};
  LayerResult layer;
  layer.layer = "conv1";
  layer.eta = Estimate::kNone;
  layer.sigma_w = 0.1;
  layer.snr = HUGE_VAL;
  layer.batch_norm = "bn1";
  layer.dead_filters = 3;
  r.layers.push_back(layer);
  const PointStore store(folder_);
  store.publish(r);
  const PointResult back = store.find("abc").value();
  EXPECT_EQ(back.draws[1].scores, r.draws[1].scores);
  EXPECT_EQ(back.draws[1].tally.adc_clipped, 2u);
  EXPECT_TRUE(std::isnan(back.layers.at(0).eta));
  EXPECT_EQ(back.layers.at(0).sigma_w, 0.1);
  EXPECT_EQ(back.layers.at(0).snr, HUGE_VAL);
  EXPECT_EQ(back.dead_filters(), 3);
  EXPECT_FALSE(store.find("abd"));
}

PointResult errors_of(const std::string& identity, std::vector<double> errors) {
  PointResult r;
  r.identity = identity;
  r.metric = &metric_named("mse");
  r.images = 100;
  r.baseline_score = r.noise_free_score = 0.25;
  for (const double e : errors) r.draws.push_back({{e}, {}});
  return r;
}

TEST_F(Results, APointOfAnotherMetricReadsBackEvenWhereItIsInfinite) {
  const PointStore store(folder_);
  store.publish(errors_of("abc", {0.5, HUGE_VAL}));
  const PointResult back = store.find("abc").value();
  EXPECT_EQ(back.metric->name, "mse");
  EXPECT_EQ(back.draws[0].scores, std::vector<double>{0.5});
  EXPECT_EQ(back.draws[1].scores, std::vector<double>{HUGE_VAL});
  EXPECT_EQ(back.baseline(), 0.25);
  EXPECT_EQ(back.value(), HUGE_VAL);
  store.log_draw("x", metric_named("snr"), 0, {{-HUGE_VAL}, {}});
  EXPECT_EQ(store.logged_draws("x").at(0).scores, std::vector<double>{-HUGE_VAL});
  store.publish(errors_of("negative", {-0.5}));
  EXPECT_EQ(fault_of([&] { store.find("negative"); }),
            (folder_ / "negative.json").string() +
                ": damaged: mse is -0.5; it lies from 0 to inf; move negative.json away to measure "
                "the point again");
}

TEST_F(Results, AnEditedPointIsNotBelieved) {
  const PointStore store(folder_);
  store.publish(errors_of("abc", {0.5, 0.25}));
  const auto file = folder_ / "abc.json";
  std::string text = read_whole(file);
  text.replace(text.find("0.5"), 3, "0.4");
  write_atomically(file, text);
  EXPECT_EQ(fault_of([&] { store.find("abc"); }),
            file.string() +
                ": damaged: its numbers are not those that were written; move abc.json "
                "away to measure the point again");
}

// Two sequences in batches of one, with 3 and 1 positions that count.
TEST_F(Results, PositionsWeighAsTheyCount) {
  PointResult r;
  r.identity = "abc";
  r.images = 2;
  r.batch = 1;
  r.answers = {3, 1};
  r.baseline_score = 4;
  r.draws = {{{2, 0}, {}}, {{3, 1}, {}}};
  PointStore(folder_).publish(r);
  const PointResult back = PointStore(folder_).find("abc").value();
  EXPECT_EQ(back.baseline(), 1);
  EXPECT_EQ(back.value(), 6.0 / 8);
  EXPECT_EQ(back.replicates().total(0), 0.5);
  EXPECT_EQ(back.replicates().total(1), 1);
  r.draws = {{{4, 0}, {}}};
  PointStore(folder_).publish(r);
  EXPECT_NE(fault_of([&] {
              PointStore(folder_).find("abc");
            }).find("damaged: 4 right answers to 3 positions"),
            std::string::npos);
}

TEST_F(Results, ColumnsAndLinesHaveTheMetricsName) {
  const std::vector<Point> points =
      expand(parse_toml("evaluation.metric = \"cross_entropy\"\n", "test.toml"));
  PointResult r = errors_of("id", {0.5, 0.75});
  r.metric = &metric_named("cross_entropy");
  const std::vector<MeasuredPoint> measured{{&points[0], &r}};
  const std::string csv = results_csv(measured);
  EXPECT_TRUE(
      csv.starts_with("images,draws,baseline,cross_entropy,cross_entropy_lo,"
                      "cross_entropy_hi,std_draws,noise_free,"))
      << csv;
  EXPECT_NE(csv.find("\n100,2,0.25,0.625,"), std::string::npos) << csv;
  const std::string jsonl = results_jsonl(measured);
  EXPECT_NE(jsonl.find("\"values\":[0.5,0.75]"), std::string::npos) << jsonl;
  const std::string table = summary_table(group_points(measured));
  EXPECT_NE(table.find("cross-entropy (nat)"), std::string::npos) << table;
  EXPECT_NE(table.find("0.625 ±"), std::string::npos) << table;
}

TEST(SummaryLegend, SaysOfWhichLevelIntervalsAre) {
  const auto legend = [](const std::string& evaluation) {
    const std::vector<Point> points =
        expand(parse_toml("[data]\nname = \"synthetic\"\n[evaluation]\n" + evaluation, "f.toml"));
    std::vector<PointResult> results(points.size());
    std::vector<MeasuredPoint> measured;
    for (std::size_t i = 0; i < points.size(); ++i) {
      results[i].images = 100;
      results[i].metric = &points[i].experiment.evaluation.choice().metric();
      results[i].draws = {{{50}, {}}, {{60}, {}}};
      measured.push_back({&points[i], &results[i]});
    }
    return summary_legend(group_points(measured));
  };
  EXPECT_EQ(legend("confidence = 0.5\n"),
            "A: accuracy under noise / accuracy without, in %; ± is half of the 50 % interval over "
            "draws.\n");
  EXPECT_EQ(legend("metric = \"cross_entropy\"\n"), "± is half of the 95 % interval over draws.\n");
  EXPECT_EQ(legend("metric = \"cross_entropy\"\n[sweep]\nevaluation.confidence = [0.9, 0.999]\n"),
            "± is half of the 90 or 99.9 % interval over draws.\n");
}

TEST(NumberTexts, ZeroHasNoSign) {
  EXPECT_EQ(number_text(-0.0), "0");
  EXPECT_EQ(number_text(-1e-9), "-1e-09");
  EXPECT_EQ(kPercent.text(-1e-6), "0.00");
  EXPECT_EQ(kPercent.text(-1e-4), "-0.01");
  EXPECT_EQ(kPercent.text(Estimate{-1e-7, -0.01, 0.01}), "0.00 ± 1.00");
  EXPECT_EQ(Digits::general(3).text(-0.0), "0");
}

// No interval goes below 0, where an error ends.
TEST_F(Results, IntervalsStayWithinTheMetric) {
  const PointSummary s = summarize(errors_of("id", {0.01, 0.5}), 0.95);
  EXPECT_EQ(s.value.lo, 0);
  EXPECT_GT(s.value.hi, 1);
  EXPECT_TRUE(std::isnan(s.normalized.mean));
}

TEST_F(Results, ADamagedPointSaysHowToMendIt) {
  write_atomically(folder_ / "abc.json", "{\"identity\": \"ab");
  EXPECT_EQ(fault_of([&] { PointStore(folder_).find("abc"); }),
            (folder_ / "abc.json").string() +
                ": damaged: not JSON; move abc.json away to measure the point again");
}

// Whatever its images cannot give is refused: numbers of another point, or of a flipped bit.
TEST_F(Results, ImpossibleCountsOfAPointAreRefused) {
  const PointStore store(folder_);
  PointResult good = result_of("abc", {70, 71});
  good.layers.emplace_back();
  store.publish(good);
  const std::string text = read_whole(folder_ / "abc.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    write_atomically(folder_ / "abc.json", changed);
    const std::string fault = fault_of([&] { store.find("abc"); });
    const std::string before = (folder_ / "abc.json").string() + ": damaged: ";
    const std::string after = "; move abc.json away to measure the point again";
    EXPECT_TRUE(fault.starts_with(before) && fault.ends_with(after)) << fault;
    return fault.substr(before.size(), fault.size() - before.size() - after.size());
  };
  EXPECT_EQ(with("\"abc\"", "\"abd\""), "it holds the point abd");
  EXPECT_EQ(with("70", "170"), "170 right answers to 100 images");
  EXPECT_EQ(with("70", "-1"), "correct is -1; expected a whole number in [0, 100000000]");
  EXPECT_EQ(with("70", "7e99"), "correct is 7e+99; expected a whole number in [0, 100000000]");
  EXPECT_EQ(with("70", "1e999"), "it has a number that no double holds");
  EXPECT_EQ(with("70", "18446744073709551615"),
            "correct is 18446744073709551615; expected a whole number in [0, 100000000]");
  EXPECT_EQ(with("\"images\": 100", "\"images\": -100"),
            "images is -100; expected a whole number in [0, 100000000]");
  EXPECT_EQ(with("\"batch\": 0", "\"batch\": -3"),
            "batch is -3; expected a whole number in [0, 100000000]");
  EXPECT_EQ(with("\"batch\": 0", "\"batch\": 30"),
            "1 counts of right answers; 100 images in batches of 30 have 4");
  EXPECT_EQ(with("\"baseline_correct\"", "\"baseline\""), "\"baseline_correct\" is missing");
  EXPECT_EQ(with("\"draws\": [", "\"draws\": 3, \"other\": ["), "draws is 3; expected a list");
  EXPECT_EQ(with("\"dead_filters\": 0", "\"dead_filters\": -1"),
            "dead_filters is -1; expected a whole number in [0, 1000000000]");
  EXPECT_EQ(with("{", std::string(100, '[')), "its JSON has more than 32 levels");
}

// A line of another point, whole but impossible here, is named, and nothing of the log is lost.
TEST_F(Results, ADamagedLogNamesItsLineAndStays) {
  const PointStore store(folder_);
  const auto fault = [&](const std::string& line) {
    const std::string log = "{\"draw\":0,\"correct\":[50],\"dac\":[0,0],\"adc\":[0,0]}\n" + line +
                            "\n{\"draw\":2,\"correct\":[50],\"dac\":[0,0],\"adc\":[0,0]}\n";
    write_atomically(folder_ / "x.draws", log);
    const std::string said = fault_of([&] {
      PointResult point;
      point.identity = "x";
      point.images = 100;
      point.draws = store.logged_draws("x");
      check_logged(point, folder_);
    });
    EXPECT_EQ(read_whole(folder_ / "x.draws"), log);
    const std::string before = (folder_ / "x.draws").string() + ":2: damaged: ";
    const std::string after = "; move x.draws away to measure the point again";
    EXPECT_TRUE(said.starts_with(before) && said.ends_with(after)) << said;
    return said.substr(before.size(), said.size() - before.size() - after.size());
  };
  const std::string rest = ",\"dac\":[0,0],\"adc\":[0,0]}";
  EXPECT_EQ(fault("{\"draw\":1,\"correct\":[25933]" + rest), "25933 right answers to 100 images");
  EXPECT_EQ(fault("{\"draw\":1,\"correct\":[50,50]" + rest),
            "2 counts of right answers; 100 images seen by one draw have 1");
  EXPECT_EQ(fault("{\"draw\":1,\"correct\":[-4]" + rest),
            "correct is -4; expected a whole number in [0, 100000000]");
  EXPECT_EQ(fault("{\"draw\":7,\"correct\":[50]" + rest),
            "draw is 7; expected a whole number in [1, 1]");
  EXPECT_EQ(fault("{\"draw\":\"1\",\"correct\":[50]" + rest),
            "draw is \"1\"; expected a whole number in [1, 1]");
  EXPECT_EQ(fault("{\"draw\":1,\"correct\":[50],\"dac\":[5,6],\"adc\":[0,0]}"),
            "dac is 6; expected a whole number in [0, 5]");
  EXPECT_EQ(fault("{\"draw\":1,\"correct\":[50],\"dac\":[0]}"), "dac has not two numbers");
  EXPECT_EQ(fault("[1]"), "a list where an object was expected");
  EXPECT_EQ(fault("not JSON"), "not JSON");
  EXPECT_EQ(fault(std::string(200000, '[')), "its JSON has more than 32 levels");
}

TEST_F(Results, ARowForEveryPointThatIsLeftOut) {
  const Measured m = four_points();
  std::vector<MeasuredPoint> measured = m.all();
  measured.erase(measured.begin() + 1);
  const std::vector<LeftOutPoint> left_out{{&m.points[1], "id", "training", "diverged early"}};
  const std::string sound = results_csv(measured), marked = results_csv(measured, left_out);
  EXPECT_EQ(results_csv(measured, {}), sound);
  std::istringstream lines(marked), others(sound);
  std::string line, other;
  for (int i = 0; i < 5; ++i) {
    std::getline(lines, line);
    if (i == 2) {
      EXPECT_TRUE(line.ends_with(",,id,diverged")) << line;
      continue;
    }
    std::getline(others, other);
    EXPECT_EQ(line, other + (i == 0 ? ",status" : ",measured"));
  }
  const std::string json = results_jsonl(measured, left_out);
  EXPECT_NE(json.find("\"device.eta\":0.2,\"identity\":\"id\",\"training\":\"training\","
                      "\"status\":\"diverged\",\"reason\":\"diverged early\"}\n"),
            std::string::npos)
      << json;
  EXPECT_EQ(results_csv({}, left_out),
            "train.learning_rate,device.eta,identity,status\n0.0005,0.2,id,diverged\n");
}

TEST_F(Results, ATableNamesTheLineThatIsDamaged) {
  const auto file = folder_ / "t.csv";
  const auto fault = [&](const std::string& text, const auto& read) {
    write_atomically(file, text);
    return fault_of([&] { read(RecordedTable(file)); });
  };
  const auto real = [](const RecordedTable& t) { t.real(1, "b"); };
  const auto whole = [](const RecordedTable& t) { t.whole(1, "a", 0, 9); };
  EXPECT_EQ(fault("a,b\n0,1\n1,x\n", real),
            file.string() + ":3: damaged: b is \"x\"; expected a number");
  EXPECT_EQ(fault("a,b\n0,1\n-1,2\n", whole),
            file.string() + ":3: damaged: a is \"-1\"; expected a whole number in [0, 9]");
  EXPECT_EQ(fault("a,b\n0,1\n2\n", real),
            file.string() + ":3: damaged: \"2\" has 1 cells, the header 2");
  EXPECT_EQ(fault("a,c\n0,1\n2,3\n", real), file.string() + ":1: damaged: there is no column b");
  write_atomically(file, "a,b\n0,1\n1,");
  EXPECT_EQ(RecordedTable(file).rows(), 1u) << "a last line that is not whole";
}

// A pipe would be waited for without an end, a link could lead anywhere.
TEST_F(Results, OnlyRegularFilesAreReadAndWritten) {
  const auto pipe = folder_ / "pipe", link = folder_ / "link", to = folder_ / "to";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  write_atomically(to, "before");
  const auto error = [](const auto& action) {
    try {
      action();
      return std::string();
    } catch (const OutputError& error) {
      return std::string(error.what());
    }
  };
  for (const std::filesystem::path& path : {pipe, folder_, std::filesystem::path("/dev/zero")})
    EXPECT_EQ(error([&] { read_whole(path); }),
              path.string() +
                  ": cannot be read: it is a folder, a device, a pipe or a socket; "
                  "expected a regular file");
  EXPECT_EQ(error([&] { append_line(pipe, "x"); }),
            pipe.string() + ": cannot be written: No such device or address");
  std::filesystem::create_symlink(to, link);
  EXPECT_EQ(error([&] { append_line(link, "x"); }),
            link.string() + ": cannot be written: Too many levels of symbolic links");
  EXPECT_EQ(read_whole(to), "before");
}

// Sizes are looked at before memory is asked for.
TEST_F(Results, FilesOfARunFolderHaveALargestSize) {
  const auto file = folder_ / "large.json";
  write_atomically(file, "first\n");
  std::filesystem::resize_file(file, std::uintmax_t{5} << 30);
  const auto error = [&](std::uintmax_t most) {
    try {
      return read_whole(file, most);
    } catch (const DataError& refused) {
      return std::string(refused.what());
    }
  };
  const std::string says = file.string() + ": has 5368709120 bytes; expected at most ";
  EXPECT_EQ(error(kMostOfFile), says + "67108864");
  EXPECT_EQ(error(kMostOfLog), says + "1073741824");
  EXPECT_EQ(read_beginning(file, 6), "first\n");
  std::filesystem::resize_file(file, 6);
  EXPECT_EQ(error(6), "first\n");
  EXPECT_EQ(read_beginning(file, 100), "first\n");
  EXPECT_EQ(error(5), file.string() + ": has 6 bytes; expected at most 5");
}

// Whatever lies where a file is written first: links of both kinds lead to somebody's file.
TEST_F(Results, WritesGoIntoFilesOfTheirOwn) {
  const auto to = folder_ / "to", file = folder_ / "new", beside = folder_ / "new.tmp";
  write_atomically(to, "before");
  const std::function<void()> leads[] = {
      [&] { std::filesystem::create_symlink(to, beside); },
      [&] { std::filesystem::create_hard_link(to, beside); },
      [&] { ASSERT_EQ(::mkfifo(beside.c_str(), 0600), 0); },
  };
  for (const auto& lead : leads) {
    lead();
    write_atomically(file, "x");
    EXPECT_EQ(read_whole(file), "x");
    EXPECT_EQ(read_whole(to), "before");
    std::filesystem::remove(file);
  }
}

// As two reports of one run do.
TEST_F(Results, WritersOfOneFileDoNotDisturbEachOther) {
  const auto file = folder_ / "shared";
  constexpr int kWriters = 4, kTimes = 100;
  std::vector<std::string> errors(kWriters);
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w)
    writers.emplace_back([&, w] {
      try {
        for (int i = 0; i < kTimes; ++i) write_atomically(file, std::string(1000, 'a' + w));
      } catch (const OutputError& error) {
        errors[static_cast<std::size_t>(w)] = error.what();
      }
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(errors, std::vector<std::string>(kWriters));
  const std::string content = read_whole(file);
  EXPECT_EQ(content, std::string(1000, content.at(0)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "leftovers";
}

// A folder with the name is nobody's leftover.
TEST_F(Results, WhatAKilledWriterLeftGoesWithTheNextWriting) {
  const auto file = folder_ / "file", beside = folder_ / "file.tmp";
  write_atomically(beside, "half");
  write_atomically(file, "whole");
  EXPECT_FALSE(std::filesystem::exists(beside));
  std::filesystem::create_directory(beside);
  write_atomically(file, "again");
  EXPECT_EQ(read_whole(file), "again");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
}

// A run folder copied by `cp -al` shares its logs with the original.
TEST_F(Results, ALogThatIsSharedIsCopiedFirst) {
  const auto original = folder_ / "original", copy = folder_ / "copy";
  append_line(original, "a");
  std::filesystem::create_hard_link(original, copy);
  append_line(copy, "b");
  append_line(copy, "c");
  EXPECT_EQ(read_whole(original), "a\n");
  EXPECT_EQ(read_whole(copy), "a\nb\nc\n");
}

TEST_F(Results, ADamagedProvenanceIsSetAsideAndSaid) {
  const auto file = folder_ / "provenance.json";
  for (const std::string& damaged :
       {std::string("{\"data_sha256\": 3}"), std::string("{\"data_sha256\": {\"a\": [1]}}"),
        std::string("{"), std::string(100000, '[')}) {
    write_atomically(file, damaged);
    std::vector<std::string> said;
    write_provenance(file, {1, 1, "cpu", {{"x", "hash"}}, {}, {}, {}},
                     [&](const std::string& text) { said.push_back(text); });
    ASSERT_EQ(said.size(), 1u) << damaged.substr(0, 40);
    EXPECT_NE(said[0].find("provenance.json: damaged: "), std::string::npos) << said[0];
    EXPECT_NE(read_whole(file).find("\"x\": \"hash\""), std::string::npos);
  }
  EXPECT_EQ(read_whole(folder_ / "provenance.json.damaged"), "{\"data_sha256\": 3}");
  EXPECT_EQ(read_whole(folder_ / "provenance.json.damaged-3"), "{");
}

// A process can die at any byte of the log: what is whole is kept, and the log goes on from there.
TEST_F(Results, ALogTornAnywhereKeepsItsWholeLines) {
  const PointStore store(folder_);
  const auto log = [&](std::int64_t d) {
    store.log_draw("x", metric_named("accuracy"), d, {{50 + static_cast<double>(d)}, {}});
  };
  for (std::int64_t d = 0; d < 3; ++d) log(d);
  const std::string whole = read_whole(folder_ / "x.draws");
  for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    write_atomically(folder_ / "x.draws", whole.substr(0, bytes));
    const auto kept = store.logged_draws("x");
    ASSERT_EQ(static_cast<std::ptrdiff_t>(kept.size()),
              std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes), '\n'));
    for (std::size_t d = kept.size(); d < 3; ++d) log(static_cast<std::int64_t>(d));
    ASSERT_EQ(read_whole(folder_ / "x.draws"), whole);
  }
}

TEST_F(Results, PublishingEndsTheLog) {
  const PointStore store(folder_);
  store.log_draw("x", metric_named("accuracy"), 0, {{50}, {}});
  store.publish(result_of("x", {50}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.draws"));
}

TEST(Tables, ResultsCsvHasARowPerPointInSweepOrder) {
  const std::string csv = results_csv(four_points().all());
  std::istringstream lines(csv);
  std::string header, first, second;
  std::getline(lines, header);
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(header,
            "train.learning_rate,device.eta,images,draws,baseline,accuracy,accuracy_lo,accuracy_hi,"
            "normalized,normalized_lo,normalized_hi,std_draws,noise_free,dac_clipped,adc_clipped,"
            "dead_filters,identity");
  EXPECT_TRUE(first.starts_with("0.0005,0.1,100,3,0.8,0.76")) << first;
  EXPECT_TRUE(first.ends_with(",id76")) << first;
  EXPECT_TRUE(second.ends_with(",id60")) << second;
}

TEST(Tables, OneDrawLeavesTheIntervalEmpty) {
  Measured m;
  m.results.push_back(result_of("x", {72}));
  EXPECT_NE(results_csv(m.all()).find(",0.72,,,0.9,,,,0.8,"), std::string::npos)
      << results_csv(m.all());
}

TEST(Tables, JsonLinesHoldEachDrawsAccuracy) {
  const std::string lines = results_jsonl(four_points().all());
  const auto json = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(json.at("accuracies"), (std::vector<double>{0.74, 0.76, 0.78}));
  EXPECT_EQ(json.at("device.eta"), 0.1);
  EXPECT_EQ(json.at("baseline"), 0.8);
}

// Accuracies 0.74, 0.76, 0.78: half-width 4.302653 * 0.02 / sqrt(3), over a baseline of 0.8.
TEST(Tables, NormalisedIntervalsAreThoseOfTheAccuracyOverTheBaseline) {
  const PointSummary s = summarize(result_of("x", {74, 76, 78}), 0.95);
  EXPECT_NEAR(s.normalized.mean, 0.95, 1e-12);
  EXPECT_NEAR(s.normalized.half_width(), 4.302653 * 0.02 / std::sqrt(3.0) / 0.8, 1e-6);
}

TEST(Groups, AverageOverTheEtasOfEachRate) {
  const Measured m = four_points();
  const std::vector<Group> groups = group_points(m.all());
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_NEAR(groups[0].average.mean, (0.76 + 0.60) / 2 / 0.8, 1e-12);
  EXPECT_NEAR(groups[1].average.mean, (0.72 + 0.40) / 2 / 0.8, 1e-12);
  EXPECT_EQ(etas_of(groups), (std::vector<double>{0.1, 0.2}));
}

TEST(Published, IsFoundForThePapersNetworksOnly) {
  Experiment e = four_points().points.front().experiment;
  EXPECT_DOUBLE_EQ(published_for(e).baseline.value(), 0.9111);
  EXPECT_DOUBLE_EQ(published_for(e).average.value(), 0.7228);
  ASSERT_EQ(published_for(e).curve.size(), 1u);
  EXPECT_DOUBLE_EQ(published_for(e).curve[0].second, 0.9593);
  e.train.learning_rate = 0.0007;
  EXPECT_TRUE(published_for(e).empty());
  e.train.learning_rate = 0.0005;
  e.model.weights = "given.h5";
  EXPECT_TRUE(published_for(e).empty());
}

// Figure 3 names an "AdamX", which AdaMax and AdamX may both be.
TEST(Published, BothReadingsOfAdamXHaveItsNumber) {
  Experiment e = four_points().points.front().experiment;
  e.train.learning_rate = 0.00075;
  for (const char* name : {"adamax", "adamx"}) {
    e.train.optimizer = name;
    EXPECT_DOUBLE_EQ(published_for(e).baseline.value(), 0.8947) << name;
    EXPECT_DOUBLE_EQ(published_for(e).average.value(), 0.68) << name;
  }
}

// The mean of ResNet-56's published curve is the published average.
TEST(Published, CurvesAgreeWithTheirAverages) {
  Experiment e = four_points().points.front().experiment;
  e.model.name = "resnet56";
  e.train.learning_rate = 0.00075;
  for (const char* data : {"cifar10", "cifar100"}) {
    e.data.name = data;
    const Published p = published_for(e);
    double sum = 0;
    for (const auto& [eta, value] : p.curve) sum += value;
    ASSERT_EQ(p.curve.size(), 6u);
    EXPECT_NEAR(sum / 6, p.average.value(), 2e-4) << data;
  }
}

TEST(Summary, ShowsPublishedNumbersBelowOurs) {
  const std::string table = summary_table(group_points(four_points().all()));
  EXPECT_NE(table.find("A 10 %"), std::string::npos) << table;
  EXPECT_NE(table.find("paper     91.11   95.93"), std::string::npos) << table;
  EXPECT_NE(table.find("80.52"), std::string::npos) << table;
}

TEST(Summary, CutsLongValues) {
  Measured m = four_points();
  for (Point& point : m.points) point.axes.front().second = Value{std::string(200, 'x')};
  const std::string table = summary_table(group_points(m.all()));
  EXPECT_NE(table.find(std::string(18, 'x') + "..." + std::string(19, 'x')), std::string::npos)
      << table;
  EXPECT_EQ(table.find(std::string(38, 'x')), std::string::npos) << table;
}

}  // namespace
}  // namespace ohmic
