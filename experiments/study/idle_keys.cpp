#include "experiments/study/idle_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "experiments/study/sampled_devices.hpp"
#include "experiments/study/training_images.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Predicate = std::function<bool(const Experiment&)>;

struct ConditionalKey {
  IdleKey words;
  std::function<bool(const Experiment& a, const Experiment& b)> differs;
  Predicate acts;
};

using Keys = std::vector<ConditionalKey>;

/// `value` gives the key's value, its default where its table is absent.
template <class ValueOf>
void add(Keys& keys, const char* key, const char* needs, Predicate acts, ValueOf value) {
  keys.push_back(
      {{key, needs},
       [value](const Experiment& a, const Experiment& b) { return value(a) != value(b); },
       std::move(acts)});
}

bool is_sliced(const Experiment& e) { return e.mapping.encoding == Encoding::bit_sliced; }

bool is_offset(const Experiment& e) {
  return (is_sliced(e) ? e.mapping.slices : e.mapping.encoding) == Encoding::offset;
}

bool any_device(const Experiment& e, bool (*has)(const DeviceModel&)) {
  return has(*e.device) || std::ranges::any_of(e.layer_devices, [has](const auto& own) {
           return has(*own.second.model);
         });
}

/// Compensation compares what arrays answer with what they did right after programming.
bool answers_otherwise_later(const Experiment& e) {
  if (any_device(e, [](const DeviceModel& d) { return d.time_s > 0 && ages(d); })) return true;
  return e.periphery.read_noise &&
         any_device(e, [](const DeviceModel& d) { return d.time_s > 0 && d.reads_noisily(); });
}

bool has_norm(const Experiment& e) {
  try {
    const Graph graph = e.graph();
    return graph.nodes.empty() || std::ranges::count(graph.nodes, Op::batch_norm, &Node::op) > 0;
  } catch (const Error&) {
    return true;
  }
}

Dac dac_of(const Periphery& p) { return p.dac.value_or(Dac{}); }
Adc adc_of(const Periphery& p) { return p.adc.value_or(Adc{}); }

/// In any layer.
bool any_dac(const Experiment& e, bool (*is)(const Dac&)) {
  return std::ranges::any_of(e.periphery.kinds(), [is](const auto& p) { return is(dac_of(p)); });
}

bool any_adc(const Experiment& e, bool (*is)(const Adc&)) {
  return std::ranges::any_of(e.periphery.kinds(), [is](const auto& p) { return is(adc_of(p)); });
}

bool is_calibrated(const Experiment& e) {
  return any_adc(e, [](const Adc& adc) { return adc.range == AdcRange::calibrated; });
}

void add_mapping(Keys& keys) {
  using E = const Experiment&;
  add(
      keys, "mapping.form", "mapping.encoding = \"differential\"",
      [](E e) { return e.mapping.encoding == Encoding::differential; },
      [](E e) { return e.mapping.form; });
  add(
      keys, "mapping.subtraction", "differential cells or mapping.reference = \"physical\"",
      [](E e) { return !is_offset(e) || e.mapping.reference == Reference::physical; },
      [](E e) { return e.mapping.subtraction; });
  add(keys, "mapping.reference", "offset cells", is_offset,
      [](E e) { return e.mapping.reference; });
  const char* const sliced = "mapping.encoding = \"bit_sliced\"";
  add(keys, "mapping.slices", sliced, is_sliced, [](E e) { return e.mapping.slices; });
  add(keys, "mapping.weight_bits", sliced, is_sliced, [](E e) { return e.mapping.weight_bits; });
  add(keys, "mapping.slice_bits", sliced, is_sliced, [](E e) { return e.mapping.slice_bits; });
  add(
      keys, "mapping.fill", "mapping.replicas above 1", [](E e) { return e.mapping.replicas > 1; },
      [](E e) { return e.mapping.fill; });
  add(
      keys, "mapping.writes", "devices that are not all the same",
      [](E e) { return any_device(e, differs_between_chips); },
      [](E e) { return e.mapping.writes; });
  add(
      keys, "mapping.write_tolerance", "mapping.writes above 1",
      [](E e) { return e.mapping.writes > 1; }, [](E e) { return e.mapping.write_tolerance; });
  add(
      keys, "mapping.repair", "devices that are stuck",
      [](E e) { return any_device(e, [](const DeviceModel& d) { return d.sticks(); }); },
      [](E e) { return e.mapping.repair; });
  add(keys, "mapping.compensation", "devices that age and device.time_s above 0",
      answers_otherwise_later, [](E e) { return e.mapping.compensation; });
  add(
      keys, "mapping.compensation_s", "mapping.compensation and older devices",
      [](E e) {
        return e.mapping.compensation != Compensation::none && answers_otherwise_later(e);
      },
      [](E e) { return e.mapping.compensation_s; });
}

