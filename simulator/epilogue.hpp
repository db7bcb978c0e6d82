// What is done digitally to the numbers that a layer, or anything between layers, gives.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/host_device.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic {

/// Digital arithmetic after the last sum of a layer, per output channel n:
/// y = scale[n] * y + shift[n] (+ residual), then max(y, 0). Bias and BatchNorm live here. What is
/// not a number becomes 0 in the ReLU and stays what it is without one, on every back end.
struct Epilogue {
  std::vector<float> scale;  ///< N; without a layer also empty, as shift: y stays
  std::vector<float> shift;  ///< N
  bool relu = false;
  bool operator==(const Epilogue&) const = default;
};

/// An epilogue without a layer, on numbers with the channels innermost. Null: left out.
struct EpilogueArguments {
  const float *x = nullptr, *residual = nullptr;
  const float *scale = nullptr, *shift = nullptr;
  float* y = nullptr;
  std::int64_t values = 0;
  std::int64_t channels = 1;  ///< of scale and shift, where they are given
  bool relu = false;
};

/// y[i], of channel c.
OHMIC_HOST_DEVICE float epilogue_value(const EpilogueArguments& a, std::int64_t i, std::int64_t c) {
  float y = a.x[i];
  if (a.scale) y = y * a.scale[c] + a.shift[c];
  if (a.residual) y = y + a.residual[i];
  return a.relu ? relu(y) : y;
}

}  // namespace ohmic
