#include "nn/analog/row_activity.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/quantizer.hpp"

namespace ohmic {

RowActivity::RowActivity(const ConvGeometry& g, const Periphery& periphery, double input_range)
    : g_(g),
      plan_(plan_input(periphery, input_range, false)),
      sums_(static_cast<std::size_t>(g.in_height) * static_cast<std::size_t>(g.in_width) *
            static_cast<std::size_t>(g.in_channels)) {}

/// Mean over the phases of the square of what one input applies.
double RowActivity::square(float x) const {
  if (!plan_.converts) return double{x} * x;
  const float code = quantize(x * static_cast<float>(1.0 / plan_.step),
                              static_cast<float>(plan_.lowest), static_cast<float>(plan_.highest));
  if (plan_.slice_mask == 0) return std::pow(code / plan_.highest, 2);
  double sum = 0;
  for (const Phase& phase : plan_.phases)
    sum += std::pow(input_slice(code, phase.sign, phase.shift, plan_.slice_mask), 2);
  return sum / (std::pow(plan_.slice_mask, 2) * static_cast<double>(plan_.phases.size()));
}

/// The bias row is driven at full scale whatever the inputs.
double RowActivity::square_of_bias_row() const {
  return plan_.converts ? square(static_cast<float>(plan_.step * plan_.highest)) : 1.0;
}

void RowActivity::observe(const float* x, std::int64_t images) {
  images_ += images;
  for (std::int64_t i = 0; i < images; ++i, x += sums_.size())
    for (std::size_t j = 0; j < sums_.size(); ++j) {
      sums_[j] += square(x[j]);
      if (!plan_.converts) largest_ = std::max(largest_, std::abs(double{x[j]}));
    }
}

std::vector<double> RowActivity::mean_squares() const {
  const double full = plan_.converts || largest_ == 0 ? 1.0 : largest_;
  const double scale =
      1.0 / (full * full * static_cast<double>(std::max<std::int64_t>(images_, 1)) *
             g_.out_height() * g_.out_width());
  std::vector<double> means;
  const int channels = g_.in_channels / g_.groups;
  for (int c = 0; c < g_.in_channels; ++c) {
    for (int ky = 0; ky < g_.kernel_height; ++ky)
      for (int kx = 0; kx < g_.kernel_width; ++kx) means.push_back(scale * sum_of_row(c, ky, kx));
    if (g_.bias_rows > 0 && (c + 1) % channels == 0) means.push_back(square_of_bias_row());
  }
  return means;
}

double RowActivity::sum_of_row(int c, int ky, int kx) const {
  double sum = 0;
  for (int oy = 0; oy < g_.out_height(); ++oy)
    for (int ox = 0; ox < g_.out_width(); ++ox) {
      const int y = oy * g_.stride_height + ky * g_.dilation_height - g_.pad_top;
      const int x = ox * g_.stride_width + kx * g_.dilation_width - g_.pad_left;
      if (y >= 0 && y < g_.in_height && x >= 0 && x < g_.in_width)
        sum += sums_[static_cast<std::size_t>((y * g_.in_width + x) * g_.in_channels + c)];
    }
  return sum;
}

}  // namespace ohmic
