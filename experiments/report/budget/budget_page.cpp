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

/// Intervals stay in the cells of their means, in files too.
DataTable in_whole_texts(DataTable table) {
  for (DataTable::Line& line : table.lines)
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      line.cells[c].shown = table.columns[c].whole_text(line.cells[c]);
  return table;
}

Section section(const AnalysisResult& result, ReportWriter& press) {
  Section out{id_of(result.heading), result.heading, {}};
  for (const Figure& figure : result.figures) out.content += press.figure(figure, result.heading);
  std::size_t number = 0;
  for (const DataTable* shown : result.shown_tables()) {
    DataTable table = in_whole_texts(*shown);
    table.name = fmt::format("{}-{}", out.id, ++number);
    out.content += press.table(table);
  }
  for (const std::string& note : result.notes) out.content += element("p", note);
  return out;
}

}  // namespace

std::string write_budget_page(const BudgetRequest& request, const std::string& resolved,
                              const std::filesystem::path& folder,
                              const std::vector<AnalysisResult>& results) {
  const Experiment& first = request.points.front().experiment;
  ReportWriter press(folder, first.output.figures, first.output.report);
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
