#include "experiments/report/budget/budget_page.hpp"

#include <fmt/format.h>

#include <cctype>

#include "experiments/measure/files.hpp"
#include "experiments/report/sections.hpp"

namespace ohmic {
namespace {

/// "budget-of-device-eta" of a heading.
std::string id_of(const std::string& heading) {
  std::string id;
  for (const char c : heading)
    id += std::isalnum(static_cast<unsigned char>(c))
              ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
              : '-';
  return id;
}

ReportTable report_table(const TextTable& table, const std::string& name) {
  ReportTable out;
  out.name = name;
  out.caption = table.caption;
  out.header = table.rows.front();
  for (std::size_t r = 1; r < table.rows.size(); ++r)
    out.lines.push_back({{table.rows[r].begin(), table.rows[r].end()}, ""});
  return out;
}

/// [budget] in full, but for what is for metrics that get better the other way.
Facts question(const BudgetRequest& request) {
  const Metric& metric = request.points.front().experiment.evaluation.choice().metric();
  Facts facts;
  for (const auto& [key, value] : leaves_of(BudgetSettings::schema().write(&request.settings))) {
    const bool is_change = key == "max_drop" || key == "max_rise";
    if (value != "none" && (!is_change || key == request.settings.change_column(metric)))
      facts.push_back({"budget." + key, value});
  }
  return facts;
}

Section section(const AnalysisResult& result, Press& press) {
  Section out{id_of(result.heading), result.heading, {}};
  for (const Figure& figure : result.figures) out.content += press.figure(figure, result.heading);
  for (std::size_t t = 0; t < result.tables.size(); ++t)
    out.content += press.table(report_table(result.tables[t], fmt::format("{}-{}", out.id, t + 1)));
  for (const std::string& note : result.notes) out.content += element("p", note);
  return out;
}

}  // namespace

std::string write_budget_page(const BudgetRequest& request, const std::string& resolved,
                              const std::filesystem::path& folder,
                              const std::vector<AnalysisResult>& results) {
  const Experiment& first = request.points.front().experiment;
  Press press(folder, first.output.figures, first.output.report);
  std::vector<Section> sections;
  for (const AnalysisResult& result : results) sections.push_back(section(result, press));
  sections.push_back(asked_section(request.points, resolved, question(request)));
  sections.push_back(provenance_section(read_provenance(folder)));
  const std::string title = first.title.empty() ? "Noise budget" : first.title;
  if (first.output.report)
    write_atomically(folder / "report.html", report_page(title, folder.string(), sections, press));
  return press.problem();
}

}  // namespace ohmic
