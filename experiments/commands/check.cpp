#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/examined_request.hpp"
#include "experiments/commands/table_answer.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

/// Faults of the file, then what a run would open, then what is worth a word.
void check(const ExperimentFile& file) {
  const BudgetRequest request = read_request(file.read());
  examine_request(request, [](const std::string& line) { print_lines("{}\n", line); });
  print_lines("{}: ok, {}\n", file.path.string(), points_words(request));
}

/// A fault without a place is of the whole file.
Json json_of(const Fault& fault, const ExperimentFile& file) {
  const auto count = [](int n) { return n > 0 ? Json(n) : Json(); };
  return {{"file", fault.where.file.empty() ? file.path.string() : fault.where.file},
          {"line", count(fault.where.line)},
          {"column", count(fault.where.column)},
          {"key", fault.key},
          {"message", fault.message}};
}

/// The same as one object, whatever is wrong, which is thrown as ever.
void check_as_json(const ExperimentFile& file) {
  Json json{{"file", file.path.string()},
            {"ok", false},
            {"points", {}},
            {"faults", Json::array()},
            {"remarks", Json::array()}};
  try {
    const BudgetRequest request = read_request(file.read());
    json["points"] = request.points.size();
    examine_request(request, [&](const std::string& line) { json["remarks"].push_back(line); });
    json["ok"] = true;
  } catch (const ConfigError& error) {
    for (const Fault& fault : error.faults()) json["faults"].push_back(json_of(fault, file));
    print_json(json);
    throw;
  } catch (const Error& error) {
    json["faults"].push_back(json_of(Fault{{}, "", error.what()}, file));
    print_json(json);
    throw;
  }
  print_json(json);
}

}  // namespace

void add_check_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("check", "Read an experiment file and report every fault");
  command->footer(
      "Every fault is reported with its place and what would be accepted; "
      "data, weights, tables and plug-ins are opened as a run would open them, and networks whose "
      "weights are given see a few hundred test images. Nothing else is computed.\n\n"
      "Examples:\n"
      "  ohmic check experiments/quickstart.toml\n"
      "  ohmic check my.toml --set device.eta=0.2 --set device.model=awgn\n"
      "  ohmic check my.toml --json                       for an editor");
  auto file = std::make_shared<ExperimentFile>();
  file->add_to(*command);
  const auto as_json =
      add_json_flag(*command, "One object: ok, points, and every fault and remark");
  command->callback(
      [file, as_json] { file->run([&] { *as_json ? check_as_json(*file) : check(*file); }); });
}

}  // namespace ohmic
