#include "experiments/figures/plot_area.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace ohmic {
namespace {

constexpr double kRoom = 0.06;          ///< beyond the data, as a share of their extent
constexpr int kLetter = 8, kLine = 16;  ///< a letter of a wide name
constexpr double kUsualLetter = 7.2;
constexpr int kLeft = 84, kRight = 18, kBottom = 64;  ///< of a panel, around its data
constexpr int kSides = kLeft + kRight;

std::vector<double> ys_of(const Panel& p) {
  std::vector<double> ys;
  for (const Series& s : p.series)
    for (const Datum& d : s.data) {
      ys.insert(ys.end(), {d.y, d.lo, d.hi});
      if (s.style.bar > 0) ys.push_back(0);
    }
  for (const Level& l : p.levels)
    if (!l.is_vertical) ys.push_back(l.at);
  return ys;
}

std::vector<double> xs_of(const Panel& p) {
  std::vector<double> xs;
  for (const Series& s : p.series)
    for (const Datum& d : s.data) xs.push_back(d.x);
  for (const Level& l : p.levels)
    if (l.is_vertical) xs.push_back(l.at);
  return xs;
}

Range with_room(const Axis& axis, const std::vector<double>& values) {
  Range r = extent_of(values);
  const auto turned = [&](double v) { return axis.logarithmic ? std::log(v) : v; };
  const auto back = [&](double v) { return axis.logarithmic ? std::exp(v) : v; };
  const double low = turned(r.low), high = turned(r.high);
  double room = kRoom * (high - low);
  if (room <= 0) room = axis.logarithmic ? 0.5 : r.low == 0 ? 1.0 : 0.1 * std::abs(r.low);
  r = {axis.low.value_or(std::max(back(low - room), std::min(axis.least, r.low))),
       axis.high.value_or(back(high + room))};
  return r;
}

int columns_for(int panels, int most) {
  if (panels <= most) return panels;
  return panels == 4 && most == 3 ? 2 : most;
}

}  // namespace

Range extent_of(const std::vector<double>& values) {
  Range r{Estimate::kNone, Estimate::kNone};
  for (const double v : values) {
    if (std::isnan(v)) continue;
    r.low = std::fmin(r.low, v);
    r.high = std::fmax(r.high, v);
  }
  return std::isnan(r.low) ? Range{} : r;
}

std::vector<std::string> wrapped(const std::string& text, int letters) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (lines.empty() || length_of(lines.back() + " " + word) > static_cast<std::size_t>(letters))
      lines.push_back(word);
    else
      lines.back() += " " + word;
  if (lines.empty()) lines.emplace_back();
  return lines;
}

int letters_beside(const Plot& plot) {
  return static_cast<int>((plot.panel_height - kBottom - kLine) / kUsualLetter);
}

int letters_below(const Plot& plot) {
  return static_cast<int>((plot.panel_width - kSides + 3 * kRight) / kUsualLetter);
}

Range x_range(const Panel& p) { return with_room(p.x, xs_of(p)); }

Range y_range(const Plot& plot, std::size_t panel) {
  if (!plot.shares_y) return with_room(plot.panels[panel].y, ys_of(plot.panels[panel]));
  std::vector<double> ys;
  for (const Panel& p : plot.panels) {
    const std::vector<double> more = ys_of(p);
    ys.insert(ys.end(), more.begin(), more.end());
  }
  return with_room(plot.panels[panel].y, ys);
}

int slant_of(const Axis& axis, int panel_width) {
  std::size_t longest = 0, all = 0;
  for (const auto& tic : axis.tics) {
    longest = std::max(longest, std::min(length_of(tic.second), kLongestTic));
    all += length_of(tic.second) + 1;
  }
  const std::size_t letters = axis.is_named ? (longest + 1) * axis.tics.size() : all;
  return kLetter * static_cast<int>(letters) < panel_width - kSides
             ? 0
             : kLetter * static_cast<int>(longest) * 6 / 10;
}

PanelGrid::PanelGrid(const Plot& plot)
    : columns_(
          columns_for(static_cast<int>(plot.panels.size()), static_cast<int>(plot.most_columns))),
      rows_((static_cast<int>(plot.panels.size()) + columns_ - 1) / columns_) {
  inset_ = {kLeft, kRight, 14, kBottom};
  int lines = 1;  // of titles beside panels
  for (const Panel& p : plot.panels) {
    if (!p.title.empty()) inset_.top = 34;
    const Axis &below = p.along_bottom(), &beside = p.along_side();
    const int slant = slant_of(below, plot.panel_width);
    const int more = static_cast<int>(wrapped(below.title, letters_below(plot)).size()) - 1;
    inset_.bottom =
        std::max(inset_.bottom, (slant > 0 ? kBottom - kLine / 2 + slant : kBottom) + more * kLine);
    inset_.left = std::max(inset_.left, slant);
    std::size_t longest = 0;
    for (const auto& tic : beside.tics)
      longest = std::max(longest, std::min(length_of(tic.second), kLongestBeside));
    if (beside.is_named)
      inset_.left = std::max(inset_.left, kLetter * static_cast<int>(longest) + 58);
    lines = std::max(lines, static_cast<int>(wrapped(beside.title, letters_beside(plot)).size()));
  }
  inset_.left += (lines - 1) * kLine;
  panel_width_ = plot.panel_width + inset_.left - kLeft;
  panel_height_ = plot.panel_height + inset_.bottom - kBottom;
}

PlotArea PanelGrid::area(std::size_t panel) const {
  const int column = static_cast<int>(panel) % columns_, row = static_cast<int>(panel) / columns_;
  return {column * panel_width_ + inset_.left, (column + 1) * panel_width_ - inset_.right,
          row * panel_height_ + inset_.top, (row + 1) * panel_height_ - inset_.bottom};
}

}  // namespace ohmic
