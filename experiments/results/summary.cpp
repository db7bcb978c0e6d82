// The table that ends a run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "experiments/results/groups.hpp"
#include "experiments/results/shown_value.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {
namespace {

std::string optional_text(const std::optional<double>& value) {
  return value ? percent_text(*value) : "";
}

/// Where nothing but eta is swept, one column still tells whose numbers a row holds.
Row header(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(key_title(axis.first, group.experiment));
  if (row.empty()) row.push_back("network");
  const MetricWords words(group.experiment);
  row.push_back("baseline");
  for (const double eta : etas) row.push_back(words.at_eta_column(eta));
  const bool is_accuracy = words.metric().has_normalized;
  row.push_back(!etas.empty() ? words.mean_column() : is_accuracy ? "A" : words.axis());
  return row;
}

Row measured_row(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(shown_value(axis.second));
  if (row.empty()) row.push_back(shown_value(network_words(*group.experiment)));
  const MetricWords words(group.experiment);
  row.push_back(words.text(group.baseline));
  for (const double eta : etas) {
    const GroupPoint* point = group.at(eta);
    row.push_back(point ? words.text(point->shown().mean) : "");
  }
  row.push_back(words.text(etas.empty() ? group.points.front().shown() : group.average));
  return row;
}

Row published_row(const Group& group, const std::vector<double>& etas) {
  const Published& published = group.published;
  Row row(std::max<std::size_t>(group.axes.size(), 1));
  row.back() = published.label;
  row.push_back(optional_text(published.baseline));
  for (const double eta : etas) row.push_back(optional_text(published.at(eta)));
  row.push_back(optional_text(published.average));
  return row;
}

}  // namespace

std::string summary_table(const std::vector<Group>& groups) {
  if (groups.empty()) return "";
  const std::vector<double> etas = etas_of(groups);
  std::vector<Row> rows{header(groups.front(), etas)};
  for (const Group& group : groups) {
    rows.push_back(measured_row(group, etas));
    if (!group.published.empty()) rows.push_back(published_row(group, etas));
  }
  return aligned_text(rows);
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
