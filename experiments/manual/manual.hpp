// What `ohmic describe` says: made from the declarations of the parameters and nothing else.
#pragma once

#include <string>
#include <vector>

#include "experiments/text/table.hpp"

namespace ohmic {

/// The page of a table ("train", "periphery.adc"), a device model ("awgn"), a parameter
/// ("train.batch", or "eta" wherever it occurs), a preset ("preset isaac-like", or its name alone),
/// or the overview for "". Throws ConfigError naming the nearest word.
std::string manual_page(const std::string& thing);

/// The same for a program: a row per parameter that the page is about, those of all tables for "";
/// of a preset a row per key.
DataTable manual_table(const std::string& thing);

/// Every device model, and every preset, with its first line: name, doc.
DataTable device_list();
DataTable preset_list();
/// Such a list for a terminal: the second column wrapped beside the first, where there is one.
std::string list_text(const DataTable&);

/// Parameters by dotted key, and all parameters of tables, "device" being those of every model:
/// what is accepted, unit and default, with meaning and source below. Throws as manual_page.
std::string keys_text(const std::vector<std::string>& keys);

/// docs/parameters.md.
std::string parameters_markdown();

}  // namespace ohmic
