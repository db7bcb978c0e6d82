#include "experiments/budget/attribution.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/measure/setup.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostSources = 8;  // 256 combinations

/// The sources of a point that are asked for.
std::vector<Source> asked_sources(const Point& point, const AttributionSettings& settings) {
  std::vector<Source> sources = sources_of(point.experiment);
  std::erase_if(sources, [&](const Source& source) {
    return !settings.sources.empty() &&
           std::count(settings.sources.begin(), settings.sources.end(), source.name) == 0;
  });
  return sources;
}

void check_sources(const BudgetRequest& request, const Point& point, std::vector<Fault>& faults) {
  const AttributionSettings& settings = *request.settings.attribution;
  const std::vector<Source> sources = asked_sources(point, settings);
  for (const std::string& name : settings.sources)
    if (std::none_of(sources.begin(), sources.end(),
                     [&](const Source& source) { return source.name == name; }))
      faults.push_back(request.fault(
          "attribution.sources", fmt::format("\"{}\" is no source of this experiment; it has {}",
                                             name, names_of(sources_of(point.experiment)))));
  if (!point.experiment.layer_devices.empty())
    faults.push_back(request.fault(
        "attribution", "switches sources of all layers alike: leave [device.layers] out"));
  if (sources.empty() && settings.sources.empty())
    faults.push_back(request.fault("attribution", "this experiment has no source of error"));
  if (settings.design == Design::half && sources.size() < 3)
    faults.push_back(request.fault("attribution.design",
                                   "\"half\" needs 3 sources at least; expected \"full\""));
  if (sources.size() > kMostSources)
    faults.push_back(request.fault("attribution.sources",
                                   fmt::format("expected at most {} sources", kMostSources)));
}

Experiment with_sources(const Experiment& experiment, const std::vector<Source>& sources,
                        Combination on) {
  KeyValues off;
  for (std::size_t s = 0; s < sources.size(); ++s)
    if ((on >> s & 1) == 0) off.insert(off.end(), sources[s].off.begin(), sources[s].off.end());
  return with_keys(experiment, off);
}

Attribution attribute(AnalysisContext& context, const Point& point) {
  const AttributionSettings& settings = *context.request.settings.attribution;
  Attribution a{&point, asked_sources(point, settings), 0, {}};
  const std::vector<Combination> all = combinations(settings.design, a.count());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PointResult result = context.evaluations.measure(
        with_sources(point.experiment, a.sources, all[i]), settings.draws,
        fmt::format("{}, combination {}/{}", point_label(point), i + 1, all.size()));
    a.baseline = result.baseline();
    a.measured[all[i]] = result.replicates();
  }
  return a;
}

}  // namespace

void check_attribution(const BudgetRequest& request, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  for (const Point& point : request.points)
    if (faults.size() == before) check_sources(request, point, faults);
}

std::vector<Attribution> attribute(AnalysisContext& context) {
  std::vector<Attribution> all;
  for (const Point& point : context.request.points) all.push_back(attribute(context, point));
  return all;
}

std::string names_of(const std::vector<Source>& sources) {
  std::vector<std::string> words;
  for (const Source& source : sources) words.push_back(source.name);
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

Estimate loss_estimate(Contrast contrast, const Attribution& a, double confidence) {
  for (auto& [combination, weight] : contrast) weight *= a.sign();
  return contrast_estimate(contrast, a.measured, confidence);
}

SourceLoss loss_of(const Attribution& a, int source, const BudgetSettings& settings) {
  const auto estimate = [&](const Contrast& contrast) {
    return loss_estimate(contrast, a, settings.confidence);
  };
  return {estimate(loss_alone(source)), estimate(loss_last(source, a.count())),
          estimate(loss_share(settings.attribution->design, source, a.count()))};
}

Estimate total_of(const Attribution& a, double confidence) {
  return loss_estimate(total_loss(a.count()), a, confidence);
}

double without_sources(const Attribution& a) { return mean_estimate(a.measured.at(0), 0.95).mean; }

}  // namespace ohmic
