// A convolution on channels-last activations with what follows fused.
#pragma once

#include "simulator/layer.hpp"

namespace ohmic::onednn {

/// Number format of a product's two factors; sums are float.
enum class Format { f32, bf16 };

/// y = [y +] conv(x, W) [+ bias], then [max(y, 0), 0 for what is not a number].
/// x: images x H x W x C in `format`, y: images x OH x OW x N float.
struct ConvolutionSpec {
  ConvGeometry geometry;
  int images = 1;
  Format format = Format::f32;
  bool has_bias = false;
  bool accumulates = false;  ///< adds to what y holds
  bool relu = false;
  /// Whether products may be Winograd's minimal filtering where that is faster: sums in float whose
  /// rounding is two to three times that of direct ones, so that sums of integers are not exact.
  bool may_filter_minimally = false;
};

}  // namespace ohmic::onednn
