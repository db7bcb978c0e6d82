#include "mapping/mapped_layer.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "simulator/error.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

// Cells that one task programs at a time: a few arrays of this size stay in the first-level cache.
constexpr std::size_t kCellsPerTask = 1024;

void refuse_if_not_finite(const std::string& name, std::span<const float> weights) {
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!std::isfinite(weights[i]))
      throw DataError("layer " + name + ": weight " + std::to_string(i) + " is " +
                      std::to_string(weights[i]) + "; only finite weights can be mapped");
}

double population_std(std::span<const float> values) {
  double sum = 0, squares = 0;
  for (const float v : values) sum += v;
  const double mean = sum / static_cast<double>(values.size());
  for (const float v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// Percentile of |values|, linear between order statistics.
double magnitude_percentile(std::span<const float> values, double percent) {
  std::vector<float> magnitudes(values.size());
  std::transform(values.begin(), values.end(), magnitudes.begin(),
                 [](float v) { return std::abs(v); });
  const double rank = percent / 100.0 * static_cast<double>(values.size() - 1);
  const auto below = magnitudes.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(magnitudes.begin(), below, magnitudes.end());
  const double low = *below;
  if (below + 1 == magnitudes.end()) return low;
  const double high = *std::min_element(below + 1, magnitudes.end());
  return low + (rank - std::floor(rank)) * (high - low);
}

LayerScale scale_of(std::span<const float> weights, const MappingSettings& settings,
                    double g_range_S) {
  LayerScale scale;
  scale.sigma_w = population_std(weights);
  scale.w_max = magnitude_percentile(weights, settings.weight_percentile);
  if (scale.w_max == 0.0) scale.w_max = 1.0;  // a layer of zeros: any scale maps it
  scale.weight_per_S = scale.w_max / g_range_S;
  scale.devices_per_weight = 2;
  return scale;
}

}  // namespace

MappedLayer::MappedLayer(std::string name, std::uint16_t layer, ConvGeometry geometry,
                         std::span<const float> weights, const MappingSettings& settings,
                         double g_min_S, double g_max_S)
    : name_(std::move(name)),
      layer_(layer),
      geometry_(geometry),
      weights_(weights.begin(), weights.end()),
      settings_(settings),
      g_min_S_(g_min_S),
      g_max_S_(g_max_S) {
  OHMIC_ASSERT(static_cast<std::int64_t>(weights.size()) ==
               std::int64_t{geometry.rows()} * geometry.columns());
  OHMIC_ASSERT(g_min_S < g_max_S);
  refuse_if_not_finite(name_, weights);
  scale_ = scale_of(weights, settings, g_max_S - g_min_S);
  const auto limit = static_cast<float>(scale_.w_max);
  for (float& w : weights_) {
    if (std::abs(w) > limit) ++clipped_weights_;
    w = std::clamp(w, -limit, limit);
  }
}

int MappedLayer::roles() const { return 2; }

void MappedLayer::target_S(int role, std::uint64_t first, std::span<double> out) const {
  const float* w = weights_.data() + first;
  const double S_per_weight = (role == 0 ? 1.0 : -1.0) / scale_.weight_per_S;
  if (settings_.form == DifferentialForm::one_sided) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = g_min_S_ + std::max(w[i] * S_per_weight, 0.0);
  } else {
    const double g_mid_S = 0.5 * (g_min_S_ + g_max_S_);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = g_mid_S + 0.5 * S_per_weight * w[i];
  }
}

// Programs one role's devices and ages them to time_s, block by block in parallel; then
// done(block, targets, conductances) takes what it needs.
template <class Done>
void MappedLayer::for_each_block(int role, const DeviceModel& device, NoiseKey key,
                                 const Done& done) const {
  const CellLayout layout{geometry_.rows(), geometry_.columns(), settings_.tile.rows,
                          settings_.tile.columns};
  const std::size_t cells = weights_.size();
  const std::size_t tasks = (cells + kCellsPerTask - 1) / kCellsPerTask;
#pragma omp parallel for schedule(static) if (tasks > 1)
  for (std::size_t task = 0; task < tasks; ++task) {
    const std::size_t first = task * kCellsPerTask;
    const std::size_t n = std::min(kCellsPerTask, cells - first);
    std::array<double, kCellsPerTask> target_S, G_S;
    const std::span<double> targets(target_S.data(), n), conductances(G_S.data(), n);
    const DeviceBlock block{key, layer_, static_cast<std::uint8_t>(role), first, &scale_, &layout};
    this->target_S(role, first, targets);
    device.program(block, targets, conductances);
    if (device.time_s > 0) device.drift(block, device.time_s, targets, conductances);
    done(block, std::span<const double>(targets), std::span<const double>(conductances));
  }
}

MappedLayer::RoleMatrix MappedLayer::role_matrix(int role, const DeviceModel& device, NoiseKey key,
                                                 const Periphery& periphery) const {
  RoleMatrix m;
  m.G_S.resize(weights_.size());
  const bool noisy = periphery.read_noise && device.reads_noisily();
  if (noisy) m.read_sigma_S.resize(weights_.size());
  for_each_block(role, device, key, [&](const DeviceBlock& block, auto targets, auto G_S) {
    std::copy(G_S.begin(), G_S.end(), m.G_S.begin() + static_cast<std::ptrdiff_t>(block.first));
    if (!noisy) return;
    const std::span<double> sigma_S(m.read_sigma_S.data() + block.first, G_S.size());
    device.read_sigma(block, device.time_s, targets, G_S, sigma_S);
  });
  if (periphery.wires) wire(m, *periphery.wires);
  return m;
}

// Wires in front of a cell weaken its noise as they weaken its current: exactly so for drops that
// other cells cause, an upper bound for its own.
void MappedLayer::wire(RoleMatrix& m, const Wires& wires) const {
  const std::vector<double> alone_S = m.read_sigma_S.empty() ? std::vector<double>{} : m.G_S;
  apply_wires(geometry_.rows(), geometry_.columns(), settings_.tile, wires, m.G_S);
  for (std::size_t i = 0; i < alone_S.size(); ++i)
    if (alone_S[i] != 0) m.read_sigma_S[i] *= std::abs(m.G_S[i] / alone_S[i]);
}

LayerOnTiles MappedLayer::program(const DeviceModel& device, NoiseKey key,
                                  const Periphery& periphery) const {
  LayerOnTiles layer{layer_, geometry_, settings_.tile, {}, periphery, key};
  Plane& plane = layer.planes.emplace_back();
  plane.weight_per_S = scale_.weight_per_S;
  plane.current_span_S = g_max_S_ - g_min_S_;
  plane.G_S.resize(weights_.size());
  for (int role = 0; role < roles(); ++role) {
    const RoleMatrix m = role_matrix(role, device, key, periphery);
    const double sign = role == 0 ? 1.0 : -1.0;
    for (std::size_t i = 0; i < m.G_S.size(); ++i) plane.G_S[i] += sign * m.G_S[i];
    plane.read_variance_S2.resize(m.read_sigma_S.size());
    for (std::size_t i = 0; i < m.read_sigma_S.size(); ++i)
      plane.read_variance_S2[i] += m.read_sigma_S[i] * m.read_sigma_S[i];
  }
  return layer;
}

std::vector<double> MappedLayer::programmed_S(int role, const DeviceModel& device,
                                              NoiseKey key) const {
  return role_matrix(role, device, key, {}).G_S;
}

}  // namespace ohmic
