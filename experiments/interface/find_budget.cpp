#include "experiments/interface/find_budget.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "experiments/budget/find.hpp"
#include "experiments/budget/limit_notes.hpp"
#include "experiments/interface/state.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/without_noise.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {
namespace {

BudgetSettings settings_of(const std::string& knob, const BudgetOptions& options) {
  BudgetSettings settings;
  if (options.max_drop) settings.max_drop = {*options.max_drop};
  if (options.max_rise) settings.max_rise = {*options.max_rise};
  settings.drop = options.drop;
  settings.confidence = options.measure.confidence;
  settings.draws = options.draws;
  settings.max_draws = options.max_draws;
  settings.find =
      FindSettings{{knob}, options.range, options.scale, options.tolerate, options.steps};
  // Written and read, so that the ranges of every value are checked where they are declared.
  const Value table = BudgetSettings::schema().write(&settings);
  std::vector<Fault> faults;
  BudgetSettings checked;
  BudgetSettings::schema().read_into(table, "budget", checked, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return checked;
}

/// What the caller gave of what a file would say.
Value given_by(const BudgetOptions& options) {
  Value root{Table{}};
  if (options.max_drop) root.set("budget.max_drop", {*options.max_drop});
  if (options.max_rise) root.set("budget.max_rise", {*options.max_rise});
  return root;
}

/// Chips at the values of a knob, each measured once; one at a time is held.
class Probes {
 public:
  Probes(const Network& network, const Samples& samples, const Experiment& experiment,
         std::string knob, const MeasureOptions& options)
      : experiment_(experiment),
        knob_(std::move(knob)),
        options_(options),
        trained_(trained_network(network, samples, experiment)) {}

  /// The first `draws` replicates at a value.
  PointResult measure(const Value& value, std::int64_t draws) {
    PointResult& result = known(value);
    while (result.draws.size() < static_cast<std::size_t>(draws)) {
      if (options_.progress) options_.progress(knob_ + " = " + value.text(), 0);
      result.draws.push_back(chip_at(value).measure(std::ssize(result.draws)));
    }
    PointResult asked = result;
    asked.draws.resize(static_cast<std::size_t>(draws));
    return asked;
  }

  const TrainedNetwork& network() const { return trained_; }
  /// Of all chips, each once.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Experiment experiment_at(const Value& value) const {
    return with_keys(experiment_, {{knob_, value}});
  }

  PointResult& known(const Value& value) {
    const auto present = known_.find(value.text());
    if (present != known_.end()) return present->second;
    const Experiment e = experiment_at(value);
    PointResult result;
    if (e.evaluation.estimator == Estimator::per_batch) result.batch = e.evaluation.batch;
    without_noise_.measure(chip_at(value), trained_, e, result);
    for (const std::string& warning : chip_at(value).warnings())
      if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(warning);
    return known_.emplace(value.text(), std::move(result)).first->second;
  }

  PointChip& chip_at(const Value& value) {
    if (chip_ && chip_value_ == value.text()) return *chip_;
    chip_.reset();
    chip_ = std::make_unique<PointChip>(experiment_at(value), trained_, calibrations_, progress());
    chip_value_ = value.text();
    return *chip_;
  }

  PointChip::Progress progress() const {
    if (!options_.progress) return {};
    return [this](const std::string& what, double) { options_.progress(what, 0); };
  }

  const Experiment& experiment_;
  std::string knob_;
  const MeasureOptions& options_;
  TrainedNetwork trained_;
  Calibrations calibrations_;
  WithoutNoise without_noise_;
  std::map<std::string, PointResult> known_;  ///< by value
  std::unique_ptr<PointChip> chip_;           ///< of the value measured last
  std::string chip_value_;
  std::vector<std::string> warnings_;
};

Budget budget_of(const FoundBudget& found, const BudgetSettings& settings) {
  Budget budget;
  budget.knob = settings.find->knob.front();
  budget.baseline = found.start.baseline();
  budget.limit = found.search.limit;
  const auto value = [&](const std::optional<std::size_t>& index) {
    return index ? std::optional(found.grid.values.at(*index)) : std::nullopt;
  };
  budget.tolerated = value(found.result.tolerated);
  budget.not_tolerated = value(found.result.not_tolerated);
  if (const auto crossing = crossing_estimate(found.result, found.search))
    budget.estimate = found.grid.between(*crossing, settings.find->scale);
  for (const Probe& probe : found.result.probes)
    budget.probes.push_back({found.grid.values[probe.index],
                             mean_estimate(probe.replicates, settings.confidence),
                             probe.replicates.count()});
  for (std::string& remark : remarks_on(found, *settings.find))
    budget.warnings.push_back(std::move(remark));
  return budget;
}

}  // namespace

Budget find_budget(const Network& network, const Samples& samples, const Hardware& hardware,
                   const std::string& knob, const BudgetOptions& options) {
  if (std::string wrong = no_hardware_text(knob); !wrong.empty())
    throw ConfigError({{{}, "knob", wrong}});
  const Point point{{}, experiment_of(network, samples, hardware, options.measure)};
  const BudgetRequest request{given_by(options), settings_of(knob, options), {point}};
  std::vector<Fault> faults;
  check_allowed(request, faults);
  check_find(request, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  use_threads(options.measure.threads);
  const BudgetSettings& settings = request.settings;
  const Metric& metric = point.experiment.evaluation.choice().metric();
  const Grid grid = grid_of(*settings.find, point.experiment);
  Probes probes(network, samples, point.experiment, knob, options.measure);
  const FoundBudget found = search_budget(point, settings, settings.allowances(metric).front(),
                                          [&](std::size_t index, std::int64_t draws) {
                                            return probes.measure(grid.value(index), draws);
                                          });
  Budget budget = budget_of(found, settings);
  std::vector<std::string> first = probes.warnings();
  for (std::string& note :
       limit_notes(settings, MetricWords(point.experiment), budget.baseline, probes.network()))
    first.push_back(std::move(note));
  budget.warnings.insert(budget.warnings.begin(), first.begin(), first.end());
  return budget;
}

}  // namespace ohmic
