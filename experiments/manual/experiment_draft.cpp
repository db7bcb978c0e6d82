#include "experiments/manual/experiment_draft.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "experiments/study/presets.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/quoting.hpp"
#include "simulator/config/describe.hpp"

namespace ohmic {
namespace {

/// The declaration of a key of a file, those of [device] being of this model.
const Parameter& declaration(const std::string& key, const std::string& device) {
  constexpr std::string_view kDevice = "device.";
  const SchemaBase* schema = &Experiment::schema();
  std::string rest = key;
  if (key.starts_with(kDevice) && key != "device.model") {
    schema = find_device_kind(device)->schema;
    rest = key.substr(kDevice.size());
  }
  const Parameter* found = nullptr;
  while (schema) {
    const std::size_t dot = rest.find('.');
    found = schema->find(rest.substr(0, dot));
    if (dot == std::string::npos) break;
    rest.erase(0, dot + 1);
    schema = found ? found->nested : nullptr;
  }
  OHMIC_ASSERT(found != nullptr);
  return *found;
}

/// Lines of a file, table by table.
class Lines {
 public:
  explicit Lines(std::string device) : device_(std::move(device)) {}

  void say(const std::string& text) {
    std::istringstream lines(wrapped(one_line(text), kIndent));
    for (std::string line; std::getline(lines, line);)
      text_ += "#" + line.substr(kIndent - 1) + "\n";
  }
  void show(const std::string& line) { text_ += "#   " + one_line(line) + "\n"; }
  void table(const std::string& name) {
    text_ += "\n[" + name + "]\n";
    table_ = name + ".";
  }
  /// A key of the table with its value, below what its declaration says.
  void set(const std::string& key, const Value& value) {
    say(doc(table_ + key));
    put(key, value);
  }
  void put(const std::string& key, const Value& value) {
    text_ += key + " = " + value.text() + "\n";
  }
  /// A line that the reader may bring to life.
  void offer(const std::string& line) { text_ += "# " + line + "\n"; }
  void blank() { text_ += "\n"; }
  void gap() { text_ += "#\n"; }

  /// What a key's declaration says.
  std::string doc(const std::string& key) const {
    const Parameter& p = declaration(key, device_);
    return p.choices.empty() ? p.doc
                             : fmt::format("{} One of {}.", p.doc, fmt::join(p.choices, ", "));
  }
  std::string text() && { return std::move(text_); }

