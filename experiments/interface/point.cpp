// From the values of the interface to what one point of `ohmic run` is made of.

#include <limits>

#include "experiments/interface/state.hpp"
#include "nn/data/samples.hpp"

namespace ohmic {
namespace {

Value evaluation_table(const MeasureOptions& options) {
  EvaluationSettings settings;
  settings.estimator = options.estimator;
  settings.draws = options.draws;
  settings.first_draw = options.first_draw;
  settings.batch = options.batch;
  settings.confidence = options.confidence;
  settings.calibration_images = options.calibration_samples;
  Value table = EvaluationSettings::schema().write(&settings);
  for (const char* key : {"metric", "against"}) table.table().erase(key);  // chosen by the data
  if (!options.metric.empty()) table.set("metric", {options.metric});
  if (!options.against.empty()) table.set("against", {options.against});
  if (!options.class_axis.empty()) table.set("class_axis", {options.class_axis});
  if (!options.scores.empty()) table.set("scores", {options.scores});
  table.set("top_k", {std::int64_t{options.top_k}});
  return table;
}

}  // namespace

Experiment experiment_of(const Network& network, const Samples& samples, const Hardware& hardware,
                         const MeasureOptions& options) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();  // in a file
  if (options.seed > static_cast<std::uint64_t>(kLargest))
    throw ConfigError({{{},
                        "seed",
                        "expected an integer in [0, " + std::to_string(kLargest) + "], got " +
                            std::to_string(options.seed)}});
  Value root = table_of(hardware);
  root.set("seed", {static_cast<std::int64_t>(options.seed)});
  root.set("data", DataSettings::schema().write(&samples.state().settings));
  if (!network.state().built) {
    const ModelSettings& model = network.state().model;
    for (const auto& [key, text] : {std::pair("model.file", model.file),
                                    {"model.weights", model.weights},
                                    {"model.tensors", model.tensors},
                                    {"model.output", model.output}})
      if (!text.empty()) root.set(key, {text});
    Array inputs(model.inputs.begin(), model.inputs.end());
    if (!inputs.empty()) root.set("model.inputs", {std::move(inputs)});
  }
  root.set("evaluation", evaluation_table(options));
  root.set("compute.device", {std::string("cpu")});
  root.set("compute.backend", {options.backend});
  root.set("compute.threads", {std::int64_t{options.threads}});
  const auto& built = network.state().built;
  std::shared_ptr<const Graph> graph;
  if (built) graph = {built, &built->graph};
  std::vector<Fault> faults;
  Experiment experiment = Experiment::read(root, faults, std::move(graph));
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return experiment;
}

TrainedNetwork trained_network(const Network& network, const Samples& samples,
                               const Experiment& experiment) {
  const Network::State& state = network.state();
  const auto lowered =
      state.built ? state.built : load_network(experiment.model, experiment.mapping);
  const Samples::State& s = samples.state();
  Dataset data{s.calibration ? *s.calibration : s.set, s.set, s.normalization};
  fit_to(*lowered, data);
  check_counts(experiment, data.train);
  TrainedNetwork trained;
  trained.graph = lowered->graph;
  trained.weights = std::shared_ptr<const Weights>(lowered, &lowered->weights);
  trained.data = std::make_shared<const Dataset>(std::move(data));
  trained.label = state.name;
  trained.data_name = experiment.data.name;
  take_measure(experiment, trained);
  return trained;
}

}  // namespace ohmic
