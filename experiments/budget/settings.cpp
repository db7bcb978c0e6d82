#include "experiments/budget/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/budget/sources.hpp"
#include "experiments/budget/target_setting.hpp"

namespace ohmic {
namespace {

Value as_list(const Value& value) {
  return value.is_array() ? value : Value{Array{value}, value.where};
}

/// A member that is a list, in the file a list or one element. `p` holds type and bounds.
template <class Settings, class Element>
ParameterBuilder add_one_or_more(Schema<Settings>& s, const char* key, const char* type,
                                 std::vector<Element> Settings::*member, const Parameter& bounds) {
  const auto read = [=](const Value& v, const std::string& k, Settings& settings,
                        std::vector<Fault>& faults) {
    Parameter p = bounds;
    p.type = type;
    std::vector<Element> elements;
    const auto before = static_cast<std::ptrdiff_t>(faults.size());
    schema_detail::Access<std::vector<Element>>::read(as_list(v), k, p, elements, faults);
    if (!v.is_array() && std::ssize(faults) > before) {  // which speaks of a list
      faults.erase(faults.begin() + before, faults.end());
      schema_detail::refuse(v, k, p, faults);
    }
    for (auto at = elements.begin(); at != elements.end(); ++at)
      if (std::find(elements.begin(), at, *at) != at)
        faults.push_back(
            {v.where, k, "has a value twice; expected every value once, got " + v.text()});
    if (!elements.empty()) settings.*member = std::move(elements);
  };
  return s.add_custom(key, type, read, [=](const Settings& settings) {
    return schema_detail::Access<std::vector<Element>>::write(settings.*member);
  });
}

Parameter above_zero() {
  Parameter p;
  p.minimum = 0;
  p.minimum_is_open = true;
  return p;
}

void declare_analyses(Schema<BudgetSettings>& s) {
  using B = BudgetSettings;
  s.add("find", &B::find).absent("none").doc("The value of a knob that keeps the loss within.");
  s.add("yield", &B::yield).absent("none").doc("How the metric is spread over chips.");
  s.add("attribution", &B::attribution).absent("none").doc("Which source costs how much.");
  s.add("sensitivity", &B::sensitivity).absent("none").doc("Which layer's noise costs how much.");
  s.add("prediction", &B::prediction).absent("none").doc("Accuracy without drawing chips.");
  s.add("allocation", &B::allocation).absent("none").doc("How noisy each layer may be.");
  s.add("protection", &B::protection).absent("none").doc("Which layers to hold exactly.");
  s.add("knobs", &B::knobs).absent("none").doc("Which number of the hardware matters how much.");
  s.add("lifetime", &B::lifetime).absent("none").doc("Until when chips stay good.");
  s.add("rare", &B::rare)
      .absent("none")
      .doc("How many chips are worse than a limit, down to 1e-6.");
  s.add("design", &B::design).absent("none").doc("Which chip is the cheapest that holds.");
}

}  // namespace

const Schema<FindSettings>& FindSettings::schema() {
  static const Schema<FindSettings> schema = [] {
    using F = FindSettings;
    Schema<F> s{"find", "The value of a knob up to which the loss stays within what is allowed."};
    add_one_or_more(s, "knob", "a numeric key, or a list of them", &F::knob, {})
        .doc(
            "Dotted key of any number of this file, as device.eta or periphery.adc.bits; keys of a "
            "list get the same value. Entries of a list of tables have their number, from 0: "
            "device.models.1.min_rate.");
    s.add("range", &F::range).doc("Lowest and highest value, [lowest, highest].");
    s.add_choice("scale", &F::scale, {{"log", KnobScale::log}, {"linear", KnobScale::linear}})
        .doc("How values are spaced; whole numbers on a linear scale are all tried.");
    s.add_choice("tolerate", &F::tolerate,
                 {{"largest", Tolerate::largest}, {"fewest", Tolerate::fewest}})
        .doc("largest: answers get worse as the knob grows; fewest: they get better (bits).");
    s.add("steps", &F::steps)
        .range(1, 100000)
        .doc("Steps of the grid of values from one end of the range to the other.");
    return s;
  }();
  return schema;
}

const Schema<YieldSettings>& YieldSettings::schema() {
  static const Schema<YieldSettings> schema = [] {
    using Y = YieldSettings;
    Schema<Y> s{"yield", "How the metric is spread over chips: every draw is one chip."};
    add_target(s, &Y::target);
    s.add("share", &Y::share)
        .unit("1")
        .range(0.01, 0.9999)
        .doc("Share of the chips for which a value is promised.");
    s.add("draws", &Y::draws).at_least(2).doc("Chips.");
    return s;
  }();
  return schema;
}

const Schema<AttributionSettings>& AttributionSettings::schema() {
  static const Schema<AttributionSettings> schema = [] {
    using A = AttributionSettings;
    Schema<A> s{"attribution", "Which source of error costs how much of the metric."};
    s.add("sources", &A::sources)
        .choices(source_names())
        .doc("Sources that are switched on and off; without any, all that the experiment has.");
    s.add_choice(
         "design", &A::design,
         {{"one_at_a_time", Design::one_at_a_time}, {"full", Design::full}, {"half", Design::half}})
        .doc(
            "one_at_a_time: each source alone and all but each; full: every combination, whose "
            "shares add up to the loss; half: half of them.");
    s.add("draws", &A::draws).at_least(2).doc("Draws of every combination, the same for all.");
    return s;
  }();
  return schema;
}

const Schema<BudgetSettings>& BudgetSettings::schema() {
  static const Schema<BudgetSettings> schema = [] {
    using B = BudgetSettings;
    Schema<B> s{"budget", "What `ohmic budget` asks: each sub-table is one analysis."};
    add_one_or_more(s, "max_drop", "a real number > 0, or a list of them", &B::max_drop,
                    above_zero())
        .doc("What may be lost of a metric where higher is better; a list asks for each.");
    add_one_or_more(s, "max_rise", "a real number > 0, or a list of them", &B::max_rise,
                    above_zero())
        .doc(
            "By how much a metric where lower is better may rise: with 10 per cent of the baseline "
            "a mean squared error of 0.5 may become 0.55.");
    add_one_or_more(s, "limit", "a real number, or a list of them", &B::limit, {})
        .doc(
            "Instead of max_drop and max_rise: values of the metric itself (fractions for "
            "accuracies) that are still allowed, as a signal-to-noise ratio of 20 dB. Without any, "
            "max_drop and max_rise say.");
    s.add_choice("drop", &B::drop,
                 {{"percent_of_baseline", DropUnit::percent_of_baseline},
                  {"points", DropUnit::points},
                  {"unit", DropUnit::unit}})
        .doc(
            "Unit of max_drop and max_rise: per cent of the digital network's value, per cent of "
            "the images (of metrics that are shares), or the metric's own numbers (dB, nat).");
    s.add("confidence", &B::confidence)
        .unit("1")
        .range(0.5, 0.9999)
        .doc("Of every answer as a whole, all its looks and values together.");
    s.add("draws", &B::draws)
        .at_least(1)
        .doc("Draws of a configuration before the first look at it (10 at least).");
    s.add("max_draws", &B::max_draws)
        .at_least(1)
        .doc("Draws after which a configuration stays undecided; 1 says that nothing is random.");
    declare_analyses(s);
    return s;
  }();
  return schema;
}

std::vector<Allowance> BudgetSettings::allowances(const Metric& metric) const {
  std::vector<Allowance> all;
  for (const double value : limit) all.push_back({Estimate::kNone, value});
  if (!all.empty()) return all;
  for (const double change : metric.better == Better::higher ? max_drop : max_rise)
    all.push_back({change, Estimate::kNone});
  return all;
}

double BudgetSettings::limit_of(const Allowance& a, const Metric& metric, double baseline) const {
  if (a.is_limit()) return a.limit;
  const double change = drop == DropUnit::unit     ? a.change
                        : drop == DropUnit::points ? a.change / 100
                                                   : a.change / 100 * std::abs(baseline);
  return baseline - metric.sign() * change;
}

std::string BudgetSettings::text(const Allowance& a, const MetricWords& words) const {
  if (a.is_limit()) return words.text_with_unit(a.limit);
  if (drop == DropUnit::unit) return words.column(fmt::format("{:g}", a.change));
  const char* points = a.change == 1 ? "point" : "points";
  return fmt::format("{:g} {}", a.change, drop == DropUnit::points ? points : "%");
}

std::string BudgetSettings::phrase(const Allowance& a, const MetricWords& words) const {
  const bool higher = words.metric().better == Better::higher;
  if (a.is_limit())
    return fmt::format("{} of at {} {}", words.title(), higher ? "least" : "most", text(a, words));
  return fmt::format("{} of at most {}", higher ? "loss" : "rise", text(a, words));
}

std::string BudgetSettings::heading(const Metric& metric) const {
  if (!limit.empty()) return "limit";
  return metric.better == Better::higher ? "loss up to" : "rise up to";
}

std::string BudgetSettings::change_column(const Metric& metric) const {
  return metric.better == Better::higher ? "max_drop" : "max_rise";
}

std::string BudgetSettings::drop_name() const {
  return drop == DropUnit::points ? "points"
         : drop == DropUnit::unit ? "unit"
                                  : "percent_of_baseline";
}

}  // namespace ohmic
