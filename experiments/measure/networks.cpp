#include "experiments/measure/networks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "experiments/measure/compute.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/influence.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/measure/timing.hpp"
#include "experiments/study/chip_training.hpp"
#include "experiments/study/network_file.hpp"
#include "experiments/study/training_images.hpp"
#include "experiments/study/words.hpp"
#include "nn/analog/loaded_network.hpp"
#include "nn/data/check_preprocessing.hpp"
#include "nn/data/keyed_error.hpp"
#include "nn/data/samples.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/weight_file.hpp"
#include "nn/metrics/label_error.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/curves.hpp"
#include "nn/train/divergence.hpp"
#include "nn/train/trained_weights.hpp"
#include "nn/train/training_data.hpp"

namespace ohmic {
namespace {

/// Within one program; training images are there only where something needs them.
std::string key_of(const Experiment& e, Stage stage) {
  return e.part(stage).text() + (use_of_training_images(e).empty() ? "" : " training images");
}

TrainProgress report_to(Progress& progress, Timer& timer, const std::string& label,
                        std::int64_t epochs) {
  TrainProgress callbacks;
  callbacks.on_batch = [&progress, epochs](std::int64_t epoch, double fraction, double loss,
                                           double accuracy, double images_per_s) {
    progress.update((static_cast<double>(epoch) + fraction) / static_cast<double>(epochs),
                    fmt::format("epoch {}/{}, loss {:.3f}, accuracy {:.1f} %, {:.0f} images/s",
                                epoch + 1, epochs, loss, 100 * accuracy, images_per_s));
  };
  callbacks.on_epoch = [&progress, &timer, label](const EpochReport& r) {
    timer.done();
    const std::string test =
        r.test_accuracy < 0 ? "" : fmt::format(", test {:.2f} %", 100 * r.test_accuracy);
    progress.say(
        fmt::format("{}: epoch {}/{}, loss {:.4f}, accuracy {:.2f} %{}, {} dead filters, {}", label,
                    r.epoch + 1, r.epochs, r.loss, 100 * r.accuracy, test, r.dead_filters,
                    duration_text(r.seconds)));
  };
  return callbacks;
}

/// What the digital network answers to every test sample.
std::vector<float> digital_answers(const Experiment& e, const TrainedNetwork& network) {
  constexpr std::int64_t kBatch = 256;
  const auto backend = make_backend(e.compute);
  LoadedNetwork digital({network.graph, network.weights, e.mapping, e.noise, {}, e.devices()},
                        *backend);
  const ImageSet& test = network.data->test;
  std::vector<float> answers;
  for (std::int64_t i = 0; i < test.size(); i += kBatch) {
    const std::int64_t n = std::min(kBatch, test.size() - i);
    std::vector<float> x(static_cast<std::size_t>(n * test.values()));
    normalized_batch(test, network.data->normalization, i, n, x.data());
    const auto logits = digital.logits(x.data(), n, static_cast<std::uint64_t>(i));
    answers.insert(answers.end(), logits.begin(), logits.end());
  }
  return answers;
}

/// What a sample's answer is, by the network that the experiment names.
AnswerShape answers_of(const Experiment& e, const Graph& graph) {
  return e.model.file.empty() ? answer_shape(graph, {graph.classes})
                              : answers_of(*network_of_file(e));
}

/// The metric for the test set. What is wrong with a label says where it is in its file.
Measure measure_of(const Experiment& e, const Graph& graph, const ImageSet& test) {
  try {
    return Measure(e.evaluation.choice(), answers_of(e, graph), test);
  } catch (const LabelError& error) {
    const SampleFiles& files = e.data.test_samples;
    if (files.labels.empty()) throw;
    throw DataError(fmt::format("{} (row {} of {})", error.what(),
                                row_of_sample(files, error.sample()), files.labels));
  }
}

/// Whether answers are logits or probabilities, by what the digital network answers to some
/// samples, spread evenly over the set.
void look_at_answers(const TrainedNetwork& network, Measure& measure) {
  constexpr std::int64_t kLooked = 64;
  const ImageSet& test = network.data->test;
  TorchNetwork digital(network.graph, network.weights);
  std::vector<float> x(static_cast<std::size_t>(test.values()));
  const std::int64_t count = std::min(kLooked, test.size());
  for (std::int64_t k = 0; k < count; ++k) {
    normalized_batch(test, network.data->normalization, k * test.size() / count, 1, x.data());
    if (!measure.look_at(digital.logits(x.data(), 1).data())) break;
  }
  measure.settle();
}

/// Whole numbers of a type that samples can hold.
std::pair<std::int64_t, std::int64_t> range_of(ElementType type) {
  if (type == ElementType::boolean) return {0, 1};
  const bool has_sign = is_signed(type);
  const std::size_t bits = 8 * size_of(type) - (has_sign ? 1 : 0);
  if (bits > 24) return {has_sign ? -WholeNumbers::kMostExact : 0, WholeNumbers::kMostExact};
  const std::int64_t most = (std::int64_t{1} << bits) - 1;
  return {has_sign ? -most - 1 : 0, most};
}

/// A file of weights that a key of the experiment names.
struct NamedWeights {
  std::string key, file;
  TensorChoice choice;
};

NamedWeights own_weights(const Experiment& e) {
  return {"model.weights", e.model.weights, {e.model.tensors, "model.tensors"}};
}

NamedWeights teacher_weights(const DistillSettings& distill) {
  return {"train.distill.teacher", distill.teacher, {distill.tensors, "train.distill.tensors"}};
}

/// load_checkpoint for images that are prepared so (null: they cannot be read).
template <class AnyGraph>
Checkpoint load_named(const NamedWeights& named, AnyGraph& graph,
                      const Normalization* normalization) {
  try {
    LoadedCheckpoint checkpoint = load_checkpoint(named.file, graph, named.choice);
    if (checkpoint.preprocessing && normalization)
      check_preprocessing(named.file, *checkpoint.preprocessing, *normalization);
    return checkpoint;
  } catch (const DataError& error) {
    throw DataError(named.key + ": " + error.what());
  }
}

/// Whether the teacher of an experiment is trained here too.
bool trains_teacher(const Experiment& e) {
  return e.train.distill && e.train.distill->teacher.empty() &&
         e.train.start == TrainingStart::init;
}

/// What trains it.
Experiment teacher_experiment(Experiment experiment) {
  experiment.train.distill.reset();
  experiment.train.hardware.reset();
  experiment.train.noise_eta = 0;
  return experiment;
}

/// "pcm hardware", or of exact devices what else acts: "wires and converters".
std::string hardware_words(const TrainingHardware& hardware) {
  if (hardware.device_model != "ideal") return hardware.device_model + " hardware";
  const Periphery& p = hardware.periphery;
  std::vector<std::string> parts;
  if (p.wires) parts.emplace_back("wires");
  if (p.dac || p.adc) parts.emplace_back("converters");
  return parts.empty() ? "ideal hardware" : fmt::format("{}", fmt::join(parts, " and "));
}

std::string chip_words(const TrainingHardware& hardware) {
  const std::string chip =
      hardware.takes_each_chip() ? "each chip" : fmt::format("chip {}", *hardware.chip);
  return fmt::format(", on {} ({})", chip, hardware_words(hardware));
}

/// The chip that weights which ohmic trained were trained on; "" where the file says of none.
std::string chip_said_by(const std::string& weights) {
  if (std::filesystem::path(weights).extension() != ".safetensors") return "";
  const Metadata metadata = open_safetensors(weights).metadata;
  const auto chip = metadata.find(kChipKey);
  return chip == metadata.end() ? "" : chip->second;
}

bool is_for_one_chip(const Experiment& e) {
  return e.train.hardware && e.train.hardware->chip && !e.trains_each_chip();
}

}  // namespace

void take_measure(const Experiment& e, TrainedNetwork& network) {
  const MetricChoice choice = e.evaluation.choice();
  if (!e.model.file.empty()) check_samples_stand_alone(network);
  network.measure =
      keyed("data.test", [&] { return measure_of(e, network.graph, network.data->test); });
  if (network.measure.wants_to_look()) look_at_answers(network, network.measure);
  if (!choice.uses_answers() && !network.measure.wants_samples()) return;
  auto data = std::make_shared<Dataset>(*network.data);
  if (choice.uses_answers())
    data->test = network.measure.with_answers(data->test, digital_answers(e, network));
  else
    data->test = with_samples(data->test, data->normalization);
  network.data = std::move(data);
}

void check_counts(const Experiment& experiment, const ImageSet& train) {
  const EvaluationSettings& e = experiment.evaluation;
  const auto check = [&](const char* key, std::int64_t images) {
    if (images > train.size())
      throw DataError(fmt::format("evaluation.{} asks for {} images but there are {} (data.train)",
                                  key, images, train.size()));
  };
  if (calibrates(experiment) && e.calibration_images != EvaluationSettings{}.calibration_images)
    check("calibration_images", e.calibration_images);
  if (e.batch_norm_images) check("batch_norm_images", *e.batch_norm_images);
}

void fit_to(const LoweredNetwork& network, Dataset& data) {
  const bool has_several = network.inputs.size() > 1;
  std::vector<SamplePart> parts;
  std::vector<WholeNumbers> whole;
  std::int64_t first = 0;
  for (const SampleInput& input : network.inputs) {
    parts.push_back({input.name, input.shape});
    if (!is_real(input.type)) {
      const auto begin = has_several ? std::optional(first) : std::nullopt;
      const auto [least, most] = range_of(input.type);
      whole.push_back({has_several ? input.name : "", first, input.size(),
                       vocabulary(network.graph, begin), least, most});
    }
    first += input.size();
  }
  fit_parts(data, parts);
  check_whole_numbers(data, whole);
  fit(data, network.sample, network.graph.classes);
}

std::string network_label(const Experiment& e) {
  const bool is_given = !e.model.file.empty() || !e.model.weights.empty();
  std::string label = network_words(e) + " on " + e.data.name;
  if (is_given && !e.trains()) return label;
  label += fmt::format(", {}{} {}", is_given ? "trained further by " : "", e.train.optimizer,
                       e.train.learning_rate);
  if (e.model.norm != "batch") label += ", norm " + e.model.norm;
  if (e.train.noise_eta > 0) label += fmt::format(", weight noise {}", e.train.noise_eta);
  if (e.train.hardware && e.train.hardware->chip)
    label += chip_words(*e.train.hardware);
  else if (e.train.hardware && e.train.hardware->acts())
    label += ", through " + hardware_words(*e.train.hardware);
  if (e.train.distill) label += ", with a teacher";
  return label;
}

std::optional<std::string> divergence_of(const Experiment& experiment,
                                         const std::filesystem::path& all_training) {
  if (!experiment.is_trained()) return std::nullopt;
  const std::string identity = experiment.training_identity();
  if (auto own = read_divergence(training_folder(all_training, identity), identity)) return own;
  if (is_for_one_chip(experiment)) return divergence_of(before_chip(experiment), all_training);
  if (!trains_teacher(experiment)) return std::nullopt;
  const auto teacher = divergence_of(teacher_experiment(experiment), all_training);
  return teacher ? std::optional("has a teacher whose training " + *teacher) : std::nullopt;
}

std::int64_t epochs_recorded(const std::filesystem::path& training_folder) {
  const auto file = training_folder / "history.csv";
  if (!std::filesystem::exists(file)) return 0;
  const std::string history = read_whole(file);
  return std::max<std::int64_t>(std::count(history.begin(), history.end(), '\n') - 1, 0);
}

void Networks::check(const Experiment& experiment) {
  std::string key = key_of(experiment, Stage::inputs) + (calibrates(experiment) ? " all" : "");
  if (experiment.trains()) key += TrainSettings::schema().write(&experiment.train).text();
  const auto [entry, is_new] = checked_.insert({key, ""});
  if (is_new) entry->second = wrong_with_inputs(experiment);
  if (!entry->second.empty()) throw DataError(entry->second);
}

std::string Networks::wrong_with_inputs(const Experiment& experiment) {
  make_backend(experiment.compute);
  torch_device(experiment.compute);
  std::string wrong;
  std::set<std::string> said;  // one file may be wanted for several things
  const auto open = [&](const std::function<void()>& opened) {
    try {
      opened();
    } catch (const DataError& error) {
      if (said.insert(error.what()).second)
        wrong += (wrong.empty() ? "" : "\n") + std::string(error.what());
    }
  };
  std::shared_ptr<const Dataset> data;
  open([&] { data = data_of(experiment); });
  if (data) open([&] { check_counts(experiment, data->train); });
  const Normalization* normalization = data ? &data->normalization : nullptr;
  Graph graph;
  open([&] { graph = experiment.graph(); });
  if (graph.nodes.empty()) return wrong;
  if (data) open([&] { keyed("data.test", [&] { measure_of(experiment, graph, data->test); }); });
  if (experiment.model.file.empty() && !experiment.model.weights.empty())
    open([&] { load_named(own_weights(experiment), graph, normalization); });
  if (experiment.trains() && data)
    open([&] { check_training_data(graph, *data, experiment.train); });
  if (experiment.trains() && experiment.train.distill && !experiment.train.distill->teacher.empty())
    open([&] {
      load_named(teacher_weights(*experiment.train.distill), std::as_const(graph), normalization);
    });
  return wrong;
}

const TrainedNetwork& Networks::get(const Experiment& experiment) {
  const TrainedNetwork* network = try_get(experiment);
  if (!network)
    progress_.say("another process trains " + network_label(experiment) + "; waiting for it");
  while (!network) {
    progress_.wait();
    std::this_thread::sleep_for(kPollInterval);
    network = try_get(experiment);
  }
  return *network;
}

const TrainedNetwork* Networks::try_get(const Experiment& experiment) {
  const std::string identity = experiment.training_identity();
  const std::string key = identity + key_of(experiment, Stage::network);
  const auto present = networks_.find(key);
  if (present != networks_.end()) return &present->second;
  if (experiment.trains_each_chip()) return try_before_chips(experiment, key);
  TrainedNetwork network;
  network.data = data_of(experiment);
  network.graph = experiment.graph();
  network.label = network_label(experiment);
  network.data_name = experiment.data.name;
  network.identity = identity;
  if (!train_or_load(experiment, network)) return nullptr;
  take_measure(experiment, network);
  return &networks_.emplace(key, std::move(network)).first->second;
}

const TrainedNetwork* Networks::try_before_chips(const Experiment& experiment,
                                                 const std::string& key) {
  const TrainedNetwork* given = try_get(before_chip(experiment));
  if (!given) return nullptr;
  TrainedNetwork network = *given;
  network.on_chip = [this, experiment](std::int64_t chip) -> const TrainedNetwork& {
    return get(ohmic::on_chip(experiment, chip));
  };
  return &networks_.emplace(key, std::move(network)).first->second;
}

bool Networks::train_or_load(const Experiment& experiment, TrainedNetwork& network) {
  take_given(experiment, network);
  if (!experiment.is_trained()) return true;
  const auto folder = training_folder(folder_, network.identity);
  const auto file = folder / kWeightsFile;
  make_own_folder(folder.parent_path());
  make_own_folder(folder);
  if (!claims_) claims_.emplace(folder_ / "lock");
  const auto claim = claims_->try_exclusive(network.identity);
  if (!claim && !std::filesystem::exists(file)) return false;
  network.weights = std::make_shared<const Weights>(train_in(folder, experiment, network).weights);
  network.weights_hash = sha256_of_weights(file);
  return true;
}

/// The weights of a file of weights, or of a network's file, if one is named.
void Networks::take_given(const Experiment& experiment, TrainedNetwork& network) const {
  const ModelSettings& model = experiment.model;
  if (!model.file.empty()) {
    const auto lowered = network_of_file(experiment);
    network.weights = {lowered, &lowered->weights};
    network.weights_hash = hash_of_network(model.file);
    if (!model.weights.empty())
      network.weights_hash = sha256(network.weights_hash + sha256_of_weights(model.weights));
  } else if (!model.weights.empty()) {
    network.weights = std::make_shared<const Weights>(
        load_named(own_weights(experiment), network.graph, &network.data->normalization).weights);
    network.weights_hash = sha256_of_weights(model.weights);
  }
  network.given_for = chip_said_by(model.weights);
}

Checkpoint Networks::train_in(const std::filesystem::path& folder, const Experiment& experiment,
                              const TrainedNetwork& network) {
  const std::shared_ptr<const Weights> start = start_of(experiment, network);
  const std::shared_ptr<const Weights> teacher = teacher_of(experiment, network);
  TrainSettings settings = experiment.train;
  if (start) settings.start = TrainingStart::given;
  settings.epochs = epochs_of(settings);
  const std::string label = network_label(experiment);
  progress_.begin("training " + label);
  Timer timer(timing_file(folder_.parent_path()), epoch_work(experiment));
  try {
    return train(network.graph, *network.data, settings, experiment.seed,
                 torch_device(experiment.compute), folder, network.identity,
                 report_to(progress_, timer, label, settings.epochs), {teacher.get(), start.get()});
  } catch (const TrainingDiverged& error) {
    throw TrainingDiverged("training " + label + " " + error.what());
  }
}

std::shared_ptr<const Weights> Networks::start_of(const Experiment& experiment,
                                                  const TrainedNetwork& network) {
  if (network.weights) return network.weights;
  return is_for_one_chip(experiment) ? get(before_chip(experiment)).weights : nullptr;
}

std::shared_ptr<const Weights> Networks::teacher_of(const Experiment& experiment,
                                                    const TrainedNetwork& student) {
  if (!experiment.train.distill) return nullptr;
  const NamedWeights named = teacher_weights(*experiment.train.distill);
  if (!named.file.empty())
    return std::make_shared<const Weights>(
        load_named(named, student.graph, &student.data->normalization).weights);
  if (is_for_one_chip(experiment)) return start_of(experiment, student);
  if (!trains_teacher(experiment)) return student.weights;
  return get(teacher_experiment(experiment)).weights;
}

std::shared_ptr<const Dataset> Networks::data_of(const Experiment& experiment) {
  if (experiment.data.name == "files" && experiment.model.file.empty())
    throw DataError(
        "data.name = \"files\" is for networks of a file, and model.file names none; "
        "expected model.file, or data.name = \"cifar10\", \"cifar100\" or "
        "\"synthetic\" for a built-in network");
  const std::string use = use_of_training_images(experiment);
  std::string key = key_of(experiment, Stage::images);
  std::shared_ptr<const LoweredNetwork> network;
  if (!experiment.model.file.empty()) {
    network = network_of_file(experiment);
    key += fmt::format(" for {} and {}", fmt::join(network->sample, " x "), network->graph.classes);
  }
  auto& data = data_[key];
  if (data) return data;
  Dataset loaded = load_dataset(experiment.data, experiment.seed, {!use.empty(), true, use});
  if (network) keyed("data.test", [&] { fit_to(*network, loaded); });
  data = std::make_shared<const Dataset>(std::move(loaded));
  return data;
}

}  // namespace ohmic
