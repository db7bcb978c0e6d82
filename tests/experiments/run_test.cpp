// `ohmic run` as its options have it, and where it may not write.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "experiments/measure/claims.hpp"
#include "simulator/backends/cuda/gpu_count.hpp"
#include "simulator/processor.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using test::call;
using test::Said;

class RunOption : public test::StartedRun {
 protected:
  std::size_t rows(const std::string& run) const {
    const std::string csv = content(run, "results.csv");
    return static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) - 1;
  }
};

TEST_F(RunOption, OnlyComputesWhatIsChosenAndShowsEverythingFinished) {
  const Said one =
      call(command("run", {"--only", "device.eta=4e-1", "--only", "train.learning_rate=0.01"}));
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(rows("run"), 1u);
  EXPECT_NE(one.out.find("1 of 4 points finished, 1 of them now"), std::string::npos) << one.out;
  EXPECT_NE(one.out.find("The other points:\n  " OHMIC_PROGRAM " run "), std::string::npos)
      << one.out;
  EXPECT_EQ(call(command("run", {"--only", "train.learning_rate=0.01"})).status, 0);
  EXPECT_EQ(rows("run"), 2u);
  EXPECT_EQ(call(command("run", {"--only", "device.eta=0.1"})).status, 0);
  EXPECT_EQ(rows("run"), 3u) << "what was not chosen is shown too";
  const Said unknown = call(command("run", {"--only", "device.eta=0.5"}));
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.err,
            "error: --only device.eta=0.5: the sweep does not have this value; device.eta is one "
            "of 0.1, 0.4\n");
}

TEST_F(RunOption, FreshMeasuresAgainAndDeletesNothing) {
  ASSERT_EQ(call(command("run")).status, 0);
  const std::string before = content("run", "results.csv");
  write_atomically(folder_ / "run" / "notes.txt", "mine");
  const Said fresh = call(command("run", {"--fresh"}));
  EXPECT_NE(fresh.out.find("4 of 4 points finished, 4 of them now"), std::string::npos);
  EXPECT_EQ(fresh.err.find("epoch"), std::string::npos) << "trained networks are kept";
  EXPECT_EQ(content("run", "results.csv"), before);
  EXPECT_EQ(content("run", "notes.txt"), "mine");
  fs::path aside;
  for (const auto& entry : fs::directory_iterator(folder_ / "run"))
    if (entry.path().filename().string().starts_with("before-")) aside = entry.path();
  ASSERT_FALSE(aside.empty());
  EXPECT_NE(fresh.err.find("what was there is now in " + aside.string()), std::string::npos);
  EXPECT_EQ(read_whole(aside / "results.csv"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(aside / "points"), {}), 4);
}

TEST_F(RunOption, WeightsThatAreMissingAreNamedWithTheirKey) {
  const Said weights = call(command("run", {"--set", "model.weights=\"none.h5\""}));
  EXPECT_EQ(weights.status, 3);
  EXPECT_NE(weights.err.find("model.weights (--set): none.h5: no such file"), std::string::npos)
      << weights.err;
  const Said teacher = call(command("taught", {"--set", "train.distill.teacher=\"none.h5\""}));
  EXPECT_EQ(teacher.status, 3);
  EXPECT_NE(teacher.err.find("train.distill.teacher (--set): none.h5: no such file"),
            std::string::npos)
      << teacher.err;
}

// The network's file is wanted for its layers and for the shape of the samples.
TEST_F(RunOption, WhatIsWrongIsSaidOnce) {
  write_atomically(folder_ / "own.toml",
                   "[model]\nfile = \"gone.onnx\"\n[data]\nname = \"files\"\ntest = { samples = "
                   "\"gone.npy\", labels = \"gone.npy\" }\n");
  const Said said = call({OHMIC_PROGRAM, "run", folder_ / "own.toml", "--out", folder_ / "own"});
  EXPECT_EQ(said.status, 3);
  EXPECT_TRUE(said.err.ends_with("\nohmic: error: model.file (" + (folder_ / "own.toml").string() +
                                 ":2): gone.onnx: no such file\n"))
      << said.err;
}

// What a converter's given range does not hold is said with the layer, and how much of it.
TEST_F(RunOption, RangesThatAreTooSmallAreNamed) {
  const Said said = call(command(
      "run", {"--set", "sweep.device.eta=[0.1]", "--set", "sweep.train.learning_rate=[0.01]",
              "--set", "periphery.adc={ range = \"fixed\", full_scale = 1e-4 }"}));
  ASSERT_EQ(said.status, 0) << said.err;
  const std::string small = "periphery.adc: the range is too small in ";
  EXPECT_NE(said.err.find("warning: " + small), std::string::npos) << said.err;
  for (const std::string& what :
       {small, std::string("of what ADCs see is beyond their range and clipped; in ")})
    for (const std::string& text :
         {said.out, content("run", "results.jsonl"), content("run", "report.html")})
      EXPECT_NE(text.find(what), std::string::npos) << what;
}

