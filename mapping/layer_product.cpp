// The matrix that a layer computes with, programmed a few columns at a time.
#include <algorithm>
#include <utility>

#include "mapping/mapped_layer.hpp"

namespace ohmic {
namespace {

// Cells whose conductances are held at a time where all of them are not needed at once.
constexpr std::size_t kCellsAtOnce = std::size_t{1} << 18;

}  // namespace

bool MappedLayer::has_independent_columns(const ReadConditions& moment) const {
  return !has_references() && !moment.periphery.wires && !compensates(moment.device) &&
         !settings_.denoise;
}

void MappedLayer::each_product(const DeviceModel& device, NoiseKey key, const Periphery& periphery,
                               const WireSolver& solver,
                               const std::function<void(Product)>& take) const {
  const ReadConditions moment{device, key, device.time_s, periphery, solver};
  const int N = geometry_.columns(), K = geometry_.rows();
  const int few = std::max(1, static_cast<int>(kCellsAtOnce / static_cast<std::size_t>(K)));
  if (few >= N || !has_independent_columns(moment)) {
    const LayerOnTiles layer = program(device, key, periphery, solver);
    return take({layer.effective_weights(), layer.effective_bias()});
  }
  check(device, periphery);
  for (int n = 0; n < N; n += few) {
    const Columns columns{n, std::min(few, N - n)};
    LayerOnTiles part{layer_, geometry_, settings_.tile,   sense(columns, moment),
                      {},     key,       input_full_scale_};
    part.geometry.out_channels = columns.count;
    take({part.effective_weights(), part.effective_bias()});
  }
}

MappedLayer::Product MappedLayer::program_product(const DeviceModel& device, NoiseKey key,
                                                  const Periphery& periphery,
                                                  const WireSolver& solver) const {
  Product all;
  each_product(device, key, periphery, solver, [&](Product part) {
    if (all.weights.empty()) {
      all = std::move(part);
      all.weights.reserve(static_cast<std::size_t>(geometry_.kernel_rows()) * geometry_.columns());
      return;
    }
    all.weights.insert(all.weights.end(), part.weights.begin(), part.weights.end());
    all.bias.insert(all.bias.end(), part.bias.begin(), part.bias.end());
  });
  return all;
}

}  // namespace ohmic
