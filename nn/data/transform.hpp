// What is done to pictures before a network sees them: torchvision's transforms of Pillow's images,
// bit for bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/image.hpp"

namespace ohmic {

/// In this order: resize, crop, channels.
struct Transform {
  /// Resize: of one number, the shorter side becomes it and the longer one follows; of two, height
  /// and width. Empty: none.
  std::vector<int> resize;
  std::string interpolation = "bilinear";  ///< bilinear | bicubic, both antialiased as in Pillow
  /// CenterCrop to a square or to height and width, with black around what is smaller. Empty: none.
  std::vector<int> crop;
  std::string channels = "rgb";  ///< rgb | bgr | gray
  bool operator==(const Transform&) const = default;

  int channel_count() const { return channels == "gray" ? 1 : 3; }
};

/// torchvision.transforms.Resize on an image of Pillow up to 12: first along rows, then along
/// columns, each rounded to bytes. Source: Pillow, src/libImaging/Resample.c.
Image resized(const Image&, int height, int width, const std::string& interpolation);

/// torchvision.transforms.CenterCrop.
Image center_cropped(const Image&, int height, int width);

/// The transformed picture, planar: channel c, row y, column x at (c * height + y) * width + x.
struct Planes {
  int channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};
Planes transformed(const Image&, const Transform&);

}  // namespace ohmic
