// Other ways to read a set of images: the usual normalisations, and orders of bytes that files and
// networks disagree about. What a network answers under them tells how it was trained.
#pragma once

#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// Where the bytes of a picture are taken from.
enum class PixelOrder {
  as_read,
  bgr,          ///< first and last channel exchanged
  interleaved,  ///< the bytes are H x W x C
  planar,       ///< the bytes were written as C x H x W and read as H x W x C
  turned,       ///< by 180 degrees, as kernels that are stored flipped need it
  transposed,   ///< rows and columns exchanged
};

/// One way to read images.
struct Reading {
  std::string name;  ///< for a sentence: "normalize = \"none\"", "channels in the order BGR"
  PixelOrder order = PixelOrder::as_read;
  Normalization normalization;
};

/// Whether samples are pictures of bytes, of one channel or three, first or last.
bool has_readings(const ImageSet&);

/// Of test images that have readings: every usual normalisation with images as they are and with
/// channels exchanged; every other order, and the negative, with the data set's own normalisation.
/// The data set's own reading comes first, with an empty name; no other has its normalisation with
/// images as they are. Where training images are not at hand, the mean of every pixel is that of
/// the test images.
std::vector<Reading> usual_readings(const Dataset&);

/// The images, held in memory, with the bytes of each in another order; of pictures it is known
/// where their channels lie.
ImageSet read_as(PixelOrder, const ImageSet&);

/// The mean of every pixel over a set, divided by 255.
std::vector<float> per_pixel_mean(const ImageSet&);

}  // namespace ohmic
