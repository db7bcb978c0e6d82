#include "mapping/mapped_layer.hpp"

#include <algorithm>
#include <cmath>

#include "mapping/denoise.hpp"
#include "simulator/call_error.hpp"
#include "simulator/error.hpp"
#include "simulator/wire_conductances.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

// Events of the reads that compensation makes, beyond any image's.
constexpr std::uint64_t kCompensationReads = std::uint64_t{1} << 46;

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

// Of the weights without the bias row.
double kernel_std(const ConvGeometry& g, std::span<const float> weights) {
  if (g.bias_rows == 0) return population_std(weights);
  std::vector<float> kernel;
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (static_cast<int>(i % static_cast<std::size_t>(g.rows())) < g.kernel_rows())
      kernel.push_back(weights[i]);
  return population_std(kernel);
}

// Percentile of |values|, linear between order statistics.
double magnitude_percentile(std::span<const float> values, double percent) {
  const auto is_smaller = [](float a, float b) { return std::abs(a) < std::abs(b); };
  if (percent >= 100) return std::abs(*std::max_element(values.begin(), values.end(), is_smaller));
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

// Columns of K values, those of each array followed by its reference column: furthest from the
// drivers.
std::vector<double> with_references(int K, const TileGrid& grid, const std::vector<double>& cells,
                                    const std::vector<double>& references) {
  std::vector<double> all;
  const int N = static_cast<int>(cells.size()) / K;
  const auto append = [&](const std::vector<double>& from, int column) {
    const auto first = from.begin() + std::ptrdiff_t{column} * K;
    all.insert(all.end(), first, first + K);
  };
  for (int n = 0; n < N; ++n) {
    append(cells, n);
    const int tile = grid.column_tile(n);
    if (n + 1 == N || grid.column_tile(n + 1) != tile) append(references, tile);
  }
  return all;
}

// The same, back to where they came from.
void take_references(int K, const TileGrid& grid, const std::vector<double>& all,
                     std::vector<double>& cells, std::vector<double>& references) {
  const int N = static_cast<int>(cells.size()) / K;
  auto from = all.begin();
  for (int n = 0; n < N; ++n, from += K) {
    std::copy(from, from + K, cells.begin() + std::ptrdiff_t{n} * K);
    const int tile = grid.column_tile(n);
    if (n + 1 < N && grid.column_tile(n + 1) == tile) continue;
    from += K;
    std::copy(from, from + K, references.begin() + std::ptrdiff_t{tile} * K);
  }
}

void weaken(const std::vector<double>& alone_S, const std::vector<double>& wired_S,
            std::vector<double>& sigma_S) {
  for (std::size_t i = 0; i < sigma_S.size(); ++i)
    sigma_S[i] = behind_wires(sigma_S[i], alone_S[i], wired_S[i]);
}

/// What the weights of a group are measured against. Where the percentile is 0 although there are
/// weights, the largest; where there are none, so little that no cell of theirs counts: an even
/// number of codes about 0 has none for 0, and a device of its own noise.
double largest_magnitude(std::span<const float> weights, double percentile) {
  constexpr double kNothing = 1e-30, kAll = 100;
  for (const double share : {percentile, kAll})
    if (const double w_max = magnitude_percentile(weights, share); w_max > 0) return w_max;
  return kNothing;
}

}  // namespace

MappedLayer::MappedLayer(std::string name, std::uint16_t layer, ConvGeometry geometry,
                         std::span<const float> weights, const MappingSettings& settings,
                         double g_min_S, double g_max_S, double input_full_scale,
                         std::shared_ptr<const void> owner)
    : name_(std::move(name)),
      layer_(layer),
      geometry_(geometry),
      weights_(std::move(owner), weights.data()),
      settings_(settings),
      grid_(geometry, settings.tile),
      code_(settings, g_min_S, g_max_S),
      input_full_scale_(input_full_scale) {
  require_call(static_cast<std::int64_t>(weights.size()) ==
                   std::int64_t{geometry.rows()} * geometry.columns(),
               "MappedLayer: needs a weight for every row and column of the geometry");
  require_call(g_min_S < g_max_S, "MappedLayer: g_min_S must be below g_max_S");
  refuse_if_not_finite(name_, weights);
  if (weights_.use_count() == 0) own({weights.begin(), weights.end()});
  scale_.sigma_w = kernel_std(geometry, weights);
  scale_.w_max = largest_magnitude(weights, settings.weight_percentile);
  scale_.weight_per_S = scale_.w_max * code_.value_per_S();
  scale_.devices_per_weight = code_.devices();
  if (settings.weight_scale != ScaleGroup::layer) find_gains();
  clip_weights();
}

