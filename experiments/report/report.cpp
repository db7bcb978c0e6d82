#include "experiments/report/report.hpp"

#include <fmt/format.h>

#include "experiments/measure/files.hpp"
#include "experiments/report/html.hpp"
#include "experiments/report/sections.hpp"
#include "experiments/study/remarks.hpp"
#include "simulator/version.hpp"

namespace ohmic {

extern const char* const kReportCss;  // experiments/report/report.css, embedded by the build

namespace {

Markup section_html(const Section& section, const std::string& prefix) {
  return element("section", {{"id", prefix + section.id}},
                 element("h2", section.title) + section.content);
}

Markup contents(const std::vector<Section>& sections, const std::string& prefix) {
  Markup links;
  for (const Section& section : sections)
    links += element("a", {{"href", "#" + prefix + section.id}}, section.title);
  return element("nav", links);
}

Markup page_part(const std::string& title, const std::string& lead,
                 const std::vector<Section>& sections, const std::string& prefix) {
  Markup html = element("header", element("h1", title) + element("p", {{"class", "lead"}}, lead) +
                                      contents(sections, prefix));
  for (const Section& section : sections) html += section_html(section, prefix);
  return html;
}

std::string title_of(const RunRecord& run) {
  const std::string& title = run.points.front().experiment.title;
  return title.empty() ? run.name() : title;
}

std::string footer_text(const ReportWriter& press) {
  std::string text = fmt::format("Written by ohmic {} ({}).", version(), commit());
  if (!press.problem().empty())
    text += " Figures are missing: " + press.problem() + "; then run `ohmic report` again.";
  return text;
}

/// Of intervals; empty for the usual one.
std::string unusual_level(const std::vector<const Experiment*>& experiments) {
  const std::string level = levels_text(experiments);
  return level == "95 %" ? "" : level;
}

Markup body(const std::vector<RunRecord>& runs, ReportWriter& press) {
  std::vector<std::vector<Group>> groups;
  for (const RunRecord& run : runs) groups.push_back(group_points(run.measured()));
  std::vector<const Experiment*> all;
  for (const RunRecord& run : runs)
    for (const Experiment* e : experiments_of(run.points)) all.push_back(e);
  press.begin_run(1, unusual_level(all));
  Markup html;
  if (runs.size() > 1)
    html += page_part(fmt::format("{} runs side by side", runs.size()), "",
                      comparison_sections(runs, groups, press), "");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    press.begin_run(i + 1, unusual_level(experiments_of(runs[i].points)));
    const std::string prefix = runs.size() > 1 ? fmt::format("run{}-", i + 1) : "";
    const Markup part = page_part(title_of(runs[i]), runs[i].folder.string(),
                                  run_sections(runs[i], groups[i], press), prefix);
    html += runs.size() > 1 ? element("article", part) : part;
  }
  return html + element("footer", footer_text(press));
}

}  // namespace

std::string report_page(const std::string& title, const std::string& lead,
                        const std::vector<Section>& sections, const ReportWriter& press) {
  return document(title, kReportCss,
                  page_part(title, lead, sections, "") + element("footer", footer_text(press)));
}

ReportOutcome write_report(const std::vector<std::filesystem::path>& folders,
                           const ReportOptions& options) {
  std::vector<RunRecord> runs;
  for (const auto& run : folders) runs.push_back(read_run(run));
  const auto folder = options.folder.empty() ? folders.front() : options.folder;
  make_folder(folder);
  ReportWriter press(folder, options.figures, options.page);
  const Markup html = body(runs, press);
  const std::string title = runs.size() > 1 ? "Runs side by side" : title_of(runs.front());
  if (options.page) write_atomically(folder / "report.html", document(title, kReportCss, html));
  return {folder, press.figures(), press.tables(), press.problem()};
}

}  // namespace ohmic
