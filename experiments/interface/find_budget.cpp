#include "experiments/interface/find_budget.hpp"

#include <map>
#include <memory>

#include "experiments/budget/find.hpp"
#include "experiments/interface/state.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/without_noise.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {
namespace {

BudgetSettings settings_of(const std::string& knob, const BudgetOptions& options) {
  BudgetSettings settings;
  settings.max_drop = settings.max_rise = {options.max_drop};
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

/// Chips at the values of a knob, each measured once.
class Probes {
 public:
  Probes(const Network& network, const Samples& samples, const Experiment& experiment,
         std::string knob, const MeasureOptions& options)
      : network_(network),
        samples_(samples),
        experiment_(experiment),
        knob_(std::move(knob)),
        options_(options),
        trained_(trained_network(network, samples, experiment)) {}

  /// The first `draws` replicates at a value.
  PointResult measure(const Value& value, std::int64_t draws) {
    At& at = at_[value.text()];
    if (!at.chip) begin(value, at);
    while (at.result.draws.size() < static_cast<std::size_t>(draws)) {
      if (options_.progress) options_.progress(knob_ + " = " + value.text(), 0);
      at.result.draws.push_back(at.chip->measure(std::ssize(at.result.draws)));
    }
    PointResult asked = at.result;
    asked.draws.resize(static_cast<std::size_t>(draws));
    return asked;
  }

 private:
  struct At {
    std::unique_ptr<TrainedNetwork> network;  ///< where the knob changes what is on crossbars
    std::unique_ptr<PointChip> chip;
    PointResult result;
  };

  void begin(const Value& value, At& at) {
    const Experiment e = with_keys(experiment_, {{knob_, value}});
    at.chip = std::make_unique<PointChip>(e, trained_, calibrations_, progress());
    if (e.evaluation.estimator == Estimator::per_batch) at.result.batch = e.evaluation.batch;
    without_noise_.measure(*at.chip, trained_, e, at.result);
  }

  PointChip::Progress progress() const {
    if (!options_.progress) return {};
    return [this](const std::string& what, double) { options_.progress(what, 0); };
  }

  const Network& network_;
  const Samples& samples_;
  const Experiment& experiment_;
  std::string knob_;
  const MeasureOptions& options_;
  TrainedNetwork trained_;
  Calibrations calibrations_;
  WithoutNoise without_noise_;
  std::map<std::string, At> at_;
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
  return budget;
}

}  // namespace

Budget find_budget(const Network& network, const Samples& samples, const Hardware& hardware,
                   const std::string& knob, const BudgetOptions& options) {
  Point point{{}, experiment_of(network, samples, hardware, options.measure)};
  BudgetRequest request{Value{Table{}}, settings_of(knob, options), {point}};
  std::vector<Fault> faults;
  check_allowed(request, faults);
  check_find(request, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  use_threads(options.measure.threads);
  FoundBudget found{&point, grid_of(*request.settings.find, point.experiment), {}, {}, {}, {}};
  Probes probes(network, samples, point.experiment, knob, options.measure);
  const Metric& metric = point.experiment.evaluation.choice().metric();
  found.allowance = request.settings.allowances(metric).front();
  found.start = probes.measure(found.grid.value(0), 1);
  found.search =
      search_for(request.settings, found.allowance, found.start, found.grid.values.size() - 1);
  found.result = search_crossing(found.search, [&](std::size_t index, std::int64_t draws) {
    return probes.measure(found.grid.value(index), draws).replicates();
  });
  return budget_of(found, request.settings);
}

}  // namespace ohmic
