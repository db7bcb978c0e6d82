// `ohmic inspect FILE`: what a model file becomes on crossbars, before anything is computed with
// it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/samples_option.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/text/table.hpp"
#include "mapping/cell_code.hpp"
#include "nn/data/samples.hpp"
#include "nn/lowering/network.hpp"
#include "nn/torch/known_answers.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  ModelSettings model;
  MappingSettings mapping;
  int rows = 256, columns = 256;
  bool as_json = false;
  std::vector<std::string> samples;  ///< FILE, or NAME=FILE for each input
  std::string answers;
};

std::string sizes_text(const std::vector<std::int64_t>& shape) {
  return shape.empty() ? "1" : fmt::format("{}", fmt::join(shape, " x "));
}

/// One layer on crossbars.
struct LayerFacts {
  std::string name, op;
  int K, N, groups;
  std::int64_t mvms, parameters;
  std::int64_t blocks;  ///< pieces that tiles cut the matrix into
  std::int64_t tiles;   ///< arrays, as `ohmic cost` counts them: every device of a cell has its own
  std::int64_t macs;
  std::string shares;  ///< the layer whose crossbar it uses again; empty: its own
};

/// Devices of a cell, each in an array of its own.
std::int64_t devices_per_cell(const MappingSettings& mapping) {
  const CellCode code(mapping, 0.0, 1.0);
  return std::ranges::count(code.roles(), false, &CellCode::Role::is_reference);
}

const char* operator_of(const Node& node) {
  const ConvGeometry& g = node.conv;
  if (node.op == Op::dense) return "dense";
  if (node.op == Op::recurrent) return "recurrent";
  return g.groups == 1 ? "convolution" : g.groups == g.in_channels ? "depthwise" : "grouped";
}

LayerFacts facts_of(const Node& node, TileShape tile, std::int64_t devices) {
  const ConvGeometry& g = node.conv;
  const std::int64_t steps = node.op == Op::recurrent ? node.shape.front() : 1;
  const int K = g.kernel_rows(), N = g.columns();
  const std::int64_t weights = std::int64_t{K} * N;
  const std::int64_t blocks =
      std::int64_t{tile.row_tiles(K)} * tile.column_tiles(N / g.groups) * g.groups;
  return {node.name,
          operator_of(node),
          K,
          N,
          g.groups,
          steps * g.positions(),
          weights + (node.has_bias ? N : 0),
          blocks,
          blocks * devices,
          steps * g.macs(),
          {}};
}

std::vector<LayerFacts> layers_of(const LoweredNetwork& network, TileShape tile,
                                  std::int64_t devices) {
  std::vector<LayerFacts> layers;
  for (const Node& node : network.graph.nodes)
    if (has_matrix(node)) {
      LayerFacts facts = facts_of(node, tile, devices);
      if (node.shares >= 0) {  // nothing more is built
        facts.shares = network.graph.nodes[static_cast<std::size_t>(node.shares)].name;
        facts.parameters = facts.blocks = facts.tiles = 0;
      }
      layers.push_back(std::move(facts));
    }
  return layers;
}

/// Operators between layers, with how many of each.
std::map<std::string, int> digital_operators(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::digital) ++counts[node.call->op];
    if (node.op == Op::batch_norm) ++counts["BatchNormalization"];
    if (node.op == Op::relu) ++counts["Relu"];
    if (node.op == Op::add) ++counts["Add"];
  }
  return counts;
}

std::string norms_text(const LoweredNetwork& network) {
  const int norms = digital_operators(network.graph)["BatchNormalization"];
  if (norms > 0)
    return fmt::format("{} kept: noise on kernels is on the kernels that were trained", norms);
  return "none: where the network had some, its exporter folded them into the kernels, and noise "
         "on kernels is on folded kernels";
}

