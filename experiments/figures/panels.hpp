// What all figures over swept axes share: which axes make panels and which make curves, colours,
// and where panels and the legend lie.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ohmic {

using Axes = std::vector<std::pair<std::string, std::string>>;  ///< swept key, value as text

inline constexpr char kRateKey[] = "train.learning_rate";

/// "bits" of "periphery.adc.bits", "model" of "model.name", "learning rate".
std::string axis_title(const std::string& key);
/// A value by itself; "spare_dead_filters" or "no spare_dead_filters" where it is true or false.
std::string value_title(const std::string& key, const std::string& value);

/// Values of the axes that tell curves apart (the learning rate, else the keys of the table swept
/// last), and of those that tell panels apart.
std::string curve_name(const Axes&);
std::string panel_name(const Axes&);
std::string legend_title(const Axes&);
/// In the order of first appearance.
std::vector<std::string> distinct(const std::vector<std::string>&);
std::size_t index_of(const std::vector<std::string>&, const std::string&);

/// "#rrggbb", legible on white, dark to bright for values that have an order; few curves are spread
/// over the palette.
const char* curve_color(std::size_t curve, std::size_t curves);
/// Colours that are told apart on white, by everybody, for kinds that have no order.
const char* category_color(std::size_t index);

/// Panels of one size in rows and columns, a legend right of them.
class PanelLayout {
 public:
  PanelLayout(std::size_t panels, int panel_width, int panel_height, int legend_width,
              int top_margin, int most_columns = 4);
  int width() const;
  int height() const;
  /// "set origin x,y; set size w,h" of one panel.
  std::string place(std::size_t panel) const;
  std::string place_legend() const;

 private:
  std::string box(int x, int y, int w, int h) const;
  int panel_width_, panel_height_, legend_width_, top_margin_;
  int columns_, rows_;
};

/// Borders, tics and grid of every figure's axes.
std::string frame_style();
/// Margins of a panel that hold the labels of its axes, in characters.
inline constexpr int kLeftMargin = 8;
inline constexpr double kBottomMargin = 3.6;
/// frame_style() with a panel's margins.
std::string panel_style(int left_margin = kLeftMargin, double bottom_margin = kBottomMargin);
/// A key in one line above the axes.
std::string key_above();
/// "set title ..." of a panel.
std::string panel_title(const std::string&);

/// One entry of a legend: a colour and the style of its line or point.
struct LegendEntry {
  std::string name;
  std::string style;  ///< "linespoints pointtype 7 linecolor '#...'"
};
/// Wide enough for the longest name beside its sample.
int legend_width(const std::string& title, const std::vector<LegendEntry>&);
/// A panel in which nothing is drawn but the key; empty without entries.
std::string legend_panel(const std::string& title, const std::vector<LegendEntry>&);
/// Entries of curves in their colours.
std::vector<LegendEntry> curve_entries(const std::vector<std::string>& curves);

}  // namespace ohmic
