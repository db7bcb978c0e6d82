#include "nn/data/readings.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr double kByte = 1 / 255.0;

/// Where the values of a picture lie.
struct Picture {
  std::int64_t channels, height, width;
  bool channels_last;

  std::int64_t at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    return channels_last ? (y * width + x) * channels + c : (c * height + y) * width + x;
  }
};

std::optional<Picture> picture_of(const ImageSet& set) {
  const std::vector<std::int64_t>& s = set.shape;
  const auto are_colours = [](std::int64_t channels) { return channels == 1 || channels == 3; };
  if (s.size() != 3 || (set.pixels.empty() && !set.are_bytes)) return std::nullopt;
  if (are_colours(s[0])) return Picture{s[0], s[1], s[2], false};
  if (are_colours(s[2])) return Picture{s[2], s[0], s[1], true};
  return std::nullopt;
}

/// Which value of a picture as read is channel c of row y, column x.
std::int64_t source(PixelOrder order, const Picture& p, std::int64_t c, std::int64_t y,
                    std::int64_t x) {
  const std::int64_t position = y * p.width + x, plane = p.height * p.width,
                     planar = c * plane + position;
  switch (order) {
    case PixelOrder::bgr:
      return p.at(p.channels - 1 - c, y, x);
    case PixelOrder::interleaved:
      return position * p.channels + c;
    case PixelOrder::planar:
      return planar % p.channels * plane + planar / p.channels;
    case PixelOrder::turned:
      return p.at(c, p.height - 1 - y, p.width - 1 - x);
    case PixelOrder::transposed:
      return p.at(c, x, y);
    case PixelOrder::as_read:
      break;
  }
  return p.at(c, y, x);
}

template <class Values>
void reorder(PixelOrder order, const Picture& p, const Values& from, Values& to) {
  const std::int64_t size = p.channels * p.height * p.width;
  for (std::int64_t first = 0; first < std::ssize(from); first += size)
    for (std::int64_t c = 0; c < p.channels; ++c)
      for (std::int64_t y = 0; y < p.height; ++y)
        for (std::int64_t x = 0; x < p.width; ++x)
          to[static_cast<std::size_t>(first + p.at(c, y, x))] =
              from[static_cast<std::size_t>(first + source(order, p, c, y, x))];
}

Normalization per_channel(std::vector<float> mean, std::vector<float> std) {
  return {"given", std::move(mean), std::move(std)};
}

/// Of pixel/255, by name. Sources: torchvision's models (ImageNet), kuangliu/pytorch-cifar and its
/// many descendants (CIFAR-10), the training set's own statistics (CIFAR-100), Keras's "tf" and
/// "caffe" modes.
std::vector<Reading> colour_normalizations() {
  const auto as_read = PixelOrder::as_read;
  return {{"mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] (ImageNet's)", as_read,
           per_channel({0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f})},
          {"mean = [0.4914, 0.4822, 0.4465], std = [0.2470, 0.2435, 0.2616] (CIFAR-10's)", as_read,
           per_channel({0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f})},
          {"mean = [0.5071, 0.4865, 0.4409], std = [0.2673, 0.2564, 0.2762] (CIFAR-100's)", as_read,
           per_channel({0.5071f, 0.4865f, 0.4409f}, {0.2673f, 0.2564f, 0.2762f})},
          {"mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5] (pixels from -1 to 1)", as_read,
           per_channel({0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f})},
          {"mean = [0, 0, 0], std = [0.00392157, 0.00392157, 0.00392157] (pixels from 0 to 255)",
           as_read, per_channel({0, 0, 0}, {1 / 255.f, 1 / 255.f, 1 / 255.f})},
          {"mean = [0.4797, 0.4581, 0.4076], std = [0.00392157, 0.00392157, 0.00392157] (0 to 255 "
           "minus ImageNet's mean)",
           as_read, per_channel({0.4797f, 0.4581f, 0.4076f}, {1 / 255.f, 1 / 255.f, 1 / 255.f})}};
}

/// Likewise, of one channel: torchvision's example for MNIST, and from -1 to 1.
std::vector<Reading> grey_normalizations() {
  const auto as_read = PixelOrder::as_read;
  return {{"mean = [0.1307], std = [0.3081] (MNIST's)", as_read, per_channel({0.1307f}, {0.3081f})},
          {"mean = [0.5], std = [0.5] (pixels from -1 to 1)", as_read, per_channel({0.5f}, {0.5f})},
          {"mean = [0], std = [0.00392157] (pixels from 0 to 255)", as_read,
           per_channel({0}, {1 / 255.f})}};
}

