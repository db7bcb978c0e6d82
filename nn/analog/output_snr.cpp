#include "nn/analog/output_snr.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace ohmic {
namespace {

double mean_square(std::span<const float> y) {
  double sum = 0;
  for (const float v : y) sum += double{v} * v;
  return sum / static_cast<double>(y.size());
}

double mean_square_difference(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = double{a[i]} - b[i];
    sum += d * d;
  }
  return sum / static_cast<double>(a.size());
}

/// What one layer reads and gives in the digital network.
struct Clean {
  std::vector<float> x, output;
};

}  // namespace

double power_dB(double signal, double error) {
  return error > 0 ? 10 * std::log10(signal / error) : std::numeric_limits<double>::infinity();
}

std::vector<OutputSnr> output_snrs(AnalogNetwork& network, const float* nhwc, std::int64_t images,
                                   std::uint64_t seed, std::uint64_t first_draw,
                                   std::int64_t draws) {
  std::vector<std::vector<Clean>> clean(network.layers().size());  // of a layer at each time step
  std::vector<OutputSnr> errors(clean.size());
  network.load_ideal().visit_layers(nhwc, images, [&](std::size_t l, auto x, auto output) {
    clean[l].push_back({{x.begin(), x.end()}, {output.begin(), output.end()}});
    errors[l].layer = network.layers()[l].name();
    errors[l].signal += mean_square(output);
  });
  for (std::size_t l = 0; l < clean.size(); ++l)
    errors[l].signal /= static_cast<double>(std::max(clean[l].size(), std::size_t{1}));
  const double share = 1.0 / static_cast<double>(draws);
  for (std::int64_t d = 0; d < draws; ++d) {
    LoadedNetwork& chip = network.program(seed, first_draw + static_cast<std::uint64_t>(d));
    std::vector<std::size_t> step(clean.size());
    chip.visit_layers(nhwc, images, [&](std::size_t l, auto, auto output) {
      const Clean& c = clean[l].at(step[l]++);
      const double part = share / static_cast<double>(clean[l].size());
      const auto own = chip.layer_output(l, c.x.data(), images);
      errors[l].error += part * mean_square_difference(output, c.output);
      errors[l].own_error += part * mean_square_difference(own, c.output);
    });
  }
  return errors;
}

}  // namespace ohmic
