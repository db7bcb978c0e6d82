// What of an experiment counts at a stage, and the hash that says so.
#include <cmath>
#include <span>

#include "experiments/study/chip_training.hpp"
#include "experiments/study/device_files.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/network_file.hpp"
#include "experiments/study/plugin.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/sha256.hpp"
#include "nn/lowering/network.hpp"

namespace ohmic {
namespace {

/// Part of every identity: raised when a release changes the numbers that the same file gives, so
/// that points of an older release are computed again ("Changes to numbers" in CHANGELOG.md).
constexpr int kNumbers = 1;
/// The same of networks of files.
constexpr int kNumbersOfFiles = 2;
/// The same of those whose file names layers that are on crossbars, or are not.
constexpr int kNumbersOfNamedLayers = 1;
/// The same of arrays with resistive wires.
constexpr int kNumbersOfWires = 1;

/// Conductances between which weights lie, and where cells are not ohmic the voltage and the curve
/// at some of them.
Value exact_device(const DeviceModel& device) {
  constexpr std::size_t kShown = 9;
  Array numbers{{device.g_min_S}, {device.g_max_S}};
  const auto cells = device.non_linear();
  if (!cells) return {std::move(numbers)};
  double G_S[kShown], curve[2 * kShown];
  for (std::size_t i = 0; i < kShown; ++i)
    G_S[i] = std::lerp(device.g_min_S, device.g_max_S, static_cast<double>(i) / (kShown - 1));
  cells->curve->coefficients(G_S, std::span(curve).first(kShown), std::span(curve).last(kShown));
  numbers.push_back({cells->full_scale_V});
  for (const double coefficient : curve) numbers.push_back({coefficient});
  return {std::move(numbers)};
}

/// All that arrays without noise have of devices. What a parameter of theirs is to it only the
/// model knows, which may be a plug-in: so the devices are asked, not their parameters.
Value exact_devices(const Experiment& e) {
  Table own;
  for (const auto& [layer, device] : e.layer_devices) own[layer] = exact_device(*device.model);
  Table all;
  all["all"] = exact_device(*e.device);
  all["layers"] = {std::move(own)};
  return {std::move(all)};
}

bool is_file(const std::filesystem::path& path) {
  std::error_code unknown;
  return std::filesystem::is_regular_file(path, unknown);
}

/// A weight file counts by its content; by its name only while it cannot be read.
void count_by_content(Value& identity, const std::string& key, const std::string& weights) {
  if (!is_file(weights)) return;
  identity.set(key, {"sha256:" + sha256_of_weights(weights)});
}

/// Whether all files of a set are there to count by their content.
bool count_set_by_content(Value& identity, const std::string& key,
                          const std::vector<std::filesystem::path>& files) {
  if (files.empty()) return false;
  Array hashes;
  std::error_code unknown;
  for (const auto& file : files) {
    if (!is_file(file) && !std::filesystem::is_directory(file, unknown)) return false;
    hashes.push_back({"sha256:" + hash_of_data(file)});
  }
  identity.set(key, {std::move(hashes)});
  return true;
}

/// Images count by the content of their files, wherever these lie; by name only while they cannot
/// be read.
void count_images_by_content(Value& identity, const DataSettings& data) {
  const DataFiles files = data_files(data);
  const bool train = count_set_by_content(identity, "data.train", files.train);
  const bool test = count_set_by_content(identity, "data.test", files.test);
  const std::string of_train = choice_of(data.train_samples),
                    of_test = choice_of(data.test_samples);
  if (!of_train.empty()) identity.set("data.chosen_train", {of_train});
  if (!of_test.empty()) identity.set("data.chosen_test", {of_test});
  if (data.name == "synthetic" || (train && test))
    identity.table().find("data")->table().erase("root");
  count_by_content(identity, "data.normalize.mean", data.mean_file);
  count_by_content(identity, "data.normalize.std", data.std_file);
}

/// Until 0.1 the mean of every pixel was that of the training images in use.
void count_whole_mean(Value& identity, const DataSettings& data) {
  if (data.normalization() != "per_pixel_mean" || data.train_images == 0 ||
      data.name == "synthetic")
    return;
  identity.set("data.normalize", {"per_pixel_mean of all images"});
}

void count_network_by_content(Value& identity, const ModelSettings& model) {
  if (!model.weights.empty()) count_by_content(identity, "model.weights", model.weights);
  if (is_file(model.file)) identity.set("model.file", {"sha256:" + hash_of_network(model.file)});
}

void count_teacher_by_content(Value& identity, const TrainSettings& train) {
  if (train.distill && identity.at("train"))
    count_by_content(identity, "train.distill.teacher", train.distill->teacher);
}

/// A device model from outside counts by its code.
void count_plugins(Value& identity) {
  Array hashes;
  for (const char* key : {"device", "train.hardware.device"})
    if (const Value* device = identity.at(key))
      for (const std::string& hash : plugin_hashes(*device)) hashes.push_back({hash});
  if (!hashes.empty()) identity.set("plugins", {std::move(hashes)});
}

/// Puts the content of files in place of their names.
void count_files(Value& part, const Experiment& e) {
  count_images_by_content(part, e.data);
  count_whole_mean(part, e.data);
  if (part.at("model")) count_network_by_content(part, e.model);
  count_teacher_by_content(part, e.train);
  for (const char* key : {"device", "train.hardware.device"})
    if (const Value* device = part.at(key)) {
      Value counted = *device;
      count_device_files(counted);
      part.set(key, std::move(counted));
    }
  count_plugins(part);
}

/// Nothing is chosen between float and integers where no ADC's step says which. There, where some
/// layer may be ideal, the choice filters minimally and keeps the identity that float by name had
/// before, from which it differs in the last digits; float by name has one of its own.
void count_chosen_products(Value& part, const Periphery& around) {
  const Value* products = part.at("periphery.products");
  if (!products) return;
  if (around.products == Products::automatic && !(around.dac && around.adc))
    part.table().find("periphery")->set("products", {std::string("f32")});
  else if (around.products == Products::f32 && !around.needs_ranges())
    part.set("numbers_of_direct_sums", {std::int64_t{1}});
}

/// Of keys that single layers' converters have of their own those that count.
void count_layer_converters(Value& part, const NetworkPeriphery& around, Stage stage) {
  Value* periphery = part.table().find("periphery");
  if (!periphery || around.layers.empty()) return;
  Value layers{Table{}};
  for (const auto& [layer, keys] : around.layers)
    for (const auto& [converter, own, where] : keys.table().entries())
      for (const auto& [key, value, place] : own.table().entries())
        if (Experiment::schema().stages_of("periphery." + converter + "." + key).has(stage))
          layers.set(layer + "." + converter + "." + key, value);
  if (layers.table().empty())
    periphery->table().erase(kLayersKey);
  else
    periphery->set(kLayersKey, std::move(layers));
}

Value list_of(const std::vector<std::string>& texts) {
  Array list;
  for (const std::string& text : texts) list.push_back({text});
  return {std::move(list)};
}

/// What counts at a stage, and what of it does so beside other values alone.
Value part_of(const Experiment& e, Stage stage, bool by_content) {
  Value part = Experiment::schema().write(&e, stage);
  if (!e.trains()) part.table().erase("train");
  if (stage == Stage::training && e.trains() && !e.model.file.empty())
    for (const auto& [key, layers] : {std::pair("mapping.digital", &e.mapping.digital),
                                      std::pair("mapping.crossbar", &e.mapping.crossbar)})
      if (!layers->empty()) part.set(key, list_of(*layers));  // decide what parameters there are
  if (Value* device = part.table().find("device"); device && stage < Stage::draw)
    *device = exact_devices(e);
  count_chosen_products(part, e.periphery);
  count_layer_converters(part, e.periphery, stage);
  const bool on_chip = part.at("train") && e.train.hardware && e.train.hardware->chip;
  if (on_chip && !e.layer_devices.empty())
    part.set("train.hardware.device.layers", write_layer_devices(e.layer_devices));
  if (by_content) count_files(part, e);
  if (stage == Stage::training && e.train.keep != "best")
    for (const char* key : {"test", "test_images"}) part.table().find("data")->table().erase(key);
  return part;
}

std::string hash_of(Value identity) {
  identity.set("numbers", {std::int64_t{kNumbers}});
  const Value* file = identity.at("model.file");
  const auto* name = file ? std::get_if<std::string>(&file->data) : nullptr;
  if (name && !name->empty()) identity.set("numbers_of_files", {std::int64_t{kNumbersOfFiles}});
  if (identity.at("mapping.digital") || identity.at("mapping.crossbar"))
    identity.set("numbers_of_named_layers", {std::int64_t{kNumbersOfNamedLayers}});
  for (const char* wires : {"periphery.wires", "train.hardware.periphery.wires"})
    if (const Value* given = identity.at(wires); given && given->is_table())
      identity.set("numbers_of_wires", {std::int64_t{kNumbersOfWires}});
  return sha256(to_toml(identity));
}

}  // namespace

Value Experiment::part(Stage stage) const { return part_of(*this, stage, false); }

std::string Experiment::identity(Stage stage) const { return hash_of(part_of(*this, stage, true)); }

std::string Experiment::training_identity() const {
  return trains_each_chip() ? before_chip(*this).training_identity() : identity(Stage::training);
}

}  // namespace ohmic
