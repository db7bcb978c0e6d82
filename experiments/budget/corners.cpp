#include "experiments/budget/corners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/measure/setup.hpp"

namespace ohmic {
namespace {

const KnobEffect& effect_of(const CornerAxis& axis, const std::vector<KnobEffect>& effects) {
  const auto found = std::ranges::find_if(
      effects, [&](const KnobEffect& e) { return e.knob.number.key == axis.number.key; });
  OHMIC_ASSERT(found != effects.end());
  return *found;
}

enum class Draws { seen, fresh };

class CornerSearch {
 public:
  CornerSearch(AnalysisContext& context, const Point& point, const std::vector<KnobEffect>& effects)
      : context_(context),
        asked_(*context.request.settings.knobs),
        point_(point),
        metric_(point.experiment.evaluation.choice().metric()) {
    for (const HardwareNumber& number : numbers_of(point.experiment))
      for (const auto& [key, share] : asked_.corners)
        if (number.key == key) {
          found_.axes.push_back(axis_of(number, share));
          effects_.push_back(&effect_of(found_.axes.back(), effects));
        }
  }

  WorstCorner find() {
    const std::vector<bool> linear = linear_corner();
    const bool is_all = found_.axes.size() <= kMostAllCorners;
    for (std::vector<bool>& corner :
         is_all ? all_corners(found_.axes.size()) : std::vector<std::vector<bool>>{linear}) {
      if (corner == linear) found_.linear = found_.corners.size();
      Replicates measured = measure(corner, Draws::seen);
      found_.corners.push_back({corner, std::move(measured), predicted(corner)});
    }
    found_.worst = worst();
    found_.fresh_nominal = measure({}, Draws::fresh);
    found_.fresh_worst = measure(found_.corners[found_.worst].is_high, Draws::fresh);
    return std::move(found_);
  }

 private:
  std::vector<bool> linear_corner() const {
    std::vector<bool> corner;
    for (const KnobEffect* e : effects_) corner.push_back(metric_.sign() * e->change.mean < 0);
    return corner;
  }

  /// The sum of what every number loses, draw by draw.
  Estimate predicted(const std::vector<bool>& corner) const {
    std::vector<const Replicates*> ends;
    std::vector<double> factors;
    for (std::size_t a = 0; a < corner.size(); ++a) {
      const CornerAxis& axis = found_.axes[a];
      const Knob& knob = effects_[a]->knob;
      const double off = (corner[a] ? axis.high : axis.low) - axis.number.value;
      const double weight = -metric_.sign() * off / (knob.high - knob.low);
      ends.insert(ends.end(), {&effects_[a]->at_high, &effects_[a]->at_low});
      factors.insert(factors.end(), {weight, -weight});
    }
    for (double& factor : factors) factor *= static_cast<double>(ends.size());
    return average_estimate(ends, factors, context_.request.settings.confidence);
  }

  std::size_t worst() const {
    const auto goodness = [&](const Corner& c) {
      return metric_.sign() * mean_estimate(c.measured, 0.95).mean;
    };
    const auto found = std::ranges::min_element(found_.corners, {}, goodness);
    return static_cast<std::size_t>(found - found_.corners.begin());
  }

  /// An empty corner is the experiment itself.
  Replicates measure(const std::vector<bool>& corner, Draws draws) {
    const Experiment e =
        corner.empty() ? point_.experiment : at_corner(point_.experiment, found_.axes, corner);
    const std::string label =
        fmt::format("{}, {}", point_label(point_), corner.empty() ? "as given" : "a corner");
    return draws == Draws::fresh
               ? context_.evaluations
                     .measure(on_fresh_draws(e), asked_.verify_draws, label + " on fresh draws")
                     .replicates()
               : context_.evaluations.measure(e, asked_.draws, label).replicates();
  }

  AnalysisContext& context_;
  const KnobsSettings& asked_;
  const Point& point_;
  const Metric& metric_;
  std::vector<const KnobEffect*> effects_;  ///< of the axes
  WorstCorner found_;
};

}  // namespace

CornerAxis axis_of(const HardwareNumber& number, double share) {
  const double off = share * std::abs(number.value);
  const double moved = number.is_whole ? std::round(off) : off;
  return {number, written(number, number.value - moved), written(number, number.value + moved)};
}

Experiment at_corner(const Experiment& experiment, const std::vector<CornerAxis>& axes,
                     const std::vector<bool>& is_high) {
  KeyValues keys;
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (auto& key : with_value(axes[a].number, is_high[a] ? axes[a].high : axes[a].low))
      keys.push_back(std::move(key));
  return with_keys(experiment, keys);
}

std::vector<std::vector<bool>> all_corners(std::size_t axes) {
  std::vector<std::vector<bool>> corners;
  for (std::size_t bits = 0; bits < std::size_t{1} << axes; ++bits) {
    corners.emplace_back();
    for (std::size_t a = 0; a < axes; ++a) corners.back().push_back((bits >> a & 1) != 0);
  }
  return corners;
}

WorstCorner find_worst_corner(AnalysisContext& context, const Point& point,
                              const std::vector<KnobEffect>& effects) {
  return CornerSearch(context, point, effects).find();
}

}  // namespace ohmic
