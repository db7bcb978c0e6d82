#include "experiments/figures/heat_maps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/axis_figure.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {
namespace {

constexpr char kModelKey[] = "model.name";
constexpr std::size_t kMostMaps = 12;
constexpr int kCellWidth = 84, kCellHeight = 50;

using Keys = std::vector<std::string>;

/// A measured value with its place on all axes, eta among them where it is swept.
struct Measured {
  Axes axes;
  Estimate value;
  const Experiment* experiment;
};

/// Every point, or every group where eta is averaged over.
std::vector<Measured> all_measured(const std::vector<Group>& groups, bool by_eta) {
  std::vector<Measured> all;
  for (const Group& group : groups) {
    if (!by_eta) {
      const bool averaged = !std::isnan(group.average.mean);
      all.push_back({group.axes, averaged ? group.average : group.points.front().summary.value,
                     group.experiment});
      continue;
    }
    for (const GroupPoint& p : group.points) {
      all.push_back({group.axes, p.shown(), group.experiment});
      all.back().axes.emplace_back(kEtaKey, number_text(p.eta));
    }
  }
  return all;
}

/// Values of an axis, ascending.
Keys values_of(const std::vector<Measured>& all, const std::string& key) {
  Keys values;
  for (const Measured& m : all) values.push_back(value_of(m.axes, key));
  values = distinct(values);
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return number_in(a) < number_in(b); });
  return values;
}

bool is_numeric(const std::vector<Measured>& all, const std::string& key) {
  const Keys values = values_of(all, key);
  return values.size() > 1 && !key.ends_with("seed") &&
         std::none_of(values.begin(), values.end(),
                      [](const std::string& v) { return std::isnan(number_in(v)); });
}

/// Numeric axes, of those that are equal throughout the first.
Keys numeric_keys(const std::vector<Group>& groups) {
  const std::vector<Measured> all = all_measured(groups, false);
  Keys keys;
  for (const auto& axis : groups.front().axes) {
    const Keys equal = equal_keys(groups, axis.first);
    const bool is_first = equal.empty() || equal.front() == axis.first;
    if (is_first && is_numeric(all, axis.first)) keys.push_back(axis.first);
  }
  if (etas_of(groups).size() > 1) keys.push_back(kEtaKey);
  return keys;
}

std::string map_title(const std::string& quantity, const std::string& rest) {
  return quantity + (rest.empty() ? "" : ": " + rest);
}

/// Of each value what it has on other axes than those of a map of this quantity.
Keys rests_of(const std::vector<Measured>& all, const Keys& of_map, const std::string& quantity) {
  std::vector<Axes> others;
  for (const Measured& m : all) others.push_back(without(m.axes, of_map));
  others = telling_axes(std::move(others),
                        [&](const Axes& axes) { return map_title(quantity, axes_words(axes)); });
  Keys rests;
  for (const Axes& axes : others) rests.push_back(axes_words(axes));
  return rests;
}

HeatMap empty_map(const std::string& title, const Keys& columns, const Keys& rows) {
  HeatMap map{title, "", "", columns, rows, {}, {}, ""};
  map.values.assign(rows.size(), std::vector<Estimate>(columns.size()));
  map.published.assign(rows.size(), std::vector<double>(columns.size(), Estimate::kNone));
  return map;
}

/// More than half of the cells hold something: two axes, not one along a diagonal.
bool is_a_grid(const HeatMap& map) {
  std::size_t filled = 0;
  for (const auto& row : map.values)
    filled += static_cast<std::size_t>(std::count_if(
        row.begin(), row.end(), [](const Estimate& e) { return !std::isnan(e.mean); }));
  return map.rows.size() > 1 && map.columns.size() > 1 &&
         2 * filled > map.rows.size() * map.columns.size();
}

std::string quantity(bool by_eta, const std::vector<Group>& groups) {
  const MetricWords words(groups.front().experiment);
  if (by_eta) return words.over_eta_axis();
  return std::isnan(groups.front().average.mean) ? words.axis() : words.mean_axis();
}

void add_maps(const std::vector<Group>& groups, const std::string& x, const std::string& y,
              std::vector<HeatMap>& maps) {
  const bool by_eta = x == kEtaKey || y == kEtaKey;
  const std::vector<Measured> all = all_measured(groups, by_eta);
  Keys of_map{x, y};
  for (const std::string& key : {x, y})
    if (key != kEtaKey)
      for (const std::string& equal : equal_keys(groups, key)) of_map.push_back(equal);
  const std::string shown = quantity(by_eta, groups);
  const Keys rests = rests_of(all, of_map, shown);
  for (const std::string& rest : distinct(rests)) {
    HeatMap map = empty_map(map_title(shown, rest), values_of(all, x), values_of(all, y));
    map.x = key_title(x, all.front().experiment);
    map.y = key_title(y, all.front().experiment);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (rests[i] == rest)
        map.values[index_of(map.rows, value_of(all[i].axes, y))]
                  [index_of(map.columns, value_of(all[i].axes, x))] = all[i].value;
    if (is_a_grid(map)) maps.push_back(std::move(map));
  }
}

