#include "experiments/study/training_images.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>
#include <vector>

#include "nn/io/sha256.hpp"
#include "nn/io/stored_array.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

bool is_same(const fs::path& a, const fs::path& b) {
  std::error_code absent;
  if (fs::equivalent(a, b, absent)) return true;
  if (!fs::is_regular_file(a, absent) || !fs::is_regular_file(b, absent)) return false;
  return fs::file_size(a) == fs::file_size(b) && sha256_of_file(a) == sha256_of_file(b);
}

bool is_same_array(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  const ArrayPlace one = array_place(a), other = array_place(b);
  return one.array == other.array && is_same(one.file, other.file);
}

/// What the ranges of layers' inputs are needed for.
std::vector<std::string> uses_of_ranges(const Experiment& e) {
  std::vector<std::string> uses;
  if (e.periphery.needs_ranges()) uses.push_back("calibration of converter ranges (periphery)");
  if (e.mapping.bias == BiasPlace::analog)
    uses.push_back("calibration of what drives biases (mapping.bias)");
  if (e.devices().non_linear())
    uses.push_back("calibration of the voltages of non-linear cells (device)");
  if (e.cost && !e.cost->mean_square_drive) uses.push_back("the mean square drive of [cost]");
  return uses;
}

}  // namespace

bool calibrates(const Experiment& e) { return !uses_of_ranges(e).empty(); }

std::string use_of_training_images(const Experiment& e) {
  std::vector<std::string> uses = uses_of_ranges(e);
  if (e.trains()) uses.insert(uses.begin(), "training");
  if (e.evaluation.batch_norm_images) uses.push_back("evaluation.batch_norm_images");
  return fmt::format("{}", fmt::join(uses, ", "));
}

std::string file_of_both_sets(const Experiment& e) {
  const DataSettings& data = e.data;
  if (data.normalization() == "per_pixel_mean" || !use_of_training_images(e).empty()) return "";
  if (data.name == "files") {
    const SampleFiles &train = data.train_samples, &test = data.test_samples;
    const bool same_inputs =
        std::ranges::equal(train.inputs, test.inputs, [](const InputFile& a, const InputFile& b) {
          return a.input == b.input && is_same_array(a.file, b.file);
        });
    const bool both = train.are_named() && is_same_array(train.samples, test.samples) &&
                      same_inputs && is_same_array(train.rows, test.rows);
    if (!both) return "";
    return test.inputs.empty() ? test.samples : test.inputs.front().file;
  }
  const DataFiles files = data_files(data);
  for (const fs::path& test : files.test)
    for (const fs::path& train : files.train)
      if (is_same(train, test)) return test.string();
  return "";
}

}  // namespace ohmic
