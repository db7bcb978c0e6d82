// Pictures as bytes: PNG and JPEG, decoded by libpng and libjpeg to what Pillow's convert("RGB")
// gives of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic {

/// A picture of three channels, red first, interleaved: row y, column x, channel c at
/// (y * width + x) * 3 + c.
struct Image {
  int height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// A PNG or JPEG in memory, which messages call `name`. Palettes, grey and CMYK become RGB, an
/// alpha channel is dropped, of 16 bits the upper 8 stay. Nothing is allocated beyond what so few
/// bytes can hold. Throws DataError.
Image decode_image(std::string_view bytes, const std::string& name);

}  // namespace ohmic
