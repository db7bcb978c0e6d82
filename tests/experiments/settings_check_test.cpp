// What `ohmic check` says of files whose values are of another unit, refer to nothing, or name
// files that are not there.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "experiments/study/experiment.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;
using test::Result;

class SettingsCheck : public ::testing::Test {
 protected:
  /// What `check` prints, the folder's name left out; behind "2: " or "3: " where it fails.
  std::string check(const std::string& text, const std::vector<std::string>& more = {}) {
    const std::string file = folder_.write("f.toml", kSmall + text);
    std::vector<std::string> words{"check", file};
    words.insert(words.end(), more.begin(), more.end());
    return shown(ohmic(words));
  }
  std::string shown(const Result& result) const {
    std::string said =
        result.status == 0 ? result.out : std::to_string(result.status) + ": " + result.err;
    const std::string folder = folder_.path().string() + "/";
    for (auto at = said.find(folder); at != std::string::npos; at = said.find(folder))
      said.erase(at, folder.size());
    return said;
  }

  /// On line 1, so that what follows begins on line 2.
  const std::string kSmall =
      "data = { name = \"synthetic\", train_images = 20, test_images = 10 }\n";
  const std::string kOk = "f.toml: ok, 1 point\n";
  const test::TemporaryFolder folder_;
};

std::string allow_text(const std::string& key) {
  return " If it is meant, write allow = [\"" + key + "\"] above the first table\n";
}

TEST_F(SettingsCheck, FilesThatTheNamedImagesDoNotReadAreRefused) {
  const auto said = [this](const std::string& data) {
    return shown(ohmic({"check", folder_.write("f.toml", "[data]\n" + data)}));
  };
  EXPECT_EQ(said("test = [\"test.bin\"]\n"),
            "2: f.toml:2:8: error: data.test: names files of records in CIFAR's format, which "
            "data.name = \"synthetic\" does not read; expected data.name = \"cifar10\" or "
            "\"cifar100\"\n");
  EXPECT_EQ(
      said("name = \"cifar10\"\ntest = { samples = \"x.npy\" }\n"),
      "2: f.toml:3:8: error: data.test: names samples, which data.name = \"cifar10\" does not "
      "read; expected data.name = \"files\"\n");
  EXPECT_EQ(said("name = \"files\"\ntest = { samples = \"x.npy\" }\ntrain = [\"a.bin\"]\n"),
            "2: f.toml:4:9: error: data.train: names files of records in CIFAR's format, which "
            "data.name = \"files\" does not read; expected data.name = \"cifar10\" or "
            "\"cifar100\", or { samples = FILE, labels = FILE }\n");
}

TEST_F(SettingsCheck, ConductancesInMicrosiemensAreNotSiemens) {
  EXPECT_EQ(check("[device]\nmodel = \"awgn\"\ng_max_S = 225\n"),
            "2: f.toml:4:11: error: device.g_max_S: 225 S is more than the usual 0.01 S; did you "
            "mean 225e-6?" +
                allow_text("device.g_max_S"));
  EXPECT_EQ(
      check("[device]\nmodel = \"stuck\"\nshort_S = 1\n"),
      "2: f.toml:4:11: error: device.short_S: 1 S is more than the usual 0.01 S; did you mean "
      "1e-6?" +
          allow_text("device.short_S"));
  EXPECT_EQ(
      check("allow = [\"device.g_max_S\"]\n[device]\nmodel = \"awgn\"\neta = 0.1\ng_max_S = 225\n"),
      "note: The file allows what is unusual or beyond measurements for device.g_max_S.\n" + kOk);
  EXPECT_EQ(check("", {"--set", "device.model=awgn", "--set", "device.g_max_S=25"}),
            "2: --set: error: device.g_max_S: 25 S is more than the usual 0.01 S; did you mean "
            "25e-6?" +
                allow_text("device.g_max_S"));
  EXPECT_EQ(check("[device]\nmodel = \"awgn\"\n[sweep]\ndevice.g_max_S = [25e-6, 50]\n"),
            "2: f.toml:5:26: error: device.g_max_S: 50 S is more than the usual 0.01 S; did you "
            "mean 50e-6?" +
                allow_text("device.g_max_S"));
}

