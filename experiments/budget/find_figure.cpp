#include "experiments/budget/find_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/figures/panel_figure.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/run/networks.hpp"

namespace ohmic {
namespace {

using Panel = std::vector<const FoundBudget*>;

std::vector<Panel> panels_of(const std::vector<FoundBudget>& budgets) {
  std::vector<Panel> panels;
  for (const FoundBudget& b : budgets) {
    if (panels.empty() || panels.back().front()->point != b.point) panels.emplace_back();
    panels.back().push_back(&b);
  }
  return panels;
}

/// Every value looked at for any of the limits, with the most draws it got.
std::string data_block(std::size_t number, const Panel& panel, double confidence) {
  std::map<double, const Probe*> probes;
  for (const FoundBudget* b : panel)
    for (const Probe& probe : b->result.probes) {
      const Probe*& kept = probes[b->grid.values[probe.index]];
      if (!kept || kept->replicates.count() < probe.replicates.count()) kept = &probe;
    }
  std::string text = fmt::format("$p{} << EOD\n", number);
  for (const auto& [value, probe] : probes) {
    const Estimate a = mean_estimate(probe->replicates, confidence).scaled(100);
    const bool known = !std::isnan(a.lo);
    text += fmt::format("{:g} {:.4f} {:.4f} {:.4f}\n", value, a.mean, known ? a.lo : a.mean,
                        known ? a.hi : a.mean);
  }
  return text + "EOD\n";
}

/// The limit as a line, the interval as a band.
std::string limit(const FoundBudget& b, std::size_t index, int& object) {
  const char* color = category_color(index);
  std::string text;
  if (b.result.tolerated && b.result.not_tolerated)
    text += fmt::format(
        "set object {} rectangle from {:g},graph 0 to {:g},graph 1 fillcolor '{}' fillstyle "
        "transparent solid 0.25 noborder\n",
        object++, b.grid.values[*b.result.tolerated], b.grid.values[*b.result.not_tolerated],
        color);
  return text;
}

std::string panel_script(std::size_t number, const Panel& panel, const BudgetSettings& settings) {
  int object = 1;
  std::string text = "unset object\n";
  std::vector<std::string> plots;
  for (std::size_t i = 0; i < panel.size(); ++i) {
    text += limit(*panel[i], i, object);
    plots.push_back(
        fmt::format("{:.4f} with lines dashtype 2 linewidth 1.5 linecolor '{}' title {}",
                    100 * panel[i]->search.least_accuracy, category_color(i),
                    gnuplot_string("loss of " + settings.drop_text(panel[i]->max_drop))));
  }
  plots.push_back(fmt::format(
      "$p{0} using 1:2 with lines linewidth 1.5 linecolor '#222222' notitle, $p{0} using 1:2:3:4 "
      "with yerrorbars pointtype 7 pointsize 0.6 linecolor '#222222' title 'measured'",
      number));
  const Row axes = axis_texts(*panel.front()->point);
  const std::string title = axes.empty() ? network_label(panel.front()->point->experiment)
                                         : fmt::format("{}", fmt::join(axes, ", "));
  return text +
         fmt::format("set title {}\nplot {}\n", gnuplot_string(title), fmt::join(plots, ", "));
}

std::string style(const FindSettings& find) {
  return fmt::format(
      "set key bottom {} Left reverse samplen 2\n"
      "set xlabel {}; set ylabel 'accuracy (%)'\n{}set xrange [{:g}:{:g}]\n",
      find.tolerate == Tolerate::largest ? "left" : "right", gnuplot_string(find.knob.front()),
      find.scale == KnobScale::log ? "set logscale x\n" : "", find.range[0], find.range[1]);
}

}  // namespace

Figure budget_figure(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  std::string data;
  std::vector<std::string> panels;
  for (const Panel& panel : panels_of(budgets)) {
    data += data_block(panels.size(), panel, settings.confidence);
    panels.push_back(panel_script(panels.size(), panel, settings));
  }
  return panel_figure("budget", data, style(*settings.find), panels);
}

}  // namespace ohmic
