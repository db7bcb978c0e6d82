#include "experiments/budget/corners.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"

namespace ohmic {
namespace {

const KnobEffect& effect_of(const CornerAxis& axis, const std::vector<KnobEffect>& effects) {
  const auto found = std::ranges::find_if(
      effects, [&](const KnobEffect& e) { return e.knob.number.key == axis.number.key; });
  OHMIC_ASSERT(found != effects.end());
  return *found;
}

using BadnessOf = std::function<std::optional<double>(const CornerEnds&)>;

/// CornerPath while it grows.
class Climb {
 public:
  Climb(std::size_t most, const BadnessOf& badness) : most_(most), badness_of_(badness) {}

  CornerPath from(const CornerEnds& first) {
    OHMIC_ASSERT(look(first));
    path_.steps = {0};
    while (const auto next = worse_neighbour()) path_.steps.push_back(*next);
    return std::move(path_);
  }

 private:
  /// Where a corner stands among those that were measured; none where it is one too many, which
  /// leaves the search unfinished, or cannot be.
  std::optional<std::size_t> look(const CornerEnds& corner) {
    const auto known = place_.find(corner);
    if (known != place_.end()) return known->second;
    if (impossible_.contains(corner)) return std::nullopt;
    if (path_.measured.size() >= most_) return path_.is_finished = false, std::nullopt;
    const std::optional<double> badness = badness_of_(corner);
    if (!badness) {
      impossible_.insert(corner);
      ++path_.impossible;
      return std::nullopt;
    }
    badness_.push_back(std::isnan(*badness) ? std::numeric_limits<double>::infinity() : *badness);
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
      if (const auto there = look(corner); there && badness_[*there] > badness_[worst])
        worst = *there;
      corner[a].flip();
    }
    if (worst == here) return std::nullopt;
    return worst;
  }

  const std::size_t most_;
  const BadnessOf& badness_of_;
  CornerPath path_;
  std::set<CornerEnds> impossible_;
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
    check_possible(linear);
    if (all_are_measured())
      for (const CornerEnds& corner : all_corners(linear.size()))
        found_.impossible += !take(corner);
    else
      search(linear);
    found_.linear = *place_of(linear);
    found_.worst = found_.steps.empty() ? worst() : found_.steps.back();
    measure_again();
    return std::move(found_);
  }

 private:
  bool all_are_measured() const {
    const std::size_t axes = found_.axes.size();
    return axes <= kMostAllCorners && std::int64_t{1} << axes <= asked_.most_corners;
  }

  void check_possible(const CornerEnds& linear) const {
    try {
      at_corner(point_.experiment, found_.axes, linear);
    } catch (const ConfigError& error) {
      throw ConfigError({context_.request.fault(
          "knobs.corners",
          impossible_text(found_.axes, linear, error) +
              "; to first order it is the worst one. What was measured is not measured again")});
    }
  }

  void search(const CornerEnds& linear) {
    const CornerPath path = search_corners(linear, static_cast<std::size_t>(asked_.most_corners),
                                           [&](const CornerEnds& corner) -> std::optional<double> {
                                             if (!take(corner)) return std::nullopt;
                                             return -goodness(found_.corners.back().measured);
                                           });
    found_.steps = path.steps;
    found_.is_finished = path.is_finished;
    found_.impossible = path.impossible;
  }

  /// Whether it can be, and is measured now.
  bool take(const CornerEnds& corner) {
    const std::optional<Experiment> e = possible(corner);
    if (!e) return false;
    const std::string place =
        point_label(point_) + fmt::format(", corner {}", found_.corners.size() + 1);
    Replicates measured = context_.evaluations.measure(*e, asked_.draws, place).replicates();
    found_.corners.push_back({corner, std::move(measured), predicted(corner)});
    return true;
  }

  std::optional<Experiment> possible(const CornerEnds& corner) const {
    try {
      return at_corner(point_.experiment, found_.axes, corner);
    } catch (const ConfigError&) {
      return std::nullopt;
    }
  }

