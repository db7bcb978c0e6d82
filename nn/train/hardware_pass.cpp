#include "nn/train/hardware_pass.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "nn/analog/find_ranges.hpp"
#include "nn/analog/programmed_layers.hpp"
#include "nn/torch/convolution.hpp"
#include "nn/torch/value_layout.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

using at::Tensor;

// Of a chip that is measured too: its reads in training are none of test or measured images.
constexpr std::uint64_t kFirstTrainingSample = std::uint64_t{3} << 31;

/// One product on a chip, and what its gradients need.
struct ChipCall : torch::CustomClassHolder {
  ChipCall(const Node* n, const Node* in, const ProgrammedLayer* on, bool clip, std::uint64_t e)
      : node(n), input(in), chip(on), clips(clip), event(e) {}

  const Node* node;
  const Node* input;  ///< whose value x is; null: the state of a recurrent node
  const ProgrammedLayer* chip;
  bool clips;
  std::uint64_t event;
};

bool is_convolution(const ChipCall& call) { return call.node->op == Op::convolution; }

Tensor on_host(const ChipCall& call, const Tensor& x) {
  const Tensor host = x.to(at::kCPU, at::kFloat);
  return call.input ? in_layout(*call.input, host) : host.contiguous();
}

Tensor output_of(const ChipCall& call, const Tensor& x, const Tensor& weight) {
  const ConvGeometry& g = call.node->conv;
  if (is_convolution(call))
    return at::empty({x.size(0), g.out_channels, g.out_height(), g.out_width()},
                     at::TensorOptions().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
  std::vector<std::int64_t> shape{x.size(0)};
  if (call.node->op == Op::dense)
    shape.insert(shape.end(), call.node->shape.begin(), call.node->shape.end());
  if (shape.size() == 1) shape.push_back(weight.size(0));
  return at::empty(shape, at::kFloat);
}

struct Gradients {
  Tensor x, weight, bias;
};

Gradients of_convolution(const ConvGeometry& g, const Tensor& y, const Tensor& x,
                         const Tensor& weight) {
  Gradients found;
  convolution_gradients(g, y, x, weight, {&found.x, &found.weight, &found.bias});
  return found;
}

Gradients of_matrix(const Tensor& y, const Tensor& x, const Tensor& weight) {
  const Tensor rows = y.reshape({-1, weight.size(0)}), in = x.reshape({-1, weight.size(1)});
  return {rows.mm(weight).reshape(x.sizes()), rows.t().mm(in), rows.sum(0)};
}

/// Forward on the chip; backward as the digital product with the same weights, straight through
/// what rounds.
class ChipProduct : public torch::autograd::Function<ChipProduct> {
 public:
  using Context = torch::autograd::AutogradContext;

  static Tensor forward(Context* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const c10::intrusive_ptr<ChipCall>& call) {
    context->save_for_backward({x, weight});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["has_bias"] = bias.numel() > 0;
    const Tensor in = on_host(*call, x), y = output_of(*call, x, weight);
    Tally clipped;
    call->chip->layer->forward(in.data_ptr<float>(), x.size(0), call->event, nullptr,
                               y.data_ptr<float>(), clipped);
    return y.to(x.device());
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 torch::autograd::variable_list of_y) {
    const auto saved = context->get_saved_variables();
    const auto call =
        c10::static_intrusive_pointer_cast<ChipCall>(context->saved_data.at("call").toCapsule());
    Tensor x = saved[0].to(at::kFloat), driven;
    if (call->clips) {
      const ProgrammedLayer::Drive drive = *call->chip->drive;
      driven = x.ge(drive.least).logical_and_(x.le(drive.most));
      x = x.clamp(drive.least, drive.most);
    }
    const Tensor y = of_y.front();
    Gradients g = is_convolution(*call) ? of_convolution(call->node->conv, y, x, saved[1])
                                        : of_matrix(y, x, saved[1]);
    if (driven.defined()) g.x = g.x.mul(driven);
    if (!context->saved_data.at("has_bias").toBool()) g.bias = Tensor();
    return {g.x, g.weight, g.bias, Tensor()};
  }
};

}  // namespace

struct HardwarePass::State {
  State(const Graph& g, const TrainingHardware& h, std::uint64_t s)
      : graph(g), hardware(h), seed(s), backend(make_backend("cpu")) {
    for (const double age_s : h.times_s) devices.push_back(h.device_at(age_s));
    if (devices.empty()) devices.push_back(h.device);
    layers = [this](const TorchGraph::Product& product) { return on_chip(product); };
  }

  const Node& node(std::size_t i) const { return graph.nodes[i]; }
  const Node& input_of(std::size_t i) const {
    return node(static_cast<std::size_t>(node(i).inputs.front()));
  }

  Tensor on_chip(const TorchGraph::Product& product) const {
    const ProgrammedLayer& chip = programmed->of(static_cast<int>(product.node));
    if (!chip.layer) return {};
    const Node& own = node(product.node);
    const bool clips = chip.drive && hardware.input_gradient == InputGradient::clipped;
    const Node* input = own.op == Op::recurrent ? nullptr : &input_of(product.node);
    const auto step = static_cast<std::uint64_t>(product.step);
    const Tensor bias = product.bias.defined() ? product.bias : at::empty({0});  // none
    return ChipProduct::apply(
        product.x, product.weight, bias,
        c10::make_intrusive<ChipCall>(&own, input, &chip, clips, mvm_event(first_sample, step)));
  }

