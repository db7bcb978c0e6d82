#include "experiments/study/exactness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "experiments/study/device_files.hpp"
#include "experiments/study/network_file.hpp"
#include "experiments/study/sampled_devices.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kNamed = 4;
constexpr double kNegligible = 1e-4;  ///< error of a device, of its range

struct Entry {
  std::string model;
  std::shared_ptr<const DeviceModel> device;
};

/// Whether devices written so hold exactly what they are asked for, as far as a sample shows it:
/// cells that a map names and faults of any rate may lie outside of it.
bool is_exact(const std::string& model, const DeviceModel& device, double most = 0) {
  const Value written = write_device(model, device);
  return holds_within(device, most) && !device.non_linear() && !has_rates(written) &&
         !reads_files(written);
}

/// The devices of all layers.
bool holds_exactly(const Experiment& e, double most) {
  return !e.devices().non_linear() && is_exact(e.device_model, *e.device, most) &&
         std::ranges::all_of(e.layer_devices, [&](const auto& own) {
           return is_exact(own.second.model_name, *own.second.model, most);
         });
}

bool is_exact(const Experiment& e, double most) {
  return e.periphery.is_ideal_per_mvm(most == 0 && e.devices().reads_noisily()) &&
         !e.periphery.wires && e.mapping.encoding != Encoding::bit_sliced && holds_exactly(e, most);
}

/// The entries of a stack, each as a device of its own; empty for other models.
std::vector<Entry> entries_of(const Experiment& e) {
  std::vector<Entry> entries;
  if (e.device_model != "stack") return entries;
  const Value written = write_device(e.device_model, *e.device);
  const Value* models = written.at("models");
  if (!models || !models->is_array()) return entries;
  for (Value table : models->array()) {
    for (const char* shared : {"g_min_S", "g_max_S", "time_s"})
      table.set(shared, *written.at(shared));
    std::vector<Fault> faults;
    auto device = read_device(table, "device", faults);
    if (faults.empty() && device)
      entries.push_back({std::get<std::string>(table.at("model")->data), std::move(device)});
  }
  return entries;
}

/// Whoever names no model, or one of this kind, knows.
bool is_meant(const Experiment& e) {
  if (e.device_model != "stack") return e.device_model == "ideal";
  return std::ranges::all_of(entries_of(e),
                             [](const Entry& entry) { return entry.model == "ideal"; });
}

/// "entry 2 (awgn)": what of a stack changes nothing.
std::set<std::string> idle_entries(const Experiment& e) {
  const std::vector<Entry> entries = entries_of(e);
  std::set<std::string> idle;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].model != "ideal" && is_exact(entries[i].model, *entries[i].device))
      idle.insert(fmt::format("entry {} ({})", i + 1, entries[i].model));
  return idle;
}

/// Of all experiments, which are stacks; empty where one is none.
std::set<std::string> idle_everywhere(const std::vector<const Experiment*>& experiments) {
  std::map<std::string, std::set<std::string>> found;  // by what is written, for long sweeps
  std::optional<std::set<std::string>> all;
  for (const Experiment* e : experiments) {
    if (e->device_model != "stack") return {};
    const auto [known, is_new] =
        found.try_emplace(write_device(e->device_model, *e->device).text());
    if (is_new) known->second = idle_entries(*e);
    if (!all) all = known->second;
    std::erase_if(*all, [&](const auto& entry) { return !known->second.contains(entry); });
    if (all->empty()) return {};
  }
  return all.value_or(std::set<std::string>());
}

std::string file_of(const Experiment& e) {
  return std::filesystem::path(e.model.file).filename().string();
}

/// The network of the experiment's file; null where it has none that can be read, which is said
/// elsewhere.
std::shared_ptr<const LoweredNetwork> readable_network(const Experiment& e) {
  if (e.model.file.empty() || e.built) return nullptr;
  try {
    return network_of_file(e);
  } catch (const Error&) {
    return nullptr;
  }
}

/// The first ones by name, of which the first says why.
std::string named(const std::vector<DigitalMatrix>& matrices) {
  std::string text = fmt::format("{} ({})", matrices.front().name, matrices.front().why);
  for (std::size_t i = 1; i < std::min(matrices.size(), kNamed); ++i)
    text += ", " + matrices[i].name;
  if (matrices.size() > kNamed) text += fmt::format(" and {} more", matrices.size() - kNamed);
  return text + (matrices.size() == 1 ? "." : ". `ohmic inspect` says why of each.");
}

}  // namespace