void add_periphery(Keys& keys) {
  using E = const Experiment&;
  add(
      keys, "periphery.dac.slice_bits", "fewer bits than periphery.dac.bits",
      [](E e) { return any_dac(e, [](const Dac& dac) { return dac.slice_bits < dac.bits; }); },
      [](E e) { return dac_of(e.periphery).slice_bits; });
  const char* const calibrated = "periphery.adc.range = \"calibrated\"";
  add(keys, "periphery.adc.percentile", calibrated, is_calibrated,
      [](E e) { return adc_of(e.periphery).percentile; });
  add(
      keys, "periphery.adc.full_scale", "periphery.adc.range = \"fixed\"",
      [](E e) { return any_adc(e, [](const Adc& adc) { return adc.range == AdcRange::fixed; }); },
      [](E e) { return adc_of(e.periphery).full_scale; });
  add(keys, "periphery.adc.per", calibrated, is_calibrated,
      [](E e) { return adc_of(e.periphery).per; });
  add(
      keys, "periphery.adc.enob", "fewer bits than periphery.adc.bits",
      [](E e) { return any_adc(e, [](const Adc& adc) { return adc.enob < adc.bits; }); },
      [](E e) { return adc_of(e.periphery).enob; });
  add(
      keys, "periphery.products", "another compute.backend than \"reference\"",
      [](E e) { return e.compute.backend != "reference"; },
      [](E e) { return e.periphery.products; });
}

const char* const kNorm = "BatchNorm of rows or images in the network";

void add_tensor(Keys& keys, const char* key, const char* kind) {
  add(keys, key, kNorm, has_norm, [kind](const Experiment& e) {
    return std::ranges::count(e.noise.tensors, std::string(kind)) > 0;
  });
}

void add_noise(Keys& keys) {
  using E = const Experiment&;
  add(keys, "noise.semantics = \"folded\"", kNorm, has_norm,
      [](E e) { return e.noise.semantics == Semantics::folded; });
  add_tensor(keys, "noise.tensors = [\"gamma\"]", "gamma");
  add_tensor(keys, "noise.tensors = [\"beta\"]", "beta");
  add_tensor(keys, "noise.tensors = [\"moving_mean\"]", "moving_mean");
  add_tensor(keys, "noise.tensors = [\"moving_variance\"]", "moving_variance");
  add(
      keys, "noise.negative_variance", "noise on the moving variance of a BatchNorm",
      [](E e) { return e.noise.perturbs(TensorKind::moving_variance) && has_norm(e); },
      [](E e) { return e.noise.negative_variance; });
  add(keys, "noise.spare_dead_filters", kNorm, has_norm,
      [](E e) { return e.noise.spare_dead_filters; });
}

