#include "nn/torch/frozen_network.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <map>
#include <string>
#include <utility>

#include "nn/denormals.hpp"
#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using torch::jit::Module;
using torch::jit::Stack;

/// A module whose forward() is what `graph` did with `sample`; weights are constants of it. What is
/// to be optimised overwrites no value, which LibTorch's passes do themselves where they may.
Module traced(TorchGraph& graph, const at::Tensor& sample, Freezing freezing) {
  Module module("Network");
  module.register_attribute("training", c10::BoolType::get(), false);
  const auto run = [&](const Stack& inputs) -> Stack {
    const at::Tensor& x = inputs.front().toTensor();
    if (freezing == Freezing::frozen) return {graph.forward(x, false)};
    return {graph.observed(x, [](std::size_t, const at::Tensor&, const at::Tensor&) {})};
  };
  const auto state =
      torch::jit::tracer::trace(
          {sample}, run, [](const at::Tensor&) { return std::string(); }, true, false, &module)
          .first;
  const c10::QualifiedName name(*module.type()->name(), "forward");
  module.type()->addMethod(
      module._ivalue()->compilation_unit()->create_function(name, state->graph));
  return module;
}

/// The interpreter tells where before it tells what.
std::string reason(const std::string& text) {
  const std::string what = "RuntimeError: ";
  const std::size_t at = text.find(what);
  const std::size_t from = at == std::string::npos ? 0 : at + what.size();
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

struct FrozenNetwork::State {
  TorchGraph graph;
  Freezing freezing;
  std::map<std::int64_t, Module> modules = {};  ///< by the number of samples

  Module frozen(const at::Tensor& sample) {
    Module module = traced(graph, sample, freezing);
    module = freezing == Freezing::frozen ? torch::jit::freeze(module)
                                          : torch::jit::optimize_for_inference(module);
    for (int i = 0; i < 2; ++i) module.forward({sample});  // LibTorch compiles what it has seen run
    return module;
  }

  Module& module_for(const at::Tensor& x) {
    const auto found = modules.find(x.size(0));
    if (found != modules.end()) return found->second;
    try {
      return modules.emplace(x.size(0), frozen(at::zeros_like(x))).first->second;
    } catch (const std::exception& e) {
      throw UnsupportedError("LibTorch cannot freeze this network: " + reason(e.what()));
    }
  }
};

FrozenNetwork::FrozenNetwork(const Graph& graph, std::shared_ptr<const Weights> weights,
                             Freezing freezing)
    : state_(new State{TorchGraph(graph, std::move(weights)), freezing}) {}

FrozenNetwork::~FrozenNetwork() = default;
FrozenNetwork::FrozenNetwork(FrozenNetwork&&) noexcept = default;
FrozenNetwork& FrozenNetwork::operator=(FrozenNetwork&&) noexcept = default;

std::vector<float> FrozenNetwork::logits(const float* nhwc, std::int64_t samples) {
  const at::NoGradGuard no_gradients;
  const DenormalsAreZero fast;
  const at::Tensor x = state_->graph.images(nhwc, samples);
  const at::Tensor y = state_->module_for(x).forward({x}).toTensor().flatten(1).contiguous();
  return {y.data_ptr<float>(), y.data_ptr<float>() + y.numel()};
}

}  // namespace ohmic
