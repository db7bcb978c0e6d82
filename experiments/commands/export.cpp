#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/export/conductances.hpp"
#include "experiments/export/netlist.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/analog/calibration.hpp"

namespace ohmic {
namespace {

struct ExportOptions {
  ExperimentFile file;
  std::filesystem::path folder;
  std::uint64_t draw = 0;
  std::string tile;
  double volts = 0.2;
  std::shared_ptr<bool> json;
};

/// LAYER:TILE_ROW:TILE_COLUMN or LAYER:TILE_ROW:TILE_COLUMN:minus.
struct TileName {
  std::string layer, polarity = "plus";
  int row = 0, column = 0;
};

TileName parse_tile(const std::string& text) {
  const auto parts = CLI::detail::split(text, ':');
  TileName name;
  const bool read = (parts.size() == 3 || parts.size() == 4) &&
                    CLI::detail::lexical_cast(parts[1], name.row) &&
                    CLI::detail::lexical_cast(parts[2], name.column);
  if (parts.size() == 4) name.polarity = parts[3];
  if (!read || (name.polarity != "plus" && name.polarity != "minus"))
    throw ConfigError(fmt::format(
        "--tile {}: expected LAYER:TILE_ROW:TILE_COLUMN, with :minus for G-, such as conv1:0:0",
        text));
  name.layer = parts[0];
  return name;
}

bool has_reference_columns(const MappedLayer& layer) {
  const auto& roles = layer.code().roles();
  return std::any_of(roles.begin(), roles.end(), [](const auto& r) { return r.is_reference; });
}

/// The file.
std::filesystem::path write_netlist(const ExportOptions& options, const Experiment& experiment,
                                    const ProgrammedChip& chip) {
  const TileName name = parse_tile(options.tile);
  const auto tile_at = [&](const std::string& polarity) {
    return chip.tile_at(name.layer, name.row, name.column, polarity);
  };
  ProgrammedTile tile = tile_at(name.polarity);
  if (has_reference_columns(chip.layers.front()))
    tile = with_reference_column(tile_at("plus"), tile_at("minus"));
  const std::vector<double> volts(static_cast<std::size_t>(tile.rows), options.volts);
  const auto path = options.folder / fmt::format("{}_{}_{}_{}.sp", file_name_part(name.layer),
                                                 name.row, name.column, name.polarity);
  const auto cells = chip.devices.of(name.layer).non_linear();
  write_atomically(path, spice_netlist(tile, experiment.periphery.wires, volts,
                                       cells ? cells->curve.get() : nullptr));
  return path;
}

void print_files(const ExportOptions& options, const std::vector<std::filesystem::path>& files,
                 bool is_of_replicas) {
  if (*options.json) {
    nlohmann::ordered_json names = nlohmann::ordered_json::array();
    for (const auto& file : files) names.push_back(file.string());
    return print_json(nlohmann::ordered_json{{"files", names}});
  }
  for (const auto& file : files)
    print_lines("{}{}\n", file.string(),
                is_of_replicas && file.extension() == ".sp" ? " (the first replica's)" : "");
}

void export_chip(ExportOptions options) {
  const Experiment experiment = options.file.only_point();
  const auto run_folder = experiment.output.dir;
  if (options.folder.empty()) options.folder = run_folder / "export";
  make_folder(options.folder);
  TerminalProgress progress;
  if (experiment.trains_each_chip())
    throw ConfigError(
        {{{},
          "train.hardware.chip",
          fmt::format("\"each\" trains every draw by itself; expected {}, the draw that "
                      "is exported",
                      options.draw)}});
  Networks networks(run_folder / "training", progress);
  networks.check(experiment);
  const TrainedNetwork& network = networks.get(experiment);
  const auto backend = make_backend(experiment.compute);
  const MappedNetwork mapped(network.graph, network.weights, experiment.mapping, experiment.noise,
                             experiment.periphery, experiment.devices());
  Calibration ranges;
  if (experiment.mapping.bias == BiasPlace::analog)  // else what is programmed needs no range
    ranges = calibrate(mapped, *backend, network.data->train, network.data->normalization,
                       experiment.evaluation.calibration_images);
  const ProgrammedChip chip{mapped.layers(ranges), experiment.mapping.tile, experiment.devices(),
                            noise_key(experiment.seed, options.draw)};
  std::vector<std::filesystem::path> files;
  if (!options.tile.empty()) files.push_back(write_netlist(options, experiment, chip));
  files.push_back(options.folder / "conductances.csv");
  const Negatives negatives = write_conductances_csv(files.back(), chip);
  files.push_back(options.folder / "conductances.h5");
  write_conductances_hdf5(files.back(), chip);
  print_files(options, files, experiment.mapping.replicas > 1);
  if (experiment.mapping.repair != Repair::none)
    progress.say(
        "target_S is what a weight asks of a device; devices beside stuck ones were aimed "
        "elsewhere (mapping.repair), and programmed_S has what they hold");
  if (negatives.count > 0) progress.say("warning: " + negatives.text());
}

std::string problem_with_draw(const std::string& text) {
  std::int64_t draw = -1;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, draw);
  if (read.ec == std::errc() && read.ptr == end && draw >= 0) return "";
  return text + " is no draw; expected a whole number from 0 to 9223372036854775807";
}

std::string problem_with_volts(const std::string& text) {
  char* end = nullptr;
  const bool is_finite = std::isfinite(std::strtod(text.c_str(), &end));
  return is_finite && *end == 0 ? "" : text + " is no voltage; expected a finite number, in V";
}

}  // namespace

void add_export_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("export", "Write a programmed chip for the lab: CSV, HDF5, SPICE");
  command->footer(
      "The network is the one that `run` with the same file trains or loads; the age of the "
      "devices\n"
      "is device.time_s. Choose one point of a sweep with --set.\n\n"
      "Examples:\n"
      "  ohmic export my.toml --draw 3 --set device.eta=0.1\n"
      "  ohmic export my.toml --tile conv1:0:0 --volts 0.2      a SPICE netlist beside the tables");
  auto options = std::make_shared<ExportOptions>();
  options->file.add_to(*command);
  command->add_option("--draw", options->draw, "Which programming of the chip (default 0)")
      ->check(CLI::Validator(problem_with_draw, ""));
  command->add_option("--out", options->folder, "Folder (default: export/ in the run folder)");
  command->add_option("--tile", options->tile, "LAYER:TILE_ROW:TILE_COLUMN[:minus] as a netlist");
  command->add_option("--volts", options->volts, "Voltage of every row in the netlist, V")
      ->check(CLI::Validator(problem_with_volts, ""));
  options->json = add_json_flag(*command);
  command->callback([options] { options->file.run([&] { export_chip(*options); }); });
}

}  // namespace ohmic
