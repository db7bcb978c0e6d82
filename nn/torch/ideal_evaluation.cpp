#include "nn/torch/ideal_evaluation.hpp"

#include "nn/analog/folded_norms.hpp"
#include "nn/torch/captured_work.hpp"
#include "nn/torch/resident_evaluation.hpp"
#include "simulator/backends/cuda/resident_devices.hpp"

namespace ohmic {

/// Devices that write their draws into the kernels of a network without BatchNorms.
class IdealEvaluation::Devices {
 public:
  Devices(const AnalogNetwork& network, const std::vector<ProgrammingPlan>& plans,
          std::shared_ptr<cuda::Machine> machine, TorchGraph& folded)
      : network_(network), plans_(plans), machine_(std::move(machine)), scales_(machine_) {
    std::size_t columns = 0;
    for (const ProgrammingPlan& plan : plans_) columns += columns_of(plan);
    const float* scale = scales_.at_least(columns);
    std::vector<cuda::WeightsPlace> places;
    for (const ProgrammingPlan& plan : plans_) {
      places.push_back(cuda::kernel_place(plan, folded.memory_of(plan.name + ".weight"), scale));
      scale += columns_of(plan);
    }
    devices_.emplace(machine_, plans_, places);
  }

  void program(const Graph& graph, TorchGraph& folded, std::uint64_t seed, std::uint64_t draw,
               void* stream) {
    if (!digital_is_set_ || network_.perturbs_digital())
      set_digital(graph, folded, network_.digital_weights(seed, draw));
    digital_is_set_ = true;
    const NoiseKey key = noise_key(seed, draw);
    devices_->program({&key, 1}, stream);
  }

  /// The same devices once more, for another network.
  void repeat_in(std::optional<Devices>& other, TorchGraph& folded) const {
    other.emplace(network_, plans_, machine_, folded);
  }

  /// Somebody else has written the network's tensors.
  void forget() { digital_is_set_ = false; }

 private:
  static std::size_t columns_of(const ProgrammingPlan& plan) {
    return static_cast<std::size_t>(plan.geometry.columns());
  }

  /// Everything that BatchNorms leave behind: with one weight of 1 per channel their kernels are
  /// the factors of the channels.
  void set_digital(const Graph& graph, TorchGraph& folded, Weights digital) {
    for (const ProgrammingPlan& plan : plans_)
      digital[plan.name + ".weight"] = {{plan.geometry.columns(), 1},
                                        std::vector<float>(columns_of(plan), 1.0f)};
    Weights tensors = fold_norms(graph, digital);
    std::vector<float> scales;
    for (const ProgrammingPlan& plan : plans_) {
      const auto factors = tensors.extract(plan.name + ".weight").mapped().values;
      scales.insert(scales.end(), factors.begin(), factors.end());
    }
    scales_.assign(scales);
    machine_->wait();
    for (const auto& [name, tensor] : tensors) folded.set_tensor(name, tensor);
  }

  const AnalogNetwork& network_;
  std::vector<ProgrammingPlan> plans_;
  std::shared_ptr<cuda::Machine> machine_;
  cuda::Array<float> scales_;  ///< by column, layer after layer
  std::optional<cuda::ResidentDevices> devices_;
  bool digital_is_set_ = false;
};

struct IdealEvaluation::State {
  /// `images`: the further arguments of ResidentEvaluation.
  template <class... Images>
  State(const Graph& g, const std::string& name, Precision p, const Images&... images)
      : graph(g),
        folded(fold_norms(g)),
        device(name),
        precision(p),
        stream(device),
        use(std::make_unique<RecordableStream::Use>(stream)),
        network(folded, initialize(folded, "glorot_uniform", 0), device, precision),
        evaluation(network, images...) {
    use.reset();
  }

  Graph graph, folded;
  std::string device;
  Precision precision;
  RecordableStream stream;
  std::unique_ptr<RecordableStream::Use> use;  ///< while this is made
  TorchGraph network;
  ResidentEvaluation evaluation;
  std::optional<Devices> devices;
};

IdealEvaluation::IdealEvaluation(const Graph& graph, const ImageSet& set,
                                 const Normalization& normalization, const std::string& device,
                                 Precision precision, std::int64_t batch)
    : state_(std::make_unique<State>(graph, device, precision, set, normalization, device, batch)) {
}

IdealEvaluation::IdealEvaluation(std::unique_ptr<State> state) : state_(std::move(state)) {}

IdealEvaluation::~IdealEvaluation() = default;

std::unique_ptr<IdealEvaluation> IdealEvaluation::another() const {
  const State& s = *state_;
  auto own = std::make_unique<State>(s.graph, s.device, s.precision, s.evaluation);
  if (s.devices) s.devices->repeat_in(own->devices, own->network);
  return std::unique_ptr<IdealEvaluation>(new IdealEvaluation(std::move(own)));
}

void IdealEvaluation::set_weights(const Weights& weights) {
  const RecordableStream::Use use(state_->stream);
  state_->network.set_weights(fold_norms(state_->graph, weights));
  if (state_->devices) state_->devices->forget();
}

bool IdealEvaluation::take_devices(const AnalogNetwork& network,
                                   std::shared_ptr<cuda::Machine> machine) {
  const std::vector<ProgrammingPlan> plans = network.programming_plans();
  if (!plans.empty()) state_->devices.emplace(network, plans, std::move(machine), state_->network);
  return !plans.empty();
}

bool IdealEvaluation::has_devices() const { return state_->devices.has_value(); }

void IdealEvaluation::program(std::uint64_t seed, std::uint64_t draw) {
  State& s = *state_;
  const RecordableStream::Use use(s.stream);
  s.devices->program(s.graph, s.network, seed, draw, s.stream.handle());
}

Weights IdealEvaluation::weights() const {
  const RecordableStream::Use use(state_->stream);  // draws are written on it
  return state_->network.weights();
}

void IdealEvaluation::start(std::int64_t first, std::int64_t count) {
  const RecordableStream::Use use(state_->stream);
  state_->evaluation.start(first, count);
}

std::int64_t IdealEvaluation::finish() {
  const RecordableStream::Use use(state_->stream);
  return state_->evaluation.finish();
}

}  // namespace ohmic
