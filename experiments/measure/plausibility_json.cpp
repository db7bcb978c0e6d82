#include "experiments/measure/plausibility_json.hpp"

#include <cmath>
#include <limits>

#include "experiments/measure/recorded.hpp"

namespace ohmic {
namespace {

using Json = RecordedJson;

/// Every plain member with its name.
template <class Facts, class Visit>
void visit_members(Facts& p, const Visit& visit) {
  visit("foreign", p.foreign);
  visit("images", p.images);
  visit("correct", p.correct);
  visit("classes", p.classes);
  visit("confidence", p.confidence);
  visit("infinite", p.infinite);
  visit("constant", p.constant);
  visit("favourite", p.favourite);
  visit("favoured", p.favoured);
  visit("label", p.label);
  visit("labelled", p.labelled);
  visit("same_image", p.same_image);
  visit("kernels", p.kernels);
  visit("constant_kernels", p.constant_kernels);
  visit("label_shift", p.label_shift);
  visit("correct_shifted", p.correct_shifted);
  visit("correct_renamed", p.correct_renamed);
  visit("norms", p.norms);
  visit("misfits", p.misfits);
  visit("from_the_first", p.from_the_first);
}

/// Those that earlier versions did not look at.
template <class Facts, class Visit>
void visit_later_members(Facts& p, const Visit& visit) {
  visit("known", p.known);
  visit("tested", p.tested);
  visit("repeated", p.repeated);
  visit("labels", p.labels);
  visit("compared", p.compared);
  visit("unlike", p.unlike);
  visit("readable", p.readable);
  visit("untouched_norms", p.untouched_norms);
  visit("wants_samples", p.wants_samples);
  visit("promised", p.promised);
  visit("compares_own", p.compares_own);
  visit("correct_at_half", p.correct_at_half);
}

Json to_json(const NormFit& fit) {
  return {{"norm", fit.norm}, {"layer", fit.layer}, {"shift", fit.shift}, {"spread", fit.spread}};
}

constexpr std::int64_t kMostCounted = 1'000'000'000'000'000;  ///< of whatever is counted

/// Members of one object of a file, each within what it can be.
class Members {
 public:
  Members(const Json& object, const std::string& place) : object_(object), place_(place) {}

  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  void read(const char* key, bool& value) const {
    const Json& json = member(object_, key, place_);
    if (!json.is_boolean()) say_damaged(place_, std::string(key) + " is not true or false");
    value = json.get<bool>();
  }
  void read(const char* key, std::int64_t& value) const {
    value = whole_number(object_, key, 0, kMostCounted, place_);
  }
  void read(const char* key, int& value) const {
    value =
        static_cast<int>(whole_number(object_, key, 0, std::numeric_limits<int>::max(), place_));
  }
  void read(const char* key, std::string& value) const { value = text_of(object_, key, place_); }
  void read(const char* key, std::vector<std::string>& value) const {
    value.clear();
    for (const Json& one : list_of(object_, key, place_)) {
      if (!one.is_string()) say_damaged(place_, std::string(key) + " holds what is no text");
      value.push_back(one.get<std::string>());
    }
  }
  /// Those that are plain are shares.
  void read(const char* key, double& value) const {
    value = number(key);
    if (!(value >= 0 && value <= 1 + kRounding)) expected(key, "in [0, 1]");
  }
  /// JSON has no infinity: null.
  double number(const char* key) const {
    const Json& json = member(object_, key, place_);
    if (json.is_null()) return HUGE_VAL;
    if (!json.is_number()) expected(key, "or null");
    return json.get<double>();
  }
  double not_negative(const char* key) const {
    const double value = number(key);
    if (value < 0) expected(key, "of at least 0");
    return value;
  }
  std::string text(const char* key) const { return text_of(object_, key, place_); }
  Members object(const char* key) const { return {member(object_, key, place_), place_}; }

 private:
  static constexpr double kRounding = 1e-6;  ///< of a mean of probabilities, summed in float32
  [[noreturn]] void expected(const char* key, const char* what) const {
    say_damaged(place_,
                std::string(key) + " is " +
                    object_[key].dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40) +
                    "; expected a number " + what);
  }
  const Json& object_;
  const std::string& place_;
};

NormFit fit_from(const Members& m) {
  return {m.text("norm"), m.text("layer"), m.not_negative("shift"), m.not_negative("spread")};
}

Json to_json(const LayerDistance& d) {
  return {{"layer", d.layer}, {"size", d.size}, {"shift", d.shift}};
}

LayerDistance distance_from(const Members& m) {
  return {m.text("layer"), m.number("size"), m.number("shift")};
}

void read_metric(const Members& m, Plausibility& p) {
  m.read("name", p.metric);
  m.read("top_k", p.top_k);
  p.value = m.number("value");
  p.guessed = m.number("guessed");
}

}  // namespace

Json plausibility_json(const Plausibility& p) {
  Json json = Json::object();
  visit_members(p, [&](const char* key, const auto& value) { json[key] = value; });
  visit_later_members(p, [&](const char* key, const auto& value) { json[key] = value; });
  json["dominated_kernels"] = p.dominated_kernels;
  json["loss"] = p.loss;
  json["largest_input"] = p.largest_input;
  if (p.loss_scaled) json["loss_scaled"] = *p.loss_scaled;
  if (!p.metric.empty())
    json["metric"] = {
        {"name", p.metric}, {"top_k", p.top_k}, {"value", p.value}, {"guessed", p.guessed}};
  if (p.unlike > 0) json["first_unlike"] = to_json(p.first_unlike);
  if (p.misfits > 0) {
    json["first"] = to_json(p.first);
    json["worst"] = to_json(p.worst);
  }
  Json readings = Json::array();
  for (const BetterReading& r : p.readings)
    readings.push_back({{"name", r.name}, {"accuracy", r.accuracy}});
  json["readings"] = readings;
  return json;
}

Plausibility plausibility_from(const Json& json, const std::string& place) {
  Plausibility p;
  const Members m(json, place);
  const auto read = [&](const char* key, auto& value) { m.read(key, value); };
  const auto read_later = [&](const char* key, auto& value) {
    if (m.has(key)) m.read(key, value);
  };
  visit_members(p, read);
  visit_later_members(p, read_later);
  read_later("dominated_kernels", p.dominated_kernels);
  if (m.has("loss")) p.loss = m.number("loss");
  if (m.has("largest_input")) p.largest_input = m.not_negative("largest_input");
  if (m.has("loss_scaled")) p.loss_scaled = m.number("loss_scaled");
  if (m.has("metric")) read_metric(m.object("metric"), p);
  if (p.unlike > 0) p.first_unlike = distance_from(m.object("first_unlike"));
  if (p.misfits > 0) {
    p.first = fit_from(m.object("first"));
    p.worst = fit_from(m.object("worst"));
  }
  for (const Json& r : list_of(json, "readings", place)) {
    BetterReading& reading = p.readings.emplace_back();
    const Members of(r, place);
    of.read("name", reading.name);
    of.read("accuracy", reading.accuracy);
  }
  for (const std::int64_t counted : {p.correct, p.infinite, p.favoured, p.labelled})
    if (counted > p.images)
      say_damaged(place, "it counts " + std::to_string(counted) + " of " +
                             std::to_string(p.images) + " images");
  return p;
}

}  // namespace ohmic
