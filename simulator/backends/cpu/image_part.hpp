// What a part of one image drives, handed from products to the columns' ends.
#pragma once

#include <cstddef>
#include <functional>

namespace ohmic::cpu {

/// One phase of one product: positions x N values from position `first` on, variances null where
/// reads are quiet. Whoever takes it may write into both.
struct ImagePart {
  std::size_t image;  ///< of those that were given
  std::size_t product, phase, first, positions;
  float* sums;
  float* variances;
};
using TakePart = std::function<void(const ImagePart&)>;

}  // namespace ohmic::cpu
