// Keys in a table of [budget], which are written dotted or as tables of their own.
#pragma once

#include <string>

#include "simulator/config/value.hpp"

namespace ohmic {

/// Calls take(dotted key, value) for everything in a table that is no table itself.
template <class Take>
void for_each_leaf(const Table& table, const Take& take, const std::string& above = "") {
  for (const auto& entry : table.entries())
    if (entry.value.is_table())
      for_each_leaf(entry.value.table(), take, above + entry.key + ".");
    else
      take(above + entry.key, entry.value);
}

}  // namespace ohmic
