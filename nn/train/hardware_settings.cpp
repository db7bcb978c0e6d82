#include "nn/train/hardware_settings.hpp"

#include <algorithm>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr double kLongestTime_s = 1e12;
constexpr std::int64_t kMostChips = 1'000'000'000;

[[noreturn]] void refuse(const std::string& key, const std::string& message) {
  throw ConfigError(std::vector<Fault>{{{}, key, message}});
}

void read_chip(const Value& value, const std::string& key, TrainingHardware& hardware,
               std::vector<Fault>& faults) {
  const auto* word = std::get_if<std::string>(&value.data);
  const auto* number = std::get_if<std::int64_t>(&value.data);
  if (word && *word == "none")
    hardware.chip.reset();
  else if (word && *word == "each")
    hardware.chip = kEachChip;
  else if (number && *number >= 0 && *number < kMostChips)
    hardware.chip = *number;
  else
    schema_detail::refuse(value, key, *TrainingHardware::schema().find("chip"), faults);
}

Value write_chip(const TrainingHardware& hardware) {
  if (!hardware.chip) return {std::string("none")};
  if (hardware.takes_each_chip()) return {std::string("each")};
  return {*hardware.chip};
}

void read_periphery(const Value& table, const std::string& key, TrainingHardware& hardware,
                    std::vector<Fault>& faults) {
  Periphery::schema().read_into(table, key, hardware.periphery, faults);
}

/// Layers have converters of their own on a chip in the loop alone.
Value write_periphery(const TrainingHardware& hardware) {
  const NetworkPeriphery& around = hardware.periphery;
  const Periphery& common = around;
  return around.layers.empty() ? Periphery::schema().write(&common, Stage::point)
                               : NetworkPeriphery::schema().write(&around, Stage::point);
}

void read_device_table(const Value& table, const std::string& key, TrainingHardware& hardware,
                       std::vector<Fault>& faults) {
  if (table.is_table() && table.at("layers"))
    return faults.push_back({table.at("layers")->where, key + ".layers",
                             "all layers are trained through devices of one kind; layers of their "
                             "own are for [device]"});
  std::shared_ptr<const DeviceModel> device = read_device(table, key, faults);
  if (!device) return;
  hardware.device = std::move(device);
  const Value* model = table.at("model");
  hardware.device_model = model ? std::get<std::string>(model->data) : "ideal";
}

Value write_device_table(const TrainingHardware& hardware) {
  return hardware.device ? write_device(hardware.device_model, *hardware.device) : Value{};
}

/// A table as it is declared elsewhere, all of which counts here, whatever it says of stages.
template <class Table>
ParameterBuilder add_table(Schema<TrainingHardware>& s, const std::string& key,
                           Table TrainingHardware::*member) {
  return s.add_custom(
      key, "table",
      [member](const Value& table, const std::string& name, TrainingHardware& hardware,
               std::vector<Fault>& faults) {
        Table::schema().read_into(table, name, hardware.*member, faults);
      },
      [member](const TrainingHardware& hardware) {
        return Table::schema().write(&(hardware.*member), Stage::point);
      });
}

/// Keys that are of many chips, and biases, which training changes.
void check_chip(const TrainingHardware& hardware) {
  const std::string one = "; expected nothing else beside train.hardware.chip";
  if (!hardware.times_s.empty())
    refuse("times_s", "gives chips different ages, and a chip has that of device.time_s" + one);
  if (hardware.draw_every != 1)
    refuse("draw_every", "says how long a chip is trained through, and this one always is" + one);
  if (hardware.ramp_epochs != 0)
    refuse("ramp_epochs", "weakens what devices do, and the chip's do what they do" + one);
  if (hardware.mapping.bias == BiasPlace::analog)
    refuse("chip",
           "trains biases, and those of mapping.bias = \"analog\" are conductances that would have "
           "to be written again; expected mapping.bias = \"digital\"");
}

/// Whether devices of any age hold their targets. Whether there are effects is the same for every
/// layer that has weights.
bool holds_exactly(const DeviceModel& device, const std::vector<double>& ages_s) {
  const LayerScale usual{.sigma_w = 0.1,
                         .w_max = 1.0,
                         .weight_per_S = 1 / (device.g_max_S - device.g_min_S),
                         .devices_per_weight = 2.0};
  return !device.non_linear() && std::ranges::all_of(ages_s, [&](double age_s) {
    const auto effects = device.effects(usual, age_s);
    return effects && effects->empty();
  });
}

/// What was read once is right.
void permit(Value& value) {
  value.permitted = true;
  if (auto* array = std::get_if<Array>(&value.data)) std::ranges::for_each(*array, permit);
  if (!value.is_table()) return;
  for (auto& entry : value.table().entries()) permit(entry.value);
}

}  // namespace

