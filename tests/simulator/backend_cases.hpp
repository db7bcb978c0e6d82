// Layers, inputs and the one tolerance that the tests of all back ends share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "simulator/backend.hpp"

namespace ohmic::test {

/// Back ends under test: those of this build, and "emulated": the cuda back end on the host's
/// emulation of a GPU's grid.
std::vector<std::string> backends();
std::unique_ptr<Backend> backend_under_test(const std::string& name);
/// Why this machine cannot run a back end; empty when it can. Where OHMIC_REQUIRE_CUDA=1 is set it
/// must, and this is empty.
std::string missing_machine(const std::string& name);

/// Float sums of K products, whatever their order, differ from the exact ones by a few
/// roundings of the sums on the way; so many cover every case here.
inline double tolerance(double magnitude) {
  return 64.0 * std::numeric_limits<float>::epsilon() * magnitude;
}

/// Kernel k x k on a size x size image, padded as TensorFlow's "same": what is odd goes right.
inline ConvGeometry same_padded(int size, int channels, int filters, int k, int stride) {
  ConvGeometry g;
  g.in_height = g.in_width = size;
  g.in_channels = channels;
  g.out_channels = filters;
  g.kernel_height = g.kernel_width = k;
  g.stride_height = g.stride_width = stride;
  const int out = (size + stride - 1) / stride;
  const int total = std::max(0, (out - 1) * stride + k - size);
  g.pad_top = g.pad_left = total / 2;
  g.pad_bottom = g.pad_right = total - total / 2;
  return g;
}

inline ConvGeometry dense(int in, int out) {
  ConvGeometry g;
  g.in_channels = in;
  g.out_channels = out;
  return g;
}

inline std::size_t values_in(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.in_height) * g.in_width * g.in_channels;
}
inline std::size_t values_out(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.out_height()) * g.out_width() * g.out_channels;
}

/// Standard normals of one sequence.
inline std::vector<float> normals(std::size_t size, std::uint64_t seed) {
  std::vector<float> z(size);
  fill_normals(noise_key(seed, 0), {Stream::synthetic_data}, 0, std::span<float>(z));
  return z;
}

/// One plane of weights given in plane order, one unit of weight per siemens.
inline LayerOnTiles layer_of(const ConvGeometry& g, const std::vector<float>& weights) {
  LayerOnTiles layer;
  layer.geometry = g;
  Plane plane;
  plane.G_S.assign(weights.begin(), weights.end());
  for (const float w : weights)
    plane.current_span_S = std::max(plane.current_span_S, std::abs(double{w}));
  layer.planes.push_back(plane);
  return layer;
}

inline Epilogue identity_epilogue(int channels) {
  return {std::vector<float>(static_cast<std::size_t>(channels), 1.0f),
          std::vector<float>(static_cast<std::size_t>(channels), 0.0f), false};
}

inline std::vector<float> forward(LoadedLayer& layer, const ConvGeometry& g,
                                  const std::vector<float>& x, const float* residual = nullptr,
                                  std::uint64_t first_image = 0) {
  const std::size_t images = x.size() / values_in(g);
  std::vector<float> y(images * values_out(g), std::numeric_limits<float>::quiet_NaN());
  Tally tally;
  layer.forward(x.data(), static_cast<std::int64_t>(images), first_image, residual, y.data(),
                tally);
  return y;
}

/// A geometry with a name for the test's listing.
struct Case {
  std::string name;
  ConvGeometry geometry;
};

inline std::vector<Case> geometries() {
  std::vector<Case> cases;
  for (const int c : {1, 31, 33, 257})
    for (const int stride : {1, 2})
      cases.push_back(
          {"c" + std::to_string(c) + "_n" + std::to_string(288 - c) + "_s" + std::to_string(stride),
           same_padded(5 + stride, c, 288 - c, 3, stride)});
  cases.push_back({"c3_n16_32x32", same_padded(32, 3, 16, 3, 1)});
  cases.push_back({"c16_n16_32x32", same_padded(32, 16, 16, 3, 1)});  // with the next two those
  cases.push_back({"c32_n48_14x14", same_padded(14, 32, 48, 3, 1)});  // that minimal filtering
  cases.push_back({"c64_n64_7x7", same_padded(7, 64, 64, 3, 1)});     // may serve
  cases.push_back({"c29_n48_12x12", same_padded(12, 29, 48, 3, 1)});
  cases.push_back({"c16_n32_even_s2", same_padded(8, 16, 32, 3, 2)});
  cases.push_back({"c16_n32_1x1_s2", same_padded(8, 16, 32, 1, 2)});
  cases.push_back({"c4_n5_5x5", same_padded(7, 4, 5, 5, 1)});
  cases.push_back({"dense_64_10", dense(64, 10)});
  cases.push_back({"dense_257_1", dense(257, 1)});
  cases.push_back({"dense_1_33", dense(1, 33)});
  ConvGeometry wide = same_padded(6, 7, 9, 3, 1);
  wide.in_width = 11;
  wide.kernel_width = 5;
  wide.pad_left = 3;
  wide.pad_right = 1;
  cases.push_back({"uneven", wide});
  ConvGeometry strides = same_padded(9, 5, 18, 3, 1);
  strides.kernel_width = 5;
  strides.pad_left = strides.pad_right = 2;
  strides.stride_width = 2;
  cases.push_back({"strides_1_2", strides});
  ConvGeometry dilated = same_padded(11, 6, 16, 3, 2);
  dilated.dilation_height = 2;
  dilated.dilation_width = 3;
  dilated.pad_top = dilated.pad_bottom = 2;
  dilated.pad_left = 1;
  dilated.pad_right = 3;
  cases.push_back({"dilated_2_3", dilated});
  ConvGeometry line = same_padded(1, 12, 20, 1, 1);  // one axis: a 1-D convolution
  line.in_width = 17;
  line.kernel_width = 4;
  line.stride_width = 3;
  line.pad_left = 1;
  cases.push_back({"line", line});
  ConvGeometry tokens = dense(24, 33);  // a dense layer at every position
  tokens.in_height = 13;
  cases.push_back({"tokens", tokens});
  return cases;
}

/// Groups of several channels, of one (depthwise), with more columns than a block has, and fewer.
inline std::vector<Case> grouped_geometries() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, ConvGeometry g, int groups) {
    g.groups = groups;
    cases.push_back({name, g});
  };
  add("depthwise_c24_s2", same_padded(7, 24, 24, 3, 2), 24);
  add("groups_4_of_8_to_5", same_padded(6, 32, 20, 3, 1), 4);
  add("groups_2_of_3_to_70", same_padded(5, 6, 140, 3, 1), 2);
  add("groups_3_of_33_to_1", same_padded(5, 99, 3, 1, 1), 3);
  ConvGeometry dilated = same_padded(8, 10, 20, 3, 1);
  dilated.dilation_height = dilated.dilation_width = 2;
  dilated.pad_top = dilated.pad_bottom = dilated.pad_left = dilated.pad_right = 2;
  add("groups_10_dilated", dilated, 10);
  return cases;
}

}  // namespace ohmic::test
