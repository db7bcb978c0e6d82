#include "experiments/budget/noisy_layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/study/configure.hpp"
#include "mapping/cost.hpp"
#include "nn/analog/batch_norm.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImagesAtOnce = 50;

Value exact_table(const DeviceModel& like) {
  Value table{Table{}};
  table.set("model", {std::string("ideal")});
  table.set("g_min_S", {like.g_min_S});
  table.set("g_max_S", {like.g_max_S});
  return table;
}

/// Every key of one layer's devices.
Value device_table(const Experiment& experiment, const std::string& layer) {
  const OwnDevice* own = own_device(experiment.layer_devices, layer);
  return own ? write_device(own->model_name, *own->model)
             : write_device(experiment.device_model, *experiment.device);
}

LogitSpread propagate(const TrainedNetwork& network, const ImageSet& test, bool folded,
                      Progress& progress) {
  progress.begin("linear propagation of noise, " + network.label);
  NoisePropagation propagation(
      network.graph, folded ? fold_batch_norm(network.graph, *network.weights) : *network.weights);
  LogitSpread spread;
  std::vector<float> x;
  const std::int64_t images = test.size();
  for (std::int64_t first = 0; first < images; first += kImagesAtOnce) {
    const std::int64_t n = std::min(kImagesAtOnce, images - first);
    x.resize(static_cast<std::size_t>(n * test.values()));
    normalized_batch(test, network.data->normalization, first, n, x.data());
    propagation.add(x.data(), n, spread);
    progress.update(static_cast<double>(first + n) / static_cast<double>(images),
                    fmt::format("image {}/{}", first + n, images));
  }
  return spread;
}

/// Tells spreads of networks with groups from those that earlier versions stored, which were wrong.
std::string method_of(const Graph& graph) {
  const bool has_groups = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                      [](const Node& node) { return node.conv.groups > 1; });
  return has_groups ? " by groups" : "";
}

/// Throws DataError for a file that does not hold the spread of so many images.
LogitSpread read_spread(const std::filesystem::path& file, const Graph& graph,
                        std::int64_t images) {
  Checkpoint checkpoint = read_safetensors(file);
  if (!is_intact(checkpoint))
    throw DataError(file.string() + ": damaged: its content does not have the SHA-256 it states");
  Weights& tensors = checkpoint.weights;
  LogitSpread spread{graph.classes, crossbar_layers(graph), std::move(tensors["logits"].values),
                     std::move(tensors["gram"].values)};
  const auto n = static_cast<std::size_t>(images);
  if (spread.logits.size() != n * static_cast<std::size_t>(graph.classes) ||
      spread.gram.size() != n * spread.layers.size() * spread.pairs())
    throw DataError(file.string() + ": damaged: it does not hold the spread of " +
                    std::to_string(images) + " images");
  return spread;
}

/// What the file holds; nothing where it is absent, or damaged and set aside.
std::optional<LogitSpread> stored_spread(const std::filesystem::path& file, const Graph& graph,
                                         std::int64_t images, Progress& progress) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    return read_spread(file, graph, images);
  } catch (const DataError& error) {
    progress.say(fmt::format("{}; it is now {}, and is made again", error.what(),
                             set_damaged_aside(file).string()));
    return std::nullopt;
  }
}

void write_spread(const std::filesystem::path& file, const LogitSpread& s) {
  Checkpoint checkpoint;
  const auto layers = static_cast<std::int64_t>(s.layers.size());
  checkpoint.weights["logits"] = {{s.images(), s.classes}, s.logits};
  checkpoint.weights["gram"] = {{s.images(), layers, static_cast<std::int64_t>(s.pairs())}, s.gram};
  checkpoint.metadata[kContentHash] = content_hash(checkpoint);
  write_safetensors(file, checkpoint);
}

}  // namespace

Experiment noise_only_in(const Experiment& experiment, const std::string& layer) {
  Value device = exact_table(*experiment.device), layers{Table{}};
  for (const auto& [other, own] : experiment.layer_devices)
    layers.set(other, exact_table(*own.model));
  layers.set(layer, device_table(experiment, layer));
  device.set(kLayersKey, layers);
  return with_keys(experiment, {{"device", device}});
}

Experiment noise_in_all_but(const Experiment& experiment, const std::string& layer) {
  return with_keys(experiment,
                   {{"device.layers." + layer, exact_table(experiment.devices().of(layer))}});
}

std::vector<double> layer_devices(AnalogNetwork& network) {
  std::vector<double> devices;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Periphery periphery = network.mapped().periphery(l);
    const LayerCost cost = layer_cost(network.layers()[l], periphery, CostSettings{});
    devices.push_back(static_cast<double>(cost.devices));
  }
  return devices;
}

Experiment with_etas(const Experiment& experiment, const std::vector<std::string>& layers,
                     const std::vector<double>& etas) {
  KeyValues keys;
  for (std::size_t l = 0; l < layers.size(); ++l)
    keys.push_back({"device.layers." + layers[l] + ".eta", {etas.at(l)}});
  return with_keys(experiment, keys);
}

void check_noise_is_on_crossbars(const BudgetRequest& request, const std::string& analysis,
                                 std::vector<Fault>& faults) {
  for (const Point& point : request.points)
    if (point.experiment.noise.perturbs_digital())
      return faults.push_back(request.fault(
          analysis,
          "counts the noise of crossbars alone; expected noise.semantics kernels or folded"));
}

void check_prediction_serves(const BudgetRequest& request, const std::string& analysis,
                             std::vector<Fault>& faults) {
  const MetricChoice choice = request.points.front().experiment.evaluation.choice();
  if (choice.name != "accuracy" && choice.name != "agreement")
    faults.push_back(request.fault(
        analysis,
        "propagates noise linearly to the classes that are answered and says nothing of " +
            choice.title() + "; expected evaluation.metric accuracy or agreement"));
}

ImageSpread spread_of(AnalysisContext& context, const Experiment& experiment, std::int64_t images) {
  const TrainedNetwork& network = context.networks.get(experiment);
  if (!network.measure.is_plain_accuracy())
    throw UnsupportedError(network.label +
                           ": linear propagation predicts one class per sample, and this network "
                           "answers with others; leave [budget.prediction] and "
                           "[budget.allocation] out");
  const ImageSet test = first_of_all_classes(network.data->test, images);
  const std::int64_t n = test.size();
  const bool folded = experiment.noise.semantics == Semantics::folded;
  const std::string key = sha256(fmt::format("{} {} {} {}", network.weights_hash, folded, n,
                                             experiment.identity(Stage::network)) +
                                 test.hash() + method_of(network.graph));
  const auto file = context.folder / "spread" / (key.substr(0, 16) + ".safetensors");
  ImageSpread result;
  result.labels = test.labels;
  if (auto stored = stored_spread(file, network.graph, n, context.progress)) {
    result.spread = std::move(*stored);
  } else {
    result.spread = propagate(network, test, folded, context.progress);
    make_own_folder(file.parent_path());
    write_spread(file, result.spread);
  }
  return result;
}

std::vector<double> weight_noise(const std::vector<LayerResult>& layers) {
  std::vector<double> sigma;
  for (const LayerResult& l : layers) sigma.push_back(l.measured_eta * l.sigma_w);
  return sigma;
}

Estimate paired_loss(const Replicates& nominal, const Replicates& worse, const Metric& metric,
                     double confidence) {
  return metric.sign() > 0 ? paired_difference(nominal, worse, confidence)
                           : paired_difference(worse, nominal, confidence);
}

}  // namespace ohmic
