#include "experiments/figures/accuracy_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

constexpr int kPanelWidth = 430, kPanelHeight = 330, kTitleHeight = 44, kLegendWidth = 210;
constexpr int kMostColumns = 4;
constexpr char kRateKey[] = "train.learning_rate";

/// Dark to bright, for values that have an order; all legible on white.
constexpr const char* kColors[] = {"#440154", "#31688e", "#1f9e89",
                                   "#6ccd5a", "#e6a100", "#d1495b"};
constexpr std::size_t kColorCount = std::size(kColors);

using Axes = std::vector<std::pair<std::string, std::string>>;

std::string table_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

/// Which axes tell curves apart: the learning rate, else the keys of the table swept last.
bool is_curve_axis(const std::string& key, const Axes& axes) {
  const bool by_rate = std::any_of(axes.begin(), axes.end(),
                                   [](const auto& axis) { return axis.first == kRateKey; });
  return by_rate ? key == kRateKey : table_of(key) == table_of(axes.back().first);
}

std::string name_of(const Group& group, bool of_curve) {
  std::vector<std::string> values;
  for (const auto& [key, value] : group.axes)
    if (is_curve_axis(key, group.axes) == of_curve) values.push_back(value);
  return fmt::format("{}", fmt::join(values, ", "));
}

std::vector<std::string> distinct_names(const std::vector<Group>& groups, bool of_curve) {
  std::vector<std::string> names;
  for (const Group& group : groups) {
    const std::string name = name_of(group, of_curve);
    if (std::count(names.begin(), names.end(), name) == 0) names.push_back(name);
  }
  return names;
}

std::string legend_title(const Group& group) {
  std::vector<std::string> keys;
  for (const auto& axis : group.axes)
    if (is_curve_axis(axis.first, group.axes))
      keys.push_back(axis.first == kRateKey ? "learning rate"
                                            : axis.first.substr(axis.first.rfind('.') + 1));
  return fmt::format("{}", fmt::join(keys, ", "));
}

/// Spread over the palette, so that two curves do not look alike.
const char* color_of(std::size_t curve, std::size_t curves) {
  if (curves > kColorCount) return kColors[curve % kColorCount];
  return kColors[curves < 2 ? 1 : curve * (kColorCount - 1) / (curves - 1)];
}

bool has_published(const std::vector<Group>& groups) {
  return std::any_of(groups.begin(), groups.end(),
                     [](const Group& g) { return !g.published.curve.empty(); });
}

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

int columns_for(int panels) {
  if (panels <= 3) return panels;
  return panels == 4 ? 2 : panels % 3 == 0 ? 3 : kMostColumns;
}

class Layout {
 public:
  explicit Layout(std::size_t panels)
      : columns_(columns_for(static_cast<int>(panels))),
        rows_((static_cast<int>(panels) + columns_ - 1) / columns_) {}
  int width() const { return columns_ * kPanelWidth + kLegendWidth; }
  int height() const { return rows_ * kPanelHeight + kTitleHeight; }
  /// "set origin x,y; set size w,h" of one panel.
  std::string place(std::size_t panel) const {
    const int column = static_cast<int>(panel) % columns_, row = static_cast<int>(panel) / columns_;
    return box(column * kPanelWidth, (rows_ - 1 - row) * kPanelHeight, kPanelWidth, kPanelHeight);
  }
  std::string place_legend() const {
    return box(columns_ * kPanelWidth, 0, kLegendWidth, height() - kTitleHeight);
  }

 private:
  std::string box(int x, int y, int w, int h) const {
    return fmt::format("set origin {:.5f},{:.5f}; set size {:.5f},{:.5f}\n", double(x) / width(),
                       double(y) / height(), double(w) / width(), double(h) / height());
  }
  int columns_, rows_;
};

std::string axes_style(const std::vector<double>& etas) {
  std::vector<std::string> tics;
  for (const double eta : etas) tics.push_back(fmt::format("{:g}", 100 * eta));
  return fmt::format(
      "set border 3 linecolor '#555555'; set tics nomirror out scale 0.5 textcolor '#222222'\n"
      "set grid ytics linecolor '#e4e4e4' linewidth 1\n"
      "set xrange [0:{:g}]; set yrange [0:105]; set ytics 20; set xtics ({})\n"
      "set xlabel 'η  (noise std / weight std, %)' offset 0,0.3\n"
      "set ylabel 'normalised accuracy (%)' offset 1,0\n"
      "set lmargin 8; set rmargin 2; set tmargin 2.2; set bmargin 3.6\n",
      105 * etas.back(), fmt::join(tics, ", "));
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
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (name_of(groups[g], false) != name) continue;
    const auto at = std::find(curves.begin(), curves.end(), name_of(groups[g], true));
    plots.push_back(
        curve(g, color_of(static_cast<std::size_t>(at - curves.begin()), curves.size())));
  }
  return fmt::format("set title {} offset 0,-0.4 textcolor '#222222'\nplot {}\n", quoted(name),
                     fmt::join(plots, ", "));
}

/// A panel of its own, right of all others: nothing is drawn but the key.
std::string legend(const std::vector<Group>& groups, const std::vector<std::string>& curves) {
  std::vector<std::string> plots;
  for (std::size_t i = 0; i < curves.size() && !curves[i].empty(); ++i)
    plots.push_back(
        fmt::format("NaN with linespoints pointtype 7 pointsize 0.8 linewidth 2 "
                    "linecolor '{}' title {}",
                    color_of(i, curves.size()), quoted(curves[i])));
  if (has_published(groups))
    plots.push_back(fmt::format(
        "NaN with points pointtype 6 pointsize 1.2 linewidth 1.6 linecolor '#222222' title {}",
        quoted(published_label())));
  if (plots.empty()) return "";
  return fmt::format(
      "unset border; unset tics; unset grid; unset xlabel; unset ylabel; unset title\n"
      "set lmargin 0; set rmargin 0; set tmargin 2.2; set bmargin 0\n"
      "set key at graph 0,1 left top Left reverse samplen 2 spacing 1.3 title {} left\nplot {}\n",
      quoted(legend_title(groups.front())), fmt::join(plots, ", "));
}

/// Largest font, up to 15 points, in which the title fits the width: a character is about 0.6 of
/// the size wide, a point 4/3 of a pixel.
int title_points(const std::string& title, int width) {
  const double fits = width / (0.8 * static_cast<double>(std::max<std::size_t>(title.size(), 1)));
  return std::clamp(static_cast<int>(fits), 8, 15);
}

}  // namespace

bool has_accuracy_figure(const std::vector<Group>& groups) { return etas_of(groups).size() > 1; }

Figure accuracy_figure(const std::string& title, const std::vector<Group>& groups) {
  const std::vector<std::string> panels = distinct_names(groups, false);
  const std::vector<std::string> curves = distinct_names(groups, true);
  const Layout layout(panels.size());
  Figure figure{"accuracy", layout.width(), layout.height(), data_blocks(groups)};
  figure.script += fmt::format("set multiplot title {} font ',{}' textcolor '#222222'\nunset key\n",
                               quoted(title), title_points(title, figure.width));
  figure.script += axes_style(etas_of(groups));
  for (std::size_t i = 0; i < panels.size(); ++i)
    figure.script += layout.place(i) + panel(groups, panels[i], curves);
  figure.script += layout.place_legend() + legend(groups, curves) + "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
