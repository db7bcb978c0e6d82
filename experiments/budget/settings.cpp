#include "experiments/budget/settings.hpp"

#include <fmt/format.h>

#include "experiments/budget/sources.hpp"

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
    schema_detail::Access<std::vector<Element>>::read(as_list(v), k, p, elements, faults);
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
  s.add("yield", &B::yield).absent("none").doc("How accuracy is spread over chips.");
  s.add("attribution", &B::attribution).absent("none").doc("Which source costs how much.");
  s.add("sensitivity", &B::sensitivity).absent("none").doc("Which layer's noise costs how much.");
  s.add("prediction", &B::prediction).absent("none").doc("Accuracy without drawing chips.");
  s.add("allocation", &B::allocation).absent("none").doc("How noisy each layer may be.");
}

}  // namespace

const Schema<FindSettings>& FindSettings::schema() {
  static const Schema<FindSettings> schema = [] {
    using F = FindSettings;
    Schema<F> s{"find", "The value of a knob up to which the loss stays within max_drop."};
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
        .doc("largest: accuracy falls as the knob grows; fewest: it rises (bits).");
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
    Schema<Y> s{"yield", "How accuracy is spread over chips: every draw is one chip."};
    s.add("target", &Y::target)
        .unit("1")
        .range(0, 1)
        .absent("max_drop")
        .doc("Accuracy that a good chip reaches; max_drop: what each max_drop leaves.");
    s.add("share", &Y::share)
        .unit("1")
        .range(0.01, 0.9999)
        .doc("Share of the chips for which an accuracy is promised.");
    s.add("draws", &Y::draws).at_least(2).doc("Chips.");
    return s;
  }();
  return schema;
}

const Schema<AttributionSettings>& AttributionSettings::schema() {
  static const Schema<AttributionSettings> schema = [] {
    using A = AttributionSettings;
    Schema<A> s{"attribution", "Which source of error costs how much accuracy."};
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
        .doc("Accuracy that may be lost; a list asks for each.");
    s.add_choice(
         "drop", &B::drop,
         {{"percent_of_baseline", DropUnit::percent_of_baseline}, {"points", DropUnit::points}})
        .doc("Unit of max_drop: per cent of the digital network's accuracy, or of the images.");
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

double BudgetSettings::allowed_loss(double drop_value, double baseline) const {
  return drop_value / 100 * (drop == DropUnit::points ? 1.0 : baseline);
}

std::string BudgetSettings::drop_text(double drop_value) const {
  return fmt::format("{:g} {}", drop_value, drop == DropUnit::points ? "points" : "%");
}

}  // namespace ohmic
