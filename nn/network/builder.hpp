// Builds a Graph node by node, in the two layouts and with the norms of [model].
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

class GraphBuilder {
 public:
  /// Begins with an input of 32 x 32 x 3. Layout keras_v1 gives convolutions a bias, pads as
  /// TensorFlow and has BatchNorm with epsilon 1e-3 and momentum 0.01; he pads alike on both sides,
  /// has no bias where a norm follows, epsilon 1e-5 and momentum 0.1.
  GraphBuilder(const ModelSettings&, int classes);

  bool is_keras() const { return keras_; }
  const Node& node(int i) const { return graph_.nodes[static_cast<std::size_t>(i)]; }

  // Each returns the index of the node it added. Names prefix parameters.
  int convolution(const std::string& name, int from, int channels, int kernel, int stride,
                  int groups = 1);
  /// `from` itself where model.norm = none.
  int norm(const std::string& name, int from);
  int relu(int from) { return push(next(Op::relu, {from})); }
  int add(int a, int b) { return push(next(Op::add, {a, b})); }
  /// He's option A: every stride-th pixel, channels of zeros evenly on both sides.
  int subsample(int from, int channels, int stride);
  int max_pool(int from) { return pool("MaxPool", from); }  ///< 2 x 2
  int average_pool(int from) { return pool("AveragePool", from); }
  int concatenate(int a, int b);
  /// Average over all pixels, then the dense layer that gives the logits.
  void classify(const std::string& name, int from);

  /// Convolution NAME, norm, ReLU.
  int layer(const std::string& name, const std::string& norm_name, int from, int channels,
            int kernel, int stride, int groups = 1) {
    return relu(norm(norm_name, convolution(name, from, channels, kernel, stride, groups)));
  }

  Graph take() { return std::move(graph_); }

 private:
  std::pair<int, int> padding(int side, int kernel, int stride) const;
  int pool(const std::string& op, int from);
  /// A node whose output has the shape of its first input.
  Node next(Op op, std::vector<int> inputs) const;
  int push(Node node);

  bool keras_;
  std::string norm_;
  int norm_k_;
  Graph graph_;
};

}  // namespace ohmic