/// What a network without a layer on crossbars is told.
std::string without_layers_text(const LoweredNetwork& network) {
  const std::string nothing = "nothing of this network can be measured on crossbars: ";
  if (network.digital.empty())
    return nothing +
           "no operator of it multiplies what comes from a sample by a matrix of constants";
  return nothing + "its matrices of constants stay digital, below with what keeps each there";
}

constexpr const char* kOverBatch =
    "an answer may change with the samples beside it, and with evaluation.batch";

std::string folded_text(const FoldedProducts& folded) {
  const std::size_t more = folded.nodes.size() - 1;
  return fmt::format(
      "computed once: {}{}: constants times constants, {} numbers of the file, which no sample "
      "drives",
      folded.nodes.front(), more == 0 ? "" : fmt::format(" and {} more", more), folded.numbers);
}

void print_table(const std::vector<LayerFacts>& layers) {
  DataTable table;
  for (const LayerFacts& l : layers)
    table.add({{titled("layer"), l.name},
               {titled("operator"), l.op},
               {titled("K"), l.K},
               {titled("N"), l.N},
               {titled("groups"), l.groups},
               {titled("MVMs"), l.mvms},
               {titled("parameters"), l.parameters},
               {titled("blocks"), l.blocks},
               {titled("tiles"), l.tiles}});
  fmt::print("{}", terminal_text(table));
}

void print_text(const LoweredNetwork& network, const std::vector<LayerFacts>& layers,
                const InspectOptions& options) {
  std::int64_t parameters = 0, macs = 0, blocks = 0, tiles = 0;
  for (const LayerFacts& l : layers) {
    parameters += l.parameters;
    macs += l.macs;
    blocks += l.blocks;
    tiles += l.tiles;
  }
  const auto crossbars = std::ranges::count(layers, std::string(), &LayerFacts::shares);
  print_lines("{}: {}{}, opset {}\n", options.model.file, network.format,
              network.producer.empty() ? "" : " by " + network.producer, network.graph.opset);
  std::vector<std::string> inputs;
  for (const SampleInput& input : network.inputs)
    inputs.push_back(fmt::format(
        "{}{} ({})", network.inputs.size() > 1 ? input.name + ": " : "", sizes_text(input.shape),
        input.type == ElementType::f64 ? "float64, rounded to float32" : name_of(input.type)));
  print_lines("a sample: {}; its answer: {}\n", fmt::join(inputs, ", "),
              sizes_text(network.answer));
  fmt::print("on crossbars: {} layers, {} parameters, {} MACs per sample\n", crossbars, parameters,
             macs);
  if (layers.empty()) {
    print_lines("{}\n", without_layers_text(network));
  } else {
    fmt::print(
        "{} blocks of at most {} x {}, in {} tiles: one for each of the {} devices of a cell\n\n",
        blocks, options.rows, options.columns, tiles, devices_per_cell(options.mapping));
    print_table(layers);
  }
  fmt::print("\nBatchNorm: {}\n", norms_text(network));
  std::vector<std::string> operators;
  for (const auto& [op, count] : digital_operators(network.graph))
    operators.push_back(fmt::format("{} {}", count, op));
  print_lines("digital between layers: {}\n",
              operators.empty() ? "nothing" : fmt::format("{}", fmt::join(operators, ", ")));
  std::map<std::string, std::vector<std::string>> again;
  for (const LayerFacts& l : layers)
    if (!l.shares.empty()) again[l.shares].push_back(l.name);
  for (const auto& [owner, uses] : again)
    print_lines(
        "used again: the crossbar of {}, by {}{}\n", owner, uses.front(),
        uses.size() == 1 ? "" : fmt::format(" to {} ({} layers)", uses.back(), uses.size()));
  for (const AlikeMatrices& m : network.alike)
    print_lines("alike: {} has the numbers of {}; each is a crossbar of its own\n", m.second,
                m.first);
  for (const DigitalMatrix& m : network.digital)
    print_lines("digital matrix: {} ({}): {}\n", m.name, m.op, m.why);
  if (!network.folded.nodes.empty()) print_lines("{}\n", folded_text(network.folded));
  for (const std::string& node : network.over_batch)
    print_lines("over a batch: {} takes one value from all samples of a batch; {}\n", node,
                kOverBatch);
}

