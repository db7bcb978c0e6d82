// `ohmic data get` and `ohmic data show`.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/data/cifar.hpp"
#include "nn/data/download.hpp"
#include "nn/network/shape_text.hpp"

namespace ohmic {
namespace {

struct GetOptions {
  std::string name;
  std::filesystem::path root = "data";
  std::string url = Download{}.url;
  std::shared_ptr<bool> json;
};

using Json = nlohmann::ordered_json;

/// One line on a terminal, one per tenth of the file elsewhere.
class ProgressLine {
 public:
  void operator()(std::int64_t done, std::int64_t total) {
    const std::int64_t percent = total > 0 ? 100 * done / total : done >> 20;
    if (percent == shown_ || (!terminal_ && percent / 10 == shown_ / 10)) return;
    shown_ = percent;
    const std::string of =
        total > 0 ? fmt::format(" of {} MB ({} %)", total / 1'000'000, percent) : " MB";
    print_note("{}{}{}{}", terminal_ ? "\r" : "", done / 1'000'000, of, terminal_ ? "" : "\n");
  }
  void finish() const {
    if (terminal_ && shown_ >= 0) print_note("\n");
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::int64_t shown_ = -1;
};

void get(const GetOptions& options) {
  ProgressLine line;
  Download download{options.url, std::ref(line)};
  const auto folder = get_cifar(cifar_format(options.name), options.root, download);
  line.finish();
  if (*options.json) return print_json(Json{{"name", options.name}, {"folder", folder.string()}});
  print_lines("{} is in {}\n", options.name, folder.string());
}

void add_get(CLI::App& data) {
  CLI::App* command = data.add_subcommand("get", "Download CIFAR-10 or CIFAR-100");
  command->footer(
      "Continues where an earlier download stopped, checks the published MD5 and unpacks into\n"
      "ROOT/cifar-10-batches-bin or ROOT/cifar-100-binary. Without a network, put the archive "
      "into\n"
      "ROOT yourself and run the same command.\n\n"
      "Example:\n"
      "  ohmic data get cifar10");
  auto options = std::make_shared<GetOptions>();
  command->add_option("NAME", options->name, "cifar10 or cifar100")->required();
  command->add_option("--root", options->root, "Folder for the data, as data.root")
      ->capture_default_str();
  command->add_option("--from", options->url, "Another folder (URL) that holds the archive")
      ->capture_default_str();
  options->json = add_json_flag(*command);
  command->callback([options] { get(*options); });
}

std::vector<std::int64_t> samples_per_class(const ImageSet& set) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(set.classes), 0);
  for (const std::int32_t label : set.labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

void show_set(const std::string& name, const ImageSet& set) {
  print_lines("{}: {} samples of {}, {} classes, sha256 {}\n", name, set.size(),
              shape_text(set.shape), set.classes, set.hash());
  if (!set.targets.empty())
    return print_lines("  labels of {} each\n", shape_text(set.target_shape));
  if (!set.has_labels()) return print_lines("  no labels\n");
  std::string line = "  samples per class:";
  const std::vector<std::int64_t> counts = samples_per_class(set);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string of = i < set.class_names.size() ? set.class_names[i] + " " : "";
    line += fmt::format(" {}{}", of, counts[i]);
  }
  print_lines("{}\n", line);
}

void show_set_as_json(const std::string& name, const ImageSet& set) {
  const bool has_classes = set.targets.empty() && set.has_labels();
  Json json{{"set", name},
            {"samples", set.size()},
            {"shape", set.shape},
            {"sha256", set.hash()},
            {"label_shape", set.targets.empty() ? Json() : Json(set.target_shape)},
            {"samples_per_class", has_classes ? Json(samples_per_class(set)) : Json()},
            {"class_names", set.class_names.empty() ? Json() : Json(set.class_names)}};
  print_json(json);
}

/// Files may be given for testing alone.
bool has_training_set(const DataSettings& data) {
  return data.name != "files" || data.train_samples.are_named();
}

void show(const ExperimentFile& file, bool as_json) {
  const Experiment experiment = expand(file.read()).front().experiment;
  const bool has_train = has_training_set(experiment.data);
  const Dataset data = load_dataset(experiment.data, experiment.seed, {has_train, true, {}});
  const auto show = as_json ? show_set_as_json : show_set;
  if (has_train) show("train", data.train);
  show("test", data.test);
}

void add_show(CLI::App& data) {
  CLI::App* command = data.add_subcommand("show", "What an experiment file's data are");
  command->footer(
      "Samples, samples per class and hash of both sets that the [data] table names.\n\n"
      "Example:\n"
      "  ohmic data show experiments/quickstart.toml");
  auto file = std::make_shared<ExperimentFile>();
  file->add_to(*command);
  const auto as_json = add_json_flag(*command, "An object per set");
  command->callback([file, as_json] { file->run([&] { show(*file, *as_json); }); });
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "Get data sets, or show what they hold");
  command->require_subcommand(1);
  add_get(*command);
  add_show(*command);
}

}  // namespace ohmic
