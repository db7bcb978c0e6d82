#include "experiments/paper/paper_numbers.hpp"

#include <cmath>

#include "experiments/results/published.hpp"

namespace ohmic {

extern const char* const kPublishedToml;  // experiments/paper/published.toml, embedded by the build

namespace {

constexpr double kHundredth = 0.01;

const Value& file() {
  static const Value root = parse_toml(kPublishedToml, "published.toml");
  return root;
}

double real(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return double(*whole);
  return std::get<double>(value.data);
}

bool same_rate(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

/// The entry of a table's row for this network, if there is one.
std::optional<double> cell(const std::string& table, const Experiment& e) {
  const Value* row = file().at(table + "." + e.data.name + "." + e.model.name);
  const Array& rates = file().at("learning_rate")->array();
  for (std::size_t i = 0; row && i < rates.size(); ++i)
    if (same_rate(e.train.learning_rate, real(rates[i]))) return kHundredth * real(row->array()[i]);
  return std::nullopt;
}

bool is_about(const Value& entry, const Experiment& e) {
  return std::get<std::string>(entry.at("data")->data) == e.data.name &&
         std::get<std::string>(entry.at("model")->data) == e.model.name &&
         same_rate(e.train.learning_rate, real(*entry.at("learning_rate")));
}

void add_curves(const Experiment& e, Published& published) {
  if (const auto at_10 = cell("normalized_at_10", e)) published.curve.push_back({0.1, *at_10});
  for (const Value& entry : file().at("curve")->array()) {
    if (!is_about(entry, e)) continue;
    const Array &eta = entry.at("eta")->array(), &normalized = entry.at("normalized")->array();
    for (std::size_t i = 0; i < eta.size(); ++i)
      published.curve.push_back({real(eta[i]), kHundredth * real(normalized[i])});
  }
}

void add_optimizers(const Experiment& e, Published& published) {
  for (const Value& entry : file().at("optimizer")->array()) {
    if (!is_about(entry, e)) continue;
    const Array& names = entry.at("names")->array();
    for (std::size_t i = 0; i < names.size(); ++i)
      if (std::get<std::string>(names[i].data) == e.train.optimizer) {
        published.baseline = kHundredth * real(entry.at("baseline")->array()[i]);
        published.average = kHundredth * real(entry.at("average")->array()[i]);
      }
  }
}

/// Whether the network is one that the paper has: a ResNet of its layout, trained without what it
/// does not use.
bool is_the_papers(const Experiment& e) {
  return e.is_trained() && e.model.layout == "keras_v1" && e.model.width == 16 &&
         e.model.norm == "batch" && e.train.noise_eta == 0 && !e.train.distill &&
         !e.train.hardware && e.train.start == TrainingStart::init && e.train.only.empty() &&
         !e.train.clip_sigma && e.train.weight_decay == 0;
}

std::vector<double> published_etas() {
  std::vector<double> etas;
  for (const Value& eta : file().at("eta")->array()) etas.push_back(real(eta));
  return etas;
}

Published published_numbers(const Experiment& e) {
  Published published;
  if (!is_the_papers(e)) return published;
  if (e.train.optimizer == "adam") {
    published.baseline = cell("baseline", e);
    published.average = cell("average", e);
    add_curves(e, published);
  } else {
    add_optimizers(e, published);
  }
  published.average_etas = published_etas();
  published.label = published_label();
  return published;
}

const RegisterPublished registered_numbers(published_numbers);

}  // namespace

std::string published_label() { return std::get<std::string>(file().at("label")->data); }

}  // namespace ohmic
