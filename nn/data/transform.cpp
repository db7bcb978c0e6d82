#include "nn/data/transform.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kPrecision = 32 - 8 - 2;  // of weights as whole numbers
constexpr int kRgb = 3;

double bilinear(double x) { return std::max(1 - std::abs(x), 0.0); }

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;  ///< of an image that was resized
constexpr double kMostSide = 1 << 26;

struct Filter {
  double (*at)(double);
  double support;
};

/// What one new pixel is made of: `weights` of the old ones from `first` on.
struct Taps {
  int first = 0;
  std::vector<int> weights;
};

std::vector<Taps> taps(int from, int to, const Filter& filter) {
  const double scale = static_cast<double>(from) / to, stretch = std::max(scale, 1.0);
  const double support = filter.support * stretch;
  std::vector<Taps> all;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int end = std::min(static_cast<int>(center + support + 0.5), from);
    std::vector<double> weights;
    double sum = 0;
    for (int x = first; x < end; ++x) {
      weights.push_back(filter.at((x - center + 0.5) * (1 / stretch)));
      sum += weights.back();
    }
    Taps made{first, {}};
    for (const double w : weights) {
      const double share = sum != 0 ? w / sum : w;
      made.weights.push_back(
          static_cast<int>((share < 0 ? -0.5 : 0.5) + share * (1 << kPrecision)));
    }
    all.push_back(std::move(made));
  }
  return all;
}

/// One new value of old ones that lie `step` apart.
std::uint8_t blend(const std::uint8_t* from, std::size_t step, const Taps& taps) {
  int sum = 1 << (kPrecision - 1);
  from += static_cast<std::size_t>(taps.first) * step;
  for (const int weight : taps.weights) {
    sum += weight * *from;
    from += step;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
}

Image resized_rows(const Image& in, int width, const Filter& filter) {
  const std::vector<Taps> all = taps(in.width, width, filter);
  Image out{in.height, width, {}};
  out.pixels.reserve(static_cast<std::size_t>(in.height) * width * kRgb);
  for (int y = 0; y < in.height; ++y) {
    const std::uint8_t* row = in.pixels.data() + static_cast<std::size_t>(y) * in.width * kRgb;
    for (const Taps& t : all)
      for (int c = 0; c < kRgb; ++c) out.pixels.push_back(blend(row + c, kRgb, t));
  }
  return out;
}

Image resized_columns(const Image& in, int height, const Filter& filter) {
  const auto step = static_cast<std::size_t>(in.width) * kRgb;
  Image out{height, in.width, {}};
  out.pixels.reserve(static_cast<std::size_t>(height) * step);
  for (const Taps& t : taps(in.height, height, filter))
    for (std::size_t x = 0; x < step; ++x)
      out.pixels.push_back(blend(in.pixels.data() + x, step, t));
  return out;
}

/// Height and width after Resize.
std::pair<int, int> resized_size(const Image& image, const std::vector<int>& resize) {
  if (resize.size() == 2) return {resize[0], resize[1]};
  const bool wide = image.width > image.height;
  const int shorter = wide ? image.height : image.width, longer = wide ? image.width : image.height;
  const double ideal = static_cast<double>(resize[0]) * longer / shorter;
  const int other = static_cast<int>(std::min(ideal, kMostSide));
  return wide ? std::pair{resize[0], other} : std::pair{other, resize[0]};
}

/// ITU-R 601-2 luma as Pillow computes it.
std::uint8_t gray(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >>
                                   16);
}

}  // namespace

Image resized(const Image& image, int height, int width, const std::string& interpolation) {
  const Filter filter = interpolation == "bicubic" ? Filter{bicubic, 2.0} : Filter{bilinear, 1.0};
  Image out = image;
  if (width != image.width) out = resized_rows(out, width, filter);
  if (height != image.height) out = resized_columns(out, height, filter);
  return out;
}

Image center_cropped(const Image& image, int height, int width) {
  const auto first = [](int size, int wanted) {
    if (wanted > size) return -((wanted - size) / 2);  // black before
    return static_cast<int>(std::nearbyint((size - wanted) / 2.0));
  };
  const int top = first(image.height, height), left = first(image.width, width);
  Image out{height, width, {}};
  out.pixels.assign(static_cast<std::size_t>(height) * width * kRgb, 0);
  const int x0 = std::max(0, -left), x1 = std::min(width, image.width - left);
  for (int y = std::max(0, -top); y < std::min(height, image.height - top); ++y) {
    const auto from = (static_cast<std::size_t>(y + top) * image.width + (x0 + left)) * kRgb;
    const auto to = (static_cast<std::size_t>(y) * width + x0) * kRgb;
    std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(from), (x1 - x0) * kRgb,
                out.pixels.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return out;
}

Planes transformed(const Image& given, const Transform& transform) {
  Image image = given;
  if (!transform.resize.empty()) {
    const auto [height, width] = resized_size(image, transform.resize);
    if (std::int64_t{height} * width > kMostPixels)
      throw DataError("is " + std::to_string(image.height) + " x " + std::to_string(image.width) +
                      " and would be resized to " + std::to_string(height) + " x " +
                      std::to_string(width) + "; expected at most " + std::to_string(kMostPixels) +
                      " pixels");
    image = resized(image, height, width, transform.interpolation);
  }
  if (!transform.crop.empty())
    image = center_cropped(image, transform.crop.front(), transform.crop.back());
  const int count = transform.channel_count();
  const std::size_t area = static_cast<std::size_t>(image.height) * image.width;
  Planes planes{count, image.height, image.width, {}};
  planes.pixels.resize(area * static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < area; ++p) {
    const std::uint8_t* rgb = image.pixels.data() + p * kRgb;
    if (count == 1) planes.pixels[p] = gray(rgb);
    for (int c = 0; count == kRgb && c < kRgb; ++c)
      planes.pixels[static_cast<std::size_t>(c) * area + p] =
          rgb[transform.channels == "bgr" ? kRgb - 1 - c : c];
  }
  return planes;
}

}  // namespace ohmic
