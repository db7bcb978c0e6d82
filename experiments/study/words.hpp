// Keys of an experiment file in a reader's words, the same in every figure, table and page.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ohmic {

struct Cell;
struct Experiment;
struct Point;
class Value;

using Axes = std::vector<std::pair<std::string, std::string>>;  ///< swept key, value as text

inline constexpr char kEtaKey[] = "device.eta";
inline constexpr char kRateKey[] = "train.learning_rate";

/// A swept value as a person reads it: strings without quotes, 0.0005 rather than 5e-04.
std::string plain_text(const Value&);
/// A value in files: numbers and truths as such, anything else as text.
Cell plain_cell(const Value&);
/// "ADC bits" of "periphery.adc.bits", "time" of "device.time_s", "network" of "model.name".
std::string key_words(const std::string& key);
/// "s", "Ω per cell"; empty where the key has none.
std::string key_unit(const std::string& key);
/// What the device's eta is a fraction of: "σ_w, the std of a layer's weights", "g_max". The
/// experiment may be null: then that of the default device.
std::string eta_reference(const Experiment*);
/// Title of an axis or column with all its values: "ADC bits", "time (s)", "noise η, fraction of
/// g_max".
std::string key_title(const std::string& key, const Experiment*);
/// A value where its key is said elsewhere: "5", "resnet20.h5" of a path to weights, "spare dead
/// filters" or "no spare dead filters" where it is true or false.
std::string value_words(const std::string& key, const std::string& value);
/// One value: "ADC bits = 5", "time = 3600 s", "resnet20" where it explains itself.
std::string setting_words(const std::string& key, const std::string& value);
/// The swept keys of a point with their values as text.
Axes text_axes(const Point&);
/// Whose numbers these are: "resnet20.h5" where weights are given, else "resnet20".
std::string network_words(const Experiment&);
/// What noise is on: "kernels", "keras_get_weights, dead", or the tensors that are named.
std::string reading_of(const Experiment&);
/// "ADC bits = 5, resnet20"; empty without axes.
std::string axes_words(const Axes&);

}  // namespace ohmic
