#include "experiments/budget/find.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/measure/setup.hpp"
#include "experiments/study/configure.hpp"
#include "experiments/study/exactness.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

KeyValues settings_at(const FindSettings& find, const Value& value) {
  KeyValues keys;
  for (const std::string& key : find.knob) keys.push_back({key, value});
  return keys;
}

/// Whether the knob is a number of this point; if not, a fault says so.
bool check_knob(const BudgetRequest& request, const Point& point, std::vector<Fault>& faults) {
  for (const std::string& key : request.settings.find->knob) {
    if (std::string wrong = no_hardware_text(key); !wrong.empty()) {
      faults.push_back(request.fault("find.knob", wrong));
      return false;
    }
    const Parameter* p = parameter_of(point.experiment, key);
    if (p && (p->type == "integer" || p->type == "real")) continue;
    faults.push_back(
        request.fault("find.knob", fmt::format("\"{}\" is {}; expected a numeric key of this file",
                                               key, p ? "no number" : "no key here")));
    return false;
  }
  return true;
}

void check_range(const BudgetRequest& request, std::vector<Fault>& faults) {
  const FindSettings& find = *request.settings.find;
  const bool is_log = find.scale == KnobScale::log;
  if (find.range.size() == 2 && find.range[0] < find.range[1] && (!is_log || find.range[0] > 0))
    return;
  faults.push_back(
      request.fault("find.range", fmt::format("expected [lowest, highest] with {} < highest",
                                              is_log ? "0 < lowest (scale \"log\")" : "lowest")));
}

void check_value(const BudgetRequest& request, const Point& point, const Value& value,
                 std::vector<Fault>& faults) {
  try {
    with_keys(point.experiment, settings_at(*request.settings.find, value));
  } catch (const ConfigError& error) {
    const Fault& first = error.faults().front();
    faults.push_back(request.fault("find.range", first.key + ": " + first.message));
  }
}

/// Both ends of the range must be accepted.
void check_range(const BudgetRequest& request, const Point& point, std::vector<Fault>& faults) {
  if (!check_knob(request, point, faults)) return;
  const Grid grid = grid_of(*request.settings.find, point.experiment);
  check_value(request, point, grid.value(0), faults);
  check_value(request, point, grid.value(grid.values.size() - 1), faults);
}

void compare_ends(const ResultAt& measure, FoundBudget& found) {
  const SearchSettings& search = found.search;
  const PointResult mild = measure(0, search.draws), harsh = measure(search.steps, search.draws);
  found.changes_nothing =
      mild.noise_free_score == harsh.noise_free_score &&
      std::ranges::equal(mild.draws, harsh.draws, {}, &DrawResult::scores, &DrawResult::scores);
  const SearchResult ends{
      {}, {}, {{0, {}, mild.replicates()}, {search.steps, {}, harsh.replicates()}}};
  found.is_turned = found.result.not_tolerated == 0 && rise(ends, search);
}

/// Of a search that began at the worse end.
std::string from_the_other_end(const FoundBudget& b, const FindSettings& find) {
  return fmt::format(
      "at {:g} it is better, so look for the {} value (budget.find.tolerate = "
      "\"{}\")",
      b.grid.values.back(), find.tolerate == Tolerate::fewest ? "largest" : "lowest",
      find.tolerate == Tolerate::fewest ? "largest" : "fewest");
}

/// What the mapping and the converters lose by themselves, where that is too much already.
std::string without_device_noise(const FoundBudget& b) {
  const MetricWords words(b.point->experiment);
  const double sign = words.metric().sign(), score = b.start.noise_free();
  if (!(sign * score < sign * b.search.limit)) return "";
  return fmt::format("with every device exact it is {} already, so the loss is that of {}",
                     words.text_with_unit(score), beside_devices(b.point->experiment.periphery));
}

}  // namespace

std::string no_hardware_text(const std::string& knob) {
  const std::string table = knob.substr(0, knob.find('.'));
  for (const char* hardware : {"mapping", "device", "periphery", "noise"})
    if (table == hardware) return {};
  return fmt::format(
      "\"{}\" is nothing of the hardware; expected a number of mapping, device, periphery or noise",
      knob);
}

void check_find(const BudgetRequest& request, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  check_range(request, faults);
  for (const Point& point : request.points)
    if (faults.size() == before) check_range(request, point, faults);
}

FoundBudget search_budget(const Point& point, const BudgetSettings& settings,
                          const Allowance& allowance, const ResultAt& measure) {
  FoundBudget found{&point, grid_of(*settings.find, point.experiment), allowance, {}, {}, {}};
  found.start = measure(0, 1);
  found.search = search_for(settings, allowance, found.start, found.grid.values.size() - 1);
  found.result = search_crossing(found.search, [&](std::size_t index, std::int64_t draws) {
    return measure(index, draws).replicates();
  });
  if (!(found.result.tolerated && found.result.not_tolerated)) compare_ends(measure, found);
  return found;
}

