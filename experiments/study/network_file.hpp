// The network of model.file.
#pragma once

#include <memory>

#include "experiments/study/experiment.hpp"
#include "nn/lowering/network.hpp"

namespace ohmic {

/// As load_network() gives it; its DataErrors begin with model.file.
std::shared_ptr<const LoweredNetwork> network_of_file(const Experiment&);

}  // namespace ohmic
