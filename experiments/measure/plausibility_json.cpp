#include "experiments/measure/plausibility_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

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

/// JSON has no infinity: null.
Json to_json(const NormFit& fit) {
  return {{"norm", fit.norm}, {"layer", fit.layer}, {"shift", fit.shift}, {"spread", fit.spread}};
}

double number(const Json& json) { return json.is_null() ? HUGE_VAL : json.get<double>(); }

NormFit fit_from(const Json& json) {
  return {json.at("norm"), json.at("layer"), number(json.at("shift")), number(json.at("spread"))};
}

Json to_json(const LayerDistance& d) {
  return {{"layer", d.layer}, {"size", d.size}, {"shift", d.shift}};
}

LayerDistance distance_from(const Json& json) {
  return {json.at("layer"), number(json.at("size")), number(json.at("shift"))};
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

Plausibility plausibility_from(const Json& json) {
  Plausibility p;
  visit_members(p, [&](const char* key, auto& value) { json.at(key).get_to(value); });
  visit_later_members(p, [&](const char* key, auto& value) { value = json.value(key, value); });
  p.dominated_kernels = json.value("dominated_kernels", std::vector<std::string>());
  if (json.contains("loss")) p.loss = number(json.at("loss"));
  if (json.contains("largest_input")) p.largest_input = number(json.at("largest_input"));
  if (json.contains("loss_scaled")) p.loss_scaled = number(json.at("loss_scaled"));
  if (json.contains("metric")) {
    const Json& metric = json.at("metric");
    metric.at("name").get_to(p.metric);
    metric.at("top_k").get_to(p.top_k);
    p.value = number(metric.at("value"));
    p.guessed = number(metric.at("guessed"));
  }
  if (p.unlike > 0) p.first_unlike = distance_from(json.at("first_unlike"));
  if (p.misfits > 0) {
    p.first = fit_from(json.at("first"));
    p.worst = fit_from(json.at("worst"));
  }
  for (const Json& r : json.at("readings")) p.readings.push_back({r.at("name"), r.at("accuracy")});
  return p;
}

}  // namespace ohmic
