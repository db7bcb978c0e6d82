#include "experiments/figures/pareto_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panel_figure.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/results/text_table.hpp"

namespace ohmic {
namespace {

/// Values of the axes but the last, or of the last.
std::string name_of(const PricedPoint& p, bool last) {
  std::vector<std::string> values;
  const auto& axes = p.point->point->axes;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if ((i + 1 == axes.size()) == last) values.push_back(plain_text(axes[i].second));
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string keys_of(const PricedPoint& p, bool last) {
  std::vector<std::string> keys;
  const auto& axes = p.point->point->axes;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if ((i + 1 == axes.size()) == last)
      keys.push_back(axes[i].first.substr(axes[i].first.rfind('.') + 1));
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::vector<std::string> series_of(const std::vector<PricedPoint>& points) {
  std::vector<std::string> names;
  for (const PricedPoint& p : points)
    if (const std::string name = name_of(p, false);
        std::count(names.begin(), names.end(), name) == 0)
      names.push_back(name);
  return names;
}

/// "energy accuracy low high" and the label, accuracy in per cent.
std::string data_line(const PricedPoint& p) {
  const Estimate a = p.accuracy.scaled(100);
  const bool known = !std::isnan(a.lo);
  return fmt::format("{:g} {:.4f} {:.4f} {:.4f} {}\n", p.energy_nJ, a.mean, known ? a.lo : a.mean,
                     known ? a.hi : a.mean, gnuplot_cell(name_of(p, true)));
}

/// "$s3": the points of series 3; "$front": those on the front, in the order of energy.
std::string data_blocks(const std::vector<PricedPoint>& points,
                        const std::vector<std::string>& series) {
  std::string text;
  for (std::size_t s = 0; s < series.size(); ++s) {
    text += fmt::format("$s{} << EOD\n", s);
    for (const PricedPoint& p : points)
      if (name_of(p, false) == series[s]) text += data_line(p);
    text += "EOD\n";
  }
  std::vector<PricedPoint> front;
  std::copy_if(points.begin(), points.end(), std::back_inserter(front),
               [](const PricedPoint& p) { return p.on_front; });
  std::sort(front.begin(), front.end(),
            [](const PricedPoint& a, const PricedPoint& b) { return a.energy_nJ < b.energy_nJ; });
  text += "$front << EOD\n";
  for (const PricedPoint& p : front) text += data_line(p);
  return text + "EOD\n";
}

std::string series_plot(std::size_t s, const char* color, const std::string& name) {
  return fmt::format(
      "$s{0} using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.7 linewidth 1.3 linecolor '{1}' "
      "title {2}, "
      "$s{0} using 1:2:5 with labels left offset 0.7,-0.6 textcolor '{1}' notitle",
      s, color, gnuplot_string(name));
}

/// All energies with room for labels; logarithmic where they span a decade.
std::string energy_axis(const std::vector<PricedPoint>& points) {
  const auto [cheapest, dearest] = std::minmax_element(
      points.begin(), points.end(),
      [](const PricedPoint& a, const PricedPoint& b) { return a.energy_nJ < b.energy_nJ; });
  const double low = cheapest->energy_nJ, high = dearest->energy_nJ, span = high - low;
  if (low > 0 && high > 10 * low)
    return fmt::format("set logscale x; set xrange [{:g}:{:g}]\n", 0.8 * low, 1.4 * high);
  return fmt::format("set xrange [{:g}:{:g}]\n", low - 0.05 * span, high + 0.08 * span);
}

}  // namespace

bool has_pareto_figure(const std::vector<PricedPoint>& points) {
  return std::any_of(points.begin(), points.end(), [&](const PricedPoint& p) {
    return p.energy_nJ > 0 && p.energy_nJ != points.front().energy_nJ;
  });
}

Figure pareto_figure(const std::string& title, const std::vector<PricedPoint>& points) {
  const std::vector<std::string> series = series_of(points);
  std::vector<std::string> plots{
      "$front using 1:2 with lines linewidth 1.5 linecolor '#999999' title 'Pareto front'",
      "$front using 1:2 with points pointtype 6 pointsize 1.6 linewidth 1.3 linecolor '#222222' "
      "notitle"};
  for (std::size_t s = 0; s < series.size(); ++s)
    plots.push_back(series_plot(s, category_color(s), series[s]));
  const std::string style = fmt::format(
      "{}set offsets 0, 0, graph 0.05, graph 0.05\n"
      "set xlabel 'energy per image (nJ)'; set ylabel 'accuracy (%)'\n"
      "set key outside right top Left reverse samplen 1 spacing 1.3 title {} left\n",
      energy_axis(points),
      gnuplot_string(fmt::format("{} (labels: {})", keys_of(points.front(), false),
                                 keys_of(points.front(), true))));
  Figure figure = panel_figure(
      "pareto", data_blocks(points, series), style,
      {fmt::format("set title {}\nplot {}\n", gnuplot_string(title), fmt::join(plots, ", "))});
  figure.width = 760;
  figure.height = 480;
  return figure;
}

}  // namespace ohmic