void MappedLayer::own(std::vector<float> weights) {
  const auto owner = std::make_shared<const std::vector<float>>(std::move(weights));
  weights_ = {owner, owner->data()};
}

// Each group's w_max over the layer's, for every slot.
void MappedLayer::find_gains() {
  std::vector<std::vector<float>> members(grid_.groups(settings_.weight_scale));
  const auto group = [&](std::size_t slot) { return grid_.group_of(settings_.weight_scale, slot); };
  grid_.for_each_slot([&](std::size_t slot, std::size_t first, std::size_t n) {
    auto& own = members[group(slot)];
    const auto cells = weights().subspan(first, n);
    own.insert(own.end(), cells.begin(), cells.end());
  });
  std::vector<double> gain;
  for (const auto& own : members)
    gain.push_back(largest_magnitude(own, settings_.weight_percentile) / scale_.w_max);
  for (std::size_t slot = 0; slot < grid_.slots(); ++slot) gains_.push_back(gain[group(slot)]);
}

double MappedLayer::w_max_of(std::size_t slot) const {
  return gains_.empty() ? scale_.w_max : scale_.w_max * gains_[slot];
}

void MappedLayer::clip_weights() {
  std::vector<float> clipped;  // empty as long as none is
  grid_.for_each_slot([&](std::size_t slot, std::size_t first, std::size_t n) {
    const auto limit = static_cast<float>(w_max_of(slot));
    for (std::size_t i = first; i < first + n; ++i) {
      const float w = weights()[i];
      if (!(std::abs(w) > limit)) continue;
      if (clipped.empty()) clipped.assign(weights().begin(), weights().end());
      clipped[i] = std::clamp(w, -limit, limit);
      ++clipped_weights_;
    }
  });
  if (!clipped.empty()) own(std::move(clipped));
}

// What cells from `first` on hold: weights over the largest of their group.
void MappedLayer::values(std::uint64_t first, std::span<double> out) const {
  const float* w = weights_.get() + first;
  const double per_layer = 1.0 / scale_.w_max;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = w[i] * per_layer;
  if (gains_.empty()) return;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = std::clamp(w[i] / w_max_of(grid_.slot_of(first + i)), -1.0, 1.0);
}

void MappedLayer::target_S(int role, std::uint64_t first, std::span<double> out) const {
  std::vector<double> v(out.size());
  values(first, v);
  code_.targets(code_.roles()[static_cast<std::size_t>(role)], v, out);
}

void MappedLayer::spare(std::vector<bool> columns) {
  require_call(columns.empty() || static_cast<int>(columns.size()) == geometry_.columns(),
               "MappedLayer::spare: needs an entry for every column, or none");
  spared_ = std::move(columns);
}

// A column of reference devices per tile, seen from every cell that is measured against it.
MappedLayer::RoleMatrix MappedLayer::spread_reference(const RoleMatrix& reference) const {
  const auto K = static_cast<std::ptrdiff_t>(geometry_.rows());
  RoleMatrix m;
  const auto spread = [&](const std::vector<double>& from, std::vector<double>& to) {
    if (from.empty()) return;
    for (int n = 0; n < geometry_.columns(); ++n) {
      const auto column = from.begin() + grid_.column_tile(n) * K;
      to.insert(to.end(), column, column + K);
    }
  };
  spread(reference.G_S, m.G_S);
  spread(reference.read_sigma_S, m.read_sigma_S);
  return m;
}

// The reference devices of all arrays, where this role's cells are measured against such.
MappedLayer::RoleMatrix MappedLayer::references_of(int role, const ReadConditions& moment) const {
  if (!is_reference(role + 1)) return {};
  const auto rows = static_cast<std::size_t>(geometry_.rows());
  return devices(role + 1, 0, rows * static_cast<std::size_t>(grid_.column_tiles()), moment);
}

