#include "experiments/study/network_file.hpp"

#include "nn/data/keyed_error.hpp"

namespace ohmic {

std::shared_ptr<const LoweredNetwork> network_of_file(const Experiment& experiment) {
  return keyed("model.file", [&] { return load_network(experiment.model, experiment.mapping); });
}

AnswerShape answers_of(const LoweredNetwork& network) {
  AnswerShape answer = answer_shape(network.graph, network.answer);
  answer.classes_last = network.format == "Keras";
  return answer;
}

}  // namespace ohmic