// One line per point says what the point has, and nothing of what others have.
TEST_F(RunOption, LabelsLeaveOutWhatAPointDoesNotHave) {
  const Said said = call(
      command("run", {"--set", "sweep={device=[{model=\"ideal\"},{model=\"awgn\",eta=0.1}]}"}));
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_NE(said.err.find(", ideal: "), std::string::npos) << said.err;
  EXPECT_NE(said.err.find(", awgn, noise η = 0.1: "), std::string::npos) << said.err;
}

TEST_F(RunOption, FreshTrainingTrainsAgain) {
  const std::vector<std::string> one{"--only", "device.eta=0.1", "--only",
                                     "train.learning_rate=0.01"};
  ASSERT_EQ(call(command("run", one)).status, 0);
  std::vector<std::string> again = one;
  again.push_back("--fresh-training");
  EXPECT_NE(call(command("run", again)).err.find("epoch 3/3"), std::string::npos);
}

// What a GPU does, on the host: images stay with the network, BatchNorm is folded after the noise,
// the next draw is programmed ahead, work is repeated instead of launched anew. Of 40 images, three
// draws at once, and ten of which eight are computed at once.
TEST_F(RunOption, LibTorchBehindAnIdealPeripheryMeasuresWhatTheBackEndDoes) {
  const auto expect_same = [&](const std::string& estimator, const std::string& batch) {
    const std::string name = estimator + batch;
    const std::vector<std::string> more{"--set", "evaluation.estimator=" + estimator, "--set",
                                        "evaluation.batch=" + batch};
    ASSERT_EQ(call(command(name, more)).status, 0);
    ::setenv("OHMIC_CUDA_GRAPHS", "emulated", 1);
    const Said torch = call(command(name + ".torch", more));
    ::unsetenv("OHMIC_CUDA_GRAPHS");
    ASSERT_EQ(torch.status, 0) << torch.err;
    EXPECT_EQ(content(name + ".torch", "results.csv"), content(name, "results.csv"));
  };
  expect_same("per_draw", "16");
  expect_same("per_batch", "16");
  expect_same("per_batch", "4");
}

// Of programmed weights only, whatever this processor multiplies: the baseline is the float one.
TEST_F(RunOption, LibTorchComputesInBf16WhereProductsSaySo) {
  const std::vector<std::string> one{"--set", "sweep.device.eta=[0.1]", "--set",
                                     "sweep.train.learning_rate=[0.01]"};
  std::vector<std::string> half = one;
  half.insert(half.end(), {"--set", "periphery.products=bf16"});
  ASSERT_EQ(call(command("float", one)).status, 0);
  ::setenv("OHMIC_CUDA_GRAPHS", "emulated", 1);
  const Said said = call(command("bf16", half));
  ::unsetenv("OHMIC_CUDA_GRAPHS");
  ASSERT_EQ(said.status, 0) << said.err;
  const auto start_of_row = [&](const char* run) {  // the axes, images, draws, the baseline
    const std::string csv = content(run, "results.csv");
    const std::size_t row = csv.find('\n') + 1;
    return csv.substr(row, csv.find(',', csv.find(",3,", row) + 3) - row);
  };
  EXPECT_EQ(start_of_row("bf16"), start_of_row("float"));
}

TEST_F(RunOption, WarnsOnceOfWhatIsWastedAndOfWhatIsSlowHere) {
  const Said said = call(command(
      "run", {"--set", "sweep.device.eta=[0.1, 0.2]", "--set", "sweep.train.learning_rate=[0.01]",
              "--set", "periphery.adc.range=max", "--set", "periphery.products=bf16"}));
  if (said.err.find("need a processor with AVX-512") != std::string::npos) GTEST_SKIP() << said.err;
  ASSERT_EQ(said.status, 0) << said.err;
  const auto times = [&](const std::string& what) {
    int count = 0;
    for (auto at = said.err.find(what); at != std::string::npos; at = said.err.find(what, at + 1))
      ++count;
    return count;
  };
  EXPECT_EQ(times("warning: periphery.adc: the range leaves more than 2 of 8 bits unused"), 1)
      << said.err;
  EXPECT_EQ(times("warning: periphery.products: this processor has neither AMX nor AVX512-BF16"),
            multiplies_bf16() ? 0 : 1)
      << said.err;
}

// What a chip said when it was made is there when no chip is made any more.
TEST_F(RunOption, KeepsWhatAChipSaidWithItsPoint) {
  const std::vector<std::string> wide{"--set", "sweep.device.eta=[0.1]",
                                      "--set", "sweep.train.learning_rate=[0.01]",
                                      "--set", "periphery.adc.range=max"};
  const char* const warning = "periphery.adc: the range leaves more than 2 of 8 bits unused";
  ASSERT_EQ(call(command("run", wide)).status, 0);
  EXPECT_NE(content("run", "results.jsonl").find(std::string("\"") + warning), std::string::npos);
  const Said again = call(command("run", wide));
  EXPECT_NE(again.err.find("1 finished before, 0 to do"), std::string::npos) << again.err;
  EXPECT_EQ(again.err.find(warning), std::string::npos) << "nothing was made: " << again.err;
  EXPECT_NE(again.out.find(warning), std::string::npos) << again.out;
  const Said report = call({OHMIC_PROGRAM, "report", folder_ / "run"});
  EXPECT_EQ(report.status, 0) << report.err;
  EXPECT_NE(content("run", "report.html").find(warning), std::string::npos);
}