/// The factor of what is subtracted from.
double scale_of(const Normalization& n, const ImageSet& set) {
  return n.scale.value_or(set.pixels.empty() && !set.are_pictures ? 1.0 : kByte);
}

bool is_same(const Normalization& a, const Normalization& b, const ImageSet& set) {
  return a.mean == b.mean && a.std == b.std &&
         std::abs(scale_of(a, set) - scale_of(b, set)) < 1e-6 * scale_of(a, set);
}

std::vector<Reading> usual_normalizations(const Dataset& data, const Picture& picture) {
  const auto as_read = PixelOrder::as_read;
  const ImageSet& set = data.test;
  std::vector<Reading> all =
      picture.channels == 3 ? colour_normalizations() : grey_normalizations();
  all.insert(all.begin(), {"normalize = \"none\" (pixel/255)", as_read, {}});
  if (set.is_of_cifars_kind() && data.normalization.kind != "per_pixel_mean")
    all.push_back(
        {"normalize = \"per_pixel_mean\"",
         as_read,
         {"per_pixel_mean", per_pixel_mean(data.train.size() > 0 ? data.train : set), {}}});
  if (scale_of({}, set) == 1) {  // bytes of a file, which are whole numbers to it
    all.front().name = "(pixel/255)";
    for (Reading& reading : all) {
      reading.name = "scale = 0.00392157, " + reading.name;
      reading.normalization.scale = kByte;
    }
  }
  std::erase_if(
      all, [&](const Reading& r) { return is_same(r.normalization, data.normalization, set); });
  all.insert(all.begin(), {"", as_read, data.normalization});
  return all;
}

/// Of 255 - pixel.
Normalization of_negative(Normalization n, const ImageSet& set) {
  const double scale = scale_of(n, set);
  if (n.mean.empty()) n.mean = {0};
  for (float& mean : n.mean) mean -= static_cast<float>(255 * scale);
  n.scale = -scale;
  return n;
}

std::string joined(const std::string& order, const std::string& name) {
  return name.empty() ? order : order + " and " + name;
}

}  // namespace

bool has_readings(const ImageSet& set) { return picture_of(set).has_value(); }

std::vector<Reading> usual_readings(const Dataset& data) {
  const std::optional<Picture> p = picture_of(data.test);
  OHMIC_ASSERT(p);
  std::vector<Reading> all = usual_normalizations(data, *p);
  const std::size_t normalizations = all.size();
  if (p->channels == 3)
    for (std::size_t i = 0; i < normalizations; ++i)
      all.push_back({joined("channels in the order BGR", all[i].name), PixelOrder::bgr,
                     all[i].normalization});
  const auto add = [&](const char* name, PixelOrder order) {
    all.push_back({name, order, data.normalization});
  };
  if (p->channels == 3 && !p->channels_last) {
    add("images whose bytes are H x W x C", PixelOrder::interleaved);
    add("images whose bytes are C x H x W", PixelOrder::planar);
  }
  add("images, or else its kernels, turned by 180 degrees", PixelOrder::turned);
  if (p->height == p->width)
    add("images, or else its kernels, with rows and columns exchanged", PixelOrder::transposed);
  if (scale_of(data.normalization, data.test) > 0)
    all.push_back({"images with light and dark exchanged (255 - pixel)", PixelOrder::as_read,
                   of_negative(data.normalization, data.test)});
  return all;
}

ImageSet read_as(PixelOrder order, const ImageSet& set) {
  ImageSet out = set;
  const std::optional<Picture> p = picture_of(set);
  if (p) out.channel_axis = p->channels_last ? 2 : 0;
  if (order == PixelOrder::as_read || !p) return out;
  reorder(order, *p, set.pixels, out.pixels);
  reorder(order, *p, set.numbers, out.numbers);
  return out;
}

std::vector<float> per_pixel_mean(const ImageSet& set) {
  std::vector<std::uint64_t> sums(ImageSet::kPixels, 0);
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const auto image = set.image(i);
    for (std::size_t p = 0; p < image.size(); ++p) sums[p] += image[p];
  }
  std::vector<float> mean;
  for (const std::uint64_t sum : sums)
    mean.push_back(
        static_cast<float>(static_cast<double>(sum) / (255.0 * static_cast<double>(set.size()))));
  return mean;
}

}  // namespace ohmic
