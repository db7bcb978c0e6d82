#include "experiments/figures/rate_figures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/figures/panels.hpp"

namespace ohmic {
namespace {

constexpr char kBaselineColor[] = "#31688e", kNoisyColor[] = "#d1495b";

/// Where the region between rates i - 1 and i begins, on a logarithmic axis.
double border(const std::vector<RateMeasure>& rates, std::size_t i) {
  if (i == 0) return rates.front().rate / 1.25;
  if (i == rates.size()) return rates.back().rate * 1.25;
  return std::sqrt(rates[i - 1].rate * rates[i].rate);
}

std::string data_line(double rate, const Estimate& fraction) {
  const Estimate e = fraction.scaled(100);
  if (std::isnan(e.mean)) return "";
  const bool known = !std::isnan(e.lo);
  return fmt::format("{} {:.4f} {:.4f} {:.4f}\n", rate, e.mean, known ? e.lo : e.mean,
                     known ? e.hi : e.mean);
}

std::string rate_data(const RatePanel& panel, std::size_t index) {
  std::array<std::string, 4> blocks;
  const auto& rates = panel.regions.rates;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const auto published = [&](const std::optional<double>& value) {
      return value ? fmt::format("{} {:.4f}\n", rates[i].rate, 100 * *value) : "";
    };
    blocks[0] += data_line(rates[i].rate, rates[i].baseline);
    blocks[1] += data_line(rates[i].rate, rates[i].normalized);
    blocks[2] += published(panel.published_baseline[i]);
    blocks[3] += published(panel.published_normalized[i]);
  }
  std::string text;
  for (std::size_t b = 0; b < blocks.size(); ++b)
    text += fmt::format("${}{} << EOD\n{}EOD\n", "bnpq"[b], index, blocks[b]);
  return text;
}

/// A pale box from the first to the last rate of the sweet spot, and the three regions' numbers.
std::string region_marks(const Regions& r) {
  std::string text = "unset object; unset label\n";
  if (!r.sweet_spot) return text;
  const std::size_t first = r.sweet_spot->first, last = r.sweet_spot->second + 1;
  const std::array<double, 4> borders{border(r.rates, 0), border(r.rates, first),
                                      border(r.rates, last), border(r.rates, r.rates.size())};
  text += fmt::format(
      "set object 1 rectangle from {},graph 0 to {},graph 1 behind fillcolor rgb '#e8f3e4' "
      "fillstyle solid noborder\n",
      borders[1], borders[2]);
  for (std::size_t region = 1; region <= 3; ++region)
    if (borders[region - 1] < borders[region])
      text += fmt::format("set label {} '{}' at {},graph 0.05 center textcolor '#777777'\n", region,
                          region, std::sqrt(borders[region - 1] * borders[region]));
  return text;
}

std::string rate_tics(const std::vector<RateMeasure>& rates) {
  std::vector<std::string> tics;
  for (const RateMeasure& r : rates) tics.push_back(fmt::format("'{0}' {0}", r.rate));
  return fmt::format("set xtics rotate by 45 right ({}); set xrange [{}:{}]\n",
                     fmt::join(tics, ", "), border(rates, 0), border(rates, rates.size()));
}

std::string rate_curve(char measured, char published, std::size_t index, const char* color) {
  return fmt::format(
      "${0}{2} using 1:2 with lines linewidth 2 linecolor '{3}' notitle, "
      "${0}{2} using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.7 linewidth 1.3 linecolor "
      "'{3}' notitle, "
      "${1}{2} using 1:2 with points pointtype 6 pointsize 1.2 linewidth 1.6 linecolor '{3}' "
      "notitle",
      measured, published, index, color);
}

bool has_published(const std::vector<RatePanel>& panels) {
  const auto known = [](const std::optional<double>& value) { return value.has_value(); };
  return std::any_of(panels.begin(), panels.end(), [&](const RatePanel& p) {
    return std::any_of(p.published_baseline.begin(), p.published_baseline.end(), known) ||
           std::any_of(p.published_normalized.begin(), p.published_normalized.end(), known);
  });
}

std::vector<LegendEntry> rate_legend(const std::vector<RatePanel>& panels) {
  const char* line = "linespoints pointtype 7 pointsize 0.8 linewidth 2 linecolor '{}'";
  std::vector<LegendEntry> entries{
      {"without noise, a_o", fmt::format(fmt::runtime(line), kBaselineColor)},
      {fmt::format("A at η = {:g} %", 100 * panels.front().eta),
       fmt::format(fmt::runtime(line), kNoisyColor)}};
  if (has_published(panels))
    entries.push_back(
        {published_label(), "points pointtype 6 pointsize 1.2 linewidth 1.6 linecolor '#222222'"});
  return entries;
}

// --- maps ---

constexpr int kCellWidth = 86, kCellHeight = 56, kMapMargin = 110;

/// Viridis without its darkest end, at 0 to 1.
std::array<int, 3> map_color(double x) {
  constexpr std::array<std::array<int, 3>, 5> kAnchors{
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
  const double place = std::clamp(x, 0.0, 1.0) * (kAnchors.size() - 1);
  const std::size_t i = std::min(static_cast<std::size_t>(place), kAnchors.size() - 2);
  std::array<int, 3> color{};
  for (std::size_t c = 0; c < 3; ++c)
    color[c] = static_cast<int>(std::lround(
        kAnchors[i][c] + (place - static_cast<double>(i)) * (kAnchors[i + 1][c] - kAnchors[i][c])));
  return color;
}

struct Range {
  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  double place(double value) const { return hi > lo ? (value - lo) / (hi - lo) : 0.5; }
};

Range range_of(const std::vector<std::vector<double>>& values) {
  Range range;
  for (const auto& row : values)
    for (const double value : row) {
      if (std::isnan(value)) continue;
      range.lo = std::min(range.lo, value);
      range.hi = std::max(range.hi, value);
    }
  return range;
}

std::string map_cell(const RateMap& map, const Range& range, std::size_t n, std::size_t r,
                     int number) {
  const double value = map.values[n][r], published = map.published[n][r];
  if (std::isnan(value)) return "";
  const auto color = map_color(range.place(value));
  const char* ink = range.place(value) < 0.6 ? "#ffffff" : "#222222";
  const bool both = !std::isnan(published);
  std::string text = fmt::format(
      "set object {} rectangle center {},{} size 0.96,0.92 fillcolor rgb '#{:02x}{:02x}{:02x}' "
      "fillstyle solid noborder\n"
      "set label {} '{:.1f}' at {},{} center front font ',14' textcolor rgb '{}'\n",
      number, r, n, color[0], color[1], color[2], 2 * number, 100 * value, r,
      static_cast<double>(n) + (both ? 0.16 : 0.0), ink);
  if (both)
    text += fmt::format(
        "set label {} '{} {:.1f}' at {},{} center front font ',10' textcolor rgb '{}'\n",
        2 * number + 1, published_label(), 100 * published, r, static_cast<double>(n) - 0.22, ink);
  return text;
}

std::string map_tics(const char* axis, const std::vector<std::string>& names) {
  std::vector<std::string> tics;
  for (std::size_t i = 0; i < names.size(); ++i)
    tics.push_back(fmt::format("{} {}", gnuplot_string(names[i]), i));
  return fmt::format("set {0}tics ({1}); set {0}range [-0.5:{2}]\n", axis, fmt::join(tics, ", "),
                     static_cast<double>(names.size()) - 0.5);
}

std::string map_panel(const RateMap& map) {
  std::string text = "unset object; unset label\n" + panel_title(map.title) +
                     map_tics("x", map.rates) + map_tics("y", map.networks);
  const Range range = range_of(map.values);
  int number = 0;
  for (std::size_t n = 0; n < map.networks.size(); ++n)
    for (std::size_t r = 0; r < map.rates.size(); ++r) text += map_cell(map, range, n, r, ++number);
  return text + "plot NaN notitle\n";
}

}  // namespace

Figure sweet_spot_figure(const std::vector<RatePanel>& panels) {
  const std::vector<LegendEntry> legend = rate_legend(panels);
  const PanelLayout layout(panels.size(), 430, 340, legend_width("", legend), 10);
  Figure figure{"sweet_spot", layout.width(), layout.height(), ""};
  for (std::size_t i = 0; i < panels.size(); ++i) figure.script += rate_data(panels[i], i);
  figure.script += "set multiplot\nunset key\n" + panel_style() +
                   "set logscale x; set bmargin 5; set xlabel 'learning rate'; set ylabel '%'\n"
                   "set yrange [0<*:*]\n"
                   "set offsets graph 0, graph 0, graph 0.05, graph 0.1\n";
  for (std::size_t i = 0; i < panels.size(); ++i)
    figure.script += layout.place(i) + panel_title(panels[i].name) +
                     region_marks(panels[i].regions) + rate_tics(panels[i].regions.rates) +
                     fmt::format("plot {}, {}\n", rate_curve('b', 'p', i, kBaselineColor),
                                 rate_curve('n', 'q', i, kNoisyColor));
  figure.script += layout.place_legend() + "set offsets\n" + legend_panel("", legend) +
                   "unset multiplot\nreset\n";
  return figure;
}

Figure rate_map_figure(const std::vector<RateMap>& maps) {
  const int columns = static_cast<int>(maps.front().rates.size()),
            rows = static_cast<int>(maps.front().networks.size());
  const PanelLayout layout(maps.size(), columns * kCellWidth + kMapMargin,
                           rows * kCellHeight + kMapMargin, 0, 0, 2);
  Figure figure{"rate_map", layout.width(), layout.height(), ""};
  figure.script =
      "set multiplot\nunset key; unset border; set tics scale 0 textcolor '#222222'\n"
      "set lmargin 11; set rmargin 2; set tmargin 2.5; set bmargin 3.6\n"
      "set xlabel 'learning rate' offset 0,0.3\n";
  for (std::size_t i = 0; i < maps.size(); ++i)
    figure.script += layout.place(i) + map_panel(maps[i]);
  figure.script += "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
