// Where the parts of a plot lie, in pixels from the upper left.
#pragma once

#include "experiments/figures/plot.hpp"

namespace ohmic {

constexpr std::size_t kLongestTic = 30;     ///< of a name below an axis, in characters
constexpr std::size_t kLongestBeside = 56;  ///< of one beside it, where a line has room

struct Range {
  double low = 0, high = 1;
};
/// Of what is a number; [0, 1] where nothing is.
Range extent_of(const std::vector<double>&);
/// Ends that are given, else the data with room.
Range x_range(const Panel&);
Range y_range(const Plot&, std::size_t panel);

/// A text in lines of so many characters at most, broken between words.
std::vector<std::string> wrapped(const std::string&, int letters);
/// Characters that stand beside the height of a panel, and below its width.
int letters_beside(const Plot&);
int letters_below(const Plot&);

/// Pixels below the axis that names take which are too long to stand side by side: they slant.
int slant_of(const Axis&, int panel_width);

/// The area that a panel's data lie in.
struct PlotArea {
  int left = 0, right = 0, top = 0, bottom = 0;
};

/// Panels of one size in rows and columns.
class PanelGrid {
 public:
  explicit PanelGrid(const Plot&);
  int width() const { return columns_ * panel_width_; }
  int height() const { return rows_ * panel_height_; }
  PlotArea area(std::size_t panel) const;

 private:
  int panel_width_, panel_height_, columns_, rows_;
  PlotArea inset_;  ///< of the data in a panel, each from its side
};

}  // namespace ohmic
