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

std::vector<Cell> label_cells(const Group& group) {
  std::vector<Cell> cells;
  for (const auto& [key, value] : label_axes(group)) cells.emplace_back(value_words(key, value));
  if (cells.empty()) cells.emplace_back(network_words(*group.experiment));
  return cells;
}

std::vector<Column> label_columns(const Group& group) {
  std::vector<Column> columns;
  for (const auto& axis : label_axes(group))
    columns.push_back(titled(key_title(axis.first, group.experiment)));
  if (columns.empty()) columns.push_back(titled("network"));
  return columns;
}

Cell difference(double ours, const std::optional<double>& published) {
  if (!published || std::isnan(ours)) return {};
  return {ours - *published, kPoints.text(ours - *published)};
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

  std::vector<Column> columns() const {
    const Digits digits = words_.digits();
    std::vector<Column> all{
        titled(words_.metric().has_normalized ? "a_o" : "without noise", digits)};
    for (const double eta : etas_) all.push_back(titled(words_.at_eta_column(eta), digits));
    all.push_back(titled(words_.mean_column(), digits));
    return all;
  }

  std::vector<Cell> ours(const Group& g) const {
    std::vector<Cell> cells{g.baseline};
    for (const double eta : etas_) cells.push_back(g.at(eta) ? g.at(eta)->shown() : Cell());
    cells.push_back(g.average);
    return cells;
  }

  std::vector<Cell> published(const Group& g) const {
    std::vector<Cell> cells{g.published.baseline};
    for (const double eta : etas_) cells.push_back(g.published.at(eta));
    cells.push_back(g.published.average);
    return cells;
  }

  std::vector<Cell> differences(const Group& g) const {
    std::vector<Cell> cells{difference(g.baseline, g.published.baseline)};
    for (const double eta : etas_)
      cells.push_back(
          g.at(eta) ? difference(g.at(eta)->summary.normalized.mean, g.published.at(eta)) : Cell());
    cells.push_back(etas_ == g.published.average_etas
                        ? difference(g.average.mean, g.published.average)
                        : Cell());
    return cells;
  }

 private:
  MetricWords words_;
  std::vector<double> etas_;
};

void add_eta_lines(const std::vector<Member>& members, DataTable& table) {
  const EtaTable etas(members);
  table.append(etas.columns());
  for (const Member g : members) {
    table.add(label_cells(*g), etas.ours(*g));
    if (g->published.empty()) continue;
    std::vector<Cell> labels(table.labels);
    labels.back() = g->published.label;
    table.add(labels, etas.published(*g), "published");
    labels.back() = "difference";
    table.add(labels, etas.differences(*g), "difference");
  }
}

void add_plain_lines(const std::vector<Member>& members, DataTable& table) {
  const MetricWords words(members.front()->experiment);
  const Digits digits = words.digits();
  const bool is_accuracy = words.metric().has_normalized;
  table.append({titled("without noise", digits), titled("devices exact", digits),
                titled(words.title(), digits)});
  if (is_accuracy) table.append({titled("normalised", digits)});
  for (const Member g : members) {
    const PointSummary& s = g->points.front().summary;
    std::vector<Cell> cells{g->baseline, s.noise_free, s.value};
    if (is_accuracy) cells.push_back(s.normalized);
    table.add(label_cells(*g), cells);
  }
}

DataTable accuracy_table(const std::string& network, const std::vector<Member>& members) {
  DataTable table;
  const std::string& metric = members.front()->experiment->evaluation.metric;
  table.name = network.empty() ? metric : metric + "_" + file_name_part(network);
  table.caption = network;
  table.columns = label_columns(*members.front());
  table.labels = table.columns.size();
  const bool has_eta =
      std::any_of(members.begin(), members.end(), [](Member g) { return !etas_of({*g}).empty(); });
  if (has_eta)
    add_eta_lines(members, table);
  else
    add_plain_lines(members, table);
  return table;
}

}  // namespace

std::vector<DataTable> accuracy_tables(const std::vector<Group>& groups) {
  std::vector<std::string> networks;
  for (const Group& group : groups) networks.push_back(network_of(group));
  std::vector<DataTable> tables;
  for (const std::string& network : distinct(networks)) {
    std::vector<Member> members;
    for (const Group& group : groups)
      if (network_of(group) == network) members.push_back(&group);
    tables.push_back(accuracy_table(network, members));
  }
  return tables;
}

}  // namespace ohmic
