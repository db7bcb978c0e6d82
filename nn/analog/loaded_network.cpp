#include "nn/analog/loaded_network.hpp"

#include <algorithm>
#include <utility>

#include "nn/analog/execution.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

double Predictions::accuracy() const { return scores.empty() ? 0.0 : mean_of_scores(scores); }

LoadedNetwork::LoadedNetwork(const MappedNetwork& network, Backend& backend,
                             LayerProgress on_images)
    : execution_(std::make_unique<Execution>(network, backend, nullptr, std::move(on_images))) {
  execution_->load(digital_contents(network));
}

LoadedNetwork::LoadedNetwork(std::unique_ptr<Execution> execution)
    : execution_(std::move(execution)) {}

LoadedNetwork::~LoadedNetwork() = default;

std::vector<float> LoadedNetwork::logits(const float* nhwc, std::int64_t images,
                                         std::uint64_t first_image) {
  require_call(images >= 0, "logits: the number of images must not be negative");
  const std::int64_t classes = execution_->network()->graph.classes;
  std::vector<float> out(static_cast<std::size_t>(images * classes));
  execution_->answer(nhwc, images, first_image,
                     [&](std::int64_t i, std::int64_t count, const float* y) {
                       std::copy_n(y, count * classes, out.begin() + i * classes);
                     });
  return out;
}

std::vector<float> LoadedNetwork::layer_output(std::size_t layer, const float* x,
                                               std::int64_t images) {
  const std::vector<Step>& crossbar = execution_->network()->crossbar;
  require_call(layer < crossbar.size(), "layer_output: there is no such layer");
  require_call(images >= 0, "layer_output: images must be 0 or more");
  return execution_->layer_output(crossbar[layer], x, images);
}

void LoadedNetwork::visit_layers(const float* nhwc, std::int64_t images,
                                 const LayerVisitor& visitor) {
  require_call(!execution_->layers().every_answer_is_nan(),
               "visit_layers: negative variances make every answer NaN, so no layer is computed");
  require_call(images >= 0, "visit_layers: images must be 0 or more");
  std::vector<float> buffer;
  execution_->run(nhwc, images, 0, [&](const Step& step, const float* x) {
    const std::vector<float> output = execution_->layer_output(step, x, images);
    visitor(static_cast<std::size_t>(step.layer),
            execution_->inputs_on_host(step, x, images, buffer), output);
  });
}

Predictions LoadedNetwork::evaluate(const ImageSet& set, const Normalization& normalization,
                                    std::int64_t first, std::int64_t count, std::int64_t batch,
                                    const Measure* measure) {
  require_call(first >= 0 && count >= 0 && first <= set.size() && count <= set.size() - first,
               "evaluate: the images [first, first + count) must lie in the set");
  require_call(batch > 0, "evaluate: batch must be above 0");
  const int classes = execution_->network()->graph.classes;
  const Measure accuracy(classes);
  const Measure& asked = measure ? *measure : accuracy;
  Predictions predictions;
  take_tally();
  std::vector<float> x;
  for (std::int64_t i = first; i < first + count; i += batch) {
    const std::int64_t n = std::min(batch, first + count - i);
    x.resize(static_cast<std::size_t>(n * set.values()));
    normalized_batch(set, normalization, i, n, x.data());
    execution_->answer(x.data(), n, static_cast<std::uint64_t>(i),
                       [&](std::int64_t first_of, std::int64_t images, const float* y) {
                         for (std::int64_t j = 0; j < images; ++j, y += classes)
                           predictions.scores.push_back(asked.score(y, set, i + first_of + j));
                       });
  }
  predictions.tally = take_tally();
  return predictions;
}

Tally LoadedNetwork::take_tally() { return execution_->take_tally(); }

const Calibration& LoadedNetwork::calibration() const { return execution_->layers().calibration(); }

std::vector<double> LoadedNetwork::products_errors() const {
  return execution_->layers().products_errors();
}

Weights LoadedNetwork::effective_weights() const {
  return execution_->layers().effective_weights();
}

}  // namespace ohmic