  /// Devices of the age that a draw has.
  std::shared_ptr<const DeviceModel> device(std::uint64_t draw) const {
    std::uint32_t bits[1];
    fill_bits(noise_key(seed, draw), {Stream::training_noise}, 0, bits);
    return devices[bits[0] % devices.size()];
  }

  /// What the batch shows of the digital network as it is trained.
  Calibration ranges_of(const MappedNetwork& network, TorchGraph& torch, const Tensor& images) {
    const at::NoGradGuard no_gradients;
    std::map<std::size_t, const Step*> steps;
    for (const Step& step : network->crossbar) steps[static_cast<std::size_t>(step.mvm)] = &step;
    const ShowInputs show = [&](const SeeInputs& see) {
      torch.forward(images, true, [&](const TorchGraph::Product& product) {
        const Node& own = node(product.node);
        const ChipCall call(&own, own.op == Op::recurrent ? nullptr : &input_of(product.node),
                            nullptr, false, 0);
        see(*steps.at(product.node), on_host(call, product.x).data_ptr<float>(), product.x.size(0));
        return Tensor();
      });
    };
    Calibration found(network->crossbar.size());
    if (network->needs_full_scales()) find_full_scales(network, *backend, show, found);
    if (network->periphery.needs_ranges()) find_converter_ranges(network, *backend, show, found);
    return found;
  }

  /// The draw that an update goes through.
  std::uint64_t draw_of(const Update& now) const {
    if (hardware.chip) return static_cast<std::uint64_t>(*hardware.chip);
    return kFirstTrainingDraw + static_cast<std::uint64_t>(now.number / hardware.draw_every);
  }

  /// Events of reads: those of an update are no other's on the same chip.
  std::uint64_t first_sample_of(const Update& now) const {
    const std::int64_t before = hardware.chip ? now.number : now.number % hardware.draw_every;
    return (hardware.chip ? kFirstTrainingSample : 0) +
           static_cast<std::uint64_t>(before * now.batch);
  }

  bool finds_ranges(const Update& now) const {
    return now.begins_epoch || now.number % hardware.calibrate_every == 0;
  }

  /// What is written once stays, and ranges do where they are not due: only biases have changed.
  bool stays(const Update& now) const {
    return hardware.chip && programmed && (ranges.empty() || !finds_ranges(now));
  }

  double strength(double epochs) const {
    return epochs < hardware.ramp_epochs ? epochs / hardware.ramp_epochs : 1;
  }

  void write(TorchGraph&, std::shared_ptr<const Weights>, const Tensor& images, const Update&);

  const Graph& graph;
  const TrainingHardware& hardware;
  std::uint64_t seed;
  std::unique_ptr<Backend> backend;
  std::vector<std::shared_ptr<const DeviceModel>> devices;  ///< by age
  TorchGraph::Layers layers;
  Calibration ranges;
  std::optional<ProgrammedLayers> programmed;
  std::uint64_t first_sample = 0;
};

HardwarePass::HardwarePass(const Graph& graph, const TrainingHardware& hardware, std::uint64_t seed)
    : state_(std::make_unique<State>(graph, hardware, seed)) {}
HardwarePass::~HardwarePass() = default;
HardwarePass::HardwarePass(HardwarePass&&) noexcept = default;

void HardwarePass::State::write(TorchGraph& network, std::shared_ptr<const Weights> weights,
                                const Tensor& images, const Update& now) {
  const std::uint64_t draw = draw_of(now);
  const MappedNetwork mapped(graph, weights, hardware.mapping, {}, hardware.periphery,
                             LayerDevices(device(draw), hardware.layer_devices));
  if (mapped.needs_ranges() && finds_ranges(now)) {
    ranges = ranges_of(mapped, network, images);
    network.set_weights(*weights);
  }
  programmed.emplace(mapped, ranges, *backend, seed, draw, strength(now.epochs),
                     hardware.chip ? WrittenFor::all_updates : WrittenFor::one_update);
}

void HardwarePass::program(TorchGraph& network, const Tensor& images, const Update& now) {
  State& s = *state_;
  s.first_sample = s.first_sample_of(now);
  if (s.stays(now)) return hold(network);
  s.write(network, std::make_shared<const Weights>(network.weights()), images, now);
  for (const auto& [name, held] : s.programmed->on_devices()) network.set_tensor(name, held);
}

void HardwarePass::hold(TorchGraph& network) {
  ProgrammedLayers& programmed = *state_->programmed;
  programmed.take_biases(network.weights());
  for (const auto& [name, held] : programmed.on_devices()) network.set_tensor(name, held);
}

void HardwarePass::program(TorchGraph& network, const float* nhwc, const Update& now) {
  program(network, network.images(nhwc, now.batch), now);
}

const TorchGraph::Layers& HardwarePass::layers() const { return state_->layers; }

}  // namespace ohmic
