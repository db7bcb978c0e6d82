// How strongly the rows of a layer's arrays are driven by given inputs: what the energy of reading
// them hangs on.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/converters.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

class RowActivity {
 public:
  /// Inputs as a DAC converts them with this range; without a DAC rows are driven by the inputs,
  /// and full drive is the largest magnitude among them.
  RowActivity(const ConvGeometry&, const Periphery&, double input_range);

  /// x: images x H x W x C.
  void observe(const float* x, std::int64_t images);

  /// Of every row k = (channel, ky, kx), group by group: the mean over images, output positions and
  /// phases of (drive / full drive)^2. Padding drives nothing. A bias row comes last in its group.
  std::vector<double> mean_squares() const;

 private:
  double square(float x) const;
  double square_of_bias_row() const;
  double sum_of_row(int c, int ky, int kx) const;

  ConvGeometry g_;
  InputPlan plan_;
  std::vector<double> sums_;  ///< over images and phases, per input value
  double largest_ = 0;
  std::int64_t images_ = 0;
};

}  // namespace ohmic
