#include "experiments/study/network_file.hpp"

#include "nn/data/keyed_error.hpp"

namespace ohmic {

std::shared_ptr<const LoweredNetwork> network_of_file(const Experiment& experiment) {
  return keyed("model.file", [&] { return load_network(experiment.model, experiment.mapping); });
}

}  // namespace ohmic
