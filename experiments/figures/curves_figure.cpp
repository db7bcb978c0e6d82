#include "experiments/figures/curves_figure.hpp"

#include <algorithm>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"

namespace ohmic {
namespace {

using Networks = std::vector<const NetworkRecord*>;

/// NaN where an epoch has no such number.
using Number = double (*)(const EpochReport&);

Series over_epochs(const NetworkRecord& network, Number number) {
  Series series;
  for (const EpochReport& r : network.history)
    series.data.push_back({double(r.epoch + 1), number(r)});
  return series;
}

double test_accuracy(const EpochReport& r) {
  return r.test_accuracy < 0 ? Estimate::kNone : 100 * r.test_accuracy;
}

/// Epochs without the number leave no gap in a line: they were not looked at, and are not late.
Series known(Series series) {
  std::erase_if(series.data, [](const Datum& d) { return d.y != d.y; });
  return series;
}

Axis epoch_axis(const Networks& networks) {
  Axis axis{"epoch"};
  std::size_t most = 0;
  for (const NetworkRecord* n : networks) most = std::max(most, n->history.size());
  axis.low = 0;
  if (most < 12)  // gnuplot halves epochs when there are few
    for (std::size_t e = 0; e <= most; ++e) axis.tics.emplace_back(double(e), std::to_string(e));
  return axis;
}

Panel panel(const Networks& networks, const std::string& title, double low) {
  Panel panel{"", epoch_axis(networks), {title}};
  panel.y.least = low;
  return panel;
}

}  // namespace

Figure curves_figure(const std::string& name, const Networks& networks) {
  const NetworkRecord& first = *networks.front();
  Plot plot{name, first.axes.empty() ? "" : legend_title(first.axes, first.experiment), {}};
  plot.panel_width = 360;
  plot.panel_height = 300;
  plot.shares_y = false;
  Panel loss = panel(networks, "loss (cross-entropy, nats)", 0),
        accuracy = panel(networks, "accuracy (%)", 0),
        dead = panel(networks, "dead filters (number)", 0);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string color = color_of(i, networks.size());
    const auto add = [&](Panel& to, const std::string& of, Number number, bool dashed) {
      Series series = known(over_epochs(*networks[i], number));
      series.name = of;
      series.style = {color, 0, true, dashed};
      if (!series.data.empty()) to.series.push_back(std::move(series));
    };
    const std::string curve = networks[i]->axes.empty() ? "" : curve_name(networks[i]->axes);
    add(
        loss, curve, [](const EpochReport& r) { return r.loss; }, false);
    add(
        accuracy, "", [](const EpochReport& r) { return 100 * r.accuracy; }, true);
    add(accuracy, "", test_accuracy, false);
    add(
        dead, "", [](const EpochReport& r) { return double(r.dead_filters); }, false);
  }
  accuracy.series.push_back({"training images", {kFaint, 0, true, true}, {}});
  accuracy.series.push_back({"test images", {kFaint, 0, true}, {}});
  plot.panels = {loss, accuracy, dead};
  return figure_of(plot);
}

}  // namespace ohmic
