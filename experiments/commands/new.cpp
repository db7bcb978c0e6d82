// `ohmic new`: a first experiment file for what is at hand.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/budget/request.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/examined_request.hpp"
#include "experiments/commands/samples_option.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/manual/experiment_draft.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/fitting_metrics.hpp"
#include "experiments/measure/inputs.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/study/network_file.hpp"
#include "experiments/study/training_images.hpp"
#include "nn/data/cifar.hpp"
#include "nn/data/samples.hpp"
#include "nn/network/shape_text.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

struct NewCommand {
  std::string program;  ///< as it was typed
  std::string model, data, labels, device = "awgn", table, preset;
  std::vector<std::string> samples, train;
  fs::path out;
  std::shared_ptr<bool> json;
};

using Keys = std::vector<std::pair<std::string, std::string>>;

/// The experiment that these keys make; what is wrong with it is said of the option.
Experiment with_keys(const std::string& option, const Keys& keys) {
  const Position where{option};
  Value root{Table{}, where};
  for (const auto& [key, value] : keys) root.set(key, {value, where}, where);
  std::vector<Fault> faults;
  Experiment experiment = Experiment::read(root, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return experiment;
}

Keys device_keys(const NewCommand& command) {
  Keys keys{{"device.model", command.device}};
  const DeviceKind* kind = find_device_kind(command.device);
  const bool takes_table = kind && kind->schema->find("file");
  if (command.table.empty()) {
    if (takes_table)
      throw ConfigError({Fault{{"--device"},
                               "device.file",
                               command.device +
                                   " is made from measurements; expected their table as --table "
                                   "FILE (`ohmic describe " +
                                   command.device + "` says what it holds)"}});
    return keys;
  }
  if (kind && !takes_table)
    throw ConfigError("--table " + command.table + ": " + command.device +
                      " reads no table; expected --device lookup");
  if (!fs::exists(command.table))
    throw DataError("--table: " + command.table +
                    ": no such file; expected measurements as CSV (`ohmic describe " +
                    command.device + "` says what it holds)");
  keys.emplace_back("device.file", command.table);
  return keys;
}

Experiment hardware_of(const NewCommand& command) {
  if (!command.preset.empty()) return with_keys("--preset", {{"preset", command.preset}});
  const Keys keys = device_keys(command);
  const auto read = [&] { return with_keys("--device", keys); };
  return command.table.empty() ? read() : of_option("--table", read);
}

void take_hardware(const NewCommand& command, ExperimentDraft& draft) {
  const Experiment experiment = hardware_of(command);
  draft.preset = command.preset;
  draft.device_table = command.table;
  draft.device = experiment.device_model;
  draft.axis = first_axis(experiment.device_model, *experiment.device);
}

// --- networks that ohmic brings ---

void take_data(const std::string& name, ExperimentDraft& draft) {
  if (name == "files")
    throw ConfigError(
        "--data files: name them with --samples; expected synthetic, cifar10 or cifar100");
  draft.data.name = with_keys("--data", {{"data.name", name}}).data.name;
  draft.metrics = {{}, {"top_k"}, {"cross_entropy"}, {"agreement"}};
}

void check_built_in(const std::string& name) {
  try {
    with_keys("--model", {{"model.name", name}});
  } catch (const ConfigError& error) {
    const std::string near = did_you_mean(name, model_names());
    std::vector<Fault> faults = error.faults();
    faults.front().message += ", which is no file either";
    if (!near.empty()) faults.front().message += "; did you mean \"" + near + "\"?";
    throw ConfigError(std::move(faults));
  }
}

void take_built_in(const NewCommand& command, ExperimentDraft& draft) {
  if (!command.samples.empty())
    throw ConfigError(
        "--samples: are for the network of a file, and --model names none; expected "
        "--model FILE (.onnx, .pt2, .keras, .h5), or --data in place of --samples");
  take_data(command.data.empty() ? "synthetic" : command.data, draft);
  const bool quick = draft.data.name == "synthetic";
  const std::string usual = quick ? "resnet8" : "resnet20";
  draft.model.name = command.model.empty() ? usual : command.model;
  check_built_in(draft.model.name);
  TrainSettings& train = draft.train.emplace();
  train.epochs = quick ? 6 : 30;
  if (quick) {
    draft.data.train_images = 5000;
    draft.data.test_images = 1000;
    train.learning_rate = 0.002;
    train.augment = false;
  } else {
    draft.estimator = Estimator::per_batch;
    draft.draws = 5;
  }
}

// --- networks of files ---

bool is_built_in(const std::string& model) {
  std::error_code unknown;
  return model.empty() ||
         (!fs::is_regular_file(model, unknown) && model.find_first_of("./") == std::string::npos);
}

/// How pictures of any size become samples of this shape.
void take_transform(const std::vector<std::int64_t>& sample, DataSettings& data) {
  if (sample.size() != 3) return;
  const bool is_first = sample.front() <= 3;
  const std::int64_t channels = is_first ? sample[0] : sample[2];
  const int height = static_cast<int>(is_first ? sample[1] : sample[0]),
            width = static_cast<int>(is_first ? sample[2] : sample[1]);
  if (channels == 3 && height == 224 && width == 224) {
    data.transform.resize = {256};
    data.transform.crop = {224};
    data.normalize = "imagenet";
    return;
  }
  data.transform.resize = {height, width};
  if (channels == 1) data.transform.channels = "gray";
}

Dataset fitted_samples(const LoweredNetwork& network, const DataSettings& settings) {
  Dataset data;
  data.test = read_samples(settings.test_samples, settings.transform);
  fit_to(network, data);
  return data;
}

/// The samples as the network takes them; pictures of other sizes are transformed.
ImageSet read_given(const LoweredNetwork& network, DataSettings& settings) {
  try {
    return fitted_samples(network, settings).test;
  } catch (const DataError&) {
    if (!fs::is_directory(settings.test_samples.samples)) throw;
  }
  take_transform(network.sample, settings);
  return fitted_samples(network, settings).test;
}

std::string labels_words(const ImageSet& set) {
  if (!set.class_names.empty())
    return fmt::format("of {} classes, {} to {}", set.class_names.size(), set.class_names.front(),
                       set.class_names.back());
  if (!set.targets.empty())
    return fmt::format("with labels of {} each", shape_text(set.target_shape));
  if (!set.has_labels()) return "without labels";
  const auto [least, most] = std::ranges::minmax(set.labels);
  return fmt::format("with a label from {} to {} each", least, most);
}

std::string samples_words(const LoweredNetwork& network, const ImageSet& set) {
  std::vector<std::string> inputs;
  for (const SampleInput& input : network.inputs)
    inputs.push_back((network.inputs.size() > 1 ? input.name + " " : "") + shape_text(input.shape));
  return fmt::format("{} samples of {}, {}", set.size(), fmt::join(inputs, " and "),
                     labels_words(set));
}

[[noreturn]] void ask_for_samples(const LoweredNetwork& network, const std::string& model) {
  std::vector<std::string> inputs;
  for (const SampleInput& input : network.inputs)
    inputs.push_back(input.name + " (" + shape_text(input.shape) + ")");
  throw ConfigError(fmt::format(
      "--samples: is missing; expected what {} is measured on, for {}: an array with the samples "
      "on its first axis (.npy, IDX, FILE:ARRAY of .npz or safetensors; NAME=FILE for each of "
      "several inputs), a folder of images, or --data cifar10",
      model, fmt::join(inputs, ", ")));
}

std::shared_ptr<const LoweredNetwork> given_network(const ModelSettings& model) {
  std::error_code unknown;
  if (!fs::exists(model.file, unknown))
    throw DataError("--model: " + model.file +
                    ": no such file; expected a model file (.onnx, .pt2, .keras, .h5), or a "
                    "built-in network (`ohmic list models`)");
  return of_option("--model", [&] { return load_network(model, {}); });
}

/// Whether images that may not be here yet go with the network: one of their shape, and of the last
/// of their classes, in place of all.
void check_images(const LoweredNetwork& network, const ExperimentDraft& draft) {
  const std::string& name = draft.data.name;
  Dataset data;
  data.test.pixels.assign(ImageSet::kPixels, 0);
  data.test.classes = name == "synthetic" ? 10 : cifar_format(name).classes;
  data.test.labels = {data.test.classes - 1};
  of_option("--data " + name, [&] {
    fit_to(network, data);
    return Measure(draft.metrics.front(), answers_of(network), data.test);
  });
}

void check_training(const LoweredNetwork& network, const DataSettings& settings) {
  of_option("--train", [&] {
    Dataset data;
    data.train = read_samples(settings.train_samples, settings.transform);
    fit_to(network, data);
    return data.train.size();
  });
}

void take_file(const NewCommand& command, ExperimentDraft& draft) {
  draft.model.file = command.model;
  const auto network = given_network(draft.model);
  if (!command.data.empty()) {
    take_data(command.data, draft);
    return check_images(*network, draft);
  }
  if (command.samples.empty()) ask_for_samples(*network, command.model);
  DataSettings& data = draft.data;
  data.name = "files";
  data.test_samples = sample_files(command.samples, *network);
  data.test_samples.labels = command.labels;
  if (!command.train.empty()) data.train_samples = sample_files(command.train, *network, "--train");
  const ImageSet set =
      of_samples_option([&] { return read_given(*network, data); }, command.labels);
  if (data.train_samples.are_named()) check_training(*network, data);
  const bool is_of_numbers = network->inputs.size() == 1 && is_real(network->inputs[0].type);
  if (set.are_bytes && !set.are_pictures && is_of_numbers) {
    data.normalize = "given";
    data.scale = 1.0 / 255;
  }
  draft.samples = samples_words(*network, set);
  draft.metrics = fitting_metrics(answers_of(*network), set, is_of_numbers);
}

// --- the file ---

fs::path place_of(const NewCommand& command, const ExperimentDraft& draft) {
  if (!command.out.empty()) return command.out;
  return draft.model.file.empty() ? fs::path(draft.model.name + ".toml")
                                  : fs::path(draft.model.file).stem() += ".toml";
}

void check_place(const fs::path& out) {
  if (out.extension() != ".toml")
    throw ConfigError("--out " + out.string() + ": expected a name that ends in .toml");
  std::error_code absent;
  if (fs::exists(fs::symlink_status(out, absent)))
    throw ConfigError(out.string() +
                      ": is there already, and no file is written over; expected a new name, "
                      "--out NAME.toml");
}

/// What the file asks. Where converters want samples to calibrate on and none are given, the test
/// samples serve.
BudgetRequest request_of(ExperimentDraft& draft) {
  const auto read = [&] { return read_request(parse_toml(draft_text(draft), draft.file)); };
  BudgetRequest request = read();
  const bool lacks = draft.data.name == "files" && !draft.data.train_samples.are_named();
  if (!lacks || use_of_training_images(request.points.front().experiment).empty()) return request;
  draft.data.train_samples = draft.data.test_samples;
  draft.data.train_samples.labels.clear();
  draft.calibrates_on_test = true;
  return read();
}

/// Whether the images are not here yet and `ohmic data get` fetches them.
bool is_to_be_fetched(const DataSettings& data) {
  if (data.name != "cifar10" && data.name != "cifar100") return false;
  const DataFiles files = data_files(data);
  return files.test.empty() || !fs::exists(files.test.front());
}

struct NextCommand {
  std::string words, what;
};

std::vector<NextCommand> next_commands(const ExperimentDraft& draft, bool fetches) {
  const std::string file = shell_word(draft.file);
  const NextCommand first = fetches
                                ? NextCommand{"data get " + draft.data.name, "the images"}
                                : NextCommand{"check " + file, "again, when you have changed it"};
  std::vector<NextCommand> next{first, {"run " + file, "measure every point"}};
  const MetricChoice& metric = draft.metrics.front();
  if (draft.axis)
    next.push_back(
        {fmt::format("plot {} --x {} --y {}",
                     shell_word("runs/" + fs::path(draft.file).stem().string()), draft.axis->key,
                     metric.metric().has_normalized ? "normalized" : metric.name),
         "a figure of it"});
  else
    next.push_back({"describe " + draft.device, "what the device may be told"});
  return next;
}

void print_next(const ExperimentDraft& draft, const std::vector<NextCommand>& next) {
  std::size_t width = 0;
  for (const NextCommand& command : next) width = std::max(width, command.words.size());
  print_lines("Next:\n");
  for (const auto& [words, what] : next)
    print_lines("  {} {:<{}}  {}\n", shell_word(draft.program), words, width, what);
}

void print_written(const ExperimentDraft& draft, const BudgetRequest& request,
                   const std::vector<std::string>& remarks, const std::vector<NextCommand>& next) {
  using Json = nlohmann::ordered_json;
  Json commands = Json::array();
  for (const NextCommand& command : next)
    commands.push_back(shell_word(draft.program) + " " + command.words);
  print_json(Json{{"file", draft.file},
                  {"points", request.points.size()},
                  {"remarks", remarks},
                  {"next", std::move(commands)}});
}

void write_new(const NewCommand& command) {
  ExperimentDraft draft;
  draft.program = command.program;
  take_hardware(command, draft);
  is_built_in(command.model) ? take_built_in(command, draft) : take_file(command, draft);
  const fs::path out = place_of(command, draft);
  draft.file = out.string();
  check_place(out);
  const BudgetRequest request = request_of(draft);
  const bool fetches = is_to_be_fetched(draft.data);
  std::vector<std::string> remarks;
  if (!fetches)
    examine_request(request, [&](const std::string& line) {
      if (!*command.json) print_lines("{}\n", line);
      remarks.push_back(line);
    });
  if (out.has_parent_path()) make_folder(out.parent_path());
  write_atomically(out, draft_text(draft));
  const std::vector<NextCommand> next = next_commands(draft, fetches);
  if (*command.json) return print_written(draft, request, remarks, next);
  print_lines("{}: written, {}\n", draft.file, points_words(request));
  print_next(draft, next);
}

void add_options(CLI::App& command, NewCommand& made) {
  command
      .add_option("--model", made.model,
                  "Model file (.onnx, .pt2, .keras, .h5), or a built-in network to train "
                  "(`ohmic list models`; default: resnet8)")
      ->type_name("FILE|NAME");
  CLI::Option* samples =
      command
          .add_option("--samples", made.samples,
                      "Samples it is measured on: an array (.npy, IDX, FILE:ARRAY of .npz or "
                      "safetensors), a folder of images, or NAME=FILE for each input")
          ->type_name("FILE");
  command
      .add_option("--labels", made.labels,
                  "What is right: a class per sample or position, or numbers; none: its own "
                  "answers without noise")
      ->type_name("FILE")
      ->needs(samples);
  command
      .add_option("--train", made.train, "Samples it was trained on, for the ranges of converters")
      ->type_name("FILE")
      ->needs(samples);
  command.add_option("--data", made.data, "In place of files: synthetic, cifar10 or cifar100")
      ->type_name("NAME")
      ->excludes(samples);
  CLI::Option* device =
      command.add_option("--device", made.device, "Device model (`ohmic list devices`)")
          ->type_name("NAME")
          ->capture_default_str();
  CLI::Option* table =
      command
          .add_option(
              "--table", made.table,
              "Measurements that --device lookup is made from (CSV; `ohmic describe lookup`)")
          ->type_name("FILE")
          ->needs(device);
  command
      .add_option("--preset", made.preset,
                  "Tiles, devices and converters by name (`ohmic list presets`)")
      ->type_name("NAME")
      ->excludes(device)
      ->excludes(table);
  command.add_option("--out", made.out, "The new file (default: the network's name, here)")
      ->type_name("FILE.toml");
  made.json = add_json_flag(command);
}

}  // namespace

void add_new_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("new", "Write an experiment file for what is at hand");
  command->footer(
      "Opens the network and the samples, finds the metrics that fit them, and writes a short "
      "file\n"
      "whose comments say what each line is for and what else it may be. The file has passed\n"
      "`ohmic check` and runs as it is, once its images are there (`ohmic data get`). No file is\n"
      "written over.\n\n"
      "Examples:\n"
      "  ohmic new                                        a small ResNet on built-in images\n"
      "  ohmic new --model net.onnx --samples x.npy --labels y.npy\n"
      "  ohmic new --model net.pt2 --samples x.npy --device pcm --out pcm.toml\n"
      "  ohmic new --device lookup --table cells.csv      devices as you measured them\n"
      "  ohmic new --model net.keras --samples photos/ --preset pcm-hermes-like --train x.npy\n"
      "  ohmic new --model two.onnx --samples ids=ids.npy --samples mask=mask.npy\n"
      "  ohmic new --model resnet20 --data cifar10");
  auto made = std::make_shared<NewCommand>();
  made->program = app.get_name();
  add_options(*command, *made);
  command->callback([made] { write_new(*made); });
}

}  // namespace ohmic
