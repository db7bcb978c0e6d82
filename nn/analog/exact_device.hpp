// The device without error.
#pragma once

#include <algorithm>
#include <span>

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
  void program(const DeviceBlock&, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::copy(target_S.begin(), target_S.end(), G_S.begin());
  }

 private:
  std::optional<NonLinearCells> cells_;
};

}  // namespace ohmic
