// Linear propagation of weight noise to logits: no draws, one backward pass per class.
//
// Theory. A small error dW_l of every layer's weights moves logit c of an image by
//
//   dz_c = sum_l <g_lc, dW_l>,    g_lc = gradient of z_c with respect to W_l,
//
// so independent errors of zero mean and std sigma_l give the logits the covariance
//
//   Cov(dz_c, dz_c') = sum_l sigma_l^2 A_l(c, c'),    A_l(c, c') = <g_lc, g_lc'>.
//
// A_l belongs to the network and the image: once known, every choice of sigma_l is a weighted sum.
//
// A weight has one error at every position and time step that meets it: g_lc is the sum of the
// gradients there.
//
// Limits. First order. Where errors are so large that ReLUs switch or errors of different layers
// multiply, the true logits are neither linear nor normal. In a network that is linear in every
// layer's weights taken alone, one noisy layer is exact. Header free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// Logits of images and how weight noise of each layer spreads them.
struct LogitSpread {
  int classes = 0;
  std::vector<std::string> layers;  ///< those with a matrix, in the order of nodes
  std::vector<float> logits;        ///< [image][class], without noise
  /// A_l(c, c') for c' <= c at [image][layer][c (c + 1)/2 + c'], logits^2 per squared unit of
  /// weight.
  std::vector<float> gram;

  std::int64_t images() const {
    return classes == 0 ? 0 : static_cast<std::int64_t>(logits.size()) / classes;
  }
  std::size_t pairs() const { return static_cast<std::size_t>(classes) * (classes + 1) / 2; }
  /// The pairs of one layer for one image.
  const float* of(std::int64_t image, std::size_t layer) const {
    return gram.data() + (static_cast<std::size_t>(image) * layers.size() + layer) * pairs();
  }
};

class NoisePropagation {
 public:
  /// Throws DataError when the weights do not fit.
  NoisePropagation(const Graph&, const Weights&);
  ~NoisePropagation();
  /// Adds images, given as H x W x C each, to a spread of this network (or to an empty one).
  void add(const float* nhwc, std::int64_t images, LogitSpread& spread);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// UnsupportedError where a network uses a crossbar several times: linear propagation, and what
/// sets layers beside it, take each layer for a crossbar of its own.
void refuse_shared_crossbars(const Graph&);

}  // namespace ohmic
