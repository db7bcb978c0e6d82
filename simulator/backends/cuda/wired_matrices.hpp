// Matrices of cells in a machine's memory whose wires are solved in one launch.
#pragma once

#include <memory>
#include <vector>

#include "simulator/backends/cuda/machine.hpp"
#include "simulator/layer.hpp"

namespace ohmic::cuda {

/// K x N conductances, element (k, n) at n*K + k, in a machine's memory, cut into tiles.
struct TiledCells {
  int K, N;
  TileShape tile;
  double* G_S;
};

class WiredMatrices {
 public:
  explicit WiredMatrices(std::shared_ptr<Machine> machine);

  /// What solve() is for from now on.
  void assign(const std::vector<TiledCells>&);
  /// Replaces each tile by its effective conductances; not finite where a circuit has no solution.
  void solve(const WireConductances& wires);

 private:
  std::shared_ptr<Machine> machine_;
  Array<WiredMatrix> matrices_;
  Array<double> work_;
  WiresArguments arguments_{};
};

}  // namespace ohmic::cuda
