#include "nn/torch/torch_evaluation.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <thread>
#include <utility>

#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {

struct TorchNetwork::State {
  TorchGraph graph;
};

TorchNetwork::TorchNetwork(const Graph& graph, const Weights& weights, const std::string& device)
    : state_(new State{TorchGraph(graph, weights, resolve_device(device))}) {}

TorchNetwork::TorchNetwork(const Graph& graph, std::shared_ptr<const Weights> weights)
    : state_(new State{TorchGraph(graph, std::move(weights))}) {}

TorchNetwork::~TorchNetwork() = default;
TorchNetwork::TorchNetwork(TorchNetwork&&) noexcept = default;
TorchNetwork& TorchNetwork::operator=(TorchNetwork&&) noexcept = default;

void TorchNetwork::set_weights(const Weights& weights) { state_->graph.set_weights(weights); }

std::vector<float> TorchNetwork::logits(const float* nhwc, std::int64_t images) {
  return state_->graph.logits(nhwc, images);
}

namespace {

/// i of "cuda" (0) or "cuda:i"; -1 when the name is neither.
int cuda_index(const std::string& name) {
  if (name == "cuda") return 0;
  const bool digits = name.size() > 5 && name.size() < 9 && name.starts_with("cuda:") &&
                      name.find_first_not_of("0123456789", 5) == std::string::npos;
  return digits ? std::stoi(name.substr(5)) : -1;
}

}  // namespace

int torch_gpu_count() {
  return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
}

std::string resolve_device(const std::string& requested) {
  if (requested == "cpu") return "cpu";
  const int devices = torch_gpu_count();
  if (requested == "auto") return devices > 0 ? "cuda:0" : "cpu";
  const int index = cuda_index(requested);
  if (index < 0)
    throw UnsupportedError("compute.device: expected auto, cpu, cuda or cuda:i, got " + requested);
  if (!at::hasCUDA())
    throw UnsupportedError(
        "compute.device = " + requested + ": LibTorch " + libtorch_version() +
        " was built without CUDA, or finds no driver; build against a CUDA LibTorch, or use cpu");
  if (index >= devices)
    throw UnsupportedError("compute.device = " + requested + ": LibTorch finds " +
                           std::to_string(devices) + " GPUs; use cpu, or one of cuda:0 ...");
  return "cuda:" + std::to_string(index);
}

std::string libtorch_version() { return TORCH_VERSION; }

void set_threads(int threads) {
  at::set_num_threads(threads > 0 ? threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace ohmic
