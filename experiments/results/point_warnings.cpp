#include "experiments/results/point_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/results/few_samples.hpp"
#include "experiments/statistics/share.hpp"
#include "experiments/study/exactness.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostShown = 3;

void append(std::vector<std::string>& all, std::vector<std::string> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::vector<std::string> said_by_chips(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all;
  for (const MeasuredPoint& point : points)
    for (const std::string& warning : point.result->warnings)
      if (std::ranges::find(all, warning + ".") == all.end()) all.push_back(warning + ".");
  if (all.size() <= kMostShown) return all;
  const std::size_t more = all.size() - kMostShown;
  all.resize(kMostShown);
  all.back() += fmt::format(" {} more like these are with their points in results.jsonl.", more);
  return all;
}

bool same_numbers(const PointResult& a, const PointResult& b) {
  return a.noise_free_score == b.noise_free_score && a.baseline_score == b.baseline_score &&
         std::ranges::equal(a.draws, b.draws, {}, &DrawResult::scores, &DrawResult::scores);
}

/// Whether points that differ in axis `at` alone have the same numbers, draw for draw, and some of
/// them have all its values: those that occur only together with others are compared with nothing.
bool changes_nothing(std::size_t at, const std::vector<MeasuredPoint>& points) {
  std::map<std::string, std::vector<const MeasuredPoint*>> alike;  // by the other axes
  std::set<std::string> values;
  for (const MeasuredPoint& p : points) {
    values.insert(p.point->axes[at].second.text());
    std::string others;
    for (std::size_t i = 0; i < p.point->axes.size(); ++i)
      if (i != at) others += p.point->axes[i].second.text() + '\n';
    alike[others].push_back(&p);
  }
  bool has_all = false;
  for (const auto& [others, group] : alike) {
    std::set<std::string> compared;
    for (const MeasuredPoint* p : group) {
      compared.insert(p->point->axes[at].second.text());
      if (!same_numbers(*p->result, *group.front()->result)) return false;
    }
    has_all |= compared == values;
  }
  return has_all && values.size() > 1;
}

std::vector<std::string> about_axes(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all;
  if (points.empty()) return all;
  const auto& axes = points.front().point->axes;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (changes_nothing(i, points))
      all.push_back(
          fmt::format("Every draw answers the same for all values of {}: it has no effect beside "
                      "the file's other settings, or none that these samples show.",
                      axes[i].first));
  return all;
}

/// Errors of the converters, or noise before them, that are large beside all codes; "" if none is.
std::string large_errors(const Periphery& periphery) {
  if (!periphery.adc) return "";
  constexpr double kLarge = 0.1;  // of the full scale
  const Adc& adc = *periphery.adc;
  const double codes = std::exp2(adc.bits - 1);  // to either side
  std::string list;
  const auto look = [&](const char* key, double value, double share) {
    if (share >= kLarge)
      list += fmt::format("{}periphery.{} = {:g}", list.empty() ? "" : " and ", key, value);
  };
  look("adc.inl_lsb", adc.inl_lsb, adc.inl_lsb / codes);
  look("adc.offset_lsb", adc.offset_lsb, adc.offset_lsb / codes);
  look("adc.gain_error", adc.gain_error, adc.gain_error);
  if (adc.enob) look("adc.enob", *adc.enob, std::exp2(-*adc.enob));
  if (periphery.output_noise)
    look("output_noise.relative", periphery.output_noise->relative,
         periphery.output_noise->relative);
  return list;
}

/// Whether converters are so coarse that they explain a loss.
bool has_few_codes(const NetworkPeriphery& p) {
  constexpr int kFewBits = 4;
  return std::ranges::any_of(p.kinds(), [](const Periphery& kind) {
    return (kind.adc && kind.adc->bits <= kFewBits) || (kind.dac && kind.dac->bits <= kFewBits);
  });
}

std::vector<std::string> about_converters(const std::vector<MeasuredPoint>& points) {
  const CostOfMapping cost = cost_of_mapping(points);
  if (cost.share <= kCostlyMapping) return {};
  const bool calibrates = std::ranges::any_of(points, [](const MeasuredPoint& p) {
    return p.result->metric->counts &&
           std::ranges::any_of(p.point->experiment.periphery.kinds(), [](const Periphery& own) {
             return own.adc && own.adc->range == AdcRange::calibrated;
           });
  });
  const std::string errors = large_errors(cost.periphery);
  if (!errors.empty()) return {cost.text() + ", of which " + errors + " may be a part."};
  return {cost.text() +
          (calibrates && !has_few_codes(cost.periphery)
               ? "; are the samples that set the converters' ranges (data.train) prepared like the "
                 "test samples?"
               : ".")};
}

double clipped_share(const MeasuredPoint& point) {
  const Tally t = point.result->tally();
  return share(t.adc_clipped, t.adc_samples);
}

double clipped_inputs(const MeasuredPoint& point) {
  const Tally t = point.result->tally();
  return share(t.dac_clipped, t.dac_samples);
}

/// The layer whose outputs go farthest beyond its converters' range, as calibration images show it.
std::string most_beyond(const PointResult& result) {
  const LayerResult* worst = nullptr;
  for (const LayerResult& layer : result.layers)
    if (layer.unused_adc_bits < (worst ? worst->unused_adc_bits : 0)) worst = &layer;
  if (!worst) return {};
  return fmt::format("; in {} it reaches {:.3g} times the range", worst->layer,
                     std::exp2(-worst->unused_adc_bits));
}

std::string way_out(const Adc& adc) {
  switch (adc.range) {
    case AdcRange::fixed:
      return "a larger periphery.adc.full_scale holds it, and range = \"calibrated\" finds it";
    case AdcRange::calibrated:
      if (adc.percentile >= 100)
        return "the largest of the calibration samples' lies below: do those of data.train give as "
               "much as the test samples, and are evaluation.calibration_images enough?";
      return "a higher periphery.adc.percentile leaves more room above what data.train gives";
    case AdcRange::max:
      break;
  }
  return "errors of devices, converters or wires carry it beyond the largest exact output";
}

std::vector<std::string> about_clipping(const std::vector<MeasuredPoint>& points) {
  const auto worst = std::ranges::max_element(points, {}, clipped_share);
  if (worst == points.end() || clipped_share(*worst) <= kClipped) return {};
  const Periphery& periphery = worst->point->experiment.periphery;
  const std::optional<Adc>& adc = periphery.adc;
  const std::string errors = large_errors(periphery);
  if (!errors.empty())
    return {
        fmt::format("Up to {:.1f} % of what ADCs see is beyond their range and clipped by {}: "
                    "large beside the full scale of {} bits.",
                    100 * clipped_share(*worst), errors, adc->bits)};
  return {fmt::format("Up to {:.1f} % of what ADCs see is beyond their range and clipped{}{}.",
                      100 * clipped_share(*worst), most_beyond(*worst->result),
                      adc ? "; " + way_out(*adc) : "")};
}

/// Ranges of DACs are always found on calibration samples.
std::vector<std::string> about_clipped_inputs(const std::vector<MeasuredPoint>& points) {
  const auto worst = std::ranges::max_element(points, {}, clipped_inputs);
  if (worst == points.end() || clipped_inputs(*worst) <= kClipped) return {};
  return {fmt::format(
      "Up to {:.1f} % of what DACs are given is beyond their range and clipped; the range is that "
      "of the samples of data.train (periphery.dac.percentile): do these give as much as the test "
      "samples?",
      100 * clipped_inputs(*worst))};
}

std::vector<std::string> about_samples(const std::vector<MeasuredPoint>& points) {
  if (points.empty()) return {};
  const PointResult& result = *points.front().result;
  std::optional<std::int64_t> right;  // of the one that hangs most on the samples, nearest to half
  const auto consider = [&](const PointResult& r, double value) {
    const auto one = std::llround(value * static_cast<double>(r.images));
    const auto off = [&](std::int64_t n) { return std::abs(2 * n - r.images); };
    if (r.images == result.images && (!right || off(one) < off(*right))) right = one;
  };
  if (result.metric->counts && result.answers.empty())
    for (const MeasuredPoint& point : points) {
      consider(*point.result, point.result->value());
      if (!result.metric->of_own_answers)  // of which all are right without noise
        consider(*point.result, point.result->baseline());
    }
  std::string few =
      few_samples_note(points.front().point->experiment, result.images, right, RightOf::any_point);
  return few.empty() ? std::vector<std::string>() : std::vector{std::move(few)};
}

}  // namespace

