#include "experiments/paper/paper_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/paper/published.hpp"

namespace ohmic {
namespace {

std::string difference(double ours, double published) {
  return std::isnan(ours) ? "" : fmt::format("{:+.2f}", 100 * (ours - published));
}

std::string verdict_text(const VerdictRow& row) {
  std::vector<std::string> names;
  for (const std::size_t i : row.verdict.candidates) names.push_back(row.readings[i].reading);
  return fmt::format("{}", fmt::join(names, " or "));
}

ReportTable::Line verdict_line(const VerdictRow& row, const std::vector<std::string>& readings) {
  ReportTable::Line line;
  for (const auto& axis : row.axes) line.cells.emplace_back(axis.second);
  line.cells.emplace_back(row.quantity);
  line.cells.emplace_back(percent_text(row.published));
  line.cells.emplace_back(verdict_text(row));
  for (const std::string& reading : readings) {
    const auto found = std::find_if(row.readings.begin(), row.readings.end(),
                                    [&](const ReadingResult& r) { return r.reading == reading; });
    const Estimate ours = found == row.readings.end() ? Estimate{} : found->ours;
    line.cells.emplace_back(ours);
    line.cells.emplace_back(difference(ours.mean, row.published));
  }
  return line;
}

}  // namespace

ReportTable regions_table(const std::vector<RatePanel>& panels) {
  ReportTable table{"regions", "", {}, 1, {}};
  const bool named = !panels.front().name.empty();
  if (named) table.header.push_back("");
  table.labels += named;
  for (const std::string& title :
       {std::string("learning rate"), std::string("a_o"),
        fmt::format("A {:g} %", 100 * panels.front().eta), std::string("region")})
    table.header.push_back(title);
  for (const RatePanel& panel : panels)
    for (std::size_t i = 0; i < panel.regions.rates.size(); ++i) {
      const RateMeasure& m = panel.regions.rates[i];
      const int region = panel.regions.region_of(i);
      std::vector<TableCell> cells;
      if (named) cells.emplace_back(panel.name);
      for (const TableCell& cell :
           {TableCell(number_text(m.rate)), TableCell(m.baseline), TableCell(m.normalized),
            TableCell(region == 0 ? "" : std::to_string(region))})
        cells.push_back(cell);
      table.lines.push_back({std::move(cells), ""});
    }
  return table;
}

ReportTable verdict_table(const std::vector<VerdictRow>& rows) {
  std::vector<std::string> readings;
  for (const VerdictRow& row : rows)
    for (const ReadingResult& r : row.readings) readings.push_back(r.reading);
  readings = distinct(readings);
  ReportTable table{"readings", "", {}, 0, {}};
  for (const auto& axis : rows.front().axes) table.header.push_back(key_title(axis.first, nullptr));
  table.header.push_back("");
  table.labels = table.header.size();
  table.header.push_back(published_label());
  table.header.push_back("nearest");
  for (const std::string& reading : readings) {
    table.header.push_back(reading);
    table.header.push_back(reading + ": difference");
  }
  for (const VerdictRow& row : rows) table.lines.push_back(verdict_line(row, readings));
  return table;
}

}  // namespace ohmic
