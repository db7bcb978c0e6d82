#include "nn/metrics/metric.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace ohmic {
namespace {

std::map<std::string, Metric>& registered() {
  static std::map<std::string, Metric> all;
  return all;
}

}  // namespace

double Answer::of(std::int64_t position, std::int64_t cls) const {
  const auto at = [&](std::int64_t i) {
    return static_cast<double>(numbers[static_cast<std::size_t>(i)]);
  };
  if (classes == 1) return cls == 1 ? at(position) : probabilities ? 1 - at(position) : 0.0;
  return at(classes_first ? cls * positions + position : position * classes + cls);
}

int predicted_class(const float* logits, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (logits[c] > logits[best]) best = c;
  return best;
}

std::int64_t Answer::answered(std::int64_t position) const {
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < kinds(); ++c)
    if (of(position, c) > of(position, best)) best = c;
  return best;
}

double mean_of_scores(std::span<const Score> scores) {
  double part = 0, whole = 0;
  for (const Score& s : scores) {
    part += s.part;
    whole += s.whole;
  }
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

const Metric* find_metric(const std::string& name) {
  const auto found = registered().find(name);
  return found == registered().end() ? nullptr : &found->second;
}

const Metric& metric_named(const std::string& name) { return registered().at(name); }

std::vector<const Metric*> all_metrics() {
  std::vector<const Metric*> all;
  for (const auto& [name, metric] : registered()) all.push_back(&metric);
  std::stable_sort(all.begin(), all.end(), [](const Metric* a, const Metric* b) {
    return static_cast<int>(a->compares) < static_cast<int>(b->compares);
  });
  return all;
}

RegisterMetric::RegisterMetric(std::initializer_list<Metric> metrics) {
  for (const Metric& metric : metrics) registered().emplace(metric.name, metric);
}

}  // namespace ohmic