std::string CostOfMapping::text() const {
  return fmt::format("With every device exact, up to {:.1f} points are lost to {} alone",
                     100 * share, what);
}

CostOfMapping cost_of_mapping(const std::vector<MeasuredPoint>& points) {
  CostOfMapping cost;
  for (const MeasuredPoint& p : points) {
    const double own = p.result->baseline() - p.result->noise_free();
    if (p.result->metric->counts && own > cost.share)
      cost = {own, beside_devices(p.point->experiment.periphery), p.point->experiment.periphery};
  }
  return cost;
}

std::vector<std::string> measurement_warnings(const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> all = said_by_chips(points);
  const auto single = std::ranges::count_if(
      points, [](const MeasuredPoint& p) { return p.result->draws.size() == 1; });
  if (single > 0)
    all.push_back(
        fmt::format("{} of {} points have one draw, hence no interval.", single, points.size()));
  append(all, about_axes(points));
  append(all, about_converters(points));
  append(all, about_clipping(points));
  append(all, about_clipped_inputs(points));
  append(all, about_samples(points));
  return all;
}

std::vector<std::string> run_warnings(const std::filesystem::path& run_folder,
                                      const std::vector<MeasuredPoint>& points,
                                      const std::vector<const Experiment*>& study) {
  std::vector<const Experiment*> experiments;
  for (const MeasuredPoint& point : points) experiments.push_back(&point.point->experiment);
  std::vector<std::string> all = doubts_of(run_folder, points);
  append(all, measurement_warnings(points));
  append(all, remarks_on(experiments, study));
  return all;
}

std::vector<std::string> point_warnings(const std::filesystem::path& run_folder,
                                        const MeasuredPoint& point) {
  return run_warnings(run_folder, {point}, {});
}

}  // namespace ohmic