TrainingHardware::TrainingHardware() {
  if (const DeviceKind* kind = find_device_kind(device_model)) device = kind->make();
}

bool TrainingHardware::acts() const {
  const auto is_exact = [this](const DeviceModel& made) {
    std::vector<double> ages = times_s;
    if (ages.empty()) ages.push_back(made.time_s);
    return holds_exactly(made, ages) && periphery.is_ideal_per_mvm(made.reads_noisily());
  };
  const bool all_exact = is_exact(*device) && std::ranges::all_of(layer_devices, [&](auto& own) {
                           return is_exact(*own.second);
                         });
  return !all_exact || periphery.wires || are_rounded(periphery.products) ||
         mapping.encoding == Encoding::bit_sliced || mapping.weight_percentile < 100 ||
         mapping.bias == BiasPlace::analog;
}

std::shared_ptr<const DeviceModel> TrainingHardware::device_at(double age_s) const {
  Value table = write_device(device_model, *device);
  table.set("time_s", {age_s});
  permit(table);
  std::vector<Fault> faults;
  std::shared_ptr<const DeviceModel> made = read_device(table, "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return made;
}

void TrainingHardware::validate() const {
  if (!mapping.digital.empty() || !mapping.crossbar.empty())
    refuse(mapping.digital.empty() ? "mapping.crossbar" : "mapping.digital",
           "which layers are on crossbars [mapping] says, for training too");
  if (chip) return check_chip(*this);
  if (chip_epochs) refuse("chip_epochs", "is of training on a chip; expected chip beside it");
  if (std::ranges::any_of(times_s, [](double t) { return !(t >= 0 && t <= kLongestTime_s); }))
    refuse("times_s", "expected ages from 0 to 1e12 s");
  for (const double age_s : times_s) try {
      device_at(age_s);
    } catch (const ConfigError& error) {
      refuse("times_s", error.faults().front().message);
    }
}

const Schema<TrainingHardware>& TrainingHardware::schema() {
  static const Schema<TrainingHardware> schema = [] {
    using H = TrainingHardware;
    Schema<H> s{
        "hardware",
        "Each batch's forward pass goes through a simulated chip, by the code that evaluates "
        "networks; the backward pass is the digital network's with the weights that its "
        "devices hold, and what rounds or clips at converters passes gradients on."};
    s.add_custom("device", "table", read_device_table, write_device_table)
        .doc("As [device]; every draw_every updates there is another chip.");
    s.add_custom("chip", "the number of a draw (0, 1, ... 999999999), \"each\" or \"none\"",
                 read_chip, write_chip)
        .joined_later()
        .doc(
            "Chip in the loop: what train.only names, which must leave kernels alone, is trained "
            "through one chip that was written once, draw number `chip` of the evaluation, and "
            "measured on that chip: device, mapping and periphery are those of [device], [mapping] "
            "and [periphery], and the draws that are measured this one, unless the file says "
            "others. It starts from the weights that are given, else from those that the same "
            "recipe trains first without train.only, hardware and teacher. each: every draw of the "
            "evaluation is trained so by itself.")
        .source("Schmitt et al., IJCNN 2017, arXiv:1703.01909");
    s.add("chip_epochs", &H::chip_epochs)
        .absent("train.epochs")
        .at_least(1)
        .joined_later()
        .doc("Epochs of training on a chip (train.hardware.chip).");
    add_table(s, "mapping", &H::mapping).doc("As [mapping].");
    s.add_custom("periphery", "table", read_periphery, write_periphery).doc("As [periphery].");
    s.add("draw_every", &H::draw_every)
        .at_least(1)
        .doc(
            "Updates in which the devices' errors are the same; weights are written anew in each.");
    s.add("times_s", &H::times_s)
        .unit("s")
        .doc("Ages of the devices, of which each draw has one, chosen at random; none: time_s.");
    s.add("calibrate_every", &H::calibrate_every)
        .at_least(1)
        .doc(
            "Updates after which the ranges of converters are found again, from the batch that "
            "comes next; at the beginning of an epoch they are found in any case.");
    s.add("ramp_epochs", &H::ramp_epochs)
        .at_least(0)
        .doc(
            "Epochs in which what devices do to weights, and the noise of their reads, grows from "
            "nothing to its whole strength; wires and converters are whole from the first.");
    s.add_choice("input_gradient", &H::input_gradient,
                 {{"clipped", InputGradient::clipped}, {"plain", InputGradient::plain}})
        .doc(
            "clipped: inputs beyond the DAC's range have no gradient, and the gradients of weights "
            "are those of clipped inputs; plain: as if nothing were clipped.")
        .source("Bengio, Leonard and Courville, arXiv:1308.3432 (2013)");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
