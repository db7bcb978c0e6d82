// Addresses of what is redrawn at each MVM, `image` the number of the image in its data set.
#pragma once

#include <cstdint>

#include "simulator/host_device.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

OHMIC_HOST_DEVICE Address read_noise_address(std::uint16_t layer, std::uint64_t image) {
  return {Stream::read, layer, 0, image};
}
OHMIC_HOST_DEVICE Address output_noise_address(std::uint16_t layer, std::uint64_t image) {
  return {Stream::output, layer, 0, image};
}
OHMIC_HOST_DEVICE Address thermal_noise_address(std::uint16_t layer, std::uint64_t image) {
  return {Stream::output, layer, 1, image};
}
OHMIC_HOST_DEVICE Address dither_address(std::uint16_t layer, std::uint64_t image) {
  return {Stream::rounding, layer, 0, image};
}

}  // namespace ohmic