// Flash cells and ECRAM have such conductances: a word, and no refusal.
TEST_F(SettingsCheck, ConductancesInNanosiemensAreRemarkedOn) {
  EXPECT_EQ(check("[device]\nmodel = \"awgn\"\neta = 0.1\n[sweep]\ndevice.g_max_S = [25e-6, "
                  "25e-9]\n"),
            "note: device.g_max_S = 2.5e-08 is 25 nS: resistive and phase-change memories have 1 "
            "to some 100 uS (25 uS is 25e-6), and only flash cells and ECRAM so little. Wires, "
            "currents and energy depend on it.\nf.toml: ok, 2 points\n");
  EXPECT_EQ(check("[device]\nmodel = \"awgn\"\neta = 0.1\ng_max_S = 100e-9\n"), kOk);
  const std::string pcm = check("[device]\nmodel = \"pcm\"\ng_max_S = 25e-9\n");
  EXPECT_NE(
      pcm.find("note: pcm was measured for targets of 0 to 25 uS; here devices are written to "
               "0.025 uS at most (g_max_S), the lowest 0.1 % of that.\n"),
      std::string::npos)
      << pcm;
  EXPECT_EQ(check("[device]\nmodel = \"pcm\"\ng_max_S = 5e-6\n"), kOk);
}

TEST_F(SettingsCheck, PermissionHoldsForLayersAndEntriesOfAStack) {
  const std::string stack =
      "[device]\nmodel = \"stack\"\ng_max_S = 0.5\nmodels = [{ model = \"stuck\", short_S = 0.5 "
      "}]\n";
  EXPECT_EQ(check("allow = [\"device.g_max_S\", \"device.models[0].short_S\"]\n" + stack),
            "note: The file allows what is unusual or beyond measurements for device.g_max_S, "
            "device.models[0].short_S.\n" +
                kOk);
  EXPECT_NE(check("allow = [\"device.g_max_S\"]\n" + stack)
                .find("error: device.models[0].short_S: 0.5 S is more than the usual 0.01 S"),
            std::string::npos);
}

TEST_F(SettingsCheck, WiresAreNotMegohms) {
  EXPECT_EQ(check("[periphery]\nwires = { row_ohm = 2.5e6 }\n"),
            "2: f.toml:3:21: error: periphery.wires.row_ohm: 2500000 ohm is more than the usual "
            "1e+06 ohm; did you mean 2.5?" +
                allow_text("periphery.wires.row_ohm"));
}

TEST_F(SettingsCheck, AgesBeyondTheDataArePermittedOrRefused) {
  const auto aged = [](const std::string& model, const std::string& age) {
    return "[device]\nmodel = \"" + model + "\"\ntime_s = " + age + "\n";
  };
  const auto said = [](const std::string& age, const std::string& data) {
    return "2: f.toml:4:10: error: device.time_s: " + age + " is beyond the data of " + data + "." +
           allow_text("device.time_s");
  };
  EXPECT_EQ(check(aged("rram_wan", "3.15e8")),
            said("315000000 s (3646 days)", "rram_wan, which end at 172800 s (2 days)"));
  EXPECT_EQ(check(aged("sonos", "1e6")),
            said("1000000 s (11.57 days)", "sonos, which end at 432000 s (5 days)"));
  for (const char* model : {"pcm", "pcm_hermes", "rram_cmo"})
    EXPECT_EQ(
        check(aged(model, "31536000")),
        said("31536000 s (365 days)", model + std::string(", which end at 86400 s (1 days)")));
  EXPECT_EQ(check(aged("rram_milo", "60")), said("60 s", "rram_milo, which have no age"));
  EXPECT_EQ(check(aged("rram_wan", "172800")), kOk);
  EXPECT_EQ(check("allow = [\"device.time_s\"]\n" + aged("rram_wan", "3.15e8")),
            "note: rram_wan was measured up to 172800 s (2 days) after programming; here devices "
            "are read at up to 315000000 s (3646 days), which is extrapolated.\n"
            "note: The file allows what is unusual or beyond measurements for device.time_s.\n" +
                kOk);
  EXPECT_NE(check("[device]\nmodel = \"stack\"\ntime_s = 1e6\nmodels = [{ model = \"quantized\" }, "
                  "{ model = \"sonos\" }]\n")
                .find("is beyond the data of sonos, which end at 432000 s"),
            std::string::npos);
  EXPECT_NE(check("[device]\nmodel = \"awgn\"\n[device.layers.conv1]\nmodel = \"sonos\"\ntime_s = "
                  "1e6\n")
                .find("error: device.layers.conv1.time_s: 1000000 s"),
            std::string::npos);
}

