// Which nodes of a graph a training computes together: a BatchNorm of images, the sum that alone
// reads it, and the ReLU that alone reads what there is by then.
#pragma once

#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// By node, what it reads.
using Reads = std::vector<std::vector<int>>;
Reads reads_of(const Graph&);
/// By node, how many times it is read.
std::vector<int> count_readers(const Reads&);

struct NormChain {
  int norm = -1;      ///< -1: none
  int residual = -1;  ///< the other summand; -1: no sum
  bool relu = false;
};

struct NormChains {
  explicit NormChains(const Graph&);

  std::vector<NormChain> ends;  ///< by node: the chain whose value it has
  std::vector<bool> is_within;  ///< by node: another of a chain, which then has no value
  Reads reads;                  ///< where chains are computed at their ends
};

}  // namespace ohmic
