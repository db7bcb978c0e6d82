// [train.hardware]: the chip that a network is trained through. Free of LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mapping/settings.hpp"
#include "nn/analog/network_periphery.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

/// What gradients reach the inputs of a layer behind a DAC.
enum class InputGradient {
  clipped,  ///< those of inputs within the DAC's range; nothing moves one that is clipped
  plain,    ///< of all
};

/// train.hardware.chip: every draw of the evaluation is a chip that is trained by itself.
inline constexpr std::int64_t kEachChip = -1;

/// Each batch's forward pass goes through crossbars that hold the weights as they are then:
/// programmed, aged, wired and converted by the code that evaluates networks later. The backward
/// pass is that of the digital network with the weights that the devices hold, straight through
/// whatever rounds; its gradients reach the weights as they are.
struct TrainingHardware {
  TrainingHardware();  ///< ideal devices

  std::string device_model = "ideal";
  std::shared_ptr<const DeviceModel> device;
  MappingSettings mapping;
  NetworkPeriphery periphery;
  /// Chip in the loop: all forward passes go through this draw of the evaluation, whose devices
  /// were written once; absent: through draws that chips are not measured on. What the chip is made
  /// of is then what it is measured with (Experiment), layers with devices of their own included.
  std::optional<std::int64_t> chip;
  std::optional<int> chip_epochs;  ///< on a chip; absent: train.epochs
  std::map<std::string, std::shared_ptr<const DeviceModel>> layer_devices;  ///< of a chip alone
  std::int64_t draw_every = 1;         ///< updates that one draw of the devices lasts
  std::vector<double> times_s;         ///< ages, of which each draw has one; empty: device.time_s
  std::int64_t calibrate_every = 100;  ///< updates between two calibrations of converters
  double ramp_epochs = 0;  ///< in which what devices do to weights grows to its whole strength
  InputGradient input_gradient = InputGradient::clipped;

  /// Whether forward passes differ from those of the digital network.
  bool acts() const;
  /// The device at an age, or as it was given.
  std::shared_ptr<const DeviceModel> device_at(double age_s) const;
  /// Whether every draw is trained by itself.
  bool takes_each_chip() const { return chip == kEachChip; }
  /// Throws ConfigError when keys contradict each other; they begin below train.hardware.
  void validate() const;
  static const Schema<TrainingHardware>& schema();
};

}  // namespace ohmic
