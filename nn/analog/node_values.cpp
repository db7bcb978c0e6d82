#include "nn/analog/node_values.hpp"

#include <algorithm>
#include <string>

#include "nn/torch/torch_evaluation.hpp"

namespace ohmic {
namespace {

/// Where the back end's activations lie if LibTorch can compute there, else the host.
std::string device_of_operators(const Backend& backend) {
  const int gpu = backend.gpu();
  return gpu >= 0 && gpu < torch_gpu_count() ? "cuda:" + std::to_string(gpu) : "cpu";
}

}  // namespace

NodeValues::NodeValues(const MappedNetwork& network, Backend& backend)
    : network_(network),
      backend_(backend),
      operators_(network_->graph, device_of_operators(backend)) {
  free();
}

void NodeValues::begin(std::int64_t images) {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    slot_values_[i] =
        slots_[i]->at_least(static_cast<std::size_t>(images * network_->plan.slot_size[i]));
  samples_ = images;
  operators_.begin(images);
}

void NodeValues::free() {
  slots_.clear();
  for (std::size_t i = 0; i < network_->plan.slot_size.size(); ++i)
    slots_.push_back(backend_.activations());
  slot_values_.assign(slots_.size(), nullptr);
}

bool NodeValues::are_large() const {
  return std::ranges::any_of(network_->plan.slot_size,
                             [](std::int64_t size) { return size >= kLargeTensor; });
}

const float* NodeValues::of(int i, const float* nhwc) {
  if (i < 0) return nullptr;
  const Op op = network_->node(i).op;
  if (op == Op::input) return nhwc;
  const int slot = network_->plan.slot[static_cast<std::size_t>(i)];
  if (slot >= 0) return slot_values_[static_cast<std::size_t>(slot)];
  return op == Op::recurrent ? host_values_[i].data() : operators_.values(i);
}

const float* NodeValues::on_host(int i, const float* nhwc) {
  const auto size = static_cast<std::size_t>(samples_ * values_per_image(network_->node(i)));
  return backend_.on_host(of(i, nhwc), size, host_values_[i]);
}

void NodeValues::compute(const Step& step, const float* nhwc) {
  for (const int input : network_->node(step.node).inputs) {
    const Node& node = network_->node(input);
    if (is_of_operators(node) || node.op == Op::constant) continue;
    if (operators_.device() == "cpu" || node.op == Op::input || node.op == Op::recurrent)
      operators_.give(input, on_host(input, nhwc), "cpu");
    else
      operators_.give(input, of(input, nhwc), operators_.device());
  }
  operators_.run(step.node, &step == &network_->plan.steps.back());
}

void NodeValues::release_after(std::size_t s) {
  const Plan& plan = network_->plan;
  for (const int input : inputs_of(network_->graph, plan.steps[s]))
    if (plan.last_reader[static_cast<std::size_t>(input)] == static_cast<int>(s))
      operators_.release(input);
}

}  // namespace ohmic
