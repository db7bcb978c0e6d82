// The table that ends a run.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/results/groups.hpp"
#include "experiments/results/quoting.hpp"
#include "experiments/results/text_table.hpp"

namespace ohmic {
namespace {

/// Of a swept value: a list of tables would push the numbers out of sight.
constexpr std::size_t kLongest = 40;

std::string optional_text(const std::optional<double>& value) {
  return value ? percent_text(*value) : "";
}

/// Where nothing but eta is swept, one column still tells whose numbers a row holds.
Row header(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(key_title(axis.first, group.experiment));
  if (row.empty()) row.push_back("network");
  row.push_back("baseline");
  for (const double eta : etas) row.push_back(fmt::format("A {:g} %", 100 * eta));
  row.push_back(etas.empty() ? "A" : "A_avr");
  return row;
}

Row measured_row(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(shortened(one_line(axis.second), kLongest));
  if (row.empty()) row.push_back(shortened(network_words(*group.experiment), kLongest));
  row.push_back(percent_text(group.baseline));
  for (const double eta : etas) {
    const GroupPoint* point = group.at(eta);
    row.push_back(point ? percent_text(point->summary.normalized.mean) : "");
  }
  row.push_back(
      percent_text(etas.empty() ? group.points.front().summary.normalized : group.average));
  return row;
}

Row published_row(const Group& group, const std::vector<double>& etas) {
  const Published& published = group.published;
  Row row(std::max<std::size_t>(group.axes.size(), 1));
  row.back() = published_label();
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

}  // namespace ohmic
