#include "experiments/budget/budget.hpp"

#include <fmt/format.h>

#include <set>

#include "experiments/budget/budget_page.hpp"
#include "experiments/remarks.hpp"
#include "experiments/results/files.hpp"
#include "experiments/results/quoting.hpp"
#include "experiments/run/claims.hpp"
#include "experiments/run/compute.hpp"
#include "experiments/run/examination.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/setup.hpp"

namespace ohmic {
namespace {

/// In the order of the answers.
std::vector<Analysis> analyses_of(const BudgetSettings& settings) {
  std::vector<Analysis> asked;
  for (const Analysis& analysis :
       {find_analysis(), yield_analysis(), attribution_analysis(), sensitivity_analysis(),
        prediction_analysis(), allocation_analysis()})
    if (analysis.is_asked(settings)) asked.push_back(analysis);
  return asked;
}

std::string analysis_tables() {
  std::string names;
  for (const Parameter& p : BudgetSettings::schema().parameters())
    if (p.nested) names += fmt::format("{}[budget.{}]", names.empty() ? "" : ", ", p.key);
  return names;
}

/// What may be lost has to be something that this metric can lose.
void check_allowed(const BudgetRequest& request, const MetricChoice& choice,
                   std::vector<Fault>& faults) {
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
  if (!settings.limit.empty()) return;
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

void check_whole(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_allowed(request, request.points.front().experiment.evaluation.choice(), faults);
  const std::vector<Analysis> analyses = analyses_of(request.settings);
  if (analyses.empty())
    faults.push_back(request.fault("", "asks for nothing; expected one of " + analysis_tables()));
  for (const Analysis& analysis : analyses) analysis.check(request, faults);
}

/// Data and given weights of all points are loaded before any long work.
void check_inputs(const BudgetRequest& request, Networks& networks) {
  for (const Point& point : request.points) networks.check(point.experiment);
}

void write_result(const AnalysisResult& result, const std::filesystem::path& folder) {
  for (const ResultTable& table : result.files) {
    write_atomically(folder / (table.name + ".csv"), table.csv());
    write_atomically(folder / (table.name + ".jsonl"), table.jsonl());
  }
}

Value resolved_request(const BudgetRequest& request) {
  Value resolved = resolved_file(request.root, request.points);
  resolved.table()["budget"] = BudgetSettings::schema().write(&request.settings);
  return resolved;
}

/// The networks that are searched, without noise, and what speaks against them: said now, and the
/// first of the answers.
AnalysisResult networks_result(const BudgetRequest& request, Networks& networks, Progress& progress,
                               const std::filesystem::path& folder) {
  AnalysisResult result;
  result.heading = "Without noise";
  const MetricWords words(request.points.front().experiment);
  const bool is_accuracy = words.metric().has_normalized;
  result.tables.push_back(
      {"",
       {{"network", is_accuracy ? "right answers %" : words.column(words.title()),
         is_accuracy ? "of the first test images" : "of the first samples"}}});
  std::set<const TrainedNetwork*> seen;
  for (const Point& point : request.points) {
    const TrainedNetwork& network = networks.get(point.experiment);
    if (!seen.insert(&network).second) continue;
    const Plausibility facts = examine_once(folder, network, point.experiment);
    progress.say(without_noise_text(network, point.experiment, facts));
    for (const std::string& line : spoken_doubts(network, facts)) {
      progress.say(line);
      result.notes.push_back(line + ".");
    }
    result.tables.front().rows.push_back({network.label,
                                          words.text(value_without_noise(network, facts)),
                                          std::to_string(facts.images)});
  }
  return result;
}

std::string page(const std::string& title, const std::vector<AnalysisResult>& results) {
  std::string text = "# " + (title.empty() ? "Noise budget" : markdown_line(title)) + "\n";
  for (const AnalysisResult& result : results) text += "\n" + markdown_text(result);
  return text;
}

BudgetOutcome run_in(const std::filesystem::path& folder, const BudgetRequest& request) {
  const Experiment& first = request.points.front().experiment;
  Progress progress;
  make_folder(folder);
  const Claim alone = Claims(folder / "lock").exclusive(kFolderClaim, [&] {
    progress.say(fmt::format("{}: another ohmic works here; waiting for it", folder.string()));
  });
  const std::string resolved = to_toml(resolved_request(request));
  write_atomically(folder / "resolved.toml", resolved);
  Networks networks(folder / "training", progress);
  check_inputs(request, networks);
  const std::vector<std::string> remarks = remarks_on(request.points);
  for (const std::string& remark : remarks) progress.say(remark);
  Evaluations evaluations(folder, networks, progress);
  AnalysisContext context{request, evaluations, networks, progress, folder};
  std::vector<AnalysisResult> results{networks_result(request, networks, progress, folder)};
  for (const Analysis& analysis : analyses_of(request.settings)) {
    results.push_back(analysis.run(context));
    write_result(results.back(), folder);
  }
  std::vector<std::string>& notes = results.front().notes;
  for (const std::string& warning : evaluations.warnings())
    notes.push_back("warning: " + warning + ".");
  notes.insert(notes.end(), remarks.begin(), remarks.end());
  BudgetOutcome outcome{folder, "", 0};
  for (const AnalysisResult& result : results) outcome.text += terminal_text(result) + "\n";
  write_atomically(folder / "budget.md", page(first.title, results));
  outcome.new_draws = evaluations.new_draws();
  if (outcome.new_draws > 0)
    write_provenance(folder / "provenance.json", provenance_of(first, networks),
                     [&](const std::string& text) { progress.say(text); });
  const std::string problem = write_budget_page(request, resolved, folder, results);
  if (!problem.empty()) progress.say("figures are missing: " + problem);
  return outcome;
}

}  // namespace

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

BudgetOutcome run_budget(const Value& root, const std::filesystem::path& folder) {
  const BudgetRequest request = read_budget(root);
  const Experiment& first = request.points.front().experiment;
  use_threads(first.compute.threads);
  return run_in(folder.empty() ? first.output.dir : folder, request);
}

}  // namespace ohmic
