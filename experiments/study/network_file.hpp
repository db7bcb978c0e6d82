// The network of model.file.
#pragma once

#include <memory>

#include "experiments/study/experiment.hpp"
#include "nn/lowering/network.hpp"
#include "nn/metrics/answer_shape.hpp"

namespace ohmic {

/// As load_network() gives it; its DataErrors begin with model.file.
std::shared_ptr<const LoweredNetwork> network_of_file(const Experiment&);
/// What it answers to one sample.
AnswerShape answers_of(const LoweredNetwork&);

}  // namespace ohmic
