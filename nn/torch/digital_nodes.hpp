// The digital nodes of a network between its crossbar layers, computed by LibTorch on the values of
// one batch. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nn/network/graph.hpp"

namespace ohmic {

class DigitalNodes {
 public:
  /// The graph must outlive it. On "cpu" or "cuda:i".
  DigitalNodes(const Graph&, const std::string& device);
  ~DigitalNodes();
  DigitalNodes(DigitalNodes&&) noexcept;

  /// A batch begins: what was held of another is gone.
  void begin(std::int64_t samples);
  const std::string& device() const;
  /// The value of `node` lies at `values` in the memory of `lie_on` ("cpu", or this one's device),
  /// as Node::shape has it; copied only to another memory, or where a digital node's output would
  /// share it.
  void give(int node, const float* values, const std::string& lie_on);
  /// Computes a digital node; its inputs were given or computed. Of the last one of a batch the
  /// output may share what was given: nobody writes there before it is read.
  void run(int node, bool is_last = false);
  /// A value that was computed here as numbers on the device, in the layout of Node::shape;
  /// DataError where a graph that a program built says another shape than the operator gives.
  const float* values(int node);
  /// Nobody reads the value any more.
  void release(int node);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
