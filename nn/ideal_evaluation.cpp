#include "nn/ideal_evaluation.hpp"

#include "nn/analog/folded_norms.hpp"
#include "nn/captured_work.hpp"
#include "nn/resident_evaluation.hpp"

namespace ohmic {

struct IdealEvaluation::State {
  State(const Graph& g, const ImageSet& set, const Normalization& normalization,
        const std::string& device, Precision precision, std::int64_t batch)
      : graph(g),
        folded(fold_norms(g)),
        stream(device),
        use(std::make_unique<RecordableStream::Use>(stream)),
        network(folded, initialize(folded, "glorot_uniform", 0), device, precision),
        evaluation(network, set, normalization, device, batch) {
    use.reset();
  }

  Graph graph, folded;
  RecordableStream stream;
  std::unique_ptr<RecordableStream::Use> use;  ///< while this is made
  TorchGraph network;
  ResidentEvaluation evaluation;
};

IdealEvaluation::IdealEvaluation(const Graph& graph, const ImageSet& set,
                                 const Normalization& normalization, const std::string& device,
                                 Precision precision, std::int64_t batch)
    : state_(std::make_unique<State>(graph, set, normalization, device, precision, batch)) {}

IdealEvaluation::~IdealEvaluation() = default;

void IdealEvaluation::set_weights(const Weights& weights) {
  const RecordableStream::Use use(state_->stream);
  state_->network.set_weights(fold_norms(state_->graph, weights));
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
