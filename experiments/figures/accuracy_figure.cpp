#include "experiments/figures/accuracy_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"

namespace ohmic {
namespace {

constexpr int kPanelWidth = 430, kPanelHeight = 330, kTopMargin = 10;

/// "$m3" and "$p3": what was measured and what is published of group 3, in per cent.
std::string data_blocks(const std::vector<Group>& groups) {
  std::string text;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    text += fmt::format("$m{} << EOD\n", g);
    for (const GroupPoint& p : groups[g].points) {
      const Estimate a = p.summary.normalized.scaled(100);
      const bool known = !std::isnan(a.lo);
      if (!std::isnan(p.eta) && !std::isnan(a.mean))
        text += fmt::format("{:g} {:.4f} {:.4f} {:.4f}\n", 100 * p.eta, a.mean,
                            known ? a.lo : a.mean, known ? a.hi : a.mean);
    }
    text += fmt::format("EOD\n$p{} << EOD\n", g);
    for (const auto& [eta, value] : groups[g].published.curve)
      text += fmt::format("{:g} {:.4f}\n", 100 * eta, 100 * value);
    text += "EOD\n";
  }
  return text;
}

/// Where the axis of accuracies ends: a little above 100 %, or above networks that noise improves.
double top_of(const std::vector<Group>& groups) {
  double top = 105;
  for (const Group& group : groups)
    for (const GroupPoint& p : group.points) top = std::fmax(top, 102 * p.summary.normalized.mean);
  return top;
}

std::string axes_style(const std::vector<double>& etas, double top) {
  std::vector<std::string> tics;
  for (const double eta : etas) tics.push_back(fmt::format("{:g}", 100 * eta));
  return panel_style() +
         fmt::format(
             "set xrange [0:{:g}]; set yrange [0:{:g}]; set ytics {}; set xtics ({})\n"
             "set xlabel 'η  (noise std / weight std, %)'\n"
             "set ylabel 'normalised accuracy (%)'\n",
             105 * etas.back(), top, top > 200 ? "autofreq" : "20", fmt::join(tics, ", "));
}

std::string curve(std::size_t group, const char* color) {
  return fmt::format(
      "$m{0} using 1:2 with lines linewidth 2 linecolor '{1}' notitle, "
      "$m{0} using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.6 linewidth 1.3 linecolor '{1}' "
      "notitle, "
      "$p{0} using 1:2 with points pointtype 6 pointsize 1.2 linewidth 1.6 linecolor '{1}' notitle",
      group, color);
}

std::string panel(const std::vector<Group>& groups, const std::string& name,
                  const std::vector<std::string>& curves) {
  std::vector<std::string> plots;
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (panel_name(groups[g].axes) == name)
      plots.push_back(
          curve(g, curve_color(index_of(curves, curve_name(groups[g].axes)), curves.size())));
  return panel_title(name) + fmt::format("plot {}\n", fmt::join(plots, ", "));
}

std::vector<LegendEntry> legend_entries(const std::vector<Group>& groups,
                                        const std::vector<std::string>& curves) {
  std::vector<LegendEntry> entries = curve_entries(curves);
  if (has_published_curves(groups))
    entries.push_back(
        {published_label(), "points pointtype 6 pointsize 1.2 linewidth 1.6 linecolor '#222222'"});
  return entries;
}

}  // namespace

bool has_published_curves(const std::vector<Group>& groups) {
  return std::any_of(groups.begin(), groups.end(),
                     [](const Group& g) { return !g.published.curve.empty(); });
}

bool has_accuracy_figure(const std::vector<Group>& groups) { return etas_of(groups).size() > 1; }

Figure accuracy_figure(const std::vector<Group>& groups) {
  std::vector<std::string> panels, curves;
  for (const Group& group : groups) {
    panels.push_back(panel_name(group.axes));
    curves.push_back(curve_name(group.axes));
  }
  panels = distinct(panels);
  curves = distinct(curves);
  const std::string key = legend_title(groups.front().axes);
  const std::vector<LegendEntry> entries = legend_entries(groups, curves);
  const PanelLayout layout(panels.size(), kPanelWidth, kPanelHeight, legend_width(key, entries),
                           kTopMargin);
  Figure figure{"accuracy", layout.width(), layout.height(), data_blocks(groups)};
  figure.script += "set multiplot\nunset key\n" + axes_style(etas_of(groups), top_of(groups));
  for (std::size_t i = 0; i < panels.size(); ++i)
    figure.script += layout.place(i) + panel(groups, panels[i], curves);
  figure.script += layout.place_legend() + legend_panel(key, entries) + "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
