// Where the outputs of a network's nodes lie while a batch is on its way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "nn/analog/mapped_network_state.hpp"
#include "nn/torch/digital_nodes.hpp"

namespace ohmic {

/// Of crossbar layers and epilogues in the back end's memory, of digital nodes where LibTorch
/// computes them, of recurrent ones on the host. `nhwc` is the batch.
class NodeValues {
 public:
  /// The back end must outlive it.
  NodeValues(const MappedNetwork&, Backend&);

  /// Makes room for a batch; what was held of another is gone.
  void begin(std::int64_t images);
  /// Gives all memory back.
  void free();
  /// Whether one image's value fills so much that what is left of others is given back at once.
  bool are_large() const;

  /// Where a node's output lies; null for no node.
  const float* of(int node, const float* nhwc);
  /// That where the host can read it, until another batch begins.
  const float* on_host(int node, const float* nhwc);
  /// Where a step with a slot writes.
  float* slot_of(const Step& step) { return slot_values_[static_cast<std::size_t>(step.slot)]; }
  /// Where a recurrent node's output is put together.
  std::vector<float>& recurrent(int node) { return host_values_[node]; }
  /// Computes a digital node.
  void compute(const Step&, const float* nhwc);
  /// Nobody reads after step number `step` what only it reads.
  void release_after(std::size_t step);

 private:
  MappedNetwork network_;
  Backend& backend_;
  std::vector<std::unique_ptr<Activations>> slots_;
  std::vector<float*> slot_values_;  ///< where each slot lies now
  DigitalNodes operators_;
  std::int64_t samples_ = 0;
  std::map<int, std::vector<float>> host_values_;  ///< copies for digital nodes; recurrent ones
};

}  // namespace ohmic
