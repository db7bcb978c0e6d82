#include "experiments/measure/timing.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/measure/files.hpp"
#include "nn/io/sha256.hpp"

namespace ohmic {
namespace {

constexpr auto kWriteInterval = std::chrono::seconds(10);

/// "draw 1f3a": the kind and what its duration depends on.
std::string work_name(const std::string& kind, const Experiment& e,
                      std::initializer_list<const char*> keys) {
  const Value resolved = e.resolved();
  std::string text = e.compute.backend + e.compute.device;
  for (const char* key : keys) {
    const Value* value = resolved.at(key);
    if (value) text += value->text() + "\n";
  }
  return kind + " " + sha256(text).substr(0, 12);
}

/// More is no time that anything took (30 years), and no count of what was done.
constexpr double kMostTimed = 1e9;

bool is_amount(const nlohmann::json& object, const char* key) {
  if (!object.contains(key) || !object[key].is_number()) return false;
  const auto amount = object[key].get<double>();
  return amount >= 0 && amount <= kMostTimed;
}

bool is_timing(const nlohmann::json& json) {
  return json.is_object() && json.contains("work") && json["work"].is_string() &&
         is_amount(json, "units") && is_amount(json, "seconds");
}

}  // namespace

std::string epoch_work(Experiment e) {
  if (e.train.hardware && e.train.hardware->chip) e.train.hardware->chip = kEachChip;  // all alike
  return work_name("epoch", e,
                   {"model.name", "model.layout", "model.width", "model.file", "data.name",
                    "data.train_images", "data.train", "train.batch", "train.optimizer",
                    "train.augment", "train.precision", "train.hardware"});
}

std::string setup_work(const Experiment& e) {
  return work_name(
      "setup", e,
      {"model", "data.name", "data.test_images", "data.test", "mapping", "periphery",
       "device.model", "evaluation.calibration_images", "evaluation.batch_norm_images"});
}

std::string draw_work(const Experiment& e) {
  return work_name("draw", e,
                   {"model", "data.name", "data.test_images", "data.test", "mapping", "periphery",
                    "noise", "device.model", "evaluation.estimator", "evaluation.batch"});
}

Speeds::Speeds(const std::filesystem::path& timing_file) {
  if (!std::filesystem::exists(timing_file)) return;
  std::istringstream lines(read_whole(timing_file, kMostOfLog));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!is_timing(json)) continue;
    Sum& sum = sums_[json["work"].get<std::string>()];
    sum.units += json["units"].get<double>();
    sum.seconds += json["seconds"].get<double>();
  }
}

std::optional<double> Speeds::seconds_per(const std::string& work) const {
  const auto found = sums_.find(work);
  if (found == sums_.end() || !(found->second.units > 0)) return std::nullopt;
  return found->second.seconds / found->second.units;
}

Timer::Timer(std::filesystem::path timing_file, std::string work)
    : file_(std::move(timing_file)),
      work_(std::move(work)),
      written_(Clock::now()),
      last_(written_) {}

Timer::~Timer() { write(); }

void Timer::done() {
  ++units_;
  last_ = Clock::now();
  if (last_ - written_ > kWriteInterval) write();
}

/// Times are worth less than results: a line that cannot be written is left out.
void Timer::write() {
  if (units_ == 0) return;
  const nlohmann::ordered_json line{
      {"work", work_},
      {"units", units_},
      {"seconds", std::chrono::duration<double>(last_ - written_).count()}};
  try {
    append_line(file_, line.dump());
  } catch (const OutputError&) {
  }
  units_ = 0;
  written_ = last_;
}

}  // namespace ohmic