TEST_F(SettingsCheck, PermissionsNameKeys) {
  EXPECT_EQ(check("allow = [\"device.g_mx_S\"]\n"),
            "2: f.toml:2:10: error: allow: \"device.g_mx_S\" is no key of this experiment\n");
  std::string many = "allow = [";
  for (int name = 0; name < 1001; ++name) many += "\"device.eta\", ";
  EXPECT_EQ(check(many + "]\n"),
            "2: f.toml:2:9: error: allow: 1001 names; expected at most 1000\n");
}

TEST_F(SettingsCheck, RemarksOnWhatIsHardlyMeant) {
  const auto notes = [&](const std::string& text) {
    const std::string said = check(text);
    EXPECT_TRUE(said.ends_with(kOk)) << said;
    return said.substr(0, said.size() - std::min(said.size(), kOk.size()));
  };
  EXPECT_EQ(notes(""), "");
  EXPECT_EQ(notes("[device]\nmodel = \"rram_milo\"\ng_min_S = 0.0\n"),
            "note: rram_milo was measured for targets of 50 to 225 uS; here they reach from 0 to "
            "225 uS, where its numbers are extrapolated.\n");
  EXPECT_EQ(
      notes("[device]\nmodel = \"awgn\"\neta = 5\n"),
      "note: device.eta = 5 is noise of 500 % of its reference; eta is a fraction, and 5 % is "
      "0.05.\n");
  EXPECT_EQ(notes("[device]\nmodel = \"awgn\"\neta = 0.1\ntime_s = 3600\n"),
            "note: Devices of awgn do not age: device.time_s changes nothing for them.\n");
  EXPECT_EQ(
      notes("[device]\nmodel = \"pcm\"\ntime_s = 10\n"),
      "note: The oldest devices are read 10 s after programming (device.time_s is in seconds): "
      "an hour is 3600, a day 86400, a year 3.156e7.\n");
  EXPECT_EQ(check("[device]\nmodel = \"pcm\"\n[sweep]\n\"device.time_s\" = [10, 3600]\n"),
            "f.toml: ok, 2 points\n");
  EXPECT_EQ(
      notes("[device]\nmodel = \"stuck\"\nmin_rate = 0.5\ncount = \"exact\"\n"),
      "note: About 50 % of the devices of stuck do not follow what is written to them; arrays "
      "that are measured have less than 1 to some 10 %. Rates are fractions, and 1 % is "
      "0.01.\n");
  EXPECT_EQ(notes("[device]\nmodel = \"stuck\"\nmin_rate = 0.1\n"), "");
  EXPECT_EQ(notes("[device]\nmodel = \"stack\"\n"),
            "note: device.model = \"stack\" has no [[device.models]]: its devices are perfect.\n");
  EXPECT_EQ(
      notes("[evaluation]\ndraws = 1000000000000\n"),
      "note: Up to 1e+12 draws are asked for a point: each programs the whole chip and "
      "computes the test images; hundreds are many (evaluation.stop ends when the interval is "
      "narrow enough).\n");
  EXPECT_EQ(notes("[evaluation]\nbatch_norm_statistics = \"measured\"\n"),
            "note: These keys have no effect beside the other settings: "
            "evaluation.batch_norm_statistics (needs evaluation.batch_norm_images).\n");
  EXPECT_EQ(notes("[mapping]\ntile = [1, 1]\n"),
            "note: mapping.tile = [1, 1] makes arrays of a few cells: nearly every sum is digital, "
            "and there are about as many conversions as products.\n");
  EXPECT_EQ(notes("[mapping]\ntile = [100000, 256]\n"),
            "note: mapping.tile = [100000, 256] makes arrays larger than any that are built (sides "
            "of 1024 are large): there is less to convert and to add than on a chip.\n");
  EXPECT_EQ(
      notes("[device]\nmodel = \"awgn\"\neta = 0.1\n[mapping]\nwrites = 5\nwrite_tolerance = 0\n"),
      "note: mapping.write_tolerance = 0: devices with errors are never close enough, so "
      "that verifying writes them 5 times and leaves them as one write would.\n");
  EXPECT_EQ(notes("[periphery]\nwires = { row_ohm = 0.001, column_ohm = 2 }\n"),
            "note: periphery.wires.row_ohm = 0.001 ohm from cell to cell: wires of arrays have "
            "about 0.1 to 10 ohm there; the number is of one cell's length, in ohm.\n");
  EXPECT_EQ(notes("[periphery]\nwires = { row_ohm = 0, column_ohm = 0.01, driver_ohm = 2000 }\n"),
            "");
  EXPECT_EQ(notes("[periphery.dac]\nbits = 8\n"),
            "note: There is a DAC and no ADC: what comes out of arrays is not converted, and costs "
            "no accuracy (periphery.adc).\n");
  EXPECT_EQ(notes("[periphery.adc]\nbits = 8\n[evaluation]\ncalibration_images = 1\n"
                  "batch_norm_images = 2\n"),
            "note: evaluation.calibration_images = 1: ranges of converters of so few images are "
            "those of these images.\n"
            "note: evaluation.batch_norm_images = 2: statistics of BatchNorm of so few images are "
            "those of these images.\n");
  const std::string steps =
      "[train]\nepochs = 5\nschedule = \"steps\"\nschedule_factors = [0.1, 0.01]\n";
  EXPECT_EQ(notes(steps + "schedule_epochs = [3, 5]\n"),
            "note: train.schedule_epochs: a step after epoch 5 (train.epochs = 5) never comes.\n");
  EXPECT_EQ(notes(steps + "schedule_epochs = [3, 4]\n"), "");
  EXPECT_EQ(notes("[evaluation]\nstop = { half_width = 0.2 }\n"),
            "note: evaluation.stop.half_width = 0.2 stops at ± 20 points of accuracy; it is a "
            "fraction, and 0.2 points are 0.002.\n");
}

