// Nodes of a Graph that are no crossbar's: operators of nn/operators and what they read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// Gives a node the shape of its value, without the axis of samples. Three axes after that of the
/// samples are an image's; `samples_first` false: no image.
void set_shape(Node&, std::vector<std::int64_t> shape, bool samples_first = true);

// Each returns the index of the node it added.

/// A constant: whole numbers, as operators take axes, shapes and pads.
int add_integers(Graph&, const std::vector<std::int64_t>& values);
/// A digital node, in ONNX's words at Graph::opset: N x C x H x W where its inputs are images,
/// whose value has `shape`, without the axis of samples. What the operator gives is not asked: it
/// needs LibTorch, which readers do without.
int add_operator(Graph&, const std::string& op, std::vector<int> inputs,
                 std::vector<std::int64_t> shape, std::map<std::string, Attribute> attributes = {});

}  // namespace ohmic