TEST_F(RunOption, SaysBeforeItTrainsThatABackEndIsMissing) {
  if (gpu_count() > 0) GTEST_SKIP() << "there is a GPU";
  const Said said = call(command("run", {"--set", "compute.backend=cuda"}));
  EXPECT_EQ(said.status, 4) << said.err;
  EXPECT_NE(said.err.find("compute.backend = \"cuda\": "), std::string::npos) << said.err;
  EXPECT_EQ(said.err.find("epoch"), std::string::npos) << said.err;
}

TEST_F(RunOption, FreshLeavesAFolderAloneThatAnotherProcessWorksIn) {
  fs::create_directories(folder_ / "run");
  const Claims other(folder_ / "run" / "lock");
  const auto works = other.try_shared("folder");
  const Said refused = call(command("run", {"--fresh"}));
  EXPECT_EQ(refused.status, 5);
  EXPECT_NE(refused.err.find("another ohmic works here; stop it before --fresh"), std::string::npos)
      << refused.err;
}

// Of 40 images in batches of 16, 16 and 8. An interval of 0.5 is there at the first look, after 10
// passes; one of 1e-9 never is, and the last look is at 25.
TEST_F(RunOption, StopsWhenTheIntervalIsNarrowEnough) {
  const auto draws = [&](const std::string& name, const std::string& stop) {
    const Said said =
        call(command(name, {"--set", "evaluation.estimator=per_batch", "--set",
                            "evaluation.batch=16", "--set", "evaluation.stop=" + stop, "--set",
                            "train.learning_rate=0.01", "--set", "device.eta=0.4"}));
    EXPECT_EQ(said.status, 0) << said.err;
    const std::string csv = content(name, "results.csv");
    const std::string row = csv.substr(csv.find('\n') + 1);
    return row.substr(0, row.find(',', std::string("0.01,0.4,40,").size()));
  };
  EXPECT_EQ(draws("early", "{ half_width = 0.5, max_draws = 25 }"), "0.01,0.4,40,10");
  EXPECT_EQ(draws("late", "{ half_width = 1e-9, max_draws = 25 }"), "0.01,0.4,40,25");
}

/// Files of this process cannot grow beyond a size, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// The limits are met by resolved.toml, by the state of the training, by the log of draws.
TEST_F(RunOption, AFullDiskLosesNothing) {
  const std::vector<std::string> one{"--set", "train.learning_rate=0.01", "--set",
                                     "device.eta=0.4"};
  std::vector<std::string> long_one = one;
  long_one.insert(long_one.end(), {"--set", "evaluation.draws=100"});
  ASSERT_EQ(call(command("whole", long_one)).status, 0);
  const auto fails_at = [&](rlim_t bytes, const std::string& file) {
    const SizeLimit full(bytes);
    const Said said = call(command("full", long_one));
    EXPECT_EQ(said.status, 5);
    EXPECT_NE(said.err.find(file + ": cannot be written: File too large"), std::string::npos)
        << said.err;
    EXPECT_NE(said.err.find("continue with\n  " OHMIC_PROGRAM " run "), std::string::npos)
        << said.err;
  };
  fails_at(1000, "resolved.toml");
  fails_at(15000, "state.safetensors");
  EXPECT_EQ(call(command("full", one)).status, 0);
  fails_at(3000, ".draws");
  ASSERT_EQ(call(command("full", long_one)).status, 0);
  expect_same("whole", "full");
}

/// Acts as a user without rights while alive.
class Nobody {
 public:
  Nobody() : user_(::geteuid()) { changed_ = user_ != 0 || ::seteuid(65534) == 0; }
  ~Nobody() {
    if (user_ == 0 && ::seteuid(0) != 0) std::abort();
  }
  bool changed() const { return changed_; }

 private:
  uid_t user_;
  bool changed_;
};

TEST_F(RunOption, AFolderWithoutPermissionLosesNothing) {
  ASSERT_EQ(call(command("run", {"--only", "device.eta=0.1"})).status, 0);
  const std::string before = content("run", "results.csv");
  const auto permit = [&](fs::perm_options options) {
    for (const char* name : {"run", "run/points"})
      fs::permissions(folder_ / name, fs::perms::owner_write, options);
  };
  permit(fs::perm_options::remove);
  {
    const Nobody nobody;
    if (!nobody.changed()) GTEST_SKIP() << "root that cannot become somebody else";
    const Said said = call(command("run"));
    EXPECT_EQ(said.status, 5);
    EXPECT_NE(said.err.find(": Permission denied"), std::string::npos) << said.err;
  }
  permit(fs::perm_options::add);
  EXPECT_EQ(content("run", "results.csv"), before);
  EXPECT_EQ(points("run", ".json"), 2);
}

}  // namespace
}  // namespace ohmic