// G = G_T (1 + t)^-0.1 at t = 1e5 s is 0.316 of G_T: mid-range, 12.5 of 25 uS, loses 0.684 of
// itself, which is 0.684 of w_max.
TEST_F(SettingsCheck, RemarksOnReferencesThatDoNotAge) {
  const std::string offset =
      "[device]\nmodel = \"retention\"\nnu = 0.1\ntime_s = 1e5\n[mapping]\nencoding = \"offset\"\n";
  const std::string alike =
      "note: Nothing here differs from one chip to the next: devices of one target are all alike "
      "(std "
      "0), so that draws are the same number again, and intervals over them say nothing.\n";
  EXPECT_EQ(
      check(offset),
      "note: Offset cells are measured against exactly mid-range (mapping.reference = "
      "\"ideal\"), and at 100000 s (1.157 days) devices written to mid-range are off by -68 % "
      "of the largest weight: so is every weight, and outputs are off by up to hundreds of "
      "times their size. mapping.reference = \"physical\" ages with the cells; differential "
      "cells need none.\n" +
          alike + kOk);
  EXPECT_EQ(check(offset + "reference = \"physical\"\n"), alike + kOk);
}

TEST_F(SettingsCheck, UnknownModelsMayBePlugIns) {
  const std::string said = check("[device]\nmodel = \"memtorch\"\n");
  EXPECT_NE(said.find("f.toml:3:9: error: device.model: expected one of awgn,"), std::string::npos);
  EXPECT_TRUE(
      said.ends_with("got the string \"memtorch\"; a model from outside is loaded with "
                     "--plugin FILE.so\n"))
      << said;
}

