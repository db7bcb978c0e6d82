// The device without error.
#pragma once

#include <optional>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic {

/// Holds every target exactly, in cells of the same kind: kernels that no noise is asked for, and
/// the noise-free chip.
class ExactDevice final : public DeviceModel {
 public:
  explicit ExactDevice(const DeviceModel& like) {
    g_min_S = like.g_min_S;
    g_max_S = like.g_max_S;
    cells_ = like.non_linear();
  }
  std::optional<NonLinearCells> non_linear() const override { return cells_; }
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return std::vector<DeviceEffect>{};
  }

 private:
  std::optional<NonLinearCells> cells_;
};

}  // namespace ohmic
