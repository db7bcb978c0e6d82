#include "simulator/backends/cuda/wired_matrices.hpp"

namespace ohmic::cuda {

WiredMatrices::WiredMatrices(std::shared_ptr<Machine> machine)
    : machine_(std::move(machine)), matrices_(machine_), work_(machine_) {}

void WiredMatrices::assign(const std::vector<TiledCells>& all) {
  std::vector<WiredMatrix> matrices;
  std::int32_t tiles = 0;
  std::int64_t work = 0;
  for (const TiledCells& cells : all) {
    const auto [rows, columns] = cells.tile.within(cells.K, cells.N);
    const int down = cells.tile.row_tiles(cells.K), across = cells.tile.column_tiles(cells.N);
    matrices.push_back({cells.K, cells.N, rows, columns, down, across, tiles, work, cells.G_S});
    tiles += down * across;
    work += down * across * wires_work(rows, columns);
  }
  arguments_.matrices = matrices_.assign(matrices);
  arguments_.matrix_count = static_cast<std::int32_t>(matrices.size());
  arguments_.tiles = tiles;
  arguments_.work = work_.at_least(static_cast<std::size_t>(work));
}

void WiredMatrices::solve(const WireConductances& wires) {
  arguments_.wires = wires;
  machine_->run(arguments_);
}

}  // namespace ohmic::cuda
