#include "experiments/figures/panels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/figures/gnuplot.hpp"

namespace ohmic {
namespace {

constexpr const char* kOrdered[] = {"#440154", "#31688e", "#1f9e89",
                                    "#6ccd5a", "#e6a100", "#d1495b"};
constexpr const char* kDistinct[] = {"#31688e", "#d1495b", "#1f9e89", "#e6a100", "#440154"};

std::string table_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

bool is_curve_axis(const std::string& key, const Axes& axes) {
  const bool by_rate = std::any_of(axes.begin(), axes.end(),
                                   [](const auto& axis) { return axis.first == kRateKey; });
  return by_rate ? key == kRateKey : table_of(key) == table_of(axes.back().first);
}

std::string name_of(const Axes& axes, bool of_curve) {
  std::vector<std::string> values;
  for (const auto& [key, value] : axes)
    if (is_curve_axis(key, axes) == of_curve)
      values.push_back(of_curve ? value : value_title(key, value));
  return fmt::format("{}", fmt::join(values, ", "));
}

int columns_for(int panels, int most) {
  if (panels <= 3 || most < 3) return std::min(panels, most);
  return panels == 4 ? 2 : panels % 3 == 0 ? 3 : most;
}

}  // namespace

std::string axis_title(const std::string& key) {
  if (key == kRateKey) return "learning rate";
  if (key.ends_with(".name")) return table_of(key);
  return key.substr(key.rfind('.') + 1);
}

std::string value_title(const std::string& key, const std::string& value) {
  if (value == "true") return axis_title(key);
  return value == "false" ? "no " + axis_title(key) : value;
}

std::string curve_name(const Axes& axes) { return name_of(axes, true); }
std::string panel_name(const Axes& axes) { return name_of(axes, false); }

std::string legend_title(const Axes& axes) {
  std::vector<std::string> keys;
  for (const auto& axis : axes)
    if (is_curve_axis(axis.first, axes)) keys.push_back(axis_title(axis.first));
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::vector<std::string> distinct(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const std::string& name : names)
    if (std::count(once.begin(), once.end(), name) == 0) once.push_back(name);
  return once;
}

std::size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

const char* curve_color(std::size_t curve, std::size_t curves) {
  constexpr std::size_t kCount = std::size(kOrdered);
  if (curves > kCount) return kOrdered[curve % kCount];
  return kOrdered[curves < 2 ? 1 : curve * (kCount - 1) / (curves - 1)];
}

const char* category_color(std::size_t index) { return kDistinct[index % std::size(kDistinct)]; }

PanelLayout::PanelLayout(std::size_t panels, int panel_width, int panel_height, int legend_width,
                         int top_margin, int most_columns)
    : panel_width_(panel_width),
      panel_height_(panel_height),
      legend_width_(legend_width),
      top_margin_(top_margin),
      columns_(columns_for(static_cast<int>(panels), most_columns)),
      rows_((static_cast<int>(panels) + columns_ - 1) / columns_) {}

int PanelLayout::width() const { return columns_ * panel_width_ + legend_width_; }
int PanelLayout::height() const { return rows_ * panel_height_ + top_margin_; }

std::string PanelLayout::place(std::size_t panel) const {
  const int column = static_cast<int>(panel) % columns_, row = static_cast<int>(panel) / columns_;
  return box(column * panel_width_, (rows_ - 1 - row) * panel_height_, panel_width_, panel_height_);
}

std::string PanelLayout::place_legend() const {
  return box(columns_ * panel_width_, 0, legend_width_, height() - top_margin_);
}

std::string PanelLayout::box(int x, int y, int w, int h) const {
  return fmt::format("set origin {:.5f},{:.5f}; set size {:.5f},{:.5f}\n", double(x) / width(),
                     double(y) / height(), double(w) / width(), double(h) / height());
}

int legend_width(const std::string& title, const std::vector<LegendEntry>& entries) {
  std::size_t longest = title.size();
  for (const LegendEntry& entry : entries) longest = std::max(longest, entry.name.size() + 5);
  return std::clamp(static_cast<int>(longest) * 8 + 40, 120, 440);  // gnuplot begins 24 inside
}

std::string frame_style() {
  return "set border 3 linecolor '#555555'; set tics nomirror out scale 0.5 textcolor '#222222'\n"
         "set grid ytics linecolor '#e4e4e4' linewidth 1\n";
}

std::string panel_style(int left_margin, double bottom_margin) {
  return frame_style() +
         fmt::format("set lmargin {}; set rmargin 2; set tmargin 2.2; set bmargin {:g}\n",
                     left_margin, bottom_margin) +
         "set xlabel '' offset 0,0.3; set ylabel '' offset 1,0\n";
}

std::string key_above() { return "set key outside top center horizontal samplen 1\n"; }

std::string panel_title(const std::string& title) {
  return fmt::format("set title {} offset 0,-0.4 textcolor '#222222'\n", gnuplot_string(title));
}

std::string legend_panel(const std::string& title, const std::vector<LegendEntry>& entries) {
  if (entries.empty()) return "";
  std::vector<std::string> plots;
  for (const LegendEntry& entry : entries)
    plots.push_back(fmt::format("NaN with {} title {}", entry.style, gnuplot_string(entry.name)));
  return fmt::format(
      "unset border; unset tics; unset grid; unset xlabel; unset ylabel; unset title\n"
      "unset object; unset label; unset logscale; set xrange [0:1]; set yrange [0:1]\n"
      "set lmargin 0; set rmargin 0; set tmargin 2.2; set bmargin 0\n"
      "set key at graph 0,1 left top Left reverse samplen 2 spacing 1.3 title {} left\nplot {}\n",
      gnuplot_string(title), fmt::join(plots, ", "));
}

std::vector<LegendEntry> curve_entries(const std::vector<std::string>& curves) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < curves.size(); ++i)
    if (!curves[i].empty())
      entries.push_back(
          {curves[i],
           fmt::format("linespoints pointtype 7 pointsize 0.8 linewidth 2 linecolor '{}'",
                       curve_color(i, curves.size()))});
  return entries;
}

}  // namespace ohmic