bool has_exact_devices(const Experiment& e) {
  return holds_exactly(e, 0) && !e.devices().reads_noisily();
}

std::string exact_chips_remark(const std::vector<const Experiment*>& experiments,
                               bool even_where_meant) {
  const auto all_within = [&](double most) {
    return std::ranges::all_of(experiments, [&](const Experiment* e) {
      return (even_where_meant || !is_meant(*e)) && is_exact(*e, most);
    });
  };
  if (experiments.empty() || !all_within(kNegligible)) return {};
  std::set<std::string> models;
  for (const Experiment* e : experiments) models.insert(e->device_model);
  if (!all_within(0))
    return fmt::format(
        "Devices of {} hold what is written to them to within {:g} % of their range with these "
        "settings, which is next to nothing, and there are no converters, wires or noise behind "
        "them: are the units right?",
        fmt::join(models, ", "), 100 * kNegligible);
  return fmt::format(
      "Nothing here makes an error: devices of {} hold exactly what is written to them with these "
      "settings, and there are no converters, wires or noise behind them. Every chip is the "
      "network itself.",
      fmt::join(models, ", "));
}

std::string idle_entries_remark(const std::vector<const Experiment*>& experiments) {
  const std::set<std::string> idle = idle_everywhere(experiments);
  if (idle.empty() || !exact_chips_remark(experiments).empty()) return {};
  return fmt::format(
      "Of the stack's [[device.models]] {} {} nothing with these settings: devices hold exactly "
      "what the entry is asked for.",
      fmt::join(idle, ", "), idle.size() == 1 ? "changes" : "change");
}

std::string beside_devices(const Periphery& p) {
  std::vector<std::string> parts{"mapping"};
  if (p.dac || p.adc) parts.push_back("converters");
  if (p.wires) parts.push_back("wires");
  if (p.output_noise) parts.push_back("output noise");
  const std::string last = parts.back();
  parts.pop_back();
  return parts.empty() ? last : fmt::format("{} and {}", fmt::join(parts, ", "), last);
}

std::vector<std::string> digital_matrices_remarks(
    const std::vector<const Experiment*>& experiments) {
  std::set<std::string> texts;
  for (const Experiment* e : experiments) {
    const auto network = readable_network(*e);
    if (!network) continue;
    std::vector<DigitalMatrix> unasked = network->digital;
    std::erase_if(unasked, [](const DigitalMatrix& m) { return m.is_asked; });
    if (unasked.empty()) continue;
    texts.insert(fmt::format("Matrices of {} that stay digital, hence exact: {}", file_of(*e),
                             named(unasked)));
  }
  return {texts.begin(), texts.end()};
}

std::vector<std::string> rounded_inputs_remarks(const std::vector<const Experiment*>& experiments) {
  std::set<std::string> texts;
  for (const Experiment* e : experiments) {
    const auto network = readable_network(*e);
    if (!network) continue;
    std::vector<std::string> names;
    for (const SampleInput& input : network->inputs)
      if (input.type == ElementType::f64) names.push_back(input.name);
    if (!names.empty())
      texts.insert(fmt::format(
          "{} takes {} as float64: here samples are rounded to float32, and computed so. Times "
          "since 1970, say, lose their seconds.",
          file_of(*e), fmt::join(names, ", ")));
  }
  return {texts.begin(), texts.end()};
}

std::vector<std::string> batch_remarks(const std::vector<const Experiment*>& experiments) {
  std::set<std::string> texts;
  for (const Experiment* e : experiments) {
    const auto network = readable_network(*e);
    if (!network || network->over_batch.empty()) continue;
    const std::size_t more = network->over_batch.size() - 1;
    texts.insert(fmt::format(
        "{}: {}{} {} one value from all samples of a batch. An answer may change with the samples "
        "beside it, and results with evaluation.batch, which is {} here.",
        file_of(*e), network->over_batch.front(),
        more == 0 ? "" : fmt::format(" and {} more nodes", more), more == 0 ? "takes" : "each take",
        e->evaluation.batch));
  }
  return {texts.begin(), texts.end()};
}

std::string other_outputs_remark(const std::vector<const Experiment*>& experiments) {
  for (const Experiment* e : experiments) {
    const auto network = e->model.output.empty() ? readable_network(*e) : nullptr;
    if (!network || network->others.empty()) continue;
    return fmt::format(
        "{} has {} outputs, of which the first is measured, \"{}\"; model.output names another: "
        "{}.",
        file_of(*e), network->others.size() + 1, network->output, fmt::join(network->others, ", "));
  }
  return {};
}

}  // namespace ohmic
