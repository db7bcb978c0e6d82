// The matrix that a layer computes with, programmed a few columns at a time.
#include <algorithm>

#include "mapping/mapped_layer.hpp"

namespace ohmic {
namespace {

// Cells whose conductances are held at a time where all of them are not needed at once.
constexpr std::size_t kCellsAtOnce = std::size_t{1} << 18;

}  // namespace

bool MappedLayer::has_independent_columns(const Moment& moment) const {
  return !has_references() && !moment.periphery.wires && !compensates(moment.device);
}

MappedLayer::Product MappedLayer::program_product(const DeviceModel& device, NoiseKey key,
                                                  const Periphery& periphery,
                                                  const WireSolver& solver) const {
  const Moment moment{device, key, device.time_s, periphery, solver};
  const int N = geometry_.columns(), K = geometry_.rows();
  const int few = std::max(1, static_cast<int>(kCellsAtOnce / static_cast<std::size_t>(K)));
  if (few >= N || !has_independent_columns(moment)) {
    const LayerOnTiles layer = program(device, key, periphery, solver);
    return {layer.effective_weights(), layer.effective_bias()};
  }
  check(device, periphery);
  Product product;
  product.weights.reserve(static_cast<std::size_t>(geometry_.kernel_rows()) * geometry_.columns());
  for (int n = 0; n < N; n += few) {
    const Columns columns{n, std::min(few, N - n)};
    LayerOnTiles part{layer_, geometry_, settings_.tile,   sense(columns, moment),
                      {},     key,       input_full_scale_};
    part.geometry.out_channels = columns.count;
    const std::vector<float> weights = part.effective_weights(), bias = part.effective_bias();
    product.weights.insert(product.weights.end(), weights.begin(), weights.end());
    product.bias.insert(product.bias.end(), bias.begin(), bias.end());
  }
  return product;
}

}  // namespace ohmic
