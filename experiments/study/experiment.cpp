#include "experiments/study/experiment.hpp"

#include <functional>
#include <set>

#include "experiments/study/chip_training.hpp"
#include "experiments/study/measured_age.hpp"
#include "experiments/study/network_file.hpp"
#include "experiments/study/presets.hpp"
#include "nn/analog/bias_row.hpp"
#include "nn/analog/layer_cells.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/lowering/network.hpp"
#include "nn/train/training_data.hpp"

namespace ohmic {
namespace {

/// What is kept for as long as one program runs is kept to the last bit.
constexpr Stages kRounding = Stage::inputs | Stage::ranges | Stage::exact | Stage::cost;

void read_device_table(const Value& table, const std::string& key, Experiment& experiment,
                       std::vector<Fault>& faults) {
  const std::size_t faults_before = faults.size();
  experiment.device = read_device(without_layers(table), key, faults);
  const Value* model = table.at("model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  experiment.device_model = name ? *name : "ideal";
  if (faults.size() == faults_before)
    check_age(table.at("time_s"), key + ".time_s", experiment.device_model, *experiment.device,
              faults);
  if (faults.size() == faults_before)
    experiment.layer_devices = read_layer_devices(table, key, faults);
}

Value write_device_table(const Experiment& experiment) {
  if (!experiment.device) return {};
  Value table = write_device(experiment.device_model, *experiment.device);
  if (!experiment.layer_devices.empty())
    table.set(kLayersKey, write_layer_devices(experiment.layer_devices));
  return table;
}

std::string models_with_form_factor() {
  std::string names;
  for (const DeviceKind& kind : device_kinds())
    if (kind.make()->form_factor() >= 0) names += (names.empty() ? "" : ", ") + kind.name;
  return names;
}

/// Tensors outside the crossbars are perturbed by eta times their std, so the device must have one.
void check_form_factor(const Experiment& experiment) {
  if (!experiment.noise.perturbs_digital() || experiment.device->form_factor() >= 0) return;
  const bool by_list = !experiment.noise.tensors.empty();
  Fault fault;
  fault.key = by_list ? "noise.tensors" : "noise.semantics";
  fault.message = "perturbs tensors in digital memory by a form factor eta, which device model \"" +
                  experiment.device_model + "\" does not have; expected only kernels, or one of " +
                  models_with_form_factor() + " as device.model";
  throw ConfigError({fault});
}

/// BatchNorm follows images only where its statistics are its own, and variances.
void check_batch_norm(const Experiment& experiment) {
  if (!experiment.evaluation.batch_norm_images) return;
  Fault rootless;
  rootless.key = "evaluation.batch_norm_images";
  rootless.message = "measures variances, which model.norm = \"" + experiment.model.norm +
                     "\" does not have; expected \"none\"";
  if (experiment.model.norm.ends_with("_batch")) throw ConfigError({rootless});
  if (experiment.noise.leaves_statistics()) return;
  Fault fault;
  fault.key = "evaluation.batch_norm_images";
  fault.message =
      "measures statistics that [noise] folds into kernels or perturbs; expected \"none\", or "
      "noise.semantics \"kernels\" or \"trainable\"";
  throw ConfigError({fault});
}

/// Files of images that are not those which data.name reads would be passed over without a word.
void check_data_files(const DataSettings& data) {
  std::vector<Fault> faults;
  const auto check = [&](const char* key, bool has_records, bool has_samples) {
    if (has_records && !data.name.starts_with("cifar"))
      faults.push_back(
          {{},
           key,
           "names files of records in CIFAR's format, which data.name = \"" + data.name +
               "\" does not read; expected data.name = \"cifar10\" or \"cifar100\"" +
               (data.name == "files" ? ", or { samples = FILE, labels = FILE }" : "")});
    if (has_samples && data.name != "files")
      faults.push_back({{},
                        key,
                        "names samples, which data.name = \"" + data.name +
                            "\" does not read; expected data.name = \"files\""});
  };
  check("data.test", !data.test.empty(), data.test_samples.are_named());
  check("data.train", !data.train.empty(), data.train_samples.are_named());
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

/// Where the file does not say, what needs no labels is meant for data that have none.
void choose_metric(const Value& root, Experiment& e) {
  if (e.data.has_labels()) return;
  if (!root.at("evaluation.metric")) e.evaluation.metric = "agreement";
  const bool compares_numbers = e.evaluation.choice().metric().compares == Compares::numbers;
  if (compares_numbers && !root.at("evaluation.against")) e.evaluation.against = Against::answers;
}

void check_metric(const Experiment& e) {
  std::vector<Fault> faults;
  const MetricChoice choice = e.evaluation.choice();
  const Metric& metric = choice.metric();
  if (choice.against != Against::labels && metric.compares != Compares::numbers)
    faults.push_back({{},
                      "evaluation.against",
                      "is for metrics that compare numbers (mse, mae, cosine_similarity, snr); " +
                          metric.name + " does not: expected \"labels\", its default"});
  if (choice.needs_labels() && !e.data.has_labels())
    faults.push_back({{},
                      "evaluation.metric",
                      "\"" + metric.name + "\" needs labels, and data.test names none; expected " +
                          (metric.compares == Compares::numbers
                               ? "evaluation.against = \"answers\" or \"samples\""
                               : "\"agreement\"")});
  if (e.evaluation.estimator == Estimator::per_batch && !metric.is_mean)
    faults.push_back({{},
                      "evaluation.estimator",
                      "\"per_batch\" gives every batch a chip of its own, and \"" + metric.name +
                          "\" is of all samples together; expected \"per_draw\""});
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

/// Why a layer of a file's network is on no crossbar; empty where it is, or there is no such layer.
std::string why_digital(const Experiment& experiment, const std::string& layer) {
  if (experiment.model.file.empty() || experiment.built) return {};
  const auto network = network_of_file(experiment);
  const auto found = std::ranges::find(network->digital, layer, &DigitalMatrix::name);
  return found == network->digital.end() ? "" : found->why;
}

/// Layers that have devices or converters of their own are layers of the network, on crossbars.
void check_layer_names(const Experiment& experiment, const Graph& graph,
                       std::vector<Fault>& faults) {
  std::vector<std::string> names;
  for (const auto& [layer, device] : experiment.layer_devices) names.push_back(layer);
  std::vector<Fault> wrong;
  for (const auto& [layer, message] : unknown_layers(graph, names))
    wrong.push_back(
        {experiment.layer_devices.at(layer).keys.where, "device.layers." + layer, message});
  append_faults({}, "", wrong, [&] { experiment.periphery.check(graph); });
  for (Fault& fault : wrong) {
    const std::size_t table = fault.key.find(".layers.");
    const std::string why = why_digital(experiment, fault.key.substr(table + 8));
    if (!why.empty())
      fault.message = "is digital (" + why + "), without devices and converters: " + fault.message;
    faults.push_back(std::move(fault));
  }
}

/// Whether `name` is allowed, or, of one layer's or one stack entry's devices, the same key of
/// [device].
bool is_allowed(const std::string& name, const std::set<std::string>& allowed) {
  if (allowed.contains(name)) return true;
  const bool is_part = name.starts_with("device.layers.") || name.starts_with("device.models[");
  return is_part && allowed.contains("device." + name.substr(name.rfind('.') + 1));
}

/// Marks what `allow` names, below a value that faults call `name`.
void permit(Value& value, const std::string& name, const std::set<std::string>& allowed) {
  value.permitted = is_allowed(name, allowed);
  if (auto* array = std::get_if<Array>(&value.data))
    for (std::size_t i = 0; i < array->size(); ++i)
      permit((*array)[i], name + "[" + std::to_string(i) + "]", allowed);
  if (!value.is_table()) return;
  for (auto& entry : value.table().entries())
    permit(entry.value, name.empty() ? entry.key : name + "." + entry.key, allowed);
}

void permit_allowed(Value& root) {
  const Value* allow = root.at("allow");
  if (!allow || !allow->is_array()) return;
  std::set<std::string> allowed;
  for (const Value& name : allow->array())
    if (const auto* text = std::get_if<std::string>(&name.data)) allowed.insert(*text);
  permit(root, "", allowed);
}

/// Where a key that is unknown in its table would be at home: "; it is a key of [periphery.adc]".
std::string home_of(const std::string& key) {
  std::vector<std::string> homes;
  const std::function<void(const SchemaBase&, const std::string&)> look =
      [&](const SchemaBase& schema, const std::string& name) {
        if (schema.find(key)) homes.push_back(name.empty() ? "the file's head" : "[" + name + "]");
        for (const Parameter& p : schema.parameters())
          if (p.nested) look(*p.nested, (name.empty() ? "" : name + ".") + p.key);
      };
  look(Experiment::schema(), "");
  std::string models;
  for (const DeviceKind& kind : device_kinds())
    if (kind.schema->find(key)) models += (models.empty() ? "" : ", ") + kind.name;
  if (!models.empty()) homes.push_back("[device] with model " + models);
  std::string text;
  for (const std::string& home : homes)
    text += (text.empty() ? "; it is a key of " : " and ") + home;
  return text;
}

void say_where_keys_belong(std::vector<Fault>& faults, std::size_t first) {
  for (std::size_t i = first; i < faults.size(); ++i) {
    auto& [where, key, message] = faults[i];
    if (!message.starts_with("unknown key")) continue;
    const std::string last = key.substr(key.rfind('.') + 1);
    if (std::string instead = instead_of_price(last); key == "cost." + last && !instead.empty())
      message = std::move(instead);
    else if (message.find("did you mean") == std::string::npos)
      message += home_of(last);
  }
}

/// Keys that mean something only beside another one.
void check_model(const Experiment& e) {
  std::vector<Fault> faults;
  const auto needs_file = [&](const char* key, bool given) {
    if (given && e.model.file.empty())
      faults.push_back({{}, key, "is for networks of a file; expected model.file beside it"});
  };
  needs_file("model.inputs", !e.model.inputs.empty());
  needs_file("model.output", !e.model.output.empty());
  needs_file("mapping.digital", !e.mapping.digital.empty());
  needs_file("mapping.crossbar", !e.mapping.crossbar.empty());
  if (!e.model.tensors.empty() && e.model.weights.empty())
    faults.push_back(
        {{}, "model.tensors", "chooses among the tensors of model.weights, which is not given"});
  if (e.train.distill && !e.train.distill->tensors.empty() && e.train.distill->teacher.empty())
    faults.push_back({{},
                      "train.distill.tensors",
                      "chooses among the tensors of train.distill.teacher, which is not given"});
  if (e.train.start == TrainingStart::given && e.model.weights.empty() && e.model.file.empty())
    faults.push_back({{},
                      "train.start",
                      "\"given\" goes on from weights that are given; expected model.weights or "
                      "model.file"});
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

/// Ages at which a network is trained are within what its device model was measured at.
void check_trained_ages(const Value& root, const Experiment& e, std::vector<Fault>& faults) {
  if (!e.train.hardware || e.train.hardware->chip) return;
  const TrainingHardware& h = *e.train.hardware;
  const std::string own = "train.hardware.device.time_s", list = "train.hardware.times_s";
  check_age(root.at(own), own, h.device_model, *h.device, faults);
  if (!h.times_s.empty())
    check_age(root.at(list), list, h.device_model, *h.device_at(std::ranges::max(h.times_s)),
              faults);
}

/// What holds between tables; called when each table is right by itself.
void check_whole(const Value& root, const Experiment& experiment, std::vector<Fault>& faults) {
  append_faults(root, "", faults, [&] { check_model(experiment); });
  append_faults(root, "", faults, [&] {
    // Whoever needs a file that is not there says so.
    std::error_code unknown;
    if (!experiment.model.file.empty() &&
        !std::filesystem::is_regular_file(experiment.model.file, unknown))
      return;
    const Graph graph = experiment.graph();
    if (graph.nodes.empty()) return;
    check_layer_names(experiment, graph, faults);
    experiment.devices().check_cells(layer_cells(graph, experiment.mapping, experiment.noise));
    if (experiment.trains() && experiment.train.hardware) {
      const TrainingHardware& trained = *experiment.train.hardware;
      check_chip_in_the_loop(graph, experiment.train);
      LayerDevices(trained.device, trained.layer_devices)
          .check_cells(layer_cells(graph, trained.mapping, {}));
    }
  });
  append_faults(root, "", faults, [&] {
    experiment.train.validate();
    check_trained_ages(root, experiment, faults);
  });
  check_chip(root, experiment, faults);
  append_faults(root, "", faults, [&] { experiment.noise.validate(); });
  append_faults(root, "", faults, [&] { check_form_factor(experiment); });
  append_faults(root, "", faults, [&] { check_biases(experiment.mapping, experiment.noise); });
  append_faults(root, "", faults, [&] { check_batch_norm(experiment); });
  append_faults(root, "", faults, [&] { check_data_files(experiment.data); });
  append_faults(root, "", faults, [&] { check_metric(experiment); });
}

std::filesystem::path default_folder(const Value& root) {
  return std::filesystem::path("runs") / std::filesystem::path(root.where.file).stem();
}

}  // namespace

const Schema<Experiment>& Experiment::schema() {
  static const Schema<Experiment> schema = [] {
    using E = Experiment;
    Schema<E> s{"experiment", "One TOML file is one experiment; [sweep] makes its points."};
    s.add("title", &E::title).keeps_numbers().doc("Heading of the report.");
    s.add(kCaseKey, &E::named_case)
        .keeps_numbers()
        .doc("Name of what a file, or one of [sweep]'s cases, is about.");
    s.add("preset", &E::preset)
        .keeps_numbers()
        .doc(
            "Hardware by name: tiles, devices and periphery wherever this file does not give its "
            "own; see `ohmic list presets`.");
    s.add("allow", &E::allow)
        .keeps_numbers()
        .doc(
            "Keys whose values are meant though they are unusual (conductances above 10 mS, wires "
            "above 1 Mohm, ...) or beyond what a device model was measured at (ages), as in "
            "[\"device.g_max_S\"].");
    s.add("seed", &E::seed).doc("Governs everything random, training included.");
    s.add("data", &E::data);
    s.add("model", &E::model).counts(Stages::from(Stage::training) | Stage::inputs);
    s.add("train", &E::train).counts(Stages::from(Stage::training));
    s.add("mapping", &E::mapping).counts(Stages::from(Stage::ranges));
    s.add_custom("device", "table", read_device_table, write_device_table)
        .counts(Stages::from(Stage::ranges))
        .doc(
            "What a device does to a conductance: `model` and that model's own parameters; a layer "
            "may have keys of its own, in [device.layers.NAME].");
    s.add("periphery", &E::periphery).counts(Stages::from(Stage::ranges));
    s.add("noise", &E::noise).counts(Stages::from(Stage::ranges));
    s.add("evaluation", &E::evaluation).counts(Stages::from(Stage::network) | Stage::inputs);
    s.add("cost", &E::cost).absent("none").counts(Stage::cost);
    s.add("compute", &E::compute).counts(kRounding);
    s.add("output", &E::output).keeps_numbers();
    return s;
  }();
  return schema;
}

Experiment Experiment::read(const Value& given, std::vector<Fault>& faults,
                            std::shared_ptr<const Graph> network) {
  const std::size_t faults_before = faults.size();
  Value root = with_preset(given, faults);
  permit_allowed(root);
  Experiment experiment;
  experiment.built = std::move(network);
  schema().read_into(root, "", experiment, faults, {"sweep", "budget"});
  if (!root.at("device")) read_device_table({Table{}, root.where}, "device", experiment, faults);
  say_where_keys_belong(faults, faults_before);
  if (experiment.output.dir.empty()) experiment.output.dir = default_folder(root);
  if (faults.size() == faults_before) choose_metric(root, experiment);
  if (faults.size() == faults_before) take_chip(root, experiment);
  if (faults.size() == faults_before) check_whole(root, experiment, faults);
  return experiment;
}

LayerDevices Experiment::devices() const {
  LayerDevices devices(device);
  for (const auto& [layer, own] : layer_devices) devices.own[layer] = own.model;
  return devices;
}

bool Experiment::is_trained() const {
  const bool has_none = model.weights.empty() && model.file.empty();
  if (trains_each_chip()) return has_none;
  const bool on_chip = train.hardware && train.hardware->chip;
  return train.start == TrainingStart::given || has_none || on_chip;
}

bool Experiment::trains_each_chip() const {
  return train.hardware && train.hardware->takes_each_chip();
}

Graph Experiment::graph() const {
  if (built) return *built;
  if (model.file.empty()) return build_model(model, data.name == "cifar100" ? 100 : 10);
  return network_of_file(*this)->graph;
}

namespace {

/// What a chip in the loop takes from elsewhere.
void leave_out_chip(Value& all, const Experiment& e) {
  Value* hardware = all.table().find("train")->table().find("hardware");
  for (const char* table : {"device", "mapping", "periphery"}) hardware->table().erase(table);
  const EvaluationSettings& evaluation = e.evaluation;
  if (evaluation.first_draw != *e.train.hardware->chip || evaluation.draws != 1) return;
  for (const char* key : {"first_draw", "draws"})
    all.table().find("evaluation")->table().erase(key);
}

}  // namespace

Value Experiment::resolved() const {
  Value all = schema().write(this);
  if (train.hardware && train.hardware->chip) leave_out_chip(all, *this);
  if (model.file.empty()) return all;
  if (!trains()) all.table().erase("train");  // nothing of it counts
  for (const char* key : {"name", "layout", "width", "norm", "norm_k"})
    all.table().find("model")->table().erase(key);
  return all;
}

}  // namespace ohmic
