#include "simulator/backends/cuda/resident_devices.hpp"

#include <algorithm>

#include "simulator/error.hpp"
#include "simulator/wires.hpp"

namespace ohmic::cuda {

class ResidentDevices::Layer {
 public:
  Layer(const std::shared_ptr<Machine>& machine, const ProgrammingPlan& plan,
        const WeightsPlace& place)
      : targets_(machine),
        gain_(machine),
        stored_S_(machine),
        spared_(machine),
        roles_(machine),
        planes_(machine),
        effects_(machine) {
    const ConvGeometry& g = plan.geometry;
    OHMIC_ASSERT(g.bias_rows == 0);
    const auto at_most = [](int tile, int size) { return tile > 0 ? std::min(tile, size) : size; };
    arguments_.K = g.rows(), arguments_.N = g.columns();
    arguments_.positions = g.kernel_height * g.kernel_width;
    arguments_.tile_rows = at_most(plan.tile.rows, g.rows());
    arguments_.tile_columns = at_most(plan.tile.columns, g.columns());
    arguments_.roles = upload_roles(plan);
    arguments_.planes = upload_planes(plan);
    arguments_.effects = effects_.assign(plan.effects);
    arguments_.role_count = static_cast<std::int32_t>(plan.roles.size());
    arguments_.plane_count = static_cast<std::int32_t>(plan.planes.size());
    arguments_.effect_count = static_cast<std::int32_t>(plan.effects.size());
    arguments_.gain = gain_.assign(plan.gain);
    arguments_.spared =
        spared_.assign(std::vector<std::uint8_t>(plan.spared.begin(), plan.spared.end()));
    arguments_.layer = plan.layer;
    arguments_.scale = place.scale;
    arguments_.weights = place.weights;
    if (plan.wires) arguments_.stored_S = stored_S_.at_least(plan.roles.size() * cells());
  }

  /// The arrays of every role.
  void add_to(WiredMatrices& matrices, TileShape tile) const {
    for (std::int32_t role = 0; role < arguments_.role_count; ++role)
      matrices.add(arguments_.K, arguments_.N, tile,
                   arguments_.stored_S + static_cast<std::size_t>(role) * cells());
  }
  std::size_t cells() const {
    return static_cast<std::size_t>(arguments_.K) * static_cast<std::size_t>(arguments_.N);
  }

  const DeviceArguments& arguments() const { return arguments_; }

 private:
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
      planes.push_back({p.weight_per_S, p.reference_S, p.first_role, p.end_role});
    return planes_.assign(planes);
  }

  Array<double> targets_, gain_, stored_S_;
  Array<std::uint8_t> spared_;
  Array<RoleArguments> roles_;
  Array<PlaneArguments> planes_;
  Array<DeviceEffect> effects_;
  DeviceArguments arguments_{};
};

ResidentDevices::ResidentDevices(std::shared_ptr<Machine> machine,
                                 const std::vector<ProgrammingPlan>& plans,
                                 const std::vector<WeightsPlace>& places)
    : machine_(std::move(machine)), table_(machine_), matrices_(machine_), unsolved_(machine_) {
  OHMIC_ASSERT(plans.size() == places.size() && !plans.empty());
  wires_ = plans.front().wires;
  std::vector<DeviceArguments> table;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    layers_.push_back(std::make_unique<Layer>(machine_, plans[i], places[i]));
    table.push_back(layers_.back()->arguments());
    arguments_.most_cells =
        std::max(arguments_.most_cells, static_cast<std::int64_t>(layers_.back()->cells()));
    OHMIC_ASSERT(plans[i].wires.has_value() == wires_.has_value());
    if (wires_) layers_.back()->add_to(matrices_, plans[i].tile);
  }
  arguments_.layers = table_.assign(table);
  arguments_.layer_count = static_cast<std::int32_t>(table.size());
  machine_->wait();  // draws may run on another stream
}

ResidentDevices::~ResidentDevices() = default;

void ResidentDevices::program(NoiseKey key, void* stream) {
  arguments_.key = key;
  machine_->run(arguments_, wires_ ? nullptr : stream);
  if (wires_) solve_wires();
}

void ResidentDevices::solve_wires() {
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
