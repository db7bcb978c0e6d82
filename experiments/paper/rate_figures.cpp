#include "experiments/paper/rate_figures.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/paper/paper_numbers.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {
namespace {

using Values = std::vector<std::optional<double>>;

/// Where the region between rates i - 1 and i begins, on a logarithmic axis.
double border(const std::vector<RateMeasure>& rates, std::size_t i) {
  if (i == 0) return rates.front().rate / 1.25;
  if (i == rates.size()) return rates.back().rate * 1.25;
  return std::sqrt(rates[i - 1].rate * rates[i].rate);
}

/// Pale from the first to the last rate of the sweet spot; the numbers of the regions above.
void mark_regions(const Regions& r, Panel& panel) {
  if (!r.sweet_spot) return;
  const std::size_t first = r.sweet_spot->first, last = r.sweet_spot->second + 1;
  const std::array<double, 4> borders{border(r.rates, 0), border(r.rates, first),
                                      border(r.rates, last), border(r.rates, r.rates.size())};
  panel.bands.push_back({borders[1], borders[2], "2: the sweet spot", kSweetSpot});
}

Axis rate_axis(const std::vector<RateMeasure>& rates) {
  Axis axis{"learning rate", true};
  for (const RateMeasure& r : rates) axis.tics.emplace_back(r.rate, number_text(r.rate));
  axis.low = border(rates, 0);
  axis.high = border(rates, rates.size());
  return axis;
}

void add_curves(const RatePanel& p, const std::string& name, const char* color, int marker,
                Estimate RateMeasure::*measure, const Values& published, Panel& panel) {
  Series ours{name, {color, marker, true}, {}}, theirs{published_label(), {color, 6}, {}};
  for (std::size_t i = 0; i < p.regions.rates.size(); ++i) {
    const RateMeasure& m = p.regions.rates[i];
    ours.data.push_back(datum(m.rate, m.*measure));
    if (published[i]) theirs.data.push_back({m.rate, 100 * *published[i]});
  }
  panel.series.push_back(std::move(ours));
  if (!theirs.data.empty()) panel.series.push_back(std::move(theirs));
}

}  // namespace

Figure sweet_spot_figure(const std::vector<RatePanel>& panels) {
  Plot plot{"sweet_spot", "", {}};
  for (const RatePanel& p : panels) {
    Panel panel{p.name, rate_axis(p.regions.rates), {"accuracy, normalised accuracy (%)"}};
    panel.y.least = 0;
    mark_regions(p.regions, panel);
    add_curves(p, "accuracy without noise, a_o", kBaseline, marker_of(0), &RateMeasure::baseline,
               p.published_baseline, panel);
    add_curves(p, fmt::format("normalised accuracy A at η = {:g} %", 100 * p.eta), kNoisy,
               marker_of(1), &RateMeasure::normalized, p.published_normalized, panel);
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace ohmic
