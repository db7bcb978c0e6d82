#include "nn/network/name_pattern.hpp"

#include <vector>

namespace ohmic {

bool is_pattern(const std::string& name) { return name.find_first_of("*?") != name.npos; }

bool matches(const std::string& pattern, const std::string& name) {
  // Places of the pattern that can be met by what was read of the name.
  std::vector<bool> can(pattern.size() + 1, false);
  const auto skip_stars = [&] {
    for (std::size_t i = 0; i < pattern.size(); ++i)
      if (can[i] && pattern[i] == '*') can[i + 1] = true;
  };
  can[0] = true;
  skip_stars();
  for (const char c : name) {
    std::vector<bool> next(can.size(), false);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (!can[i]) continue;
      if (pattern[i] == '*') next[i] = true;
      if (pattern[i] == '?' || pattern[i] == c) next[i + 1] = true;
    }
    can = std::move(next);
    skip_stars();
  }
  return can.back();
}

}  // namespace ohmic