TEST_F(SettingsCheck, KeysInTheWrongTableAreSentHome) {
  EXPECT_NE(check("[device]\nmodel = \"awgn\"\nslice_bits = 2\n")
                .find("; it is a key of [mapping] and [periphery.dac]\n"),
            std::string::npos);
  EXPECT_NE(check("[mapping]\neta = 0.1\n").find("; it is a key of [device] with model awgn\n"),
            std::string::npos);
}

TEST_F(SettingsCheck, SweptKeysAreKeysOfTheFile) {
  const std::string awgn = "[device]\nmodel = \"awgn\"\n[sweep]\n";
  EXPECT_EQ(check(awgn + "sweep.device.eta = [0.3, 0.9]\n"),
            "2: f.toml:5:14: error: sweep.sweep.device.eta: unknown key; did you mean "
            "\"device.eta\"?\n");
  EXPECT_EQ(check(awgn + "\"\" = [1]\n"),
            "2: f.toml:5:1: error: sweep.: is no key; expected one as in device.eta\n");
  EXPECT_EQ(check(awgn + "\"device..eta\" = [1]\n"),
            "2: f.toml:5:1: error: sweep.device..eta: is no key; expected one as in device.eta\n");
  std::string deep = "a";
  for (int i = 1; i < 20000; ++i) deep += ".a";
  EXPECT_EQ(check(awgn + "\"" + deep + "\" = [1]\n"),
            "2: f.toml:5:1: error: sweep: a key has more than 32 parts\n");
}

TEST_F(SettingsCheck, AKeyIsSweptOnce) {
  const std::string awgn = "[device]\nmodel = \"awgn\"\n[sweep]\n";
  EXPECT_EQ(check(awgn + "device.eta = [0.1, 0.2]\n\"device.eta\" = [0.3]\n"),
            "2: f.toml:6:1: error: sweep.device.eta: is swept twice\n");
  EXPECT_EQ(
      check(awgn + "\"device.eta\" = [0.1, 0.2]\n\"device\" = [{ eta = 0.3 }, { eta = 0.4 "
                   "}]\n"),
      "2: f.toml:6:1: error: sweep.device: sets device.eta, and so does the axis device.eta\n");
  EXPECT_EQ(check(awgn + "\"periphery.adc\" = [\"ideal\", { bits = 6 }]\n\"periphery.adc.bits\" = "
                         "[4, 8]\n"),
            "2: f.toml:6:1: error: sweep.periphery.adc.bits: sets periphery.adc.bits, and so does "
            "the axis periphery.adc\n");
  EXPECT_EQ(check(awgn + "\"device.model\" = [\"awgn\"]\n\"device.eta\" = [0.1]\n"), kOk);
}

TEST_F(SettingsCheck, ImpossibleRangesOfASweepAreNamed) {
  EXPECT_EQ(check("[device]\nmodel = \"awgn\"\ng_min_S = 5e-6\n[sweep]\ndevice.g_max_S = [25e-6, "
                  "1e-6]\n"),
            "2: f.toml:4:11: error: device.g_min_S: 5e-06 is not below g_max_S = 1e-06; expected "
            "g_min_S < g_max_S\n");
  EXPECT_NE(check("[device]\nmodel = \"pcm\"\ntime_s = -1\n")
                .find("device.time_s: expected a real number >= 0, got the integer -1"),
            std::string::npos);
}

