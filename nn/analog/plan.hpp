// How a Graph runs: which nodes are fused into one crossbar step, in which order, in which buffers.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// One step. A crossbar step is convolution or dense, then what its digital epilogue takes over:
/// BatchNorm, the sum with a residual, ReLU, in this order, each if it follows and nothing else
/// reads the value between; or one recurrent node. A BatchNorm, sum or ReLU that is left is an
/// epilogue by itself, and takes a ReLU after it. Everything else is a digital step of one node.
struct Step {
  int node = 0;    ///< whose output the step gives: the last node fused into it
  int mvm = -1;    ///< the convolution or dense node; -1 without
  int layer = -1;  ///< number of the crossbar layer, in the order of nodes
  int norm = -1;   ///< batch_norm of the epilogue
  bool relu = false;
  int x = 0;          ///< node that is read, but by a digital step
  int residual = -1;  ///< node that is added
  int slot = 0;       ///< buffer that receives the output; -1: a digital or recurrent node's
};

struct Plan {
  std::vector<Step> steps;
  std::vector<int> slot;                ///< of each node's value; -1 where it is never stored
  std::vector<std::int64_t> slot_size;  ///< values per image
  std::vector<int> last_reader;         ///< of each node's value: a step, or -1
  int layers = 0;                       ///< crossbar layers
};

Plan make_plan(const Graph&);

/// The nodes whose values a step reads.
std::vector<int> inputs_of(const Graph&, const Step&);

/// Whether DigitalNodes computes such a node.
bool is_of_operators(const Node&);

/// Values of a node's output per image.
std::int64_t values_per_image(const Node&);

/// Whether a node's output can be negative: its DAC then needs a sign.
bool may_be_negative(const Graph&, int node);

}  // namespace ohmic
