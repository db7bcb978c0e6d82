#include "nn/data/readings.hpp"

#include <algorithm>

namespace ohmic {
namespace {

constexpr int kC = ImageSet::kChannels, kSide = ImageSet::kSide, kPlane = kSide * kSide;

/// Which byte of a picture as read is channel c of row y, column x.
int source(PixelOrder order, int c, int y, int x) {
  const int position = y * kSide + x, planar = c * kPlane + position;
  switch (order) {
    case PixelOrder::bgr:
      return (kC - 1 - c) * kPlane + position;
    case PixelOrder::interleaved:
      return position * kC + c;
    case PixelOrder::planar:
      return planar % kC * kPlane + planar / kC;
    case PixelOrder::turned:
      return c * kPlane + kPlane - 1 - position;
    case PixelOrder::transposed:
      return c * kPlane + x * kSide + y;
    case PixelOrder::as_read:
      break;
  }
  return planar;
}

Normalization per_channel(std::vector<float> mean, std::vector<float> std) {
  return {"given", std::move(mean), std::move(std)};
}

/// Sources: torchvision's models (ImageNet), kuangliu/pytorch-cifar and its many descendants
/// (CIFAR-10), the training set's own statistics (CIFAR-100), Keras's "tf" and "caffe" modes.
std::vector<Reading> usual_normalizations(const Dataset& data) {
  const auto as_read = PixelOrder::as_read;
  std::vector<Reading> all{
      {"", as_read, data.normalization},
      {"normalize = \"none\" (pixel/255)", as_read, {}},
      {"mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] (ImageNet's)", as_read,
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
  if (data.normalization.kind != "per_pixel_mean")
    all.push_back(
        {"normalize = \"per_pixel_mean\"",
         as_read,
         {"per_pixel_mean", per_pixel_mean(data.train.size() > 0 ? data.train : data.test), {}}});
  const Normalization& own = data.normalization;
  std::erase_if(all, [&](const Reading& r) {
    return !r.name.empty() && r.normalization.mean == own.mean && r.normalization.std == own.std;
  });
  return all;
}

std::string joined(const std::string& order, const std::string& name) {
  return name.empty() ? order : order + " and " + name;
}

}  // namespace

std::vector<Reading> usual_readings(const Dataset& data) {
  std::vector<Reading> all = usual_normalizations(data);
  const std::size_t normalizations = all.size();
  for (std::size_t i = 0; i < normalizations; ++i)
    all.push_back(
        {joined("channels in the order BGR", all[i].name), PixelOrder::bgr, all[i].normalization});
  all.push_back({"images whose bytes are H x W x C", PixelOrder::interleaved, data.normalization});
  all.push_back({"images whose bytes are C x H x W", PixelOrder::planar, data.normalization});
  all.push_back({"images, or else its kernels, turned by 180 degrees", PixelOrder::turned,
                 data.normalization});
  all.push_back({"images, or else its kernels, with rows and columns exchanged",
                 PixelOrder::transposed, data.normalization});
  return all;
}

ImageSet read_as(PixelOrder order, const ImageSet& set) {
  ImageSet out = set;
  if (order == PixelOrder::as_read) return out;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const auto from = set.image(i);
    auto to = out.pixels.begin() + i * ImageSet::kPixels;
    for (int c = 0; c < kC; ++c)
      for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
          *to++ = from[static_cast<std::size_t>(source(order, c, y, x))];
  }
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
