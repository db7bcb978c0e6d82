// Tables of accuracies.
#include "experiments/report/result_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

bool names_a_network(const std::string& key) { return key == "data.name" || key == "model.name"; }

std::string network_of(const Group& group) {
  std::vector<std::string> values;
  for (const auto& [key, value] : group.axes)
    if (names_a_network(key)) values.push_back(value);
  return fmt::format("{}", fmt::join(values, ", "));
}

Axes label_axes(const Group& group) {
  Axes axes;
  for (const auto& axis : group.axes)
    if (!names_a_network(axis.first)) axes.push_back(axis);
  return axes;
}

std::vector<TableCell> label_cells(const Group& group) {
  std::vector<TableCell> cells;
  for (const auto& [key, value] : label_axes(group)) cells.emplace_back(value_words(key, value));
  if (cells.empty()) cells.emplace_back(network_words(*group.experiment));
  return cells;
}

Row label_titles(const Group& group) {
  Row titles;
  for (const auto& axis : label_axes(group))
    titles.push_back(key_title(axis.first, group.experiment));
  if (titles.empty()) titles.push_back("network");
  return titles;
}

std::string difference(double ours, const std::optional<double>& published) {
  return published && !std::isnan(ours) ? fmt::format("{:+.2f}", 100 * (ours - *published)) : "";
}

TableCell published_cell(const std::optional<double>& value) {
  return TableCell(value ? percent_text(*value) : "");
}

using Member = const Group*;

/// A table over swept eta: a_o, A_x, A_avr; of another metric its values.
class EtaTable {
 public:
  explicit EtaTable(const std::vector<Member>& members) : words_(members.front()->experiment) {
    for (const Member g : members)
      for (const double eta : etas_of({*g}))
        if (std::count(etas_.begin(), etas_.end(), eta) == 0) etas_.push_back(eta);
    std::sort(etas_.begin(), etas_.end());
  }

  Row titles() const {
    Row titles{words_.metric().has_normalized ? "a_o" : "without noise"};
    for (const double eta : etas_) titles.push_back(words_.at_eta_column(eta));
    titles.push_back(words_.mean_column());
    return titles;
  }

  std::vector<TableCell> ours(const Group& g) const {
    std::vector<TableCell> cells{TableCell(words_.text(g.baseline))};
    for (const double eta : etas_)
      cells.push_back(g.at(eta) ? TableCell(words_, g.at(eta)->shown()) : TableCell());
    cells.push_back(TableCell(words_, g.average));
    return cells;
  }

  std::vector<TableCell> published(const Group& g) const {
    std::vector<TableCell> cells{published_cell(g.published.baseline)};
    for (const double eta : etas_) cells.push_back(published_cell(g.published.at(eta)));
    cells.push_back(published_cell(g.published.average));
    return cells;
  }

  std::vector<TableCell> differences(const Group& g) const {
    std::vector<TableCell> cells{TableCell(difference(g.baseline, g.published.baseline))};
    for (const double eta : etas_)
      cells.emplace_back(
          g.at(eta) ? difference(g.at(eta)->summary.normalized.mean, g.published.at(eta)) : "");
    cells.emplace_back(
        etas_ == g.published.average_etas ? difference(g.average.mean, g.published.average) : "");
    return cells;
  }

 private:
  MetricWords words_;
  std::vector<double> etas_;
};

std::vector<TableCell> row_of(std::vector<TableCell> labels, const std::vector<TableCell>& values) {
  labels.insert(labels.end(), values.begin(), values.end());
  return labels;
}

void add_eta_lines(const std::vector<Member>& members, ReportTable& table) {
  const EtaTable columns(members);
  for (const std::string& title : columns.titles()) table.header.push_back(title);
  for (const Member g : members) {
    table.lines.push_back({row_of(label_cells(*g), columns.ours(*g)), ""});
    if (g->published.empty()) continue;
    std::vector<TableCell> labels(table.labels);
    labels.back() = g->published.label;
    table.lines.push_back({row_of(labels, columns.published(*g)), "published"});
    labels.back() = "difference";
    table.lines.push_back({row_of(labels, columns.differences(*g)), "difference"});
  }
}

void add_plain_lines(const std::vector<Member>& members, ReportTable& table) {
  const MetricWords words(members.front()->experiment);
  const bool is_accuracy = words.metric().has_normalized;
  for (const std::string& title :
       {std::string("without noise"), std::string("devices exact"), words.title()})
    table.header.push_back(title);
  if (is_accuracy) table.header.push_back("normalised");
  for (const Member g : members) {
    const PointSummary& s = g->points.front().summary;
    std::vector<TableCell> cells{TableCell(words.text(g->baseline)),
                                 TableCell(words.text(s.noise_free)), TableCell(words, s.value)};
    if (is_accuracy) cells.push_back(TableCell(words, s.normalized));
    table.lines.push_back({row_of(label_cells(*g), cells), ""});
  }
}

ReportTable accuracy_table(const std::string& network, const std::vector<Member>& members) {
  ReportTable table;
  const std::string& metric = members.front()->experiment->evaluation.metric;
  table.name = network.empty() ? metric : metric + "_" + file_name_part(network);
  table.caption = network;
  table.header = label_titles(*members.front());
  table.labels = table.header.size();
  const bool has_eta =
      std::any_of(members.begin(), members.end(), [](Member g) { return !etas_of({*g}).empty(); });
  if (has_eta)
    add_eta_lines(members, table);
  else
    add_plain_lines(members, table);
  return table;
}

}  // namespace

std::vector<ReportTable> accuracy_tables(const std::vector<Group>& groups) {
  std::vector<std::string> networks;
  for (const Group& group : groups) networks.push_back(network_of(group));
  std::vector<ReportTable> tables;
  for (const std::string& network : distinct(networks)) {
    std::vector<Member> members;
    for (const Group& group : groups)
      if (network_of(group) == network) members.push_back(&group);
    tables.push_back(accuracy_table(network, members));
  }
  return tables;
}

}  // namespace ohmic