Json json_of(const LoweredNetwork& network, const std::vector<LayerFacts>& layers,
             const InspectOptions& options) {
  Json json{{"file", options.model.file},   {"format", network.format},
            {"producer", network.producer}, {"opset", network.graph.opset},
            {"inputs", Json::array()},      {"sample", network.sample},
            {"answer", network.answer},     {"layers", Json::array()}};
  for (const SampleInput& input : network.inputs)
    json["inputs"].push_back(
        {{"name", input.name}, {"type", name_of(input.type)}, {"shape", input.shape}});
  for (const LayerFacts& l : layers)
    json["layers"].push_back({{"name", l.name},
                              {"operator", l.op},
                              {"K", l.K},
                              {"N", l.N},
                              {"groups", l.groups},
                              {"mvms", l.mvms},
                              {"parameters", l.parameters},
                              {"blocks", l.blocks},
                              {"tiles", l.tiles},
                              {"macs", l.macs},
                              {"shares", l.shares.empty() ? Json() : Json(l.shares)}});
  json["digital_operators"] = digital_operators(network.graph);
  json["digital_matrices"] = Json::array();
  for (const DigitalMatrix& m : network.digital)
    json["digital_matrices"].push_back({{"name", m.name}, {"operator", m.op}, {"why", m.why}});
  json["folded"] = {{"nodes", network.folded.nodes}, {"numbers", network.folded.numbers}};
  json["over_batch"] = network.over_batch;
  return json;
}

StoredArray known_answers(const std::string& file, const LoweredNetwork& network,
                          std::int64_t samples) {
  const StoredArray known = open_array(file);
  const std::vector<std::int64_t>& shape = known.shape;
  if (shape.empty() || shape.front() != samples ||
      known.elements() != samples * network.graph.classes)
    throw DataError(fmt::format("{}: is {}; expected {} samples' answers of {}", file,
                                sizes_text(shape), samples, sizes_text(network.answer)));
  return known;
}

/// What another program answers to samples, beside the network's own answers.
AnswerCheck check_given(const LoweredNetwork& network, const InspectOptions& options) {
  Dataset data;
  of_samples_option([&] {
    data.test = read_samples(sample_files(options.samples, network));
    fit_to(network, data);
    return 0;
  });
  const StoredArray known = known_answers(options.answers, network, data.test.size());
  return of_samples_option([&] {
    return check_answers(network, data, known.whole().values,
                         known.format.kind != NumberFormat::Kind::real);
  });
}

std::string check_text(const AnswerCheck& check, const std::string& known) {
  const std::string samples = fmt::format("{} samples, whose answers are", check.samples);
  if (check.unlike_sample >= 0)
    return fmt::format("{} not {}: of sample {} {} no number", samples, known, check.unlike_sample,
                       check.known_is_number ? "the network's is" : "the known one is");
  if (!check.agree() && check.largest == 0)
    return fmt::format("{} not {}, which are all 0: that of sample {} is {:.1e} away", samples,
                       known, check.furthest_sample, check.furthest);
  if (!check.agree())
    return fmt::format("{} not {}: that of sample {} is {:.1e} of the largest number away", samples,
                       known, check.furthest_sample, check.relative());
  if (check.furthest == 0) return fmt::format("{} {} to the bit", samples, known);
  return fmt::format("{} {} to within {:.1e} of the largest number", samples, known,
                     check.relative());
}

/// What is known of the network's answers.
struct Checks {
  std::optional<AnswerCheck> stored, given;
  std::string fault;  ///< why the stored sample was not answered
};

Checks checks_of(const LoweredNetwork& network, const InspectOptions& options) {
  Checks checks;
  try {
    checks.stored = check_stored_sample(network, read_model_of(options.model));
  } catch (const Error& error) {
    checks.fault = error.what();
  }
  if (!options.samples.empty()) checks.given = check_given(network, options);
  return checks;
}

