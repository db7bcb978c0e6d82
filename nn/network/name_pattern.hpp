// Patterns of layers' names: * stands for any characters, ? for one.
#pragma once

#include <string>

namespace ohmic {

bool is_pattern(const std::string& name);
/// Whether all of `name` is what the pattern stands for.
bool matches(const std::string& pattern, const std::string& name);

/// Where a map by names and patterns has what `name` has: by the name, else by the first pattern.
template <class Map>
auto find_by_name(const Map& map, const std::string& name) {
  auto found = map.find(name);
  for (auto i = map.begin(); found == map.end() && i != map.end(); ++i)
    if (is_pattern(i->first) && matches(i->first, name)) found = i;
  return found;
}

}  // namespace ohmic