  std::optional<std::size_t> place_of(const CornerEnds& corner) const {
    const auto found = std::ranges::find(found_.corners, corner, &Corner::is_high);
    if (found == found_.corners.end()) return std::nullopt;
    return static_cast<std::size_t>(found - found_.corners.begin());
  }

  /// Whether the worst corner is shown to be worse than with this number at its other end.
  bool is_told(std::size_t axis) const {
    CornerEnds other = found_.corners[found_.worst].is_high;
    other[axis].flip();
    const std::optional<std::size_t> there = place_of(other);
    if (!there) return false;
    const double error = 1 - context_.request.settings.confidence;
    const Estimate worse =
        paired_loss(found_.corners[*there].measured, found_.corners[found_.worst].measured, metric_,
                    1 - error / static_cast<double>(found_.axes.size()));
    return !(worse.lo <= 0);  // what is no number is told
  }

  void measure_again() {
    const CornerEnds linear = found_.linear_ends(), worst = found_.corners[found_.worst].is_high;
    FreshCorner of_search{linear, {}, {}}, to_first_order{linear, {}, {}};
    for (std::size_t a = 0; a < linear.size(); ++a) {
      const bool is_told_here = is_told(a), is_of_sign = effects_[a]->is_distinct();
      if (is_told_here) of_search.is_high[a] = worst[a];
      of_search.is_told.push_back(is_told_here || is_of_sign);
      to_first_order.is_told.push_back(is_of_sign || (is_told_here && worst[a] == linear[a]));
    }
    if (!possible(of_search.is_high)) of_search.is_high = worst;
    found_.fresh_nominal = measure_fresh(point_.experiment, "as given");
    found_.fresh = {std::move(of_search)};
    if (found_.fresh.front().is_high != linear) found_.fresh.push_back(std::move(to_first_order));
    for (FreshCorner& corner : found_.fresh)
      corner.measured = measure_fresh(
          at_corner(point_.experiment, found_.axes, corner.is_high),
          corner.is_high == linear ? "the corner to first order" : "the worst corner");
    std::ranges::stable_sort(found_.fresh, {}, [&](const FreshCorner& corner) {
      const double good = goodness(corner.measured);
      return std::isnan(good) ? -std::numeric_limits<double>::infinity() : good;
    });
  }

  Replicates measure_fresh(const Experiment& e, const char* what) {
    return context_.evaluations
        .measure(on_fresh_draws(e), asked_.verify_draws,
                 fmt::format("{}, {} on fresh draws", point_label(point_), what))
        .replicates();
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

  double goodness(const Replicates& measured) const {
    return metric_.sign() * mean_estimate(measured, 0.95).mean;
  }

  std::size_t worst() const {
    const auto found = std::ranges::min_element(
        found_.corners, {}, [&](const Corner& corner) { return goodness(corner.measured); });
    return static_cast<std::size_t>(found - found_.corners.begin());
  }

  AnalysisContext& context_;
  const KnobsSettings& asked_;
  const Point& point_;
  const Metric& metric_;
  std::vector<const KnobEffect*> effects_;  ///< of the axes
  WorstCorner found_;
};

}  // namespace

CornerPath search_corners(const CornerEnds& first, std::size_t most, const BadnessOf& badness) {
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

std::string corner_text(const std::vector<CornerAxis>& axes, const CornerEnds& is_high) {
  std::vector<std::string> ends;
  for (std::size_t a = 0; a < axes.size(); ++a)
    ends.push_back(
        fmt::format("{} {:.6g}", axes[a].number.key, is_high[a] ? axes[a].high : axes[a].low));
  return fmt::format("{}", fmt::join(ends, ", "));
}

std::string impossible_text(const std::vector<CornerAxis>& axes, const CornerEnds& is_high,
                            const ConfigError& error) {
  const Fault& why = error.faults().front();
  return fmt::format("no hardware has {}: {}: {}", corner_text(axes, is_high), why.key,
                     why.message);
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
