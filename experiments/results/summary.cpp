// The table that ends a run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/results/groups.hpp"

namespace ohmic {
namespace {

using Row = std::vector<std::string>;

std::string percent(double fraction) {
  return std::isnan(fraction) ? "" : fmt::format("{:.2f}", 100 * fraction);
}

std::string with_half_width(const Estimate& e) {
  if (std::isnan(e.mean)) return "";
  if (std::isnan(e.lo)) return percent(e.mean);
  return fmt::format("{:.2f} ± {:.2f}", 100 * e.mean, 50 * (e.hi - e.lo));
}

std::string short_key(const std::string& key) { return key.substr(key.rfind('.') + 1); }

/// Column of a published or measured value at `eta`.
std::string published_at(const Published& published, double eta) {
  for (const auto& [at, value] : published.curve)
    if (std::abs(at - eta) < 1e-9) return percent(value);
  return "";
}

const GroupPoint* point_at(const Group& group, double eta) {
  const auto found = std::find_if(group.points.begin(), group.points.end(),
                                  [&](const GroupPoint& p) { return p.eta == eta; });
  return found == group.points.end() ? nullptr : &*found;
}

/// Where nothing but eta is swept, one column still tells whose numbers a row holds.
Row header(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(short_key(axis.first));
  if (row.empty()) row.push_back("");
  row.push_back("baseline");
  for (const double eta : etas) row.push_back(fmt::format("A {:g} %", 100 * eta));
  row.push_back(etas.empty() ? "A" : "A_avr");
  return row;
}

Row measured_row(const Group& group, const std::vector<double>& etas) {
  Row row;
  for (const auto& axis : group.axes) row.push_back(axis.second);
  if (row.empty()) row.push_back("here");
  row.push_back(percent(group.baseline));
  for (const double eta : etas) {
    const GroupPoint* point = point_at(group, eta);
    row.push_back(point ? percent(point->summary.normalized.mean) : "");
  }
  row.push_back(
      with_half_width(etas.empty() ? group.points.front().summary.normalized : group.average));
  return row;
}

Row published_row(const Group& group, const std::vector<double>& etas) {
  const Published& published = group.published;
  Row row(std::max<std::size_t>(group.axes.size(), 1));
  row.back() = published_label();
  row.push_back(published.baseline ? percent(*published.baseline) : "");
  for (const double eta : etas) row.push_back(published_at(published, eta));
  row.push_back(published.average ? percent(*published.average) : "");
  return row;
}

/// Width on a terminal: code points, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      text += std::string(widths[i] - width_of(row[i]) + (i > 0 ? 2 : 0), ' ') + row[i];
    text += "\n";
  }
  return text;
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
  return aligned(rows);
}

}  // namespace ohmic