// A reference column stands in the array of its cells, so wires join the two.
void MappedLayer::wire(RoleMatrix& cells, RoleMatrix& references,
                       const ReadConditions& moment) const {
  const Wires& wires = *moment.periphery.wires;
  const int K = geometry_.rows(), N = geometry_.columns();
  const std::vector<double> cells_S = cells.G_S, references_S = references.G_S;
  if (references.G_S.empty()) {
    moment.solver(K, N, settings_.tile, wires, cells.G_S);
  } else {
    TileShape wider = settings_.tile;
    if (wider.columns > 0) ++wider.columns;
    std::vector<double> all = with_references(K, grid_, cells.G_S, references.G_S);
    moment.solver(K, N + grid_.column_tiles(), wider, wires, all);
    take_references(K, grid_, all, cells.G_S, references.G_S);
  }
  weaken(cells_S, cells.G_S, cells.read_sigma_S);
  weaken(references_S, references.G_S, references.read_sigma_S);
}

void MappedLayer::add_role(int role, const RoleMatrix& m, std::vector<Plane>& planes) const {
  const CellCode::Role& code = code_.roles()[static_cast<std::size_t>(role)];
  Plane& plane = planes[static_cast<std::size_t>(code.plane)];
  for (std::size_t i = 0; i < m.G_S.size(); ++i) plane.G_S[i] += code.sign * m.G_S[i];
  plane.read_variance_S2.resize(m.read_sigma_S.size());
  for (std::size_t i = 0; i < m.read_sigma_S.size(); ++i)
    plane.read_variance_S2[i] += m.read_sigma_S[i] * m.read_sigma_S[i];
}

// Non-linear cells as sums of three products, and on wires as arrays to be solved.
void MappedLayer::add_cells(int role, const RoleMatrix& m, const NonLinearCells& cells,
                            bool on_wires, std::vector<Plane>& planes) const {
  const CellCode::Role& code = code_.roles()[static_cast<std::size_t>(role)];
  Plane& plane = planes[static_cast<std::size_t>(code.plane)];
  std::vector<double> a(m.G_S.size()), b(m.G_S.size());
  cells.curve->coefficients(m.G_S, a, b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    plane.a_A_V2[i] += code.sign * a[i];
    plane.b_A_V3[i] += code.sign * b[i];
  }
  if (on_wires) plane.arrays.push_back({code.sign, m.G_S});
}

// What an ideal reference of such cells takes away, and how far currents can go at full drive.
void MappedLayer::start_cells(const NonLinearCells& cells, double reference_S, Plane& plane) const {
  const double V = cells.full_scale_V, one_S[] = {code_.g_max_S()}, volts[] = {V};
  double current_A[1], slope_S[1], a[1] = {0}, b[1] = {0};
  cells.curve->evaluate(one_S, volts, current_A, slope_S);
  plane.current_span_S *= std::max(1.0, current_A[0] / (V * one_S[0]));
  const double middle_S[] = {reference_S};
  if (reference_S > 0) cells.curve->coefficients(middle_S, a, b);
  plane.a_A_V2.assign(plane.G_S.size(), -a[0]);
  plane.b_A_V3.assign(plane.G_S.size(), -b[0]);
  plane.reference_S = reference_S;
}

// Of some columns, without conductances.
std::vector<Plane> MappedLayer::planes(Columns columns) const {
  std::vector<double> gains;  // [row tile][column]
  for (auto row = gains_.begin(); row != gains_.end(); row += geometry_.columns())
    gains.insert(gains.end(), row + columns.first, row + columns.first + columns.count);
  std::vector<Plane> planes;
  for (const CellCode::PlaneCode& code : code_.planes()) {
    Plane& plane = planes.emplace_back();
    plane.weight_per_S = scale_.w_max * code.value_per_S;
    plane.current_span_S = code.span_S;
    plane.unipolar = code.unipolar;
    plane.gain = gains;
  }
  return planes;
}

