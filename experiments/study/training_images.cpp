#include "experiments/study/training_images.hpp"

#include <filesystem>

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

}  // namespace

bool calibrates(const Experiment& e) {
  return e.periphery.needs_ranges() || e.mapping.bias == BiasPlace::analog ||
         e.devices().non_linear() || (e.cost && !e.cost->mean_square_drive);
}

std::string use_of_training_images(const Experiment& e) {
  std::string uses;
  const auto add = [&](bool is_needed, const char* use) {
    if (is_needed) uses += (uses.empty() ? "" : ", ") + std::string(use);
  };
  add(e.is_trained(), "training (no model.weights are given)");
  add(e.periphery.needs_ranges(), "calibration of converter ranges (periphery)");
  add(e.mapping.bias == BiasPlace::analog, "calibration of what drives biases (mapping.bias)");
  add(e.devices().non_linear(), "calibration of the voltages of non-linear cells (device)");
  add(e.evaluation.batch_norm_images.has_value(), "evaluation.batch_norm_images");
  add(e.cost && !e.cost->mean_square_drive, "the mean square drive of [cost]");
  return uses;
}

std::string file_of_both_sets(const Experiment& e) {
  const DataSettings& data = e.data;
  if (data.normalization() == "per_pixel_mean" || !use_of_training_images(e).empty()) return "";
  if (data.name == "files") {
    const SampleFiles &train = data.train_samples, &test = data.test_samples;
    const bool both = !train.samples.empty() && is_same_array(train.samples, test.samples) &&
                      is_same_array(train.rows, test.rows);
    return both ? test.samples : "";
  }
  const DataFiles files = data_files(data);
  for (const fs::path& test : files.test)
    for (const fs::path& train : files.train)
      if (is_same(train, test)) return test.string();
  return "";
}

}  // namespace ohmic
