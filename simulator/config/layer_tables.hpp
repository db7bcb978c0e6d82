// Tables by the name of a layer, as [device.layers.NAME]. TOML takes the dots in a name for tables
// in tables, so that quotes around it may be left out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "simulator/config/value.hpp"

namespace ohmic {

/// The keys of every layer of `layers`, a table of tables: tables in tables are parts of a layer's
/// name, but for those called as one of `inner`, which are its own and whose keys become dotted
/// ones. A layer with and without quotes is one; of a key that both give the last one stands.
std::map<std::string, Value> tables_by_layer(const Value& layers,
                                             const std::vector<std::string>& inner = {});

/// Whether `layers` is a table of nothing but tables.
bool is_table_of_tables(const Value& layers);

}  // namespace ohmic
