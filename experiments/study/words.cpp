#include "experiments/study/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "experiments/study/experiment.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {
namespace {

struct Words {
  const char* key;
  const char* words;
  const char* unit;
};

/// Keys that their last part does not explain.
constexpr Words kWords[] = {{"data.name", "images", ""},
                            {"model.name", "network", ""},
                            {"device.model", "device", ""},
                            {"train.start", "training from", ""},
                            {"train.only", "trained parameters", ""},
                            {"train.noise_eta", "training noise η", ""},
                            {"train.distill.temperature", "teacher's T", ""},
                            {"train.distill.weight", "teacher's weight", ""},
                            {"noise.semantics", "noise on", ""},
                            {"mapping.tile", "tile", "rows x columns"},
                            {"mapping.compensation_s", "age of the factors", "s"},
                            {"layer_adc_bits", "ADC bits of the layers", ""},
                            {"periphery.adc.columns_per_adc", "columns per ADC", ""},
                            {"periphery.wires.row_ohm", "row wire", "Ω per cell"},
                            {"periphery.wires.column_ohm", "column wire", "Ω per cell"},
                            {"periphery.wires.driver_ohm", "driver", "Ω"},
                            {"periphery.wires.sense_ohm", "sense amplifier", "Ω"}};

/// Ends of keys that are units, longest first, with how they are written.
constexpr std::pair<const char*, const char*> kUnits[] = {{"_fF_per_um", "fF/µm"},
                                                          {"_um2", "µm²"},
                                                          {"_ohm", "Ω"},
                                                          {"_uS", "µS"},
                                                          {"_nm", "nm"},
                                                          {"_Hz", "Hz"},
                                                          {"_pJ", "pJ"},
                                                          {"_dB", "dB"},
                                                          {"_S", "S"},
                                                          {"_s", "s"},
                                                          {"_V", "V"},
                                                          {"_K", "K"}};

const Words* known(const std::string& key) {
  const auto found = std::find_if(std::begin(kWords), std::end(kWords),
                                  [&](const Words& w) { return key.ends_with(w.key); });
  return found == std::end(kWords) ? nullptr : found;
}

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::string table_of(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? "" : last_part(key.substr(0, dot));
}

/// The end that is a unit, or null.
const std::pair<const char*, const char*>* unit_of(const std::string& key) {
  const auto found = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& unit) {
    return last_part(key).ends_with(unit.first);
  });
  return found == std::end(kUnits) ? nullptr : found;
}

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && *end == 0;
}

}  // namespace

std::string plain_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* real = std::get_if<double>(&value.data)) return number_text(*real);
  return value.text();
}

Cell plain_cell(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  return value.data.index() == 0 ? Cell() : Cell(plain_text(value));
}

std::string key_words(const std::string& key) {
  constexpr std::string_view kLayers = "device.layers.";
  const std::size_t end = key.rfind('.');
  if (key.starts_with(kLayers) && end > kLayers.size())
    return fmt::format("{} of {}", key_words("device." + last_part(key)),
                       key.substr(kLayers.size(), end - kLayers.size()));
  constexpr std::string_view kConverters = "periphery.layers.";
  const std::size_t own = key.rfind('.', end - 1);
  if (key.starts_with(kConverters) && own != key.npos && own > kConverters.size())
    return fmt::format("{} of {}", key_words("periphery" + key.substr(own)),
                       key.substr(kConverters.size(), own - kConverters.size()));
  constexpr std::string_view kTrained = "train.hardware.";
  if (key.starts_with(kTrained)) return "training's " + key_words(key.substr(kTrained.size()));
  if (const Words* words = known(key)) return words->words;
  if (key == kEtaKey) return "noise η";
  std::string text = last_part(key);
  if (text == "name") return table_of(key);
  if (const auto* unit = unit_of(key)) text.resize(text.size() - std::string(unit->first).size());
  std::replace(text.begin(), text.end(), '_', ' ');
  const std::string table = table_of(key);
  return table == "adc" ? "ADC " + text : table == "dac" ? "DAC " + text : text;
}

std::string key_unit(const std::string& key) {
  if (const Words* words = known(key)) return words->unit;
  const auto* unit = unit_of(key);
  return unit ? unit->second : "";
}

std::string eta_reference(const Experiment* experiment) {
  const Value resolved = experiment ? experiment->resolved() : Value();
  const Value* reference = experiment ? resolved.at("device.reference") : nullptr;
  const std::string name = reference ? plain_text(*reference) : "sigma_w";
  return name == "g_max"     ? "g_max"
         : name == "g_range" ? "g_max - g_min"
         : name == "w_max"   ? "a layer's largest weight"
                             : "σ_w, the std of a layer's weights";
}

std::string key_title(const std::string& key, const Experiment* experiment) {
  if (key == kEtaKey) return "noise η, fraction of " + eta_reference(experiment);
  const std::string unit = key_unit(key);
  return unit.empty() ? key_words(key) : fmt::format("{} ({})", key_words(key), unit);
}

std::string value_words(const std::string& key, const std::string& value) {
  if (key == kCaseKey) return value;
  if (key == "periphery.dac.is_signed")
    return value == "true" ? "every DAC is signed" : "DACs are signed where inputs are";
  if (value == "true") return key_words(key);
  if (value == "false") return "no " + key_words(key);
  return key == "model.weights" || key == "model.file"
             ? std::filesystem::path(value).filename().string()
             : value;
}

std::string setting_words(const std::string& key, const std::string& value) {
  const std::string shown = value_words(key, value);
  const bool explains_itself =
      shown != value || key == kCaseKey ||
      (!is_number(value) &&
       (key.ends_with(".name") || key == "device.model" || key == "noise.semantics" ||
        key == "preset" || key == "model.weights" || key == "model.file"));
  if (explains_itself) return shown;
  const std::string unit = is_number(value) ? key_unit(key) : "";
  return fmt::format("{} = {}{}{}", key_words(key), value, unit.empty() ? "" : " ", unit);
}

Axes text_axes(const Point& point) {
  Axes axes;
  for (const auto& [key, value] : point.axes) axes.emplace_back(key, plain_text(value));
  return axes;
}

std::string network_words(const Experiment& e) {
  if (!e.model.file.empty()) return value_words("model.file", e.model.file);
  if (e.model.weights.empty()) return e.model.name;
  const std::string file = value_words("model.weights", e.model.weights);
  return e.model.tensors.empty() ? file : fmt::format("{} ({})", file, e.model.tensors);
}

std::string reading_of(const Experiment& e) {
  const Value noise = NoiseSettings::schema().write(&e.noise);
  if (!e.noise.tensors.empty()) return fmt::format("{}", fmt::join(e.noise.tensors, ", "));
  const std::string semantics = plain_text(*noise.at("semantics"));
  if (!e.noise.perturbs(TensorKind::moving_variance)) return semantics;
  return semantics + ", " + plain_text(*noise.at("negative_variance"));
}

std::string axes_words(const Axes& axes) {
  std::string text;
  for (const auto& [key, value] : axes)
    if (!value.empty()) text += (text.empty() ? "" : ", ") + setting_words(key, value);
  return text;
}

}  // namespace ohmic
