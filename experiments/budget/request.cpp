#include "experiments/budget/request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/budget/allocation.hpp"
#include "experiments/budget/attribution.hpp"
#include "experiments/budget/design.hpp"
#include "experiments/budget/find.hpp"
#include "experiments/budget/knobs.hpp"
#include "experiments/budget/lifetime.hpp"
#include "experiments/budget/prediction.hpp"
#include "experiments/budget/protection.hpp"
#include "experiments/budget/rare.hpp"
#include "experiments/budget/sensitivity.hpp"
#include "experiments/budget/yield.hpp"
#include "experiments/study/exactness.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {
namespace {

std::string analysis_tables() {
  std::string names;
  for (const Parameter& p : BudgetSettings::schema().parameters())
    if (p.nested) names += fmt::format("{}[budget.{}]", names.empty() ? "" : ", ", p.key);
  return names;
}

bool asks(const BudgetSettings& s) {
  return s.find || s.yield || s.attribution || s.sensitivity || s.prediction || s.allocation ||
         s.protection || s.knobs || s.lifetime || s.rare || s.design;
}

/// What is asked, each with what must hold before anything is computed.
struct Check {
  bool is_asked;
  void (*check)(const BudgetRequest&, std::vector<Fault>&);
};

void check_whole(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_allowed(request, faults);
  const BudgetSettings& s = request.settings;
  const Check checks[] = {{s.find.has_value(), check_find},
                          {s.yield.has_value(), check_yield},
                          {s.attribution.has_value(), check_attribution},
                          {s.sensitivity.has_value(), check_sensitivity},
                          {s.prediction.has_value(), check_prediction},
                          {s.allocation.has_value(), check_allocation},
                          {s.protection.has_value(), check_protection},
                          {s.knobs.has_value(), check_knobs},
                          {s.lifetime.has_value(), check_lifetime},
                          {s.rare.has_value(), check_rare},
                          {s.design.has_value(), check_design}};
  if (!asks(s))
    faults.push_back(request.fault("", "asks for nothing; expected one of " + analysis_tables()));
  for (const Check& c : checks)
    if (c.is_asked) c.check(request, faults);
}

/// How often a run would draw does not count here: every question has draws of its own.
Experiment without_draws(Experiment e) {
  const EvaluationSettings usual;
  e.evaluation.draws = usual.draws;
  e.evaluation.stop.reset();
  return e;
}

/// A change that the file gives for metrics that get better the other way would ask nothing. The
/// default stands in files that were resolved.
void check_direction(const BudgetRequest& request, const MetricChoice& choice,
                     std::vector<Fault>& faults) {
  const bool higher = choice.metric().better == Better::higher;
  const std::string given = higher ? "max_rise" : "max_drop",
                    meant = request.settings.change_column(choice.metric());
  const BudgetSettings &s = request.settings, usual;
  if (higher ? s.max_rise == usual.max_rise : s.max_drop == usual.max_drop) return;
  if (const Value* value = request.root.at("budget." + given))
    faults.push_back(request.fault(
        given, fmt::format("{} is for metrics where {} is better, and of {} {} is; expected "
                           "budget.{}, by how much it may {}, or budget.limit, the value itself",
                           value->text(), higher ? "lower" : "higher", choice.title(),
                           higher ? "higher" : "lower", meant, higher ? "fall" : "rise")));
}

}  // namespace

void check_allowed(const BudgetRequest& request, std::vector<Fault>& faults) {
  const MetricChoice choice = request.points.front().experiment.evaluation.choice();
  const BudgetSettings& settings = request.settings;
  const Metric& metric = choice.metric();
  const auto check_value = [&](const char* key, double value) {
    if (value < metric.least || value > metric.most)
      faults.push_back(
          request.fault(key, fmt::format("{:g} is no value of {}, which lies from {:g} to {:g}{}",
                                         value, choice.title(), metric.least, metric.most,
                                         metric.unit == "%" ? " (90 % is 0.9)" : "")));
  };
  for (const double limit : settings.limit) check_value("limit", limit);
  if (settings.yield && settings.yield->target)
    check_value("yield.target", *settings.yield->target);
  if (settings.rare && settings.rare->target) check_value("rare.target", *settings.rare->target);
  if (!settings.limit.empty()) return;
  check_direction(request, choice, faults);
  if (settings.drop == DropUnit::points && metric.unit != "%")
    faults.push_back(request.fault(
        "drop", fmt::format("\"points\" are per cent of the images, and {} is no share of them; "
                            "expected \"percent_of_baseline\" or \"unit\"",
                            choice.title())));
  const bool is_perfect = choice.uses_answers() && metric.compares == Compares::numbers &&
                          metric.name != "cosine_similarity";
  if (settings.drop == DropUnit::percent_of_baseline && is_perfect)
    faults.push_back(request.fault(
        "drop", fmt::format("the {} of the network's answers against themselves is {}, of which "
                            "there is no per cent; expected budget.limit{}",
                            choice.title(), metric.better == Better::higher ? "infinite" : "0",
                            metric.better == Better::higher ? "" : ", or drop = \"unit\"")));
}

