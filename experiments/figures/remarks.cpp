// Where text beside marks fits.
#include <algorithm>
#include <cmath>

#include "experiments/figures/plot_area.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

constexpr double kLetterWidth = 7, kLineHeight = 14, kMark = 5, kGap = 8;

struct Box {
  double left, right, top, bottom;
  bool meets(const Box& b) const {
    return left < b.right && b.left < right && top < b.bottom && b.top < bottom;
  }
};

/// Data to pixels and back.
class Frame {
 public:
  Frame(const Plot& plot, std::size_t panel)
      : panel_(plot.panels[panel]),
        area_(PanelGrid(plot).area(panel)),
        x_(x_range(panel_)),
        y_(y_range(plot, panel)) {}
  double right_of(double x) const { return area_.left + share(panel_.x, x_, x) * wide(); }
  double below(double y) const { return area_.bottom - share(panel_.y, y_, y) * high(); }
  double x_at(double right) const { return value(panel_.x, x_, (right - area_.left) / wide()); }
  double y_at(double down) const { return value(panel_.y, y_, (area_.bottom - down) / high()); }
  bool holds(const Box& b) const {
    return b.left >= area_.left && b.right <= area_.right + 12 && b.top >= area_.top &&
           b.bottom <= area_.bottom;
  }

 private:
  static double share(const Axis& a, const Range& r, double v) {
    return a.logarithmic ? std::log(v / r.low) / std::log(r.high / r.low)
                         : (v - r.low) / (r.high - r.low);
  }
  static double value(const Axis& a, const Range& r, double s) {
    return a.logarithmic ? r.low * std::pow(r.high / r.low, s) : r.low + s * (r.high - r.low);
  }
  double wide() const { return area_.right - area_.left; }
  double high() const { return area_.bottom - area_.top; }

  const Panel& panel_;
  PlotArea area_;
  Range x_, y_;
};

/// Marks with their intervals.
std::vector<Box> marks_of(const Panel& panel, const Frame& frame) {
  std::vector<Box> boxes;
  for (const Series& s : panel.series)
    for (const Datum& d : s.data) {
      if (std::isnan(d.y) || s.style.marker == 0) continue;
      const double x = frame.right_of(d.x), y = frame.below(d.y);
      const double hi = std::isnan(d.hi) ? y : frame.below(d.hi),
                   lo = std::isnan(d.lo) ? y : frame.below(d.lo);
      boxes.push_back({x - kMark, x + kMark, y - kMark, y + kMark});
      boxes.push_back({x - 2, x + 2, hi, lo});
    }
  return boxes;
}

/// Places for a text of this width around a mark, the best first.
std::vector<Box> places(double x, double y, double width) {
  std::vector<Box> boxes;
  for (const double up : {0.0, 0.8, -0.8, 1.4, -1.4})
    for (const double side : {0.0, -1.0}) {
      const double left = side == 0.0 ? x + kGap : x - kGap - width;
      const double middle = y - up * kLineHeight;
      boxes.push_back({left, left + width, middle - kLineHeight / 2, middle + kLineHeight / 2});
    }
  for (const double up : {1.1, -1.1})
    boxes.push_back({x - width / 2, x + width / 2, y - up * kLineHeight - kLineHeight / 2,
                     y - up * kLineHeight + kLineHeight / 2});
  return boxes;
}

}  // namespace

std::size_t add_remarks(const std::vector<Remark>& remarks, std::size_t panel, Plot& plot) {
  const Frame frame(plot, panel);
  std::vector<Box> taken = marks_of(plot.panels[panel], frame);
  std::size_t without = 0;
  for (const Remark& r : remarks) {
    const double width = kLetterWidth * static_cast<double>(length_of(r.text));
    const std::vector<Box> all = places(frame.right_of(r.x), frame.below(r.y), width);
    const auto free = std::find_if(all.begin(), all.end(), [&](const Box& box) {
      return frame.holds(box) && std::none_of(taken.begin(), taken.end(),
                                              [&](const Box& other) { return box.meets(other); });
    });
    if (free == all.end()) {
      ++without;
      continue;
    }
    taken.push_back(*free);
    Note note{frame.x_at(free->left), frame.y_at((free->top + free->bottom) / 2), r.text, r.color};
    note.align = Note::Align::left;
    plot.panels[panel].notes.push_back(std::move(note));
  }
  return without;
}

}  // namespace ohmic
