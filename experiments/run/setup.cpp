#include "experiments/run/setup.hpp"

#include <fmt/format.h>
#include <omp.h>

#include "experiments/plugin.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/run/compute.hpp"

namespace ohmic {
namespace {

/// Where presets are swept, what a preset gives has no value that holds for all points.
void leave_to_presets(Value& resolved, const Value& root) {
  for (const char* key : {"preset", "mapping", "device", "periphery"}) {
    const Value* given = root.at(key);
    if (given)
      resolved.set(key, *given);
    else
      resolved.table().erase(key);
  }
}

}  // namespace

Value resolved_file(const Value& root, const Experiment& first) {
  Value resolved = first.resolved();
  if (root.at("sweep.preset")) leave_to_presets(resolved, root);
  if (root.at("sweep")) resolved.table()["sweep"] = resolved_sweep(root);
  return resolved;
}

std::string point_label(const Point& point) {
  std::string text;
  for (const auto& [key, value] : point.axes) {
    const std::string short_key = key.substr(key.rfind('.') + 1), shown = plain_text(value);
    if (shown.empty()) continue;  // a parameter that this point's model does not have
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", short_key, shown);
  }
  return text.empty() ? network_label(point.experiment) : text;
}

Provenance provenance_of(const Experiment& experiment, const Networks& networks) {
  Provenance p;
  p.seed = experiment.seed;
  p.threads = omp_get_max_threads();
  p.device = torch_device(experiment.compute);
  for (const Plugin& plugin : plugins()) p.plugins[plugin.file.string()] = plugin.sha256;
  for (const auto& [key, network] : networks.all()) {
    p.networks[network.label + ", " + network.identity.substr(0, 12)] = network.weights_hash;
    if (p.data.contains(network.data_name + " test")) continue;
    p.data[network.data_name + " train"] = network.data->train.hash();
    p.data[network.data_name + " test"] = network.data->test.hash();
  }
  return p;
}

void draw_or_say(const Figure& figure, const std::filesystem::path& run_folder,
                 Progress& progress) {
  const auto folder = run_folder / "figures";
  const std::string problem = drawing_problem(draw(figure, folder), figure, folder);
  if (!problem.empty()) progress.say("no figures: " + problem);
}

}  // namespace ohmic
