// The networks that [model] name can be, for 32 x 32 images; `model.width` scales each.
#pragma once

#include <optional>

#include "nn/network/graph.hpp"

namespace ohmic {

// Each is absent when the name is not its own.

/// resnetD, D = 6n+2, 8 to 1202 (He et al. 2016, section 4.2): three stages of n basic blocks of
/// width, 2 width, 4 width filters. plainD is the same without shortcuts.
std::optional<Graph> resnet(const ModelSettings&, int classes);

/// vgg11, vgg13, vgg16 (Simonyan and Zisserman 2015, configurations A, B, D): five stages of 3x3
/// convolutions of width times 1, 2, 4, 8, 8 filters (the published width is 64), each ended by a
/// 2x2 maximum; one dense layer.
std::optional<Graph> vgg(const ModelSettings&, int classes);

/// mobilenet: a 3x3 convolution of width filters, then depthwise 3x3 and pointwise 1x1 convolutions
/// (Howard et al. 2017) to width times 2, 4, 4, 8, 8 filters, the second and the fourth at
/// stride 2.
std::optional<Graph> mobilenet(const ModelSettings&, int classes);

/// densenetD, D = 3n+4, 7 to 250 (Huang et al. 2017): three blocks of n layers BatchNorm-ReLU-3x3
/// convolution, each adding `width` channels (the growth rate, published 12 or 24) to 2 width of
/// the first convolution; 1x1 convolution and 2x2 average between blocks.
std::optional<Graph> densenet(const ModelSettings&, int classes);

}  // namespace ohmic
