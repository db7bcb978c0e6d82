#include "nn/torch/norm_chains.hpp"

namespace ohmic {
namespace {

constexpr int kNobody = -1, kSeveral = -2;

std::size_t at(int node) { return static_cast<std::size_t>(node); }

/// By node, who alone reads it.
std::vector<int> sole_readers(const Reads& reads) {
  std::vector<int> readers(reads.size(), kNobody);
  for (int i = 0; i < std::ssize(reads); ++i)
    for (const int input : reads[at(i)])
      readers[at(input)] = readers[at(input)] == kNobody ? i : kSeveral;
  return readers;
}

}  // namespace

Reads reads_of(const Graph& graph) {
  Reads reads;
  for (const Node& node : graph.nodes) reads.push_back(node.inputs);
  return reads;
}

std::vector<int> count_readers(const Reads& reads) {
  std::vector<int> readers(reads.size(), 0);
  for (const std::vector<int>& inputs : reads)
    for (const int input : inputs) ++readers[at(input)];
  return readers;
}

NormChains::NormChains(const Graph& graph)
    : ends(graph.nodes.size()), is_within(graph.nodes.size(), false), reads(reads_of(graph)) {
  const std::vector<int> readers = sole_readers(reads);
  for (int norm = 0; norm < std::ssize(graph.nodes); ++norm) {
    const Node& node = graph.nodes[at(norm)];
    if (node.op != Op::batch_norm || node.l1 || !node.shape.empty()) continue;
    int end = norm;
    const auto goes_on_with = [&](Op op) {
      const int next = readers[at(end)];
      if (next < 0 || graph.nodes[at(next)].op != op || is_within[at(next)] ||
          ends[at(next)].norm >= 0)
        return false;
      is_within[at(end)] = true;
      reads[at(end)].clear();
      end = next;
      return true;
    };
    NormChain chain{norm};
    std::vector<int> read = node.inputs;
    if (goes_on_with(Op::add)) {
      const std::vector<int>& summands = graph.nodes[at(end)].inputs;
      chain.residual = summands[0] == norm ? summands[1] : summands[0];
      read.push_back(chain.residual);
    }
    chain.relu = goes_on_with(Op::relu);
    ends[at(end)] = chain;
    reads[at(end)] = read;
  }
}

}  // namespace ohmic
