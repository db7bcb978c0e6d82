#include "experiments/results/identity_remark.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "nn/data/dataset.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

/// Files of data and networks that the points name and that are not there, the first few.
std::vector<std::string> absent_files(const std::vector<Point>& points) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> absent;
  const auto say = [&](const std::string& what) {
    if (absent.size() < kShown && std::ranges::find(absent, what) == absent.end())
      absent.push_back(what);
  };
  const auto look = [&](const std::filesystem::path& file) {
    std::error_code error;
    if (!file.empty() && !std::filesystem::exists(file, error)) say(file.string());
  };
  for (const Point& point : points) {
    const Experiment& e = point.experiment;
    look(e.model.file);
    look(e.model.weights);
    const DataFiles files = data_files(e.data);
    if (files.test.empty() && e.data.name != "synthetic")
      say(fmt::format("{} below {}", e.data.name, e.data.root.string()));
    for (const auto* set : {&files.train, &files.test})
      for (const auto& file : *set) look(file);
  }
  return absent;
}

}  // namespace

std::string identity_remark(const RunRecord& run) {
  if (run.found_by_axes == 0) return "";
  const auto by = std::ranges::find(run.provenance, "commit", [](auto& e) { return e.first; });
  const bool same_version = by != run.provenance.end() && by->second == commit();
  const std::vector<std::string> absent = absent_files(run.points);
  const std::string why = !absent.empty()
                              ? fmt::format("{} {} not at hand", fmt::join(absent, ", "),
                                            absent.size() == 1 ? "is" : "are")
                              : "resolved.toml, images, weights or files of devices do not hold "
                                "any more what they held then";
  return fmt::format(
      "{} of {} points were found by their swept values, not by their identity: {}{}",
      run.found_by_axes, run.points.size(), why,
      same_version ? "" : ", or they were measured by another version of ohmic");
}

}  // namespace ohmic
