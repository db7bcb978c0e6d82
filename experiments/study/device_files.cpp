#include "experiments/study/device_files.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "nn/io/sha256.hpp"

namespace ohmic {
namespace {

using VisitFile = std::function<void(std::string& file)>;

/// A table without a model of its own has the one around it.
void visit_files(Value& device, const DeviceKind* around, const VisitFile& visit) {
  if (auto* array = std::get_if<Array>(&device.data))
    for (Value& element : *array) visit_files(element, nullptr, visit);
  if (!device.is_table()) return;
  const Value* model = device.at("model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  const DeviceKind* kind = name ? find_device_kind(*name) : around;
  for (auto& entry : device.table().entries()) {
    const Parameter* parameter = kind ? kind->schema->find(entry.key) : nullptr;
    auto* file = std::get_if<std::string>(&entry.value.data);
    std::error_code unknown;
    if (file && parameter && parameter->type == "path" &&
        std::filesystem::is_regular_file(*file, unknown))
      visit(*file);
    else
      visit_files(entry.value, kind, visit);
  }
}

}  // namespace

void count_device_files(Value& device) {
  visit_files(device, nullptr, [](std::string& file) { file = "sha256:" + sha256_of_file(file); });
}

bool reads_files(Value device) {
  bool reads = false;
  visit_files(device, nullptr, [&reads](std::string&) { reads = true; });
  return reads;
}

bool has_rates(const Value& written) {
  if (written.is_array()) return std::ranges::any_of(written.array(), has_rates);
  if (!written.is_table()) return false;
  return std::ranges::any_of(written.table().entries(), [](const Table::Entry& entry) {
    const auto* rate = std::get_if<double>(&entry.value.data);
    return (rate && *rate > 0 && entry.key.ends_with("_rate")) || has_rates(entry.value);
  });
}

std::map<std::string, std::string> device_file_hashes(
    const std::vector<const Experiment*>& experiments) {
  std::map<std::string, std::string> hashes;
  for (const Experiment* e : experiments) {
    Value all = e->part(Stage::point);
    for (const char* key : {"device", "train.hardware.device"}) {
      const Value* device = all.at(key);
      if (!device) continue;
      Value table = *device;
      visit_files(table, nullptr, [&](std::string& file) {
        if (!hashes.contains(file)) hashes[file] = sha256_of_file(file);
      });
    }
  }
  return hashes;
}

}  // namespace ohmic
