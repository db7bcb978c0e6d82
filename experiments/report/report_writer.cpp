#include <fmt/format.h>

#include "experiments/measure/files.hpp"
#include "experiments/report/sections.hpp"

namespace ohmic {
namespace {

/// Below this share of its size a figure's text cannot be read; it scrolls instead.
constexpr double kSmallest = 0.62;

}  // namespace

std::string ReportWriter::prefix() const { return run_ < 2 ? "" : fmt::format("{}_", run_); }

Markup ReportWriter::figure(Figure figure, const Markup& caption) {
  if (!draws_) return {};
  figure.name = prefix() + figure.name;
  const std::filesystem::path folder = folder_ / "figures";
  const Drawn drawn = draw(figure, folder);
  if (const std::string problem = drawing_problem(drawn, figure, folder); !problem.empty())
    problem_ = problem;
  if (drawn != Drawn::yes) return {};
  ++figures_;
  const Markup svg = inline_svg(read_whole(folder / (figure.name + ".svg")), figure.name);
  const std::string style =
      fmt::format("min-width: {:.0f}px; max-width: {}px", kSmallest * figure.width, figure.width);
  const Markup sized = element("div", {{"style", style}}, svg);
  return element("figure", element("div", {{"class", "canvas"}, {"tabindex", "0"}}, sized) +
                               element("figcaption", caption));
}

Markup ReportWriter::table(const DataTable& table) {
  if (table.lines.empty()) return {};
  file(table);
  return table_element(table);
}

void ReportWriter::file(const DataTable& table) {
  if (!writes_ || table.lines.empty()) return;
  const std::filesystem::path folder = folder_ / "tables";
  make_own_folder(folder);
  write_atomically(folder / (prefix() + table.name + ".csv"), csv_text(as_shown(table, level_)));
  write_atomically(folder / (prefix() + table.name + ".md"), markdown_text(table));
  ++tables_;
}

}  // namespace ohmic
