// Experiments of texts, as `ohmic run` reads them.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic::test {

/// `overrides`: as --set has them.
inline std::vector<Point> points_of(const std::string& text,
                                    const std::vector<std::string>& overrides = {}) {
  Value root = parse_toml(text, "study.toml");
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  return expand(root);
}

inline Experiment read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return points_of(text, overrides).at(0).experiment;
}

}  // namespace ohmic::test
