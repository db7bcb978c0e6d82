#include "simulator/backends/cuda/resident_devices.hpp"

#include <algorithm>

#include "simulator/error.hpp"

namespace ohmic::cuda {

class ResidentDevices::Layer {
 public:
  Layer(const std::shared_ptr<Machine>& machine, const ProgrammingPlan& plan,
        const WeightsPlace& place)
      : targets_(machine),
        gain_(machine),
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
    arguments_.plane_count = static_cast<std::int32_t>(plan.planes.size());
    arguments_.effect_count = static_cast<std::int32_t>(plan.effects.size());
    arguments_.gain = gain_.assign(plan.gain);
    arguments_.spared =
        spared_.assign(std::vector<std::uint8_t>(plan.spared.begin(), plan.spared.end()));
    arguments_.layer = plan.layer;
    arguments_.scale = place.scale;
    arguments_.weights = place.weights;
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

  Array<double> targets_, gain_;
  Array<std::uint8_t> spared_;
  Array<RoleArguments> roles_;
  Array<PlaneArguments> planes_;
  Array<DeviceEffect> effects_;
  DeviceArguments arguments_{};
};

ResidentDevices::ResidentDevices(std::shared_ptr<Machine> machine,
                                 const std::vector<ProgrammingPlan>& plans,
                                 const std::vector<WeightsPlace>& places)
    : machine_(std::move(machine)), table_(machine_) {
  OHMIC_ASSERT(plans.size() == places.size() && !plans.empty());
  std::vector<DeviceArguments> table;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    layers_.push_back(std::make_unique<Layer>(machine_, plans[i], places[i]));
    const DeviceArguments& layer = table.emplace_back(layers_.back()->arguments());
    arguments_.most_cells = std::max(arguments_.most_cells, std::int64_t{layer.K} * layer.N);
  }
  arguments_.layers = table_.assign(table);
  arguments_.layer_count = static_cast<std::int32_t>(table.size());
  machine_->wait();  // draws may run on another stream
}

ResidentDevices::~ResidentDevices() = default;

void ResidentDevices::program(NoiseKey key, void* stream) {
  arguments_.key = key;
  machine_->run(arguments_, stream);
}

}  // namespace ohmic::cuda
