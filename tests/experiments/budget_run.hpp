// `ohmic budget` on a tiny experiment in a folder of the test's own, and the tables that it leaves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "experiments/measure/files.hpp"
#include "experiments/report/budget/run_budget.hpp"
#include "experiments/run/run.hpp"
#include "nn/io/sha256.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic::test {

/// An experiment on a network of `width` filters, trained here on built-in images. `device` goes on
/// within [device], `train` within [train].
inline Value tiny_experiment(int train_images, int width, int epochs, const std::string& device,
                             const std::string& train = "") {
  const auto line = [](const char* key, int value) {
    return key + (" = " + std::to_string(value)) + "\n";
  };
  return parse_toml("[data]\nname = \"synthetic\"\n" + line("train_images", train_images) +
                        "test_images = 40\n[model]\nname = \"resnet8\"\n" + line("width", width) +
                        "[train]\naugment = false\n" + line("epochs", epochs) + train +
                        "[compute]\ndevice = \"cpu\"\nthreads = 1\n[output]\nfigures = false\n"
                        "[device]\n" +
                        device,
                    "tiny.toml");
}

/// The same on a network that is the same whatever LibTorch trains, right on 96 % of its samples.
/// `more` goes on within [device], of model awgn.
inline Value waves(const std::string& more) {
  const std::string folder = (source_folder() / "experiments/your_network/").string();
  const std::string file = folder + "waves.npz:";
  return parse_toml("[model]\nfile = \"" + folder +
                        "network.pt2\"\n[data]\nname = \"files\"\ntest_images = 200\ntest = { "
                        "samples = \"" +
                        file + "test_x\", labels = \"" + file +
                        "test_y\" }\ntrain = { samples = \"" + file +
                        "train_x\" }\nnormalize = { scale = 0.0078125, mean = [1.0] }\n[output]\n"
                        "figures = false\n[device]\nmodel = \"awgn\"\n" +
                        more,
                    "waves.toml");
}

/// Cells of a CSV file without quotes, by column.
inline std::map<std::string, std::vector<std::string>> columns_of(const std::string& csv) {
  std::istringstream lines(csv);
  std::map<std::string, std::vector<std::string>> columns;
  std::string line, cell;
  std::getline(lines, line);
  std::vector<std::string> names;
  for (std::istringstream head(line); std::getline(head, cell, ',');) names.push_back(cell);
  while (std::getline(lines, line)) {
    std::istringstream row(line + ",");
    for (const std::string& column : names) {
      std::getline(row, cell, ',');
      columns[column].push_back(cell);
    }
  }
  return columns;
}

class BudgetRun : public ::testing::Test {
 protected:
  BudgetOutcome run(const Value& root) const {
    Progress silent;
    return run_budget(root, folder_, silent);
  }
  std::string content(const std::filesystem::path& file) const {
    return read_whole(folder_ / file);
  }
  std::map<std::string, std::vector<std::string>> table(const std::string& name) const {
    return columns_of(content(name));
  }

  /// results.csv of `ohmic run` in a folder of its own.
  std::string swept_csv(const Value& root) const {
    RunOptions options;
    options.folder = folder_ / "swept" / sha256(to_toml(root)).substr(0, 8);
    run_experiment(root, options);
    return read_whole(options.folder / "results.csv");
  }

 private:
  const TemporaryFolder temporary_;

 protected:
  const std::filesystem::path folder_ = temporary_.path();
};

/// What a budget file is refused with; empty when it is not.
inline std::string budget_error(const Value& root) {
  return error_of<ConfigError>([&] { read_budget(root); });
}

}  // namespace ohmic::test
