// Where this process computes: [compute] beside its rank, so that processes of one machine take its
// GPUs in turn.
#pragma once

#include <memory>
#include <string>

#include "experiments/study/experiment.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// Threads of our loops and of LibTorch's; 0: this process's share of the processors.
void use_threads(int threads);

/// Where LibTorch trains and evaluates: "cpu" or "cuda:i". Throws UnsupportedError for a device
/// that is not there.
std::string torch_device(const ComputeSettings&);

/// The back end that compute.backend names; "cuda" on the GPU that compute.device names, else on
/// this rank's.
std::unique_ptr<Backend> make_backend(const ComputeSettings&);

}  // namespace ohmic
