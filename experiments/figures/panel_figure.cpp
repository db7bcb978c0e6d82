#include "experiments/figures/panel_figure.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/figures/panels.hpp"

namespace ohmic {
namespace {

constexpr int kPanelWidth = 480, kPanelHeight = 350, kMostColumns = 3;

}  // namespace

Figure panel_figure(const std::string& name, const std::string& data, const std::string& style,
                    const std::vector<std::string>& panels) {
  const int count = static_cast<int>(panels.size()), columns = std::min(count, kMostColumns);
  const int rows = (count + columns - 1) / columns;
  Figure figure{name, columns * kPanelWidth, rows * kPanelHeight, data};
  figure.script +=
      frame_style() + style + fmt::format("set multiplot layout {},{}\n", rows, columns);
  for (const std::string& panel : panels) figure.script += panel;
  figure.script += "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