// --- networks at learning rates ---

/// Values of all axes but the rate and the network; without noise, those of [noise], [device] and
/// [mapping] do not count.
std::string rest_of(const Group& group, bool under_noise) {
  Axes others = group.axes;
  std::erase_if(others, [&](const auto& axis) {
    const std::string& key = axis.first;
    const bool makes_a_network =
        key.starts_with("data.") || key.starts_with("train.") || key == "seed";
    return key == kRateKey || key == kModelKey || !(under_noise || makes_a_network);
  });
  return axes_words(others);
}

HeatMap rate_map(const std::vector<Group>& groups, const std::string& rest, bool averages) {
  HeatMap map = empty_map(map_title(averages ? "A_avr (%)" : "a_o (%)", rest),
                          values_of(groups, kRateKey), values_of(groups, kModelKey));
  map.x = key_title(kRateKey, nullptr);
  for (const Group& group : groups) {
    if (rest_of(group, averages) != rest) continue;
    const std::size_t n = index_of(map.rows, value_of(group.axes, kModelKey)),
                      r = index_of(map.columns, value_of(group.axes, kRateKey));
    map.values[n][r] = averages ? group.average : Estimate{group.baseline};
    const auto& published = averages ? group.published.average : group.published.baseline;
    map.published[n][r] = published.value_or(Estimate::kNone);
    if (published) map.published_label = group.published.label;
  }
  return map;
}

// --- drawing ---

Tile tile_of(const HeatMap& map, std::size_t row, std::size_t column) {
  const Estimate e = map.values[row][column].scaled(100);
  const double published = map.published[row][column];
  Tile tile{static_cast<double>(column), static_cast<double>(row), e.mean, "", ""};
  if (std::isnan(e.mean)) return tile;
  tile.text = fmt::format("{:.1f}", e.mean);
  if (!std::isnan(published))
    tile.below = fmt::format("{} {:.1f}", map.published_label, 100 * published);
  else if (!std::isnan(e.lo))
    tile.below = fmt::format("± {:.1f}", e.half_width());
  return tile;
}

Axis cells_axis(const std::string& title, const Keys& names) {
  Axis axis = named_axis(title, names);
  axis.low = -0.5;
  axis.high = static_cast<double>(names.size()) - 0.5;
  return axis;
}

}  // namespace

std::vector<HeatMap> heat_maps(const std::vector<Group>& groups) {
  std::vector<HeatMap> maps;
  if (groups.empty()) return maps;
  const Keys keys = numeric_keys(groups);
  for (std::size_t y = 0; y < keys.size(); ++y)
    for (std::size_t x = y + 1; x < keys.size(); ++x) add_maps(groups, keys[x], keys[y], maps);
  return maps.size() > kMostMaps ? std::vector<HeatMap>{} : maps;
}

std::vector<HeatMap> rate_maps(const std::vector<Group>& groups) {
  if (values_of(groups, kModelKey).size() < 2 || values_of(groups, kRateKey).size() < 2) return {};
  Keys trained;
  for (const Group& group : groups) trained.push_back(rest_of(group, false));
  std::vector<HeatMap> maps;
  for (const std::string& rest : distinct(trained)) {
    maps.push_back(rate_map(groups, rest, false));
    Keys measured;
    for (const Group& group : groups)
      if (rest_of(group, false) == rest) measured.push_back(rest_of(group, true));
    for (const std::string& whole : distinct(measured))
      maps.push_back(rate_map(groups, whole, true));
  }
  return maps;
}

Figure heat_figure(const std::string& name, const std::vector<HeatMap>& maps) {
  Plot plot{name, "", {}};
  plot.most_columns = 2;
  std::size_t columns = 4, rows = 2;
  for (const HeatMap& map : maps) {
    Panel panel{map.title, cells_axis(map.x, map.columns), cells_axis(map.y, map.rows)};
    panel.quantity = map.title.substr(0, map.title.find(':'));
    for (std::size_t r = 0; r < map.rows.size(); ++r)
      for (std::size_t c = 0; c < map.columns.size(); ++c)
        panel.tiles.push_back(tile_of(map, r, c));
    columns = std::max(columns, map.columns.size());
    rows = std::max(rows, map.rows.size());
    plot.panels.push_back(std::move(panel));
  }
  plot.panel_width = static_cast<int>(columns) * kCellWidth + 82;
  plot.panel_height = static_cast<int>(rows) * kCellHeight + 80;
  return figure_of(plot);
}

}  // namespace ohmic
