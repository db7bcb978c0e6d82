#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/manual/manual.hpp"
#include "nn/data/dataset.hpp"
#include "nn/import/aten/aten_call.hpp"
#include "nn/metrics/metric.hpp"
#include "nn/network/graph.hpp"
#include "nn/operators/operator.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/backend.hpp"

namespace ohmic {
namespace {

void print_metrics() {
  for (const Metric* m : all_metrics()) {
    const std::string better = m->better == Better::higher ? "higher" : "lower";
    fmt::print("  {:<18}{}; {} is better{}\n", m->name, m->doc, better,
               m->unit.empty() ? "" : ", in " + m->unit);
  }
}

void print_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) fmt::print("{}\n", name);
}

const std::map<std::string, std::function<void()>>& lists() {
  static const std::map<std::string, std::function<void()>> lists = {
      {"aten", [] { print_names(aten_names()); }},
      {"backends", [] { print_names(backend_names()); }},
      {"datasets", [] { print_names(DataSettings::schema().find("name")->choices); }},
      {"devices", [] { fmt::print("{}", device_list()); }},
      {"metrics", print_metrics},
      {"models", [] { print_names(model_names()); }},
      {"operators", [] { print_names(operator_names()); }},
      {"presets", [] { fmt::print("{}", preset_list()); }},
      {"optimizers", [] { print_names(optimizer_names()); }},
  };
  return lists;
}

}  // namespace

void add_list_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("list", "List what an experiment file can name");
  command->footer(
      "Examples:\n"
      "  ohmic list devices\n"
      "  ohmic describe awgn        a device model's parameters\n"
      "  ohmic list operators       ONNX's, as a model file may have them\n"
      "  ohmic list aten            PyTorch's, as a .pt2 may have them\n"
      "  ohmic list presets\n"
      "  ohmic describe preset isaac-like");
  auto what = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const auto& [name, print] : lists()) names.push_back(name);
  command->add_option("WHAT", *what, "What to list")->required()->check(CLI::IsMember(names));
  command->callback([what] { lists().at (*what)(); });
}

}  // namespace ohmic
