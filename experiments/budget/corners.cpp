#include "experiments/budget/corners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

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

/// CornerPath while it grows.
class Climb {
 public:
  Climb(std::size_t most, const std::function<double(const CornerEnds&)>& badness)
      : most_(most), badness_of_(badness) {}

  CornerPath from(const CornerEnds& first) {
    look(first);
    path_.steps = {0};
    while (const auto next = worse_neighbour()) path_.steps.push_back(*next);
    return std::move(path_);
  }

 private:
  /// Where a corner stands among those that were measured; none where it is one too many.
  std::optional<std::size_t> look(const CornerEnds& corner) {
    const auto known = place_.find(corner);
    if (known != place_.end()) return known->second;
    if (path_.measured.size() >= most_) return std::nullopt;
    const double badness = badness_of_(corner);
    badness_.push_back(std::isnan(badness) ? std::numeric_limits<double>::infinity() : badness);
    path_.measured.push_back(corner);
    return place_[corner] = path_.measured.size() - 1;
  }

  std::optional<std::size_t> worse_neighbour() {
    const std::size_t here = path_.steps.back();
    std::size_t worst = here;
    path_.is_finished = true;
    CornerEnds corner = path_.measured[here];
    for (std::size_t a = 0; a < corner.size(); ++a) {
      corner[a].flip();
      if (const auto there = look(corner); !there)
        path_.is_finished = false;
      else if (badness_[*there] > badness_[worst])
        worst = *there;
      corner[a].flip();
    }
    if (worst == here) return std::nullopt;
    return worst;
  }

  const std::size_t most_;
  const std::function<double(const CornerEnds&)>& badness_of_;
  CornerPath path_;
  std::vector<double> badness_;
  std::map<CornerEnds, std::size_t> place_;
};

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
    const CornerEnds linear = linear_corner();
    if (all_are_measured())
      for (const CornerEnds& corner : all_corners(linear.size())) take(corner);
    else
      search(linear);
    const auto at_linear = std::ranges::find(found_.corners, linear, &Corner::is_high);
    found_.linear = static_cast<std::size_t>(at_linear - found_.corners.begin());
    found_.worst = found_.steps.empty() ? worst() : found_.steps.back();
    found_.fresh_nominal = measure({}, Draws::fresh);
    found_.fresh_worst = measure(found_.corners[found_.worst].is_high, Draws::fresh);
    return std::move(found_);
  }

 private:
  bool all_are_measured() const {
    const std::size_t axes = found_.axes.size();
    return axes <= kMostAllCorners && std::int64_t{1} << axes <= asked_.most_corners;
  }

  void search(const CornerEnds& linear) {
    const CornerPath path =
        search_corners(linear, static_cast<std::size_t>(asked_.most_corners),
                       [&](const CornerEnds& corner) { return -goodness(take(corner)); });
    found_.steps = path.steps;
    found_.is_finished = path.is_finished;
  }

  const Corner& take(const CornerEnds& corner) {
    Replicates measured = measure(corner, Draws::seen);
    found_.corners.push_back({corner, std::move(measured), predicted(corner)});
    return found_.corners.back();
  }

  CornerEnds linear_corner() const {
    CornerEnds corner;
    for (const KnobEffect* e : effects_) corner.push_back(metric_.sign() * e->change.mean < 0);
    return corner;
  }

  /// The sum of what every number loses, draw by draw.
  Estimate predicted(const CornerEnds& corner) const {
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

  double goodness(const Corner& corner) const {
    return metric_.sign() * mean_estimate(corner.measured, 0.95).mean;
  }

  std::size_t worst() const {
    const auto found = std::ranges::min_element(
        found_.corners, {}, [&](const Corner& corner) { return goodness(corner); });
    return static_cast<std::size_t>(found - found_.corners.begin());
  }

  /// An empty corner is the experiment itself.
  Replicates measure(const CornerEnds& corner, Draws draws) {
    const Experiment e =
        corner.empty() ? point_.experiment : at_corner(point_.experiment, found_.axes, corner);
    const std::string place = point_label(point_) + ", ";
    if (draws == Draws::seen)
      return context_.evaluations
          .measure(e, asked_.draws, place + fmt::format("corner {}", found_.corners.size() + 1))
          .replicates();
    const char* what = corner.empty() ? "as given" : "the worst corner";
    return context_.evaluations
        .measure(on_fresh_draws(e), asked_.verify_draws, place + what + " on fresh draws")
        .replicates();
  }

  AnalysisContext& context_;
  const KnobsSettings& asked_;
  const Point& point_;
  const Metric& metric_;
  std::vector<const KnobEffect*> effects_;  ///< of the axes
  WorstCorner found_;
};

}  // namespace

CornerPath search_corners(const CornerEnds& first, std::size_t most,
                          const std::function<double(const CornerEnds&)>& badness) {
  return Climb(most, badness).from(first);
}

CornerAxis axis_of(const HardwareNumber& number, double share) {
  const double off = share * std::abs(number.value);
  const double moved = number.is_whole ? std::round(off) : off;
  return {number, written(number, number.value - moved), written(number, number.value + moved)};
}

Experiment at_corner(const Experiment& experiment, const std::vector<CornerAxis>& axes,
                     const CornerEnds& is_high) {
  KeyValues keys;
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (auto& key : with_value(axes[a].number, is_high[a] ? axes[a].high : axes[a].low))
      keys.push_back(std::move(key));
  return with_keys(experiment, keys);
}

std::vector<CornerEnds> all_corners(std::size_t axes) {
  std::vector<CornerEnds> corners;
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
