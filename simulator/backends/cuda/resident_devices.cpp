#include "simulator/backends/cuda/resident_devices.hpp"

#include <algorithm>

#include "simulator/error.hpp"
#include "simulator/wires.hpp"

namespace ohmic::cuda {

WeightsPlace kernel_place(const ProgrammingPlan& plan, float* weights, const float* scale) {
  const ConvGeometry& g = plan.geometry;
  OHMIC_ASSERT(g.bias_rows == 0);
  WeightsPlace place{.weights = weights, .scale = scale, .column_stride = g.rows()};
  const std::size_t slots = static_cast<std::size_t>(plan.tile.row_tiles(g.rows())) *
                            static_cast<std::size_t>(g.columns());
  for (const ProgrammingPlan::Plane& plane : plan.planes)
    for (std::size_t slot = 0; slot < slots; ++slot)
      place.factors.push_back(plan.gain.empty() ? plane.weight_per_S
                                                : plane.weight_per_S * plan.gain[slot]);
  const int positions = g.kernel_height * g.kernel_width, channels = g.rows() / positions;
  for (int k = 0; k < g.rows(); ++k) place.rows.push_back(k % positions * channels + k / positions);
  return place;
}

class ResidentDevices::Layer {
 public:
  Layer(const std::shared_ptr<Machine>& machine, const ProgrammingPlan& plan,
        const WeightsPlace& place, std::size_t draws)
      : tile_(plan.tile),
        targets_(machine),
        stored_S_(machine),
        alone_S_(machine),
        sigma_S_(machine),
        factors_(machine),
        rows_(machine),
        spared_(machine),
        roles_(machine),
        planes_(machine),
        effects_(machine),
        reads_(machine) {
    const ConvGeometry& g = plan.geometry;
    const TileShape whole = plan.tile.within(g.rows(), g.columns());
    arguments_.K = g.rows(), arguments_.N = g.columns();
    arguments_.tile_rows = whole.rows;
    arguments_.tile_columns = whole.columns;
    arguments_.roles = upload_roles(plan);
    arguments_.planes = upload_planes(plan);
    arguments_.effects = effects_.assign(plan.effects);
    if (place.variances) arguments_.reads = reads_.assign(plan.reads);
    arguments_.role_count = static_cast<std::int32_t>(plan.roles.size());
    arguments_.plane_count = static_cast<std::int32_t>(plan.planes.size());
    arguments_.effect_count = static_cast<std::int32_t>(plan.effects.size());
    arguments_.read_count = arguments_.reads ? static_cast<std::int32_t>(plan.reads.size()) : 0;
    arguments_.spared =
        spared_.assign(std::vector<std::uint8_t>(plan.spared.begin(), plan.spared.end()));
    arguments_.layer = plan.layer;
    arguments_.by_plane = place.by_plane;
    arguments_.rows = rows_.assign(place.rows);
    arguments_.column_stride = place.column_stride;
    arguments_.draw_stride = place.draw_stride;
    arguments_.scale = place.scale;
    arguments_.weights = place.weights;
    arguments_.variances = place.variances;
    set_factors(place.factors);
    if (plan.wires) make_room(draws * plan.roles.size() * cells());
  }

  void set_factors(const std::vector<double>& factors) {
    const std::int64_t of_a_plane = std::int64_t{tile_.row_tiles(arguments_.K)} * arguments_.N;
    const std::int64_t of_a_draw = arguments_.plane_count * of_a_plane;
    OHMIC_ASSERT(std::ssize(factors) % of_a_draw == 0);
    arguments_.factors = factors_.assign(factors);
    arguments_.factors_per_plane = of_a_plane;
    arguments_.factors_per_draw = std::ssize(factors) > of_a_draw ? of_a_draw : 0;
  }

  /// The arrays of every role of some draws.
  void add_arrays(int draws, std::vector<TiledCells>& arrays) const {
    for (std::size_t i = 0; i < static_cast<std::size_t>(draws * arguments_.role_count); ++i)
      arrays.push_back({arguments_.K, arguments_.N, tile_, arguments_.stored_S + i * cells()});
  }
  std::size_t cells() const {
    return static_cast<std::size_t>(arguments_.K) * static_cast<std::size_t>(arguments_.N);
  }

  const DeviceArguments& arguments() const { return arguments_; }

