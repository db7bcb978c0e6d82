#include "experiments/measure/examination.hpp"

#include <fmt/format.h>

#include <set>

#include "experiments/measure/doubts.hpp"
#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/study/metric_words.hpp"
#include "nn/io/sha256.hpp"
#include "nn/torch/torch_evaluation.hpp"

namespace ohmic {

Plausibility examine(const TrainedNetwork& network, const Experiment& experiment) {
  const bool foreign = !experiment.is_trained();
  return examine(network.graph, *network.weights, *network.data, foreign,
                 network.measure.answers_classes(), network.measure.gives_probabilities());
}

Plausibility examine_once(const std::filesystem::path& run_folder, const TrainedNetwork& network,
                          const Experiment& experiment) {
  const std::string& metric = experiment.evaluation.metric;  // what is right depends on it
  const std::string examined =
      sha256(network.weights_hash + experiment.images_identity() +
             (metric == "accuracy" ? "" : metric) + answers_key(experiment.evaluation));
  if (const auto kept = kept_plausibility(run_folder, experiment, examined)) return *kept;
  const Plausibility facts = examine(network, experiment);
  keep_plausibility(run_folder, experiment, facts, examined);
  return facts;
}

std::vector<std::string> spoken_doubts(const TrainedNetwork& network, const Plausibility& facts) {
  std::vector<std::string> lines;
  for (const std::string& doubt : doubts_of(facts))
    lines.push_back(fmt::format("warning: {}: {}", network.label, doubt));
  return lines;
}

double value_without_noise(const TrainedNetwork& network, const Plausibility& facts) {
  if (network.measure.metric().name == "accuracy" && network.measure.answers_classes())
    return facts.accuracy();
  const ImageSet& test = network.data->test;
  TorchNetwork digital(network.graph, network.weights);
  std::vector<float> x(static_cast<std::size_t>(test.values()));
  std::vector<Score> scores;
  for (std::int64_t k = 0; k < facts.images; ++k) {
    const std::int64_t i = k * test.size() / facts.images;
    normalized_batch(test, network.data->normalization, i, 1, x.data());
    scores.push_back(network.measure.score(digital.logits(x.data(), 1).data(), test, i));
  }
  return network.measure.value(scores);
}

std::string without_noise_text(const TrainedNetwork& network, const Experiment& experiment,
                               const Plausibility& facts) {
  const MetricWords words(experiment);
  const std::string value = words.text_with_unit(value_without_noise(network, facts));
  if (words.metric().has_normalized)
    return fmt::format("{}: {} of {} test images are answered right without noise", network.label,
                       value, facts.images);
  return fmt::format("{}: {} {} on {} test samples without noise", network.label, words.title(),
                     value, facts.images);
}

std::vector<std::string> examine_given(const std::vector<Point>& points, Progress& progress) {
  Networks networks("", progress);
  std::set<const TrainedNetwork*> seen;
  std::vector<std::string> lines;
  for (const Point& point : points) {
    const ModelSettings& model = point.experiment.model;
    const std::string& file = model.weights.empty() ? model.file : model.weights;
    if (file.empty() || !std::filesystem::is_regular_file(file)) continue;
    const TrainedNetwork& network = networks.get(point.experiment);
    if (!seen.insert(&network).second) continue;
    const Plausibility facts = examine(network, point.experiment);
    lines.push_back(without_noise_text(network, point.experiment, facts));
    for (const std::string& remark : network.measure.remarks())
      lines.push_back(fmt::format("note: {}: {}", network.label, remark));
    for (std::string& line : spoken_doubts(network, facts)) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace ohmic