 private:
  static constexpr std::size_t kIndent = 2;
  std::string device_, table_, text_;
};

Value text_value(const std::string& text) { return {text}; }

Value number_value(double number) {
  if (number == std::floor(number) && std::abs(number) >= 1)
    return {static_cast<std::int64_t>(number)};
  return {number};
}

std::string network_of(const ExperimentDraft& draft) {
  return draft.model.file.empty() ? draft.model.name : value_words("model.file", draft.model.file);
}

void add_heading(const ExperimentDraft& draft, Lines& lines) {
  const std::string file = shell_word(draft.file), program = shell_word(draft.program);
  lines.say(
      fmt::format("How much analog noise does {} take? Written by `ohmic new`; `ohmic describe "
                  "KEY` explains a key, `ohmic describe TABLE` all that a table may hold.",
                  network_of(draft)));
  lines.gap();
  lines.show(fmt::format("{} check {}", program, file));
  lines.show(fmt::format("{} run {}", program, file));
  lines.put("title", text_value(network_of(draft) + " on " +
                                (draft.preset.empty() ? draft.device + " devices" : draft.preset)));
  lines.set("seed", {std::int64_t{1}});
  if (draft.preset.empty()) return;
  for (const Preset& preset : presets())
    if (preset.name == draft.preset)
      lines.say(
          fmt::format("{}. `ohmic describe preset {}` has its values; what this file gives "
                      "itself goes before them. Others: `ohmic list presets`.",
                      preset.title, preset.name));
  lines.put("preset", text_value(draft.preset));
}

void add_model(const ExperimentDraft& draft, Lines& lines) {
  const Value model = ModelSettings::schema().write(&draft.model);
  lines.table("model");
  if (draft.model.file.empty()) {
    lines.set("name", *model.at("name"));
    lines.set("width", *model.at("width"));
    lines.say("weights: " + lines.doc("model.weights"));
    lines.offer("weights = \"FILE\"");
    return;
  }
  lines.say(fmt::format("`ohmic inspect {}` shows its layers. {}", shell_word(draft.model.file),
                        lines.doc("model.file")));
  lines.put("file", *model.at("file"));
  lines.say("Weights of the same network that were trained further:");
  lines.offer("weights = \"FILE\"");
}

void add_samples(const ExperimentDraft& draft, const Value& data, Lines& lines) {
  lines.put("name", *data.at("name"));
  lines.say(draft.samples + ". Without labels the network's own answers without noise are right.");
  lines.put("test", *data.at("test"));
  lines.say(
      draft.calibrates_on_test
          ? "The ranges of converters are found on these: the test samples, as no others were "
            "given. Better are some that the network was trained on."
          : "Samples that it was trained on: the ranges of converters are found on these.");
  if (draft.data.train_samples.are_named())
    lines.put("train", *data.at("train"));
  else
    lines.offer("train = { samples = \"FILE\" }");
  if (draft.data.transform != Transform{}) lines.set("transform", *data.at("transform"));
}

void add_data(const ExperimentDraft& draft, Lines& lines) {
  const Value data = DataSettings::schema().write(&draft.data);
  lines.table("data");
  if (draft.data.name == "files")
    add_samples(draft, data, lines);
  else
    lines.set("name", *data.at("name"));
  if (draft.data.train_images > 0) lines.set("train_images", *data.at("train_images"));
  if (draft.data.test_images > 0) lines.set("test_images", *data.at("test_images"));
  if (draft.train) return;
  lines.say(
      "What the network was trained with: (x * scale - mean) / std, with one number, one per "
      "channel or one per value; `ohmic describe data.normalize`.");
  if (draft.data.normalize.empty())
    lines.offer("normalize = { scale = 1.0, mean = [0.0], std = [1.0] }");
  else
    lines.put("normalize", *data.at("normalize"));
}

void add_training(const TrainSettings& train, Lines& lines) {
  const Value values = TrainSettings::schema().write(&train);
  lines.table("train");
  for (const char* key : {"epochs", "learning_rate", "augment"}) lines.set(key, *values.at(key));
}

std::string other_devices(const std::string& than) {
  std::vector<std::string> names;
  for (const DeviceKind& kind : device_kinds())
    if (kind.name != than) names.push_back(kind.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Tiles, devices and what stands around them, where no preset says it.
void add_hardware(const ExperimentDraft& draft, Lines& lines) {
  lines.table("mapping");
  const MappingSettings usual;
  lines.set("tile", *MappingSettings::schema().write(&usual).at("tile"));
  lines.table("device");
  lines.say(fmt::format("{} `ohmic describe {}` has its parameters. Others: {}.",
                        find_device_kind(draft.device)->schema->doc, draft.device,
                        other_devices(draft.device)));
  lines.put("model", text_value(draft.device));
  if (!draft.device_table.empty()) lines.set("file", text_value(draft.device_table));
  lines.blank();
  lines.say(
      fmt::format("Without these lines converters are ideal. dac: {} adc: {} Their ranges are "
                  "found on samples of data.train.",
                  lines.doc("periphery.dac"), lines.doc("periphery.adc")));
  lines.offer("[periphery]");
  lines.offer("dac = { bits = 8 }");
  lines.offer("adc = { bits = 8 }");
}

std::string metric_text(const MetricChoice& choice) {
  if (choice.against == Against::labels) return choice.name;
  return choice.name + " against " +
         (choice.against == Against::samples ? "samples" : "its answers without noise");
}

void add_evaluation(const ExperimentDraft& draft, Lines& lines) {
  EvaluationSettings settings;
  const MetricChoice& choice = draft.metrics.front();
  settings.metric = choice.name;
  settings.against = choice.against;
  settings.estimator = draft.estimator;
  settings.draws = draft.draws;
  const Value values = EvaluationSettings::schema().write(&settings);
  lines.table("evaluation");
  std::vector<std::string> others;
  for (std::size_t i = 1; i < draft.metrics.size(); ++i)
    others.push_back(metric_text(draft.metrics[i]));
  lines.say(fmt::format(
      "{}: {}.{}", choice.name, choice.metric().doc,
      others.empty() ? "" : fmt::format(" These fit too: {}.", fmt::join(others, ", "))));
  lines.put("metric", *values.at("metric"));
  if (choice.against != Against::labels) lines.set("against", *values.at("against"));
  lines.set("estimator", *values.at("estimator"));
  lines.set("draws", *values.at("draws"));
}

void add_sweep(const ExperimentDraft& draft, Lines& lines) {
  const std::string what = "Every value is a point; of several keys every combination is one.";
  if (!draft.axis) {
    lines.blank();
    lines.say(what);
    lines.offer("[sweep]");
    return lines.offer("periphery.adc.bits = [6, 8]");
  }
  lines.table("sweep");
  lines.say(what + " " + key_words(draft.axis->key) + ": " + lines.doc(draft.axis->key));
  Array values;
  for (const double value : draft.axis->values) values.push_back(number_value(value));
  lines.put(draft.axis->key, {std::move(values)});
}

/// The first parameter of a model's own, where it is a size that its effect is nothing without.
std::optional<DraftAxis> size_axis(const DeviceKind& kind) {
  const std::vector<Parameter>& all = kind.schema->parameters();
  const auto own = std::find_if(all.begin(), all.end(), [](const Parameter& p) {
    return p.key != "g_min_S" && p.key != "g_max_S" && p.key != "time_s";
  });
  if (own == all.end() || own->type != "real" || own->unit != "1" || own->minimum != 0) return {};
  const Value usual = own->write(kind.object(*kind.make()));
  if (usual.text() != Value{0.0}.text()) return {};
  return DraftAxis{"device." + own->key, {0.01, 0.02, 0.05, 0.1, 0.2}};
}

}  // namespace

std::optional<DraftAxis> first_axis(const std::string& model, const DeviceModel& device) {
  const DeviceKind& kind = *find_device_kind(model);
  if (kind.schema->find("eta")) return DraftAxis{kEtaKey, {0.01, 0.05, 0.1, 0.2, 0.3, 0.4}};
  const MeasuredRange measured = device.measured();
  if (std::isfinite(measured.until_s) && measured.until_s > 0) {
    DraftAxis ages{"device.time_s", {}};
    for (const double age : {60.0, 3600.0, 86400.0})
      if (age <= measured.until_s) ages.values.push_back(age);
    if (ages.values.size() > 1) return ages;
  }
  if (kind.schema->find("programming_scale"))
    return DraftAxis{"device.programming_scale", {0.5, 1, 2}};
  return size_axis(kind);
}

std::string draft_text(const ExperimentDraft& draft) {
  Lines lines(draft.device);
  add_heading(draft, lines);
  add_model(draft, lines);
  add_data(draft, lines);
  if (draft.train) add_training(*draft.train, lines);
  if (draft.preset.empty()) add_hardware(draft, lines);
  add_evaluation(draft, lines);
  add_sweep(draft, lines);
  return std::move(lines).text();
}

}  // namespace ohmic
