#include "experiments/figures/curves_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/figures/panels.hpp"

namespace ohmic {
namespace {

using Networks = std::vector<const NetworkRecord*>;

std::vector<std::string> names_of(const Networks& networks) {
  std::vector<std::string> names;
  for (const NetworkRecord* n : networks)
    names.push_back(n->axes.empty() ? "" : curve_name(n->axes));
  return names;
}

/// Columns: epochs done, loss, accuracy and test accuracy in %, dead filters.
std::string data_block(const NetworkRecord& network, std::size_t index) {
  std::string text = fmt::format("$n{} << EOD\n", index);
  for (const EpochReport& r : network.history)
    text += fmt::format("{} {:.5f} {:.3f} {} {}\n", r.epoch + 1, r.loss, 100 * r.accuracy,
                        r.test_accuracy < 0 ? "NaN" : fmt::format("{:.3f}", 100 * r.test_accuracy),
                        r.dead_filters);
  return text + "EOD\n";
}

std::string plots(const Networks& networks, const char* columns, const char* style) {
  std::vector<std::string> plots;
  for (std::size_t i = 0; i < networks.size(); ++i)
    plots.push_back(fmt::format("$n{} using {} with lines {} linecolor '{}' notitle", i, columns,
                                style, curve_color(i, networks.size())));
  return fmt::format("{}", fmt::join(plots, ", "));
}

/// Of the axis of dead filters: above the most that died, and high enough for whole tics.
int dead_top(const Networks& networks) {
  int most = 0;
  for (const NetworkRecord* n : networks)
    for (const EpochReport& r : n->history) most = std::max(most, r.dead_filters);
  return std::max(5, most + most / 10 + 1);
}

/// Gnuplot halves epochs when there are few.
const char* whole_epochs(const Networks& networks) {
  const bool few = std::all_of(networks.begin(), networks.end(),
                               [](const NetworkRecord* n) { return n->history.size() < 6; });
  return few ? "set xtics 1; " : "";
}

bool any_tested(const Networks& networks) {
  return std::any_of(networks.begin(), networks.end(), [](const NetworkRecord* n) {
    return std::any_of(n->history.begin(), n->history.end(),
                       [](const EpochReport& r) { return r.test_accuracy >= 0; });
  });
}

std::vector<LegendEntry> entries_of(const Networks& networks) {
  std::vector<LegendEntry> entries;
  const std::vector<std::string> names = names_of(networks);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!names[i].empty())
      entries.push_back({names[i], fmt::format("lines linewidth 2 linecolor '{}'",
                                               curve_color(i, names.size()))});
  if (any_tested(networks)) {
    entries.push_back({"training images", "lines linewidth 1.2 dashtype 2 linecolor '#555555'"});
    entries.push_back({"test images", "lines linewidth 2 linecolor '#555555'"});
  }
  return entries;
}

}  // namespace

Figure curves_figure(const std::string& name, const Networks& networks) {
  const std::string key =
      networks.front()->axes.empty() ? "" : legend_title(networks.front()->axes);
  const auto entries = entries_of(networks);
  const PanelLayout layout(3, 340, 290, legend_width(key, entries), 0);
  Figure figure{name, layout.width(), layout.height(), ""};
  for (std::size_t i = 0; i < networks.size(); ++i) figure.script += data_block(*networks[i], i);
  const char* strong = "linewidth 2";
  figure.script += fmt::format(
      "set multiplot\nunset key\n{}{}set xlabel 'epoch'; set xrange [0:*]\n"
      "{}{}set yrange [0:*]\nplot {}\n"
      "{}{}set yrange [*:100]\nplot {}, {}\n"
      "{}{}set yrange [0:{}]\nplot {}\n"
      "{}{}unset multiplot\nreset\n",
      panel_style(), whole_epochs(networks), layout.place(0), panel_title("loss"),
      plots(networks, "1:2", strong), layout.place(1), panel_title("accuracy (%)"),
      plots(networks, "1:3", "linewidth 1.2 dashtype 2"), plots(networks, "1:4", strong),
      layout.place(2), panel_title("dead filters"), dead_top(networks),
      plots(networks, "1:5", strong), layout.place_legend(), legend_panel(key, entries));
  return figure;
}

}  // namespace ohmic
