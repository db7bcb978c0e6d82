// Matrices of cells in a machine's memory whose wires are solved in one launch.
#pragma once

#include <memory>
#include <vector>

#include "simulator/backends/cuda/machine.hpp"
#include "simulator/layer.hpp"

namespace ohmic::cuda {

class WiredMatrices {
 public:
  explicit WiredMatrices(std::shared_ptr<Machine> machine);

  void clear();
  /// K x N conductances, element (k, n) at n*K + k, in the machine's memory, cut into tiles.
  void add(int K, int N, TileShape tile, double* G_S);
  bool empty() const { return matrices_.empty(); }
  /// Replaces each tile by its effective conductances; not finite where a circuit has no solution.
  void solve(const WireConductances& wires);

 private:
  std::shared_ptr<Machine> machine_;
  std::vector<WiredMatrix> matrices_;
  std::int32_t tiles_ = 0;  ///< of them
  std::int64_t work_ = 0;   ///< numbers that these are worked on with
  bool uploaded_ = false;
  Array<WiredMatrix> there_;
  Array<double> numbers_;
};

}  // namespace ohmic::cuda