Position BudgetRequest::where(const std::string& key) const {
  for (std::string at = key.empty() ? "budget" : "budget." + key;; at.resize(at.rfind('.'))) {
    if (const Value* value = root.at(at)) return value->where;
    if (at.find('.') == std::string::npos) return root.where;
  }
}

Fault BudgetRequest::fault(const std::string& key, const std::string& message) const {
  return {where(key), key.empty() ? "budget" : "budget." + key, message};
}

BudgetRequest read_budget(const Value& root) {
  const Value* table = root.at("budget");
  if (!table)
    throw ConfigError({{root.where, "budget",
                        "is missing: `ohmic budget` runs what this table asks for, one of " +
                            analysis_tables()}});
  BudgetRequest request{root, {}, {}};
  std::vector<Fault> faults;
  BudgetSettings::schema().read_into(*table, "budget", request.settings, faults);
  try {
    request.points = expand(root);
  } catch (const ConfigError& error) {
    faults.insert(faults.end(), error.faults().begin(), error.faults().end());
  }
  if (faults.empty()) check_whole(request, faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return request;
}

BudgetRequest read_request(const Value& root) {
  if (root.at("budget")) return read_budget(root);
  BudgetRequest request;
  request.points = expand(root);
  return request;
}

namespace {

/// What may be lost is a value of the metric, or a change of it; "" where it is one of them. The
/// default stands in files that were resolved.
std::string idle_change_remark(const BudgetSettings& s) {
  const BudgetSettings usual;
  const bool has_drop = s.max_drop != usual.max_drop, has_rise = s.max_rise != usual.max_rise;
  if (s.limit.empty() || !(has_drop || has_rise)) return "";
  return fmt::format("budget.{} has no effect beside budget.limit.",
                     has_drop ? "max_drop" : "max_rise");
}

}  // namespace

std::vector<std::string> remarks_on(const BudgetRequest& request) {
  const BudgetSettings& asked = request.settings;
  std::vector<Experiment> computed;
  for (const Point& point : request.points)
    computed.push_back(asks(asked) ? without_draws(point.experiment) : point.experiment);
  if (asked.find)
    for (const Point& point : request.points)
      for (Experiment& end : ends_of_range(*asked.find, without_draws(point.experiment)))
        computed.push_back(std::move(end));
  if (asked.lifetime)
    for (const Point& point : request.points)
      for (Experiment& old : aged(*asked.lifetime, without_draws(point.experiment)))
        computed.push_back(std::move(old));
  std::vector<const Experiment*> all, points;
  for (const Experiment& e : computed) all.push_back(&e);
  points.assign(all.begin(), all.begin() + std::ssize(request.points));
  std::vector<std::string> remarks = remarks_on(all);
  // Who asks what errors cost means some. Predictions and allocations give every layer an eta of
  // their own.
  const std::string exact = exact_chips_remark(points, asks(asked));
  std::erase(remarks, exact);
  const bool is_of_points = asked.yield || asked.sensitivity || asked.attribution ||
                            asked.protection || asked.knobs || asked.rare || !asks(asked);
  if (!exact.empty() && (is_of_points || (asked.find && !exact_chips_remark(all, true).empty())))
    remarks.insert(remarks.begin(), exact);
  else if (asked.sensitivity &&
           std::ranges::all_of(points, [](const auto* e) { return has_exact_devices(*e); }))
    remarks.insert(remarks.begin(),
                   "[budget.sensitivity] asks what the noise of each layer's devices costs, and "
                   "devices here hold exactly what is written to them: no layer has any.");
  if (std::string idle = idle_change_remark(asked); !idle.empty())
    remarks.push_back(std::move(idle));
  return remarks;
}

}  // namespace ohmic