std::vector<FoundBudget> find_budgets(AnalysisContext& context) {
  const BudgetSettings& settings = context.request.settings;
  std::vector<FoundBudget> budgets;
  for (const Point& point : context.request.points) {
    const Grid grid = grid_of(*settings.find, point.experiment);
    const auto at = [&](std::size_t index) {
      return with_keys(point.experiment, settings_at(*settings.find, grid.value(index)));
    };
    const ResultAt measure = [&](std::size_t index, std::int64_t draws) {
      return context.evaluations.measure(
          at(index), draws,
          fmt::format("{}, {} {:g}", point_label(point), short_knob(*settings.find),
                      grid.values[index]));
    };
    const Metric& metric = point.experiment.evaluation.choice().metric();
    for (const Allowance& allowance : settings.allowances(metric)) {
      FoundBudget found = search_budget(point, settings, allowance, measure);
      if (found.result.tolerated) found.at_budget = measure(*found.result.tolerated, 1);
      for (const Probe& probe : found.result.probes)
        if (const NetworkCost* cost = context.evaluations.cost(at(probe.index)))
          found.costs.push_back(cost->total);
      context.progress.say(fmt::format("{}: {}", point_label(point), answer_text(found, settings)));
      budgets.push_back(std::move(found));
    }
  }
  return budgets;
}

std::vector<Experiment> ends_of_range(const FindSettings& find, const Experiment& experiment) {
  const Grid grid = grid_of(find, experiment);
  std::vector<Experiment> ends;
  for (const std::size_t index : {std::size_t{0}, grid.values.size() - 1}) {
    ends.push_back(with_keys(experiment, settings_at(find, grid.value(index))));
    ends.back().preset = experiment.preset;  // whose keys are not the file's own
  }
  return ends;
}

SearchSettings search_for(const BudgetSettings& settings, const Allowance& allowance,
                          const PointResult& start, std::size_t steps) {
  SearchSettings search;
  search.steps = steps;
  search.limit = settings.limit_of(allowance, *start.metric, start.baseline());
  search.better = start.metric->better;
  search.confidence = settings.confidence;
  search.draws = settings.draws;
  search.max_draws = settings.max_draws;
  return search;
}

Grid grid_of(const FindSettings& find, const Experiment& experiment) {
  const Parameter* p = parameter_of(experiment, find.knob.front());
  return make_grid(find, p && p->type == "integer");
}

std::string short_knob(const FindSettings& find) { return key_words(find.knob.front()); }

std::string knob_title(const FindSettings& find, const Experiment& experiment) {
  std::vector<std::string> titles;
  for (const std::string& key : find.knob) titles.push_back(key_title(key, &experiment));
  return fmt::format("{}", fmt::join(titles, " = "));
}

std::vector<std::string> remarks_on(const FoundBudget& b, const FindSettings& find) {
  std::vector<std::string> remarks;
  if (!b.result.tolerated && b.result.not_tolerated == 0) {
    std::string why = b.is_turned ? from_the_other_end(b, find) : without_device_noise(b);
    if (!why.empty()) remarks.push_back(std::move(why));
  }
  if (b.changes_nothing)
    remarks.push_back(
        fmt::format("every chip answers the same at both ends of the range, so that there is no "
                    "budget: {} has no effect beside the file's other settings, or none that these "
                    "samples show there (a wider range may)",
                    find.knob.front()));
  return remarks;
}

std::string answer_text(const FoundBudget& b, const BudgetSettings& settings) {
  const std::string knob = short_knob(*settings.find);
  const auto &yes = b.result.tolerated, &no = b.result.not_tolerated;
  const auto said = [&] {
    if (yes && no)
      return fmt::format("{} {:g} tolerated, {:g} not", knob, b.value_at(yes), b.value_at(no));
    if (yes && *yes == b.search.steps)
      return fmt::format("the whole range of {} is tolerated, to {:g}", knob, b.value_at(yes));
    if (no && *no == 0)
      return fmt::format("none of the range is tolerated, not even {} {:g}", knob, b.value_at(no));
    if (yes)
      return fmt::format("{} {:g} tolerated, no value shown not to be", knob, b.value_at(yes));
    if (no) return fmt::format("{} {:g} not tolerated, no value shown to be", knob, b.value_at(no));
    return std::string("nothing shown in this range with these draws");
  };
  std::string text = settings.phrase(b.allowance, MetricWords(b.point->experiment)) + ": " + said();
  for (const std::string& remark : remarks_on(b, *settings.find)) text += "; " + remark;
  return text;
}

double FoundBudget::value_at(const std::optional<std::size_t>& index) const {
  return index ? grid.values.at(*index) : Estimate::kNone;
}

std::size_t FoundBudget::probe_at(const std::optional<std::size_t>& index) const {
  const auto found = std::ranges::find_if(
      result.probes, [&](const Probe& probe) { return index && probe.index == *index; });
  return static_cast<std::size_t>(found - result.probes.begin());
}

}  // namespace ohmic
