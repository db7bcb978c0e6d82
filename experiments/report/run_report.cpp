#include "experiments/report/run_report.hpp"

#include "experiments/report/report.hpp"
#include "experiments/report/supplement.hpp"
#include "experiments/results/groups.hpp"

namespace ohmic {
namespace {

void write_report_of(const FinishedRun& run) {
  const std::vector<Group> groups = group_points(run.measured);
  for (const Supplement& supplement : supplements()) supplement.write_files(groups, run.folder);
  const auto& [dir, figures, report] = run.output;
  if (!run.is_first_process || (!figures && !report)) return;
  const ReportOutcome outcome = write_report({run.folder}, {run.folder, figures, report});
  if (!outcome.problem.empty()) run.say("no figures: " + outcome.problem);
}

}  // namespace

RunOutcome run_with_report(const Value& root, RunOptions options) {
  options.at_end = write_report_of;
  return run_experiment(root, options);
}

}  // namespace ohmic