TEST_F(SettingsCheck, CellsOfAMapHaveToExist) {
  folder_.write("map.csv", "layer,role,row,column,state\n0,0,27,0,max\n99,0,0,0,max\n");
  const std::string map = (folder_.path() / "map.csv").string();
  EXPECT_EQ(
      check("[model]\nname = \"resnet8\"\nlayout = \"he\"\n[device]\nmodel = \"stuck\"\nmap = "
            "\"" +
            map + "\"\n"),
      "3: ohmic: error: map.csv:2: row 27: layer 0 (conv1) has rows 0 to 26\n"
      "map.csv:3: layer 99: the network has layers 0 to 7\n");
}

TEST_F(SettingsCheck, OpensWhatARunWouldOpen) {
  const std::string absent =
      "[model]\nweights = \"no/weights.safetensors\"\n[periphery.adc]\nbits = 8\n";
  const std::string file = folder_.write(
      "f.toml",
      "data = { name = \"cifar10\", root = \"no/data\", normalize = \"none\" }\n" + absent);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", file}, {"run", file, "--dry-run"}}) {
    const std::string said = shown(ohmic(words));
    EXPECT_TRUE(said.starts_with("3: ohmic: error: ")) << said;
    EXPECT_NE(said.find("no/data"), std::string::npos) << said;
    EXPECT_NE(said.find("(training images are needed for calibration of converter ranges "
                        "(periphery))"),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("model.weights (f.toml:3): no/weights.safetensors"), std::string::npos)
        << said;
  }
}

TEST_F(SettingsCheck, SaysWhatTrainingImagesAreFor) {
  const auto said = [&](const std::string& text) {
    return shown(ohmic({"check", folder_.write("f.toml", text)}));
  };
  const std::string tests = (folder_.path() / "test.bin").string();
  folder_.write("test.bin", std::string(3073, '\0'));
  const std::string data =
      "data = { name = \"cifar10\", root = \"no/data\", test = [\"" + tests + "\"]";
  EXPECT_NE(said(data + " }\n[model]\nweights = \"no\"\n")
                .find("(training images are needed for data.normalize = \"per_pixel_mean\")"),
            std::string::npos);
  EXPECT_NE(
      said(data + ", normalize = \"none\" }\n").find("(training images are needed for training)"),
      std::string::npos);
}

TEST_F(SettingsCheck, DevicesAndPipesAreNoExperiments) {
  EXPECT_EQ(
      ohmic({"check", "/dev/null"}).err,
      "ohmic: error: /dev/null: cannot be read: it is a device, a pipe or a socket; expected a "
      "regular file\n");
  EXPECT_EQ(ohmic({"run", "/dev/zero"}).status, 3);
}

/// Whether an experiment needs files that a user has to bring.
bool needs_files(const Experiment& e) {
  return e.data.name.starts_with("cifar") || !e.model.weights.empty();
}

// Of the files that come with ohmic, those that need nothing are in order, and the others say what
// is absent here.
TEST(ShippedExperiments, AreInOrderOrNameWhatIsAbsent) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(test::source_folder());  // where those that bring files are run
  int whole = 0, wanting = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_folder() / "experiments")) {
    if (entry.path().extension() != ".toml") continue;
    const std::string file = entry.path().string();
    const Result result = ohmic({"check", file, "--set", "data.root=no/such/data"});
    const Experiment first = expand(read_toml(file)).front().experiment;
    if (!needs_files(first)) {
      EXPECT_EQ(result.status, 0) << file << ": " << result.err;
      ++whole;
      continue;
    }
    EXPECT_EQ(result.status, 3) << file << ": " << result.err;
    const std::string absent = first.model.weights.empty() ? "no/such/data" : first.model.weights;
    EXPECT_NE(result.err.find(absent), std::string::npos) << file << ": " << result.err;
    ++wanting;
  }
  std::filesystem::current_path(before);
  EXPECT_GE(whole, 2);
  EXPECT_GE(wanting, 10);
}

