#include "experiments/study/exactness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "experiments/study/sampled_devices.hpp"
#include "nn/lowering/network.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kNamed = 4;

bool is_exact(const Experiment& e) {
  const LayerDevices devices = e.devices();
  if (!e.periphery.is_ideal_per_mvm(devices.reads_noisily()) || e.periphery.wires ||
      e.mapping.encoding == Encoding::bit_sliced || devices.non_linear())
    return false;
  return holds_exactly(*devices.common) && std::ranges::all_of(devices.own, [](const auto& own) {
           return holds_exactly(*own.second);
         });
}

/// Whoever names no model, or one of this kind, knows; of a stack its parts say what it does.
bool is_meant(const Experiment& e) {
  return e.device_model == "ideal" || e.device_model == "stack";
}

std::vector<std::string> unasked(const Experiment& e) {
  std::vector<std::string> names;
  try {
    for (const DigitalMatrix& matrix : load_network(e.model, e.mapping)->digital)
      if (!matrix.is_asked) names.push_back(matrix.name);
  } catch (const Error&) {
    names.clear();  // what is wrong is said elsewhere
  }
  return names;
}

}  // namespace

std::string exact_chips_remark(const std::vector<const Experiment*>& experiments) {
  const auto all_exact = [](const Experiment* e) { return !is_meant(*e) && is_exact(*e); };
  if (experiments.empty() || !std::ranges::all_of(experiments, all_exact)) return {};
  std::set<std::string> models;
  for (const Experiment* e : experiments) models.insert(e->device_model);
  return fmt::format(
      "Nothing here makes an error: devices of {} hold exactly what is written to them with these "
      "settings, and there are no converters, wires or noise behind them. Every chip is the "
      "network itself.",
      fmt::join(models, ", "));
}

std::vector<std::string> digital_matrices_remarks(
    const std::vector<const Experiment*>& experiments) {
  std::set<std::string> texts;
  for (const Experiment* e : experiments) {
    if (e->model.file.empty() || e->built) continue;
    std::vector<std::string> names = unasked(*e);
    if (names.empty()) continue;
    const std::size_t more = names.size() - std::min(names.size(), kNamed);
    names.resize(names.size() - more);
    texts.insert(fmt::format(
        "Matrices of {} that stay digital, hence exact: {}{}. `ohmic inspect` says why.",
        std::filesystem::path(e->model.file).filename().string(), fmt::join(names, ", "),
        more == 0 ? "" : fmt::format(" and {} more", more)));
  }
  return {texts.begin(), texts.end()};
}

}  // namespace ohmic