constexpr const char* kOperators = "those of the file's operators";

void print_checks(const Checks& checks, const std::string& answers) {
  if (checks.stored && checks.stored->agree())
    print_lines("stored sample: {}\n", check_text(*checks.stored, kOperators));
  if (!checks.fault.empty()) print_lines("stored sample: not answered: {}\n", checks.fault);
  if (checks.given && checks.given->agree())
    print_lines("answers: {}\n", check_text(*checks.given, answers));
}

/// Throws DataError for answers that are not the known ones.
void require_agreement(const Checks& checks, const std::string& answers) {
  if (checks.stored && !checks.stored->agree())
    throw DataError("stored sample: " + check_text(*checks.stored, kOperators));
  if (checks.given && !checks.given->agree())
    throw DataError("answers: " + check_text(*checks.given, answers));
}

Json json_of(const std::optional<AnswerCheck>& check, const std::string& fault = "") {
  if (!check) return fault.empty() ? Json() : Json{{"fault", fault}};
  return {{"samples", check->samples},
          {"unlike_sample", check->unlike_sample < 0 ? Json() : Json(check->unlike_sample)},
          {"agree", check->agree()},
          {"relative", std::isfinite(check->relative()) ? Json(check->relative()) : Json()}};
}

void inspect(const InspectOptions& options) {
  const auto network = load_any_network(options.model, options.mapping);
  const std::vector<LayerFacts> layers =
      layers_of(*network, {options.rows, options.columns}, devices_per_cell(options.mapping));
  const Checks checks = checks_of(*network, options);
  if (options.as_json) {
    Json json = json_of(*network, layers, options);
    json["stored_sample"] = json_of(checks.stored, checks.fault);
    json["known_answers"] = json_of(checks.given);
    fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print_text(*network, layers, options);
    print_checks(checks, "those of " + options.answers);
  }
  require_agreement(checks, "those of " + options.answers);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "Show what a model file becomes on crossbars, layer by layer");
  command->footer(
      "Reads ONNX (with its .data beside it), torch.export's .pt2 and Keras's .keras and .h5. K x "
      "N is\n"
      "a layer's matrix, MVMs how often a sample drives it. Names are those that mapping.digital "
      "and\n"
      "[device.layers.NAME] take.\n\n"
      "Examples:\n"
      "  ohmic inspect keywords.onnx\n"
      "  ohmic inspect net.pt2 --tile 128 128 --digital 'classifier*'\n"
      "  ohmic inspect net.onnx --samples x.npy --answers y.npy\n"
      "  ohmic inspect net.onnx --json");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("FILE", options->model.file, "Model file")->required();
  command->add_option("--input", options->model.inputs,
                      "Input of the file, where it has more than its answer needs; once for each");
  command->add_option("--output", options->model.output, "Output of the file; default: its first");
  command->add_option("--digital", options->mapping.digital, "Layers that stay digital (* and ?)");
  command->add_option("--crossbar", options->mapping.crossbar, "The only layers on crossbars");
  auto tile = std::make_shared<std::pair<int, int>>(256, 256);
  command->add_option("--tile", *tile, "Rows and columns of a tile; default: 256 256");
  auto* samples = command->add_option(
      "--samples", options->samples,
      "Samples to answer, exactly: FILE, or NAME=FILE for each input; as data.test takes them");
  samples->needs(command
                     ->add_option("--answers", options->answers,
                                  "What another program answers to them: how far are they apart?")
                     ->needs(samples));
  command->add_flag("--json", options->as_json, "For a program");
  command->callback([options, tile] {
    std::tie(options->rows, options->columns) = *tile;
    if (options->rows < 1 || options->columns < 1)
      throw CLI::ValidationError("--tile", "expected two numbers of at least 1");
    inspect(*options);
  });
}

}  // namespace ohmic
