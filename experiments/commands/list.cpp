#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/table_answer.hpp"
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

DataTable metric_list() {
  DataTable table{"", "", {{"name"}, {"doc"}, {"better"}, {"unit"}}};
  for (const Metric* m : all_metrics()) {
    const char* better = m->better == Better::higher ? "higher" : "lower";
    const Cell doc(m->doc, fmt::format("{}; {} is better{}", m->doc, better,
                                       m->unit.empty() ? "" : ", in " + m->unit));
    table.add({m->name, doc, better, m->unit.empty() ? Cell() : Cell(m->unit)});
  }
  return table;
}

DataTable names(const std::vector<std::string>& names) {
  DataTable table{"", "", {{"name"}}};
  for (const std::string& name : names) table.add({Cell(name)});
  return table;
}

const std::map<std::string, std::function<DataTable()>>& lists() {
  static const std::map<std::string, std::function<DataTable()>> lists = {
      {"aten", [] { return names(aten_names()); }},
      {"backends", [] { return names(backend_names()); }},
      {"datasets", [] { return names(DataSettings::schema().find("name")->choices); }},
      {"devices", device_list},
      {"metrics", metric_list},
      {"models", [] { return names(model_names()); }},
      {"operators", [] { return names(operator_names()); }},
      {"presets", preset_list},
      {"optimizers", [] { return names(optimizer_names()); }},
  };
  return lists;
}

}  // namespace

void add_list_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("list", "List what an experiment file can name");
  command->footer(
      "Examples:\n"
      "  ohmic list devices\n"
      "  ohmic list devices --json\n"
      "  ohmic describe awgn        a device model's parameters\n"
      "  ohmic list operators       ONNX's, as a model file may have them\n"
      "  ohmic list aten            PyTorch's, as a .pt2 may have them\n"
      "  ohmic list presets\n"
      "  ohmic describe preset isaac-like");
  auto what = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const auto& [name, list] : lists()) names.push_back(name);
  command->add_option("WHAT", *what, "What to list")->required()->check(CLI::IsMember(names));
  const auto as_json = add_json_flag(*command, "An object per line");
  command->callback([what, as_json] {
    const DataTable list = lists().at(*what)();
    *as_json ? print_json(list) : print_lines("{}", list_text(list));
  });
}

}  // namespace ohmic
