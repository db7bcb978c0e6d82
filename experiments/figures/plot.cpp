#include "experiments/figures/plot.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/figures/plot_area.hpp"

namespace ohmic {
namespace {

using Color = std::array<int, 3>;

/// Viridis, with an end that is seen on white.
constexpr std::array<Color, 5> kOrdered{
    {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {67, 176, 85}, {194, 165, 0}}};
/// Viridis.
constexpr std::array<Color, 5> kMap{
    {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
constexpr int kLegendLine = 19;

std::string number(double value) { return fmt::format("{:.10g}", value); }

// --- one panel ---

std::string margins(const PlotArea& a, int width, int height) {
  const auto share = [](int pixels, int of) { return double(pixels) / of; };
  return fmt::format(
      "set lmargin at screen {:.5f}; set rmargin at screen {:.5f}; set tmargin at screen {:.5f}; "
      "set bmargin at screen {:.5f}\n",
      share(a.left, width), share(a.right, width), 1 - share(a.top, height),
      1 - share(a.bottom, height));
}

/// A title of several lines.
std::string title_script(const std::vector<std::string>& lines) {
  std::vector<std::string> quoted;
  for (const std::string& line : lines) quoted.push_back(gnuplot_string(line));
  return fmt::format("{}", fmt::join(quoted, ".\"\\n\"."));
}

/// Where a logarithmic axis of few decades has its numbers: at 1, 2 and 5 of each, or, of two to
/// three decades, at 1 and 3.
std::string few_decades(const Range& range) {
  constexpr double kShort = 100, kLonger = 1000;
  if (range.high / range.low >= kLonger) return "autofreq";
  const std::vector<double> steps =
      range.high / range.low < kShort ? std::vector<double>{1, 2, 5} : std::vector<double>{1, 3};
  std::vector<std::string> places;
  for (double decade = std::pow(10, std::floor(std::log10(range.low))); decade <= range.high;
       decade *= 10)
    for (const double step : steps)
      if (const double at = step * decade; at >= range.low && at <= range.high)
        places.push_back(fmt::format("{:g}", at));
  return places.size() < 2 ? "autofreq" : fmt::format("({})", fmt::join(places, ", "));
}

std::string axis_script(char axis, const Axis& a, const Range& range, bool slants, int letters) {
  const std::size_t longest = axis == 'y' ? kLongestBeside : kLongestTic;
  const std::vector<std::string> title = wrapped(a.title, letters);
  const std::string offset = axis == 'y' ? fmt::format("{:g},0", 0.9 * (1 - double(title.size())))
                             : slants    ? "0,0.7"
                                         : "0,0.25";
  std::string text =
      fmt::format("set {0}label {1} offset {5}; set {0}range [{2}:{3}]; {4} logscale {0}\n", axis,
                  title_script(title), number(range.low), number(range.high),
                  a.logarithmic ? "set" : "unset", offset);
  if (a.tics.empty())
    return text + fmt::format("set {}tics norotate {}\n", axis,
                              a.logarithmic ? few_decades(range) + " format '%g'"
                                            : std::string("autofreq format '%h'"));
  std::vector<std::string> tics;
  for (const auto& [at, name] : a.tics)
    tics.push_back(gnuplot_tic(shortened(name, longest)) + " " + number(at));
  return text + fmt::format("set {}tics {} ({})\n", axis,
                            slants ? "rotate by 45 right" : "norotate", fmt::join(tics, ", "));
}

std::string band_script(const Band& b, int number_of) {
  return fmt::format(
      "set object {} rectangle from {},graph 0 to {},graph 1 behind fillcolor rgb '{}' fillstyle "
      "transparent solid 0.18 noborder\n",
      number_of, number(b.from), number(b.to), b.color);
}

/// In front of bars, which would hide it, and behind marks.
std::string level_script(const Level& l, bool in_front) {
  const std::string at = number(l.at);
  return fmt::format("set arrow from {} to {} nohead {}dashtype 2 linewidth 1.5 linecolor '{}'\n",
                     l.is_vertical ? at + ",graph 0" : "graph 0,first " + at,
                     l.is_vertical ? at + ",graph 1" : "graph 1,first " + at,
                     in_front ? "front " : "", l.color);
}

std::string note_script(const Note& n) {
  constexpr const char* kAligned[] = {"left", "center", "right"};
  return fmt::format("set label {} at {},{} {} front font ',{}' textcolor rgb '{}'\n",
                     gnuplot_string(n.text), number(n.x), number(n.y),
                     kAligned[static_cast<int>(n.align)], n.size, n.color);
}

/// Between anchors, at 0 to 1: "#21918c".
std::string color_between(const std::array<Color, 5>& anchors, double place) {
  const double at = std::clamp(place, 0.0, 1.0) * (anchors.size() - 1);
  const std::size_t i = std::min(static_cast<std::size_t>(at), anchors.size() - 2);
  std::string color = "#";
  for (std::size_t c = 0; c < 3; ++c)
    color +=
        fmt::format("{:02x}", std::lround(anchors[i][c] + (at - static_cast<double>(i)) *
                                                              (anchors[i + 1][c] - anchors[i][c])));
  return color;
}

std::string tile_script(const Tile& t, const Range& values, int number_of) {
  if (std::isnan(t.value)) return "";
  const double place =
      values.high > values.low ? (t.value - values.low) / (values.high - values.low) : 0.5;
  const char* ink = place < 0.6 ? "#ffffff" : kInk;
  std::string text = fmt::format(
      "set object {} rectangle center {},{} size 0.96,0.94 fillcolor rgb '{}' fillstyle solid "
      "noborder\n",
      number_of, number(t.x), number(t.y), color_between(kMap, place));
  const double up = t.below.empty() ? 0.0 : 0.17;
  text += note_script({t.x, t.y + up, t.text, ink, 14});
  if (!t.below.empty()) text += note_script({t.x, t.y - 0.24, t.below, ink, 10});
  return text;
}

std::string line_style(const Style& s) {
  return fmt::format("linewidth {} {}linecolor '{}'", s.dashed ? 1.4 : 2.0,
                     s.dashed ? "dashtype 2 " : "", s.color);
}

std::string mark_style(const Style& s) {
  const bool is_open = s.marker == 6;
  return fmt::format("pointtype {} pointsize {} linewidth 1.4 linecolor '{}'", s.marker,
                     is_open ? 1.3 : 0.8, s.color);
}

/// What a series is drawn with, over its columns x, y, lo, hi.
std::vector<std::string> layers_of(const std::string& block, const Series& s, bool lies) {
  const Style& style = s.style;
  std::vector<std::string> plots;
  if (style.bar > 0) {
    const std::string bars =
        lies ? fmt::format("(0):1:(0):2:($1-{0:g}):($1+{0:g}) with boxxyerror", style.bar / 2)
             : fmt::format("1:2:({:g}) with boxes", style.bar);
    plots.push_back(fmt::format("{} using {} fillstyle solid 0.9 noborder linecolor '{}' notitle",
                                block, bars, style.color));
    plots.push_back(
        fmt::format("{} using {} with vectors nohead linewidth 1.3 linecolor '{}' notitle", block,
                    lies ? "3:1:($4-$3):(0)" : "1:3:(0):($4-$3)", kInk));
  }
  constexpr const char* kJoined[] = {"lines", "steps", "fsteps"};
  if (style.line)
    plots.push_back(fmt::format("{} using 1:2 with {} {} notitle", block,
                                kJoined[static_cast<int>(style.joint)], line_style(style)));
  if (style.bar == 0 && style.marker != 0)
    plots.push_back(
        fmt::format("{} using 1:2:3:4 with yerrorbars {} notitle", block, mark_style(style)));
  return plots;
}

std::string data_block(const std::string& block, const Series& s) {
  std::string text = block + " << EOD\n";
  for (const Datum& d : s.data)
    text += std::isnan(d.y) ? "\n"
                            : fmt::format("{} {} {} {}\n", number(d.x), number(d.y),
                                          number(std::isnan(d.lo) ? d.y : d.lo),
                                          number(std::isnan(d.hi) ? d.y : d.hi));
  return text + "EOD\n";
}

/// Of all tiles of one quantity.
Range values_of(const Plot& plot, const std::string& quantity) {
  std::vector<double> values;
  for (const Panel& p : plot.panels)
    if (p.quantity == quantity)
      for (const Tile& t : p.tiles) values.push_back(t.value);
  return extent_of(values);
}

bool has_bars(const Panel& p) {
  return std::any_of(p.series.begin(), p.series.end(),
                     [](const Series& s) { return s.style.bar > 0; });
}

std::string panel_script(const Plot& plot, std::size_t index) {
  const Panel& p = plot.panels[index];
  const Range x = x_range(p), y = y_range(plot, index);
  std::string text =
      "unset object; unset label; unset arrow\nset title " +
      gnuplot_string(shortened(p.title, kLongestName)) + "\n" +
      axis_script('x', p.along_bottom(), p.lies ? y : x,
                  slant_of(p.along_bottom(), plot.panel_width) > 0, letters_below(plot)) +
      axis_script('y', p.along_side(), p.lies ? Range{x.high, x.low} : y, false,
                  letters_beside(plot));
  text += p.tiles.empty() ? fmt::format(
                                "set grid {}tics linetype 1 linecolor '#ececec' linewidth "
                                "1; set border 3\n",
                                p.lies ? 'x' : 'y')
                          : "unset grid; set border 0\n";
  text += "unset xzeroaxis; unset yzeroaxis\n";
  if (has_bars(p))
    text += fmt::format("set {}zeroaxis linetype 1 linecolor '#555555' linewidth 1\n",
                        p.lies ? 'y' : 'x');
  int object = 1;
  for (const Band& band : p.bands) text += band_script(band, object++);
  for (const Level& level : p.levels) text += level_script(level, has_bars(p));
  const Range values = values_of(plot, p.quantity);
  for (const Tile& tile : p.tiles) text += tile_script(tile, values, object++);
  for (const Note& note : p.notes) text += note_script(note);
  std::vector<std::string> plots;
  for (std::size_t s = 0; s < p.series.size(); ++s) {
    const auto& data = p.series[s].data;
    if (std::all_of(data.begin(), data.end(), [](const Datum& d) { return std::isnan(d.y); }))
      continue;  // gnuplot does not like empty blocks
    const std::string block = fmt::format("$p{}s{}", index, s);
    text += data_block(block, p.series[s]);
    for (std::string& plot : layers_of(block, p.series[s], p.lies))
      plots.push_back(std::move(plot));
  }
  if (plots.empty()) plots.push_back("NaN notitle");
  return text + fmt::format("plot {}\n", fmt::join(plots, ", "));
}

// --- legend ---

struct Entry {
  std::string name, style;
};

std::string entry_style(const Style& s) {
  if (s.bar > 0) return fmt::format("boxes fillstyle solid 0.9 noborder linecolor '{}'", s.color);
  if (s.line && s.marker != 0) return "linespoints " + mark_style(s);
  return s.line ? "lines " + line_style(s) : "points " + mark_style(s);
}

std::vector<Entry> entries_of(const Plot& plot) {
  std::vector<Entry> entries;
  const auto add = [&](const std::string& name, const std::string& style) {
    const bool known =
        std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
    if (!name.empty() && !known) entries.push_back({name, style});
  };
  for (const Panel& p : plot.panels) {
    for (const Series& s : p.series) add(s.name, entry_style(s.style));
    for (const Level& l : p.levels)
      add(l.name, fmt::format("lines dashtype 2 linewidth 1.5 linecolor '{}'", l.color));
    for (const Band& b : p.bands)
      add(b.name, fmt::format("boxes fillstyle solid 0.18 noborder linecolor '{}'", b.color));
  }
  return entries;
}

int legend_width(const Plot& plot, const std::vector<Entry>& entries) {
  if (entries.empty()) return 0;
  std::size_t longest = length_of(plot.legend);
  for (const Entry& e : entries) longest = std::max(longest, length_of(e.name) + 6);
  return static_cast<int>(std::min(longest, kLongestName + 6)) * 15 / 2 + 30;
}

std::string legend_script(const Plot& plot, const std::vector<Entry>& entries) {
  std::vector<std::string> plots;
  for (const Entry& e : entries)
    plots.push_back(fmt::format("NaN with {} title {}", e.style,
                                gnuplot_string(shortened(one_line(e.name), kLongestName))));
  return fmt::format(
      "unset border; unset xzeroaxis; unset yzeroaxis; unset tics; unset grid; unset xlabel; unset "
      "ylabel; unset "
      "title; unset object; unset label; unset arrow; unset logscale; set xrange [0:1]; set yrange "
      "[0:1]\n"
      "set key at graph 0,1 left top Left reverse samplen 2 spacing 1.3 title {} left\nplot {}\n",
      gnuplot_string(shortened(one_line(plot.legend), kLongestName)), fmt::join(plots, ", "));
}

}  // namespace

std::string color_of(std::size_t index, std::size_t count) {
  if (count < 2) return color_between(kOrdered, 0.25);
  return color_between(kOrdered, static_cast<double>(index) / static_cast<double>(count - 1));
}

int marker_of(std::size_t index) {
  constexpr int kMarkers[] = {7, 5, 9, 13, 11};
  return kMarkers[index % std::size(kMarkers)];
}

Datum datum(double x, const Estimate& fraction, double factor) {
  const Estimate e = fraction.scaled(factor);
  if (!std::isfinite(e.mean)) return {x};
  return {x, e.mean, e.lo, e.hi};
}

Axis layer_axis(std::vector<std::string> names) {
  std::size_t shared = names.size() < 2 ? 0 : names.front().size();
  for (const std::string& name : names)
    while (name.compare(0, shared, names.front(), 0, shared) != 0) --shared;
  const std::size_t last = names.front().substr(0, shared).find_last_of("./");
  for (std::string& name : names) name.erase(0, last == std::string::npos ? 0 : last + 1);
  return named_axis("layer", names);
}

Axis named_axis(const std::string& title, const std::vector<std::string>& names) {
  Axis axis;
  axis.title = title;
  axis.is_named = true;
  for (const std::string& name : names)
    axis.tics.emplace_back(static_cast<double>(axis.tics.size()), name);
  axis.low = -0.6;
  axis.high = static_cast<double>(names.size()) - 0.4;
  return axis;
}

int bar_width(std::size_t bars) { return 130 + 30 * static_cast<int>(bars); }

Figure figure_of(const Plot& plot) {
  const std::vector<Entry> entries = entries_of(plot);
  const PanelGrid grid(plot);
  const int width = grid.width() + legend_width(plot, entries),
            height =
                std::max(grid.height(), kLegendLine * static_cast<int>(entries.size() + 1) + 40);
  Figure figure{plot.name, width, height, ""};
  figure.script =
      "set multiplot\nunset key; set title offset 0,-0.4 textcolor '#222222'\n"
      "set border 3 linecolor '#555555'; set tics nomirror out scale 0.5 textcolor '#222222'\n";
  for (std::size_t i = 0; i < plot.panels.size(); ++i)
    figure.script += margins(grid.area(i), width, height) + panel_script(plot, i);
  if (!entries.empty())
    figure.script += margins({grid.width(), width, grid.area(0).top, height}, width, height) +
                     legend_script(plot, entries);
  figure.script += "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
