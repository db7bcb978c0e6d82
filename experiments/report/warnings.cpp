#include "experiments/report/warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/measure/kept_plausibility.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/report/supplement.hpp"
#include "experiments/results/identity_remark.hpp"
#include "experiments/results/point_warnings.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {
namespace {

constexpr double kWideInterval = 0.02, kCostlyConversion = 0.01, kBias = 0.05;

using Points = std::vector<MeasuredPoint>;

/// The largest value over points and layers, at least 0; NaN does not count.
double largest(const Points& points, const auto& value_of) {
  double most = 0;
  for (const MeasuredPoint& p : points)
    if (const double value = value_of(p); value > most) most = value;
  return most;
}

double largest_in_layers(const Points& points, const auto& value_of) {
  return largest(points, [&](const MeasuredPoint& p) {
    double most = 0;
    for (const LayerResult& layer : p.result->layers)
      if (const double value = value_of(layer); value > most) most = value;
    return most;
  });
}

PointSummary summary_of(const MeasuredPoint& p) {
  return summarize(*p.result, p.point->experiment.evaluation.confidence);
}

class Warnings {
 public:
  Warnings(const RunRecord& run, const std::vector<Group>& groups)
      : run_(run),
        groups_(groups),
        points_(run.measured()),
        words_(run.points.front().experiment) {}

  std::vector<std::string> all() {
    about_identities();
    about_settings();
    about_trainings();
    if (points_.empty()) return std::move(texts_);
    for (std::string& doubt : doubts_of(run_.folder, points_)) say(std::move(doubt));
    for (std::string& warning : measurement_warnings(points_)) say(std::move(warning));
    about_draws();
    about_images();
    about_converters();
    about_devices();
    about_networks();
    about_publications();
    return std::move(texts_);
  }

 private:
  void say(std::string text) { texts_.push_back(std::move(text)); }

  void about_identities() {
    if (std::string remark = identity_remark(run_); !remark.empty()) say(std::move(remark) + ".");
  }

  void about_settings() {
    for (std::string& remark : remarks_on(experiments_of(run_.points))) say(std::move(remark));
  }

  void about_trainings() {
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < run_.points.size(); ++i)
      left_out +=
          !run_.results[i] && divergence_of(run_.points[i].experiment, run_.folder / "training");
    if (left_out > 0)
      say(fmt::format("{} of {} points are missing because the training of their network diverged.",
                      left_out, run_.points.size()));
  }

  void about_draws() {
    if (!words_.metric().counts) return;
    const double widest =
        largest(points_, [](const MeasuredPoint& p) { return summary_of(p).value.half_width(); });
    if (widest > kWideInterval)
      say(
          fmt::format("Some {} are known no better than ± {:.1f} points ({}); more draws "
                      "(evaluation.draws, evaluation.stop) narrow them.",
                      words_.plural(), 100 * widest, levels_text(groups_)));
  }

  void about_images() {
    if (points_.front().point->experiment.data.name == "synthetic")
      say("The images are the built-in ones: good for trying things, not a benchmark.");
  }

  void about_converters() {
    const CostOfMapping cost = cost_of_mapping(points_);
    if (cost.share > kCostlyConversion && cost.share <= kCostlyMapping) say(cost.text() + ".");
  }

  void about_devices() {
    const double bias =
        largest_in_layers(points_, [](const LayerResult& l) { return std::abs(l.signed_bias); });
    if (bias > kBias)
      say(
          fmt::format("Devices shift weights along their sign by up to {:.2f} σ_w: limits of the "
                      "conductance or drift make noise that has a mean.",
                      bias));
  }

  void about_networks() {
    const auto dead = std::max_element(points_.begin(), points_.end(),
                                       [](const MeasuredPoint& a, const MeasuredPoint& b) {
                                         return a.result->dead_filters() < b.result->dead_filters();
                                       });
    if (dead->result->dead_filters() > 0)
      say(
          fmt::format("Up to {} filters of a network are dead (BatchNorm variance below 1e-6); "
                      "BatchNorm amplifies the noise that lands on them.",
                      dead->result->dead_filters()));
  }

  void about_publications() {
    for (const Supplement& supplement : supplements())
      for (std::string& warning : supplement.warnings(groups_)) say(std::move(warning));
  }

  const RunRecord& run_;
  const std::vector<Group>& groups_;
  Points points_;
  MetricWords words_;
  std::vector<std::string> texts_;
};

}  // namespace

std::vector<std::string> warnings_of(const RunRecord& run, const std::vector<Group>& groups) {
  return Warnings(run, groups).all();
}

}  // namespace ohmic
