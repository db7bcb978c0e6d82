// What a run says against its numbers, of one point and of all: the same on the terminal, in
// results.jsonl and in the report, and the same when nothing was left to compute.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/results/tables.hpp"

namespace ohmic {

/// Share of answers that mapping and converters cost by themselves above which measurement_warnings
/// say it.
inline constexpr double kCostlyMapping = 0.1;
/// Share of what converters see beyond their range above which measurement_warnings say it.
inline constexpr double kClipped = 0.01;

/// The largest loss of right answers over these points with every device exact.
struct CostOfMapping {
  double share = 0;
  std::string what;            ///< "mapping and converters"
  NetworkPeriphery periphery;  ///< of the point that loses so much
  std::string text() const;    ///< a clause
};
CostOfMapping cost_of_mapping(const std::vector<MeasuredPoint>&);

/// Of one point: doubts about its network, what its chip said of itself, remarks on its settings.
/// Sentences, the gravest first; empty for a sound point.
std::vector<std::string> point_warnings(const std::filesystem::path& run_folder,
                                        const MeasuredPoint&);

/// What their chips said, each once (of more than a few the first ones, and how many there are),
/// how many points have too few draws to say how far chips differ, keys that change no answer, what
/// mapping costs by itself, clipped converters, few test samples.
std::vector<std::string> measurement_warnings(const std::vector<MeasuredPoint>&);

/// All three of all points together, each once. `study`: what they are a part of.
std::vector<std::string> run_warnings(const std::filesystem::path& run_folder,
                                      const std::vector<MeasuredPoint>&,
                                      const std::vector<const Experiment*>& study);

}  // namespace ohmic
