#include "experiments/budget/panels.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ohmic {
namespace {

constexpr int kPanelWidth = 480, kPanelHeight = 350, kMostColumns = 3;
constexpr const char* kColors[] = {"#31688e", "#d1495b", "#1f9e89", "#e6a100", "#440154"};

}  // namespace

const char* panel_color(std::size_t index) { return kColors[index % std::size(kColors)]; }

Figure panel_figure(const std::string& name, const std::string& data, const std::string& style,
                    const std::vector<std::string>& panels) {
  const int count = static_cast<int>(panels.size()), columns = std::min(count, kMostColumns);
  const int rows = (count + columns - 1) / columns;
  Figure figure{name, columns * kPanelWidth, rows * kPanelHeight, data};
  figure.script +=
      "set border 3 linecolor '#555555'; set tics nomirror out scale 0.5 textcolor '#222222'\n"
      "set grid ytics linecolor '#e4e4e4'\n" +
      style + fmt::format("set multiplot layout {},{}\n", rows, columns);
  for (const std::string& panel : panels) figure.script += panel;
  figure.script += "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
