// The table that ends a run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "experiments/results/axis_columns.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

/// Where nothing but eta is swept, one column still tells whose numbers a row holds.
std::vector<Column> columns_of(const Group& group, const std::vector<double>& etas) {
  const MetricWords words(group.experiment);
  const Digits digits = words.digits();
  std::vector<Column> columns;
  for (const auto& axis : group.axes)
    columns.push_back(titled(key_title(axis.first, group.experiment)));
  if (columns.empty()) columns.push_back(titled("network"));
  columns.push_back(titled("baseline", digits));
  for (const double eta : etas) columns.push_back(titled(words.at_eta_column(eta), digits));
  const bool is_accuracy = words.metric().has_normalized;
  columns.push_back(titled(!etas.empty() ? words.mean_column()
                           : is_accuracy ? "A"
                                         : words.axis(),
                           digits));
  return columns;
}

std::vector<Cell> measured_row(const Group& group, const std::vector<double>& etas) {
  std::vector<Cell> row;
  for (const auto& axis : group.axes) row.push_back(shown_value(axis.second));
  if (row.empty()) row.push_back(shown_value(network_words(*group.experiment)));
  row.push_back(group.baseline);
  for (const double eta : etas) {
    const GroupPoint* point = group.at(eta);
    row.push_back(point ? point->shown().mean : Cell());
  }
  row.push_back(etas.empty() ? group.points.front().shown() : group.average);
  return row;
}

std::vector<Cell> published_row(const Group& group, const std::vector<double>& etas) {
  const Published& published = group.published;
  std::vector<Cell> row(std::max<std::size_t>(group.axes.size(), 1));
  row.back() = published.label;
  row.push_back(published.baseline);
  for (const double eta : etas) row.push_back(published.at(eta));
  row.push_back(published.average);
  return row;
}

}  // namespace

std::string summary_table(const std::vector<Group>& groups) {
  if (groups.empty()) return "";
  const std::vector<double> etas = etas_of(groups);
  DataTable table;
  table.append(columns_of(groups.front(), etas));
  for (const Group& group : groups) {
    table.add(measured_row(group, etas));
    if (!group.published.empty()) table.add(published_row(group, etas));
  }
  return terminal_text(table);
}

std::string summary_legend(const std::vector<Group>& groups) {
  if (groups.empty()) return "";
  const bool is_accuracy = MetricWords(groups.front().experiment).metric().has_normalized;
  return fmt::format("{}± is half of the {} interval over draws.\n",
                     is_accuracy ? "A: accuracy under noise / accuracy without, in %; " : "",
                     levels_text(groups));
}

std::string levels_text(const std::vector<const Experiment*>& experiments) {
  std::set<double> levels;
  for (const Experiment* e : experiments) levels.insert(100 * e->evaluation.confidence);
  return fmt::format("{:g} %", fmt::join(levels, " or "));
}

std::string levels_text(const std::vector<Group>& groups) {
  std::vector<const Experiment*> experiments;
  for (const Group& group : groups) experiments.push_back(group.experiment);
  return levels_text(experiments);
}

}  // namespace ohmic
