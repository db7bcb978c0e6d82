#include "experiments/paper/paper_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/paper/paper_numbers.hpp"

namespace ohmic {
namespace {

std::string verdict_text(const VerdictRow& row) {
  std::vector<std::string> names;
  for (const std::size_t i : row.verdict.candidates) names.push_back(row.readings[i].reading);
  return fmt::format("{}", fmt::join(names, " or "));
}

std::vector<Cell> verdict_cells(const VerdictRow& row, const std::vector<std::string>& readings) {
  std::vector<Cell> cells;
  for (const auto& axis : row.axes) cells.emplace_back(axis.second);
  cells.insert(cells.end(), {row.quantity, row.published, verdict_text(row)});
  for (const std::string& reading : readings) {
    const auto found = std::find_if(row.readings.begin(), row.readings.end(),
                                    [&](const ReadingResult& r) { return r.reading == reading; });
    const Estimate ours = found == row.readings.end() ? Estimate{} : found->ours;
    cells.insert(cells.end(), {ours, ours.mean - row.published});
  }
  return cells;
}

}  // namespace

DataTable regions_table(const std::vector<RatePanel>& panels) {
  DataTable table{"regions"};
  for (const RatePanel& panel : panels)
    for (std::size_t i = 0; i < panel.regions.rates.size(); ++i) {
      const RateMeasure& m = panel.regions.rates[i];
      const int region = panel.regions.region_of(i);
      Fields row;
      if (!panels.front().name.empty()) row.push_back({titled(""), panel.name});
      table.labels = 1 + row.size();
      row.insert(row.end(), {{titled("learning rate"), m.rate},
                             {titled("a_o", kPercent), m.baseline},
                             {titled(fmt::format("A {:g} %", 100 * panels.front().eta), kPercent),
                              m.normalized},
                             {titled("region"), region == 0 ? Cell() : Cell(region)}});
      table.add(row);
    }
  return table;
}

DataTable verdict_table(const std::vector<VerdictRow>& rows) {
  std::vector<std::string> readings;
  for (const VerdictRow& row : rows)
    for (const ReadingResult& r : row.readings) readings.push_back(r.reading);
  readings = distinct(readings);
  DataTable table{"readings"};
  for (const auto& axis : rows.front().axes) table.append({titled(key_title(axis.first, nullptr))});
  table.append({titled("")});
  table.labels = table.columns.size();
  table.append({titled(published_label(), kPercent), titled("nearest")});
  for (const std::string& reading : readings)
    table.append({titled(reading, kPercent), titled(reading + ": difference", kPoints)});
  for (const VerdictRow& row : rows) table.add(verdict_cells(row, readings));
  return table;
}

}  // namespace ohmic
