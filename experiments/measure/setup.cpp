#include "experiments/measure/setup.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>

#include "experiments/measure/compute.hpp"
#include "experiments/study/device_files.hpp"
#include "experiments/study/plugin.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

/// Where these are swept, the first point's values do not hold for all: only what was given does.
void leave_as_given(const std::vector<const char*>& keys, const Value& root, Value& resolved) {
  for (const char* key : keys) {
    const Value* given = root.at(key);
    if (given)
      resolved.set(key, *given);
    else
      resolved.table().erase(key);
  }
}

/// Which draws a chip in the loop is measured on follows from its number where the file is silent.
void leave_draws_as_given(const Value& root, Value& resolved) {
  for (const char* key : {"first_draw", "draws"}) {
    const Value* given = root.at(std::string("evaluation.") + key);
    if (given)
      resolved.set(std::string("evaluation.") + key, *given);
    else
      resolved.table().find("evaluation")->table().erase(key);
  }
}

/// What of the layers' converters is swept.
std::string own_converters(const Point& point) {
  const Parameter* layers = NetworkPeriphery::schema().find(kLayersKey);
  return layers->write(&point.experiment.periphery).text();
}

/// The keys of one point's layers would be under those of all others.
void leave_converters_as_given(const Value& root, Value& resolved) {
  constexpr char kKey[] = "periphery.layers";
  if (Value* periphery = resolved.table().find("periphery")) periphery->table().erase(kLayersKey);
  if (const Value* given = root.at(kKey)) resolved.set(kKey, *given);
}

}  // namespace

Value resolved_file(const Value& root, const std::vector<Point>& points) {
  Value resolved = points.front().experiment.resolved();
  const bool models_differ = std::any_of(points.begin(), points.end(), [&](const Point& p) {
    return p.experiment.device_model != points.front().experiment.device_model;
  });
  const Point& first = points.front();
  const auto is_trained = [](const Point& p) { return p.experiment.trains(); };
  const auto has_chip = [](const Point& p) { return p.experiment.train.hardware.has_value(); };
  const auto on_chip = [](const Point& p) {
    const auto& hardware = p.experiment.train.hardware;
    return hardware && hardware->chip;
  };
  const bool is_in_loop = std::ranges::any_of(points, on_chip);
  const bool sweeps_training = std::ranges::any_of(first.axes, [&](const auto& axis) {
    return axis.first.starts_with("train.") || (is_in_loop && axis.first == kCaseKey);
  });
  if ((!is_trained(first) && std::ranges::any_of(points, is_trained)) ||
      (sweeps_training && std::ranges::any_of(points, has_chip)))
    leave_as_given({"train"}, root, resolved);
  if (root.at("sweep.preset"))
    leave_as_given({"preset", "mapping", "device", "periphery"}, root, resolved);
  else if (models_differ)
    leave_as_given({"device"}, root, resolved);
  if (is_in_loop) leave_draws_as_given(root, resolved);
  const std::string converters = own_converters(first);
  if (std::ranges::any_of(points, [&](const Point& p) { return own_converters(p) != converters; }))
    leave_converters_as_given(root, resolved);
  if (root.at("sweep")) resolved.table()["sweep"] = resolved_sweep(root);
  return resolved;
}

std::string point_label(const Point& point) {
  const std::string text = axes_words(text_axes(point));
  return text.empty() ? network_label(point.experiment) : text;
}

Provenance provenance_of(const std::vector<Point>& points, const Networks& networks) {
  const Experiment& experiment = points.front().experiment;
  Provenance p;
  p.seed = experiment.seed;
  p.threads = omp_get_max_threads();
  p.device = torch_device(experiment.compute);
  for (const Plugin& plugin : plugins()) p.plugins[plugin.file.string()] = plugin.sha256;
  p.devices = device_file_hashes(experiments_of(points));
  for (const auto& [key, network] : networks.all()) {
    p.networks[network.label + ", " + network.identity.substr(0, 12)] = network.weights_hash;
    if (p.data.contains(network.data_name + " test")) continue;
    p.data[network.data_name + " train"] = network.data->train.hash();
    p.data[network.data_name + " test"] = network.data->test.hash();
  }
  return p;
}

}  // namespace ohmic
