#include "nn/data/check_preprocessing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr double kTolerance = 1e-4;  // of an image's range

using Channels = std::array<double, 3>;

/// y = (x - mean) / std over x in 0..1.
struct Statistics {
  Channels mean{0, 0, 0}, std{1, 1, 1};
};

/// What the file does, where its pixels are 0..`range`.
Statistics of_file(const Preprocessing& p, double range) {
  Statistics s;
  for (std::size_t c = 0; c < 3; ++c) {
    s.std[c] = 1 / (p.factor[c] * range);
    s.mean[c] = -p.offset[c] * s.std[c];
  }
  return s;
}

double value(const std::vector<float>& values, std::size_t pixel, double otherwise) {
  if (values.size() <= 1) return values.empty() ? otherwise : values.front();
  return values.size() == 3 ? values[pixel / (ImageSet::kSide * ImageSet::kSide)] : values[pixel];
}

bool agrees(const Statistics& file, const Normalization& n) {
  const double unit = n.scale ? 255 * *n.scale : 1;  // of means and stds, in those of pixel/255
  for (std::size_t p = 0; p < ImageSet::kPixels; ++p) {
    const std::size_t c = p / (ImageSet::kSide * ImageSet::kSide);
    const double mean = value(n.mean, p, 0) / unit, std = value(n.std, p, 1) / unit;
    if (std::abs(mean - file.mean[c]) > kTolerance) return false;
    if (std::abs(std - file.std[c]) > kTolerance * std::abs(file.std[c])) return false;
  }
  return true;
}

std::string list(const Channels& values) {
  std::string text;
  for (const double v : values) {
    char number[32];
    std::snprintf(number, sizeof number, "%.6g", v == 0 ? 0.0 : v);
    text += (text.empty() ? "[" : ", ") + std::string(number);
  }
  return text + "]";
}

}  // namespace

void check_preprocessing(const std::string& file, const Preprocessing& p, const Normalization& n) {
  for (std::size_t c = 0; c < 3; ++c)
    if (!std::isfinite(p.factor[c]) || !std::isfinite(p.offset[c]) || p.factor[c] == 0)
      throw DataError(file + ": " + p.layers + " scales its input by 0 or by what is no number");
  const Statistics bytes = of_file(p, 255), unit = of_file(p, 1);
  if (agrees(bytes, n) || agrees(unit, n)) return;
  const bool fits_unit =
      std::all_of(unit.mean.begin(), unit.mean.end(), [](double m) { return m >= 0 && m <= 1; }) &&
      std::all_of(unit.std.begin(), unit.std.end(), [](double s) { return s > 0 && s <= 1; });
  const Statistics& wanted = fits_unit ? unit : bytes;
  throw DataError(file + ": " + p.layers +
                  " prepares the images inside the network, and data.normalize = " + n.kind +
                  " does not do the same; expected normalize = { mean = " + list(wanted.mean) +
                  ", std = " + list(wanted.std) + " }");
}

}  // namespace ohmic