void add_evaluation(Keys& keys) {
  using E = const Experiment&;
  add(
      keys, "evaluation.top_k", "evaluation.metric = \"top_k\"",
      [](E e) { return e.evaluation.metric == "top_k"; }, [](E e) { return e.evaluation.top_k; });
  const auto compares_classes = [](E e) {
    return e.evaluation.choice().metric().compares == Compares::classes;
  };
  add(keys, "evaluation.class_axis", "a metric that compares classes", compares_classes,
      [](E e) { return e.evaluation.class_axis; });
  add(keys, "evaluation.scores", "a metric that compares classes", compares_classes,
      [](E e) { return e.evaluation.scores; });
  add(keys, "evaluation.calibration_images", "converters or what else needs the ranges of inputs",
      calibrates, [](E e) { return e.evaluation.calibration_images; });
  add(
      keys, "evaluation.calibrate", "converters", [](E e) { return e.periphery.needs_ranges(); },
      [](E e) { return e.evaluation.calibrate; });
  add(keys, "evaluation.batch_norm_images", kNorm, has_norm,
      [](E e) { return e.evaluation.batch_norm_images; });
  add(
      keys, "evaluation.batch_norm_statistics", "evaluation.batch_norm_images",
      [](E e) { return e.evaluation.batch_norm_images.has_value(); },
      [](E e) { return e.evaluation.batch_norm_statistics; });
}

void add_network(Keys& keys) {
  using E = const Experiment&;
  add(
      keys, "data.root", "data.name = \"cifar10\" or \"cifar100\", and files that are not named",
      [](E e) {
        return e.data.name.starts_with("cifar") && (e.data.train.empty() || e.data.test.empty());
      },
      [](E e) { return e.data.root; });
  add(
      keys, "data.transform", "data.name = \"files\"", [](E e) { return e.data.name == "files"; },
      [](E e) { return e.data.transform; });
  add(
      keys, "model.norm_k", "model.norm = \"top_k_batch\"",
      [](E e) { return e.model.norm == "top_k_batch"; }, [](E e) { return e.model.norm_k; });
  add(
      keys, "train",
      "networks that are trained here: without model.weights, or train.start = \"given\"",
      [](E e) { return e.trains(); },
      [](E e) { return TrainSettings::schema().write(&e.train).text(); });
}

const Keys& all_keys() {
  static const Keys keys = [] {
    Keys made;
    add_network(made);
    add_mapping(made);
    add_periphery(made);
    add_noise(made);
    add_evaluation(made);
    return made;
  }();
  return keys;
}

/// What a file with this preset and nothing else has; what no file says where it is empty.
Experiment untouched(const std::string& preset) {
  Value root{Table{}};
  root.set("preset", {preset});
  std::vector<Fault> faults;
  return Experiment::read(root, faults);
}

/// Whether a file gave these experiments a value of its own for the key, and it acts in none.
bool is_idle(const ConditionalKey& key, const std::vector<const Experiment*>& experiments,
             const std::map<std::string, Experiment>& bare) {
  bool is_set = false;
  for (const Experiment* e : experiments) {
    const bool own = key.differs(*e, bare.at("")) && key.differs(*e, bare.at(e->preset));
    if (own && key.acts(*e)) return false;
    is_set |= own;
  }
  return is_set;
}

}  // namespace

const std::vector<IdleKey>& conditional_keys() {
  static const std::vector<IdleKey> words = [] {
    std::vector<IdleKey> all;
    for (const ConditionalKey& key : all_keys()) all.push_back(key.words);
    return all;
  }();
  return words;
}

std::vector<IdleKey> idle_keys(const std::vector<const Experiment*>& experiments) {
  std::map<std::string, Experiment> bare{{"", untouched("")}};
  for (const Experiment* e : experiments)
    if (!bare.contains(e->preset)) bare.emplace(e->preset, untouched(e->preset));
  std::vector<IdleKey> idle;
  for (const ConditionalKey& key : all_keys())
    if (is_idle(key, experiments, bare)) idle.push_back(key.words);
  return idle;
}

std::string idle_keys_remark(const std::vector<const Experiment*>& experiments) {
  std::string list;
  for (const IdleKey& idle : idle_keys(experiments))
    list += fmt::format("{}{} (needs {})", list.empty() ? "" : ", ", idle.key, idle.needs);
  return list.empty() ? "" : "These keys have no effect beside the other settings: " + list + ".";
}

}  // namespace ohmic
