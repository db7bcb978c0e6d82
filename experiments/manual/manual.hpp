// What `ohmic describe` says: made from the declarations of the parameters and nothing else.
#pragma once

#include <string>
#include <vector>

namespace ohmic {

/// The page of a table ("train", "periphery.adc"), a device model ("awgn"), a parameter
/// ("train.batch", or "eta" wherever it occurs), a preset ("preset isaac-like", or its name alone),
/// or the overview for "". Throws ConfigError naming the nearest word.
std::string manual_page(const std::string& thing);

/// Every device model with its first line.
std::string device_list();

/// Every preset with its first line.
std::string preset_list();

/// Parameters by dotted key, and all parameters of tables, "device" being those of every model:
/// what is accepted, unit and default, with meaning and source below. Throws as manual_page.
std::string keys_text(const std::vector<std::string>& keys);

/// docs/parameters.md.
std::string parameters_markdown();

}  // namespace ohmic