 private:
  /// For devices that wires come upon.
  void make_room(std::size_t devices) {
    arguments_.stored_S = stored_S_.at_least(devices);
    if (arguments_.read_count == 0) return;
    arguments_.alone_S = alone_S_.at_least(devices);
    arguments_.sigma_S = sigma_S_.at_least(devices);
  }

  const RoleArguments* upload_roles(const ProgrammingPlan& plan) {
    std::vector<double> targets;
    for (const ProgrammingPlan::Role& role : plan.roles)
      targets.insert(targets.end(), role.target_S.begin(), role.target_S.end());
    const double* first = targets_.assign(targets);
    std::vector<RoleArguments> roles;
    for (const ProgrammingPlan::Role& role : plan.roles) {
      roles.push_back({first, role.sign, role.is_reference ? 1 : 0});
      first += role.target_S.size();
    }
    return roles_.assign(roles);
  }

  const PlaneArguments* upload_planes(const ProgrammingPlan& plan) {
    std::vector<PlaneArguments> planes;
    for (const ProgrammingPlan::Plane& p : plan.planes)
      planes.push_back({p.reference_S, p.first_role, p.end_role});
    return planes_.assign(planes);
  }

  TileShape tile_;
  Array<double> targets_, stored_S_, alone_S_, sigma_S_, factors_;
  Array<std::int32_t> rows_;
  Array<std::uint8_t> spared_;
  Array<RoleArguments> roles_;
  Array<PlaneArguments> planes_;
  Array<DeviceEffect> effects_;
  Array<DeviceRead> reads_;
  DeviceArguments arguments_{};
};

ResidentDevices::ResidentDevices(std::shared_ptr<Machine> machine,
                                 const std::vector<ProgrammingPlan>& plans,
                                 const std::vector<WeightsPlace>& places, int draws)
    : machine_(std::move(machine)), table_(machine_), matrices_(machine_), unsolved_(machine_) {
  OHMIC_ASSERT(plans.size() == places.size() && !plans.empty());
  OHMIC_ASSERT(draws >= 1 && draws <= kDraws);
  wires_ = plans.front().wires;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    OHMIC_ASSERT(plans[i].wires.has_value() == wires_.has_value());
    layers_.push_back(
        std::make_unique<Layer>(machine_, plans[i], places[i], static_cast<std::size_t>(draws)));
    arguments_.most_cells =
        std::max(arguments_.most_cells, static_cast<std::int64_t>(layers_.back()->cells()));
  }
  upload_table();
}

ResidentDevices::~ResidentDevices() = default;

void ResidentDevices::upload_table() {
  std::vector<DeviceArguments> table;
  for (const auto& layer : layers_) table.push_back(layer->arguments());
  arguments_.layers = table_.assign(table);
  arguments_.layer_count = static_cast<std::int32_t>(table.size());
  machine_->wait();  // draws may run on another stream
}

void ResidentDevices::set_factors(std::size_t layer, const std::vector<double>& factors) {
  layers_[layer]->set_factors(factors);
  upload_table();
}

void ResidentDevices::program(std::span<const NoiseKey> keys, void* stream) {
  OHMIC_ASSERT(keys.size() <= static_cast<std::size_t>(kDraws));
  std::copy(keys.begin(), keys.end(), arguments_.keys);
  arguments_.draws = static_cast<std::int32_t>(keys.size());
  machine_->run(arguments_, wires_ ? nullptr : stream);
  if (wires_) solve_wires();
}

void ResidentDevices::solve_wires() {
  if (wired_draws_ != arguments_.draws) {
    std::vector<TiledCells> arrays;
    for (const auto& layer : layers_) layer->add_arrays(arguments_.draws, arrays);
    matrices_.assign(arrays);
    wired_draws_ = arguments_.draws;
  }
  matrices_.solve(*wires_);
  ProgrammingArguments decoding = arguments_;
  decoding.unsolved = unsolved_.at_least(1);
  machine_->clear(decoding.unsolved, sizeof *decoding.unsolved);
  machine_->run(decoding, nullptr);
  std::uint64_t unsolved = 0;
  machine_->download(decoding.unsolved, &unsolved, sizeof unsolved);
  if (unsolved > 0) refuse_unsolved_wires();
}

}  // namespace ohmic::cuda