TEST_F(SettingsCheck, KeysThatNothingReadsBesideTheFileOfANetwork) {
  EXPECT_EQ(
      check("[model]\nfile = \"no.onnx\"\nlayout = \"he\"\n[train]\nepochs = 3\n"),
      "2: f.toml:4:10: error: model.layout: has no effect: the network is that of model.file, "
      "which says all of itself\n"
      "f.toml:5:1: error: train: has no effect: the network is that of model.file, which is "
      "not trained; train.start = \"given\" goes on training it\n");
  // A sweep may have networks of both kinds.
  const std::string both =
      check("[train]\nepochs = 3\n[sweep]\n\"model.file\" = [\"\", \"no.onnx\"]\n");
  EXPECT_EQ(both.find("has no effect"), std::string::npos) << both;
}

TEST_F(SettingsCheck, ALayerIsDigitalOrOnACrossbar) {
  const std::string file =
      (test::source_folder() / "experiments" / "your_network" / "network.pt2").string();
  const auto said = [&](const std::string& mapping) {
    return shown(ohmic({"check", folder_.write("f.toml", "[model]\nfile = \"" + file +
                                                             "\"\n[data]\nname = \"files\"\n"
                                                             "test = { samples = \"no.npy\" }\n"
                                                             "[mapping]\n" +
                                                             mapping)}));
  };
  const auto both = [](const std::string& pattern, const std::string& layer) {
    return "2: f.toml:8:12: error: mapping.crossbar: \"" + pattern + "\" names layer " + layer +
           ", which mapping.digital names too; expected it in one of them\n";
  };
  EXPECT_EQ(said("digital = [\"9\"]\ncrossbar = [\"0\", \"9\"]\n"), both("9", "9"));
  EXPECT_EQ(said("digital = [\"*\"]\ncrossbar = [\"4\"]\n"), both("4", "4"));
  EXPECT_EQ(said("digital = [\"?\"]\ncrossbar = [\"?\"]\n"), both("?", "0"));
  // All but one of those that a pattern names.
  EXPECT_EQ(said("digital = [\"9\"]\ncrossbar = [\"*\"]\n").find("mapping."), std::string::npos);
}

TEST(DescribeCommand, EveryTableAndKeyCanBeDescribed) {
  EXPECT_TRUE(ohmic({"describe", "dac"}).out.starts_with("[periphery.dac]\n"));
  EXPECT_EQ(ohmic({"describe", "layers"}).out,
            ohmic({"describe", "device"}).out + "\n" + ohmic({"describe", "periphery.layers"}).out);
  std::vector<std::string> words;
  const std::function<void(const SchemaBase&, const std::string&)> add =
      [&](const SchemaBase& schema, const std::string& prefix) {
        for (const Parameter& p : schema.parameters()) {
          words.insert(words.end(), {p.key, prefix + p.key});
          if (p.nested) add(*p.nested, prefix + p.key + ".");
        }
      };
  add(Experiment::schema(), "");
  for (const DeviceKind& kind : device_kinds()) add(*kind.schema, "device.");
  for (const std::string& word : words) {
    const Result result = ohmic({"describe", word});
    EXPECT_EQ(result.status, 0) << word << ": " << result.err;
    EXPECT_FALSE(result.out.empty()) << word;
  }
}

TEST(DescribeCommand, LookupHasItsFormatAndAnExample) {
  const std::string page = ohmic({"describe", "lookup"}).out;
  EXPECT_NE(page.find("  g_target_uS, g_mean_uS, g_std_uS, time_h\n"), std::string::npos);
  EXPECT_NE(ohmic({"describe", "stuck"}).out.find("  layer, role, row, column, state\n"),
            std::string::npos);
}

}  // namespace
}  // namespace ohmic