// Those columns; all of them where they know of each other (has_independent_columns).
std::vector<Plane> MappedLayer::sense(Columns columns, const ReadConditions& moment) const {
  const std::size_t first = cells_of({0, columns.first}), count = cells_of(columns);
  const auto cells = moment.device.non_linear();
  const bool on_wires = moment.periphery.wires.has_value();
  std::vector<Plane> planes = this->planes(columns);
  for (std::size_t p = 0; p < planes.size(); ++p) {
    const double reference_S = code_.planes()[p].reference_S;
    planes[p].G_S.assign(count, -reference_S);
    if (cells) start_cells(*cells, reference_S, planes[p]);
  }
  for (int role = 0; role < roles(); ++role) {
    if (is_reference(role)) continue;
    RoleMatrix devices_here = devices(role, first, count, moment);
    RoleMatrix references = references_of(role, moment);
    if (cells) add_cells(role, devices_here, *cells, on_wires, planes);
    if (cells && is_reference(role + 1))
      add_cells(role + 1, spread_reference(references), *cells, on_wires, planes);
    if (on_wires) wire(devices_here, references, moment);
    add_role(role, devices_here, planes);
    if (is_reference(role + 1)) add_role(role + 1, spread_reference(references), planes);
  }
  return planes;
}

// Sum of the magnitudes that each compensated group answers to the identity, read once with noise.
std::vector<double> MappedLayer::response(const Plane& plane, std::size_t index,
                                          const ReadConditions& moment) const {
  const ScaleGroup group =
      settings_.compensation == Compensation::tile ? ScaleGroup::tile : ScaleGroup::column;
  std::vector<double> xi(plane.read_variance_S2.size()), sums(grid_.groups(group), 0.0);
  const std::uint64_t event = kCompensationReads + (moment.age_s > 0 ? 1 : 0);
  fill_normals(moment.key, {Stream::read, layer_, static_cast<std::uint8_t>(index), event}, 0,
               std::span(xi));
  grid_.for_each_slot([&](std::size_t slot, std::size_t first, std::size_t n) {
    double& sum = sums[grid_.group_of(group, slot)];
    for (std::size_t i = first; i < first + n; ++i) {
      const double noise = xi.empty() ? 0.0 : std::sqrt(plane.read_variance_S2[i]) * xi[i];
      sum += std::abs(plane.G_S[i] + noise);
    }
  });
  std::vector<double> per_slot(grid_.slots());
  for (std::size_t slot = 0; slot < per_slot.size(); ++slot)
    per_slot[slot] = sums[grid_.group_of(group, slot)];
  return per_slot;
}

// Multiplies what comes from each group by how much less it answered, when that was read last, than
// right after programming.
void MappedLayer::compensate(std::vector<Plane>& planes, const ReadConditions& moment) const {
  const auto at = [&](double age_s) {
    return ReadConditions{moment.device, moment.key, age_s, moment.periphery, moment.solver};
  };
  const ReadConditions fresh = at(0.0), read = at(settings_.compensation_s.value_or(moment.age_s));
  const std::vector<Plane> before = sense(all_columns(), fresh);
  std::vector<Plane> earlier;
  if (read.age_s < moment.age_s) earlier = sense(all_columns(), read);
  for (std::size_t p = 0; p < planes.size(); ++p) {
    const auto then = response(before[p], p, fresh),
               now = response(earlier.empty() ? planes[p] : earlier[p], p, read);
    if (planes[p].gain.empty()) planes[p].gain.assign(grid_.slots(), 1.0);
    for (std::size_t slot = 0; slot < now.size(); ++slot)
      if (now[slot] > 0) planes[p].gain[slot] *= then[slot] / now[slot];
  }
}

bool MappedLayer::has_references() const {
  return std::any_of(code_.roles().begin(), code_.roles().end(),
                     [](const auto& role) { return role.is_reference; });
}

void MappedLayer::check(const DeviceModel& device, const Periphery& periphery) const {
  const bool physical = has_references();
  if (geometry_.groups > 1 && (physical || periphery.wires))
    throw UnsupportedError(
        "layer " + name_ +
        ": a grouped convolution has an array per group, for which neither wires nor reference "
        "columns are computed; accepted: periphery.wires = \"ideal\", mapping.reference = "
        "\"ideal\"");
  if (!device.non_linear()) return;
  if (settings_.replicas > 1 && code_.planes().front().reference_S > 0)
    throw UnsupportedError(
        "layer " + name_ +
        ": replicas of non-linear cells (device.v_read_V) are not computed against an ideal "
        "reference; accepted: mapping.replicas = 1, differential cells, or ohmic cells");
  if (reads_noisily(device, periphery))
    throw UnsupportedError("layer " + name_ +
                           ": read noise of non-linear cells (device.v_read_V) is not computed; "
                           "accepted: periphery.read_noise = false, or ohmic cells");
  if (physical && periphery.wires)
    throw UnsupportedError(
        "layer " + name_ +
        ": reference columns of non-linear cells (device.v_read_V) are not solved "
        "on wires; accepted: mapping.reference = \"ideal\", periphery.wires = "
        "\"ideal\", or ohmic cells");
}

