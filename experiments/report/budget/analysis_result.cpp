#include "experiments/report/budget/analysis_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/measure/files.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {

std::vector<const DataTable*> AnalysisResult::shown_tables() const {
  std::vector<const DataTable*> seen;
  for (const DataTable& table : tables)
    if (!table.lines.empty() && std::ranges::any_of(table.columns, [](const Column& column) {
          return column.title.has_value();
        }))
      seen.push_back(&table);
  return seen;
}

void explain_intervals(AnalysisResult& result, double confidence) {
  if (std::ranges::any_of(result.tables, &DataTable::shows_intervals))
    result.notes.push_back(
        fmt::format("± is half of the {:g} % interval over draws, of each number by itself.",
                    100 * confidence));
}

std::string terminal_text(const AnalysisResult& result) {
  std::string text = one_line(result.heading) + "\n";
  for (const DataTable* table : result.shown_tables()) text += "\n" + terminal_text(*table);
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += one_line(note) + "\n";
  return text;
}

std::string markdown_text(const AnalysisResult& result) {
  std::string text = "## " + markdown_line(result.heading) + "\n";
  for (const DataTable* table : result.shown_tables()) text += "\n" + markdown_text(*table);
  for (const std::string& note : result.notes) text += "\n" + markdown_line(note) + "\n";
  for (const Figure& figure : result.figures)
    text += fmt::format("\n![{0}](figures/{0}.svg)\n", figure.name);
  return text;
}

std::vector<DataTable> file_tables(const AnalysisResult& result) {
  std::map<std::string, DataTable> files;
  for (const DataTable& table : result.tables) {
    const auto [file, is_first] = files.emplace(table.name, table);
    if (!is_first)
      file->second.lines.insert(file->second.lines.end(), table.lines.begin(), table.lines.end());
  }
  std::vector<DataTable> tables;
  for (const auto& [name, table] : files)
    if (!csv_text(table).empty()) tables.push_back(table);
  return tables;
}

void write_tables(const AnalysisResult& result, const std::filesystem::path& folder) {
  for (const DataTable& table : file_tables(result)) {
    write_atomically(folder / (table.name + ".csv"), csv_text(table));
    write_atomically(folder / (table.name + ".jsonl"), jsonl_text(table));
  }
}

}  // namespace ohmic
