// What a figure shows, without a word of gnuplot: panels of points, lines, bars and cells on axes.
// One writer draws them all, so that all have the same colours, legends beside the panels and
// never on them, ranges that show the data, and a unit on every axis.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/statistics/estimate.hpp"

namespace ohmic {

// Colours that everybody tells apart on white (Okabe and Ito), by what they show.
inline constexpr char kInk[] = "#222222";        ///< measured, where nothing else is told apart
inline constexpr char kFaint[] = "#777777";      ///< what things are compared with
inline constexpr char kBaseline[] = "#0072b2";   ///< without noise
inline constexpr char kNoisy[] = "#d55e00";      ///< under noise
inline constexpr char kAlone[] = "#0072b2";      ///< lost by one cause alone
inline constexpr char kGivenBack[] = "#e69f00";  ///< given back without that cause
inline constexpr char kCounted[] = "#cc79a7";    ///< of what is counted one by one
inline constexpr char kShare[] = "#009e73";      ///< attributed to it
inline constexpr char kSweetSpot[] = "#009e73";  ///< behind what is near the best

/// Of curve or series i of n, dark to bright, for values that have an order: no two have the same;
/// also told apart by `marker_of`.
std::string color_of(std::size_t index, std::size_t count);
/// gnuplot's number of a filled mark: disc, square, triangle, ...
int marker_of(std::size_t index);

struct Datum {
  double x = 0, y = Estimate::kNone;  ///< y NaN: nothing was measured, and no line crosses
  double lo = Estimate::kNone, hi = Estimate::kNone;
};
/// y times the factor: per cents of fractions. What is infinite is not shown.
Datum datum(double x, const Estimate& fraction, double factor = 100);

/// How a line goes from one point to the next: to its x first, or to its y.
enum class Joint { straight, along_first, up_first };

struct Style {
  std::string color = kInk;
  int marker = 7;  ///< of gnuplot; 0: none
  bool line = false;
  bool dashed = false;
  Joint joint = Joint::straight;  ///< of a line
  double bar = 0;                 ///< width of bars from 0, in units of x
};

struct Series {
  std::string name;  ///< in the legend; empty: not there
  Style style;
  std::vector<Datum> data;
};

/// A pale stripe over the whole height, or a dashed line across.
struct Band {
  double from = 0, to = 0;
  std::string name, color;
};
struct Level {
  double at = 0;
  bool is_vertical = false;
  std::string name, color;
};

/// Text at a place, its middle at that height.
struct Note {
  enum class Align { left, center, right };
  double x = 0, y = 0;
  std::string text, color = kInk;
  int size = 12;
  Align align = Align::center;
};

/// A coloured cell of a map, one by one in units of the axes, with what stands in it.
struct Tile {
  double x = 0, y = 0, value = 0;  ///< value NaN: nothing was measured
  std::string text, below;
};

/// Characters of a name in a legend, or above a panel; of a longer one the middle is cut out.
inline constexpr std::size_t kLongestName = 64;

struct Axis {
  std::string title;
  bool logarithmic = false;
  bool is_named = false;                                  ///< tics are names at 0, 1, 2, ...
  std::vector<std::pair<double, std::string>> tics = {};  ///< empty: by themselves
  /// Ends; absent: where the data end, with room. Data beyond them are not shown.
  std::optional<double> low = {}, high = {};
  double least = -std::numeric_limits<double>::infinity();  ///< room does not go below
};
/// Names at 0, 1, 2, ...
Axis named_axis(const std::string& title, const std::vector<std::string>& names);
/// At least one layer, named without the modules that all of them lie in: "model/features." of
/// "model/features.0" and "model/features.1".
Axis layer_axis(std::vector<std::string> names);

struct Panel {
  std::string title;
  Axis x, y;
  std::vector<Band> bands = {};
  std::vector<Level> levels = {};
  std::vector<Series> series = {};
  std::vector<Note> notes = {};
  std::vector<Tile> tiles = {};
  std::string quantity = {};  ///< of the tiles: panels of one quantity have one scale of colours
  bool lies = false;  ///< x from the top down, y along the bottom: of bars that have long names

  const Axis& along_bottom() const { return lies ? y : x; }
  const Axis& along_side() const { return lies ? x : y; }
};

struct Plot {
  std::string name;  ///< of its files
  std::string legend;
  std::vector<Panel> panels = {};
  int panel_width = 440, panel_height = 330;
  std::size_t most_columns = 3;
  bool shares_y = true;  ///< panels have one range, so that they can be compared
};

Figure figure_of(const Plot&);
/// Width of a panel with so many named bars.
int bar_width(std::size_t bars);

/// What is said of a mark in a panel.
struct Remark {
  double x = 0, y = 0;
  std::string text, color;
};
/// Adds notes beside their marks such that no text lies on another, on a mark or its interval, or
/// beyond the axes; a mark at which there is no room has none. Returns how many have none.
std::size_t add_remarks(const std::vector<Remark>&, std::size_t panel, Plot&);

}  // namespace ohmic