LayerOnTiles MappedLayer::program(const DeviceModel& device, NoiseKey key,
                                  const Periphery& periphery, const WireSolver& solver) const {
  check(device, periphery);
  const ReadConditions moment{device, key, device.time_s, periphery, solver};
  std::vector<Plane> planes = sense(all_columns(), moment);
  if (compensates(device)) compensate(planes, moment);
  LayerOnTiles layer{layer_,    geometry_, settings_.tile,    std::move(planes),
                     periphery, key,       input_full_scale_, device.non_linear()};
  if (settings_.denoise) denoise(*settings_.denoise, scale_.sigma_w, weights(), layer);
  return layer;
}

LayerOnTiles MappedLayer::unprogrammed(const DeviceModel& device,
                                       const Periphery& periphery) const {
  LayerOnTiles layer{layer_,    geometry_, settings_.tile,   planes(all_columns()),
                     periphery, {},        input_full_scale_};
  layer.awaits_noisy_devices = reads_noisily(device, periphery);
  return layer;
}

ProgrammingPlan::Role MappedLayer::planned_role(int role) const {
  const CellCode::Role& code = code_.roles()[static_cast<std::size_t>(role)];
  const auto rows = static_cast<std::size_t>(geometry_.rows());
  const std::size_t devices =
      code.is_reference ? rows * static_cast<std::size_t>(grid_.column_tiles()) : weights().size();
  ProgrammingPlan::Role planned{std::vector<double>(devices), code.is_reference, code.sign};
  target_S(role, 0, planned.target_S);
  return planned;
}

std::optional<ProgrammingPlan> MappedLayer::plan(const DeviceModel& device,
                                                 const Periphery& periphery) const {
  check(device, periphery);
  const auto effects = device.effects(scale_, device.time_s);
  const bool is_plain =
      settings_.writes == 1 && settings_.repair == Repair::none && !settings_.denoise;
  if (!effects || !is_plain || !code_.keeps_roles_together() || device.non_linear() ||
      (periphery.wires && has_references()) || compensates(device))
    return std::nullopt;
  const bool noisy = reads_noisily(device, periphery);
  auto reads = noisy ? device.reads(device.time_s) : std::vector<DeviceRead>{};
  if (!reads) return std::nullopt;
  ProgrammingPlan plan;
  plan.name = name_;
  plan.layer = layer_;
  plan.geometry = geometry_;
  plan.tile = settings_.tile;
  plan.gain = gains_;
  plan.spared = spared_;
  plan.effects = *effects;
  plan.reads = std::move(*reads);
  if (periphery.wires) plan.wires = wire_conductances(*periphery.wires);
  for (const CellCode::PlaneCode& code : code_.planes())
    plan.planes.push_back({scale_.w_max * code.value_per_S, code.reference_S, 0, 0});
  for (int role = 0; role < roles(); ++role) {
    const auto p = static_cast<std::size_t>(code_.roles()[static_cast<std::size_t>(role)].plane);
    ProgrammingPlan::Plane& plane = plan.planes[p];
    if (plane.end_role == 0) plane.first_role = role;
    plane.end_role = role + 1;
    plan.roles.push_back(planned_role(role));
  }
  return plan;
}

std::vector<double> MappedLayer::programmed_S(int role, const DeviceModel& device,
                                              NoiseKey key) const {
  const Periphery ideal;
  const WireSolver none;
  const ReadConditions moment{device, key, device.time_s, ideal, none};
  return is_reference(role) ? spread_reference(references_of(role - 1, moment)).G_S
                            : devices(role, 0, weights().size(), moment).G_S;
}

}  // namespace ohmic
