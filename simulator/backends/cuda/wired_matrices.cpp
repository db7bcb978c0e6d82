#include "simulator/backends/cuda/wired_matrices.hpp"

#include <algorithm>

namespace ohmic::cuda {

WiredMatrices::WiredMatrices(std::shared_ptr<Machine> machine)
    : machine_(std::move(machine)), there_(machine_), numbers_(machine_) {}

void WiredMatrices::clear() {
  matrices_.clear();
  tiles_ = 0;
  work_ = 0;
  uploaded_ = false;
}

void WiredMatrices::add(int K, int N, TileShape tile, double* G_S) {
  WiredMatrix m{};
  m.K = K, m.N = N;
  m.tile_rows = tile.rows > 0 ? std::min(tile.rows, K) : K;
  m.tile_columns = tile.columns > 0 ? std::min(tile.columns, N) : N;
  m.row_tiles = tile.row_tiles(K), m.column_tiles = tile.column_tiles(N);
  m.first_tile = tiles_;
  m.first_work = work_;
  m.G_S = G_S;
  matrices_.push_back(m);
  const std::int32_t tiles = m.row_tiles * m.column_tiles;
  tiles_ += tiles;
  work_ += tiles * wires_work(m.tile_rows, m.tile_columns);
  uploaded_ = false;
}

void WiredMatrices::solve(const WireConductances& wires) {
  WiresArguments a{};
  a.matrices = uploaded_ ? there_.at_least(matrices_.size()) : there_.assign(matrices_);
  uploaded_ = true;
  a.matrix_count = static_cast<std::int32_t>(matrices_.size());
  a.tiles = tiles_;
  a.wires = wires;
  a.work = numbers_.at_least(static_cast<std::size_t>(work_));
  machine_->run(a);
}

}  // namespace ohmic::cuda
