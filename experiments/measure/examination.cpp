#include "experiments/measure/examination.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "experiments/measure/doubts.hpp"
#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/network_file.hpp"
#include "nn/data/normalization.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/data/samples.hpp"
#include "nn/io/sha256.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// Another word whenever more is looked at: what earlier versions kept is then examined again.
constexpr char kLookedAtSo[] = "with answers of logits ";

/// Some of the samples of data.train that the file names and nothing needs, as the network takes
/// them; none where they cannot be read, which then is no fault.
ImageSet declared_training(const TrainedNetwork& network, const Experiment& experiment) {
  constexpr std::int64_t kHeld = 0;  // numbers: few of them are looked at
  const DataSettings& settings = experiment.data;
  if (settings.name != "files" || !settings.train_samples.are_named()) return {};
  if (network.data->train.size() > 0) return {};
  try {
    Dataset data;
    const ImageSet all = read_samples(settings.train_samples, settings.transform, kHeld);
    data.train = held(spread_over(all, kLookedAt));
    data.normalization = read_normalization(settings, data);
    fit_to(*network_of_file(experiment), data);
    return std::move(data.train);
  } catch (const Error&) {
    return {};
  }
}

bool is_counted(const Measure& measure) {
  return measure.metric().name == "accuracy" && measure.answers_classes();
}

/// Calls see(answer, test set, sample) with what the digital network answers to the samples that
/// were examined.
template <class See>
void visit_answers(const TrainedNetwork& network, std::int64_t images, const See& see) {
  const ImageSet& test = network.data->test;
  TorchNetwork digital(network.graph, network.weights);
  std::vector<float> x(static_cast<std::size_t>(test.values()));
  for (std::int64_t k = 0; k < images; ++k) {
    const std::int64_t i = k * test.size() / images;
    normalized_batch(test, network.data->normalization, i, 1, x.data());
    see(digital.logits(x.data(), 1).data(), test, i);
  }
}

double value_of_examined(const TrainedNetwork& network, const Measure& measure,
                         std::int64_t images) {
  std::vector<Score> scores;
  visit_answers(network, images, [&](const float* answer, const ImageSet& test, std::int64_t i) {
    scores.push_back(measure.score(answer, test, i));
  });
  return measure.value(scores);
}

/// The metric against guessing, where `correct` does not say it all.
void note_metric(const TrainedNetwork& network, Plausibility& facts) {
  const Measure& measure = network.measure;
  const auto guessed = measure.guessed(spread_over(network.data->test, facts.images));
  if (!guessed) return;
  std::vector<Score> scores;
  Score promised;
  const bool promises = measure.choice().name == "accuracy";
  visit_answers(network, facts.images, [&](const float* answer, const ImageSet& test, auto i) {
    scores.push_back(measure.score(answer, test, i));
    if (!promises) return;
    const Score own = measure.promised(answer, test, i);
    promised.part += own.part;
    promised.whole += own.whole;
  });
  facts.value = measure.value(scores);
  if (std::isnan(facts.value)) return;
  facts.metric = measure.choice().name;
  facts.top_k = measure.choice().top_k;
  facts.guessed = *guessed;
  const double sure = promised.part / promised.whole;
  facts.promised = sure >= 0 && sure <= 1 ? sure : 0;
}

void note_threshold(const TrainedNetwork& network, Plausibility& facts) {
  if (const auto at_half = network.measure.at_half())
    facts.correct_at_half = std::llround(value_of_examined(network, *at_half, facts.images) *
                                         static_cast<double>(facts.images));
}

}  // namespace

Plausibility examine(const TrainedNetwork& network, const Experiment& experiment) {
  // What was trained through a chip fits that, and not the digital network that is looked at.
  const auto& chip = experiment.train.hardware;
  const bool fits_chip =
      experiment.is_trained() && chip && chip->acts() && !chip->takes_each_chip();
  const bool foreign =
      !fits_chip && (!experiment.is_trained() || experiment.train.start == TrainingStart::given);
  const bool has_classes = network.measure.answers_classes();
  Plausibility facts =
      examine(network.graph, *network.weights, *network.data, foreign, has_classes,
              declared_training(network, experiment), network.measure.gives_probabilities());
  const MetricChoice choice = experiment.evaluation.choice();
  facts.wants_samples = choice.against == Against::samples && !choice.uses_answers();
  if (choice.uses_answers()) {
    facts.labels = 0;  // they are its own
    facts.labelled = 0;
    facts.compares_own = vocabulary(network.graph) == 0 && network.data->test.parts.empty();
  }
  if (is_counted(network.measure))
    note_threshold(network, facts);
  else
    note_metric(network, facts);
  return facts;
}

Plausibility examine_once(const std::filesystem::path& run_folder, const TrainedNetwork& network,
                          const Experiment& experiment) {
  const std::string examined =
      sha256(kLookedAtSo + network.weights_hash + experiment.identity(Stage::network));
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
  if (is_counted(network.measure)) return facts.accuracy();
  if (!facts.metric.empty()) return facts.value;
  return value_of_examined(network, network.measure, facts.images);
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
  std::error_code unknown;
  for (const Point& point : points) {
    const ModelSettings& model = point.experiment.model;
    const std::string& file = model.weights.empty() ? model.file : model.weights;
    if (point.experiment.is_trained() || file.empty() ||
        !std::filesystem::is_regular_file(file, unknown))
      continue;
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
