#include "experiments/budget/knobs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/study/words.hpp"
#include "nn/network/name_pattern.hpp"

namespace ohmic {
namespace {

std::string list_of(const std::vector<HardwareNumber>& numbers) {
  std::vector<std::string> keys;
  for (const HardwareNumber& number : numbers) keys.push_back(number.key);
  return fmt::format("{}", fmt::join(keys, ", "));
}

bool is_corner(const std::string& key, const KnobsSettings& asked) {
  return std::ranges::count(asked.corners, key, &KeyShares::value_type::first) > 0;
}

/// The numbers that are asked for; those of corners always are.
std::vector<HardwareNumber> asked_numbers(const Experiment& e, const KnobsSettings& asked) {
  std::vector<HardwareNumber> numbers = numbers_of(e);
  std::erase_if(numbers, [&](const HardwareNumber& number) {
    const auto fits = [&](const std::string& pattern) { return matches(pattern, number.key); };
    return !asked.keys.empty() && std::ranges::none_of(asked.keys, fits) &&
           !is_corner(number.key, asked);
  });
  return numbers;
}

class PointCheck {
 public:
  PointCheck(const BudgetRequest& request, const Point& point, std::vector<Fault>& faults)
      : request_(request),
        asked_(*request.settings.knobs),
        experiment_(point.experiment),
        numbers_(numbers_of(experiment_)),
        faults_(faults) {}

  void run() {
    const std::size_t before = faults_.size();
    check_keys();
    if (faults_.size() > before) return;
    const Knobs knobs = knobs_of(experiment_, asked_numbers(experiment_, asked_), asked_.step);
    if (knobs.moved.empty()) fault("knobs", "none of these numbers can be moved: ", knobs.left_out);
    check_left_out(knobs);
    std::vector<CornerAxis> axes;
    for (const auto& [key, share] : asked_.corners)
      if (faults_.size() == before) check_axis(key, share, axes);
    if (faults_.size() == before) check_corners(axes);
  }

 private:
  void fault(const std::string& key, const std::string& message) {
    faults_.push_back(request_.fault(key, message));
  }
  void fault(const std::string& key, std::string message, const std::vector<LeftOut>& why) {
    std::vector<std::string> reasons;
    for (const LeftOut& l : why) reasons.push_back(l.key + " " + l.why);
    fault(key, message + fmt::format("{}", fmt::join(reasons, "; ")));
  }

  void check_keys() {
    for (const std::string& pattern : asked_.keys)
      if (std::ranges::none_of(numbers_, [&](const auto& n) { return matches(pattern, n.key); }))
        no_number(pattern, "knobs.keys");
    for (const auto& [key, share] : asked_.corners)
      if (std::ranges::count(numbers_, key, &HardwareNumber::key) == 0)
        no_number(key, "knobs.corners");
  }

  void no_number(const std::string& key, const std::string& where) {
    fault(where, fmt::format("\"{}\" is no number of the hardware of this file; it has {}", key,
                             list_of(numbers_)));
  }

  void check_left_out(const Knobs& knobs) {
    for (const LeftOut& l : knobs.left_out)
      if (is_corner(l.key, asked_)) fault("knobs.corners", "", {l});
  }

  void check_axis(const std::string& key, double share, std::vector<CornerAxis>& axes) {
    const HardwareNumber& number = *std::ranges::find(numbers_, key, &HardwareNumber::key);
    const CornerAxis axis = axis_of(number, share);
    if (axis.low == axis.high)
      return fault("knobs.corners",
                   fmt::format("{} of {} = {:g} rounds to nothing: it is a whole number", share,
                               key, number.value));
    for (const double end : {axis.low, axis.high})
      if (const std::string why = refusal(experiment_, number, end); !why.empty())
        return fault("knobs.corners", why);
    axes.push_back(axis);
  }

  /// Ends that are right by themselves may contradict each other; of many numbers two at a time
  /// are tried, and all at their upper and at their lower ends.
  void check_corners(const std::vector<CornerAxis>& axes) {
    constexpr std::size_t kMostTried = 10;
    const auto try_all = [&](const std::vector<CornerAxis>& some) {
      return std::ranges::all_of(all_corners(some.size()), [&](const CornerEnds& corner) {
        return is_possible(some, corner);
      });
    };
    if (axes.size() <= kMostTried) return void(try_all(axes));
    for (std::size_t a = 0; a < axes.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (!try_all({axes[b], axes[a]})) return;
    for (const bool is_high : {true, false})
      if (!is_possible(axes, CornerEnds(axes.size(), is_high))) return;
  }

  /// Else a fault.
  bool is_possible(const std::vector<CornerAxis>& axes, const CornerEnds& corner) {
    try {
      at_corner(experiment_, axes, corner);
      return true;
    } catch (const ConfigError& error) {
      fault("knobs.corners", impossible_text(axes, corner, error));
      return false;
    }
  }

  const BudgetRequest& request_;
  const KnobsSettings& asked_;
  const Experiment& experiment_;
  std::vector<HardwareNumber> numbers_;
  std::vector<Fault>& faults_;
};

class KnobRuns {
 public:
  KnobRuns(AnalysisContext& context, const Point& point)
      : context_(context), asked_(*context.request.settings.knobs), point_(point) {}

  KnobStudy run() {
    KnobStudy study{&point_, measure(point_.experiment, "as given"), {}, {}, {}};
    Knobs knobs =
        knobs_of(point_.experiment, asked_numbers(point_.experiment, asked_), asked_.step);
    study.left_out = std::move(knobs.left_out);
    for (const Knob& knob : knobs.moved) study.effects.push_back(measure(knob, study.nominal));
    if (!asked_.corners.empty()) study.corner = find_worst_corner(context_, point_, study.effects);
    std::ranges::stable_sort(study.effects, std::greater(), [](const KnobEffect& e) {
      return std::pair(e.is_distinct(), std::isnan(e.change.mean) ? 0 : std::abs(e.change.mean));
    });
    return study;
  }

 private:
  KnobEffect measure(const Knob& knob, const PointResult& nominal) {
    const auto at = [&](double value) {
      if (value == knob.number.value) return nominal.replicates();
      return measure(with_keys(point_.experiment, with_value(knob.number, value)),
                     fmt::format("{} {:g}", knob.number.key, value))
          .replicates();
    };
    KnobEffect effect{knob, at(knob.low), at(knob.high), {}};
    effect.change =
        paired_difference(effect.at_high, effect.at_low, context_.request.settings.confidence)
            .scaled(1 / knob.steps());
    return effect;
  }

  PointResult measure(const Experiment& experiment, const std::string& what) {
    return context_.evaluations.measure(experiment, asked_.draws,
                                        point_label(point_) + ", " + what);
  }

  AnalysisContext& context_;
  const KnobsSettings& asked_;
  const Point& point_;
};

}  // namespace

void check_knobs(const BudgetRequest& request, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  for (const Point& point : request.points)
    if (faults.size() == before) PointCheck(request, point, faults).run();
}

std::vector<KnobStudy> study_knobs(AnalysisContext& context) {
  std::vector<KnobStudy> studies;
  for (const Point& point : context.request.points)
    studies.push_back(KnobRuns(context, point).run());
  return studies;
}

}  // namespace ohmic
