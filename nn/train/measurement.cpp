#include "nn/train/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/network/dead_filters.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

std::string number_or_empty(double x) { return std::isnan(x) ? "" : Value{x}.text(); }

double squared_norm(const std::vector<double>& v) {
  return std::inner_product(v.begin(), v.end(), v.begin(), 0.0);
}

double population_std(const std::vector<float>& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const float v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / n);
}

/// The columns from `filters` on.
std::string norm_columns(const Weights& weights, const Node& norm) {
  const auto& gamma = weights.at(norm.name + ".weight").values;
  const auto& spread = weights.at(spread_name(norm)).values;
  const std::vector<bool> dead = dead_filters(weights, norm);
  double sum = 0, largest = 0;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double gain = std::abs(gamma[c] / divisor(norm, spread[c]));
    sum += gain;
    largest = std::max(largest, gain);
  }
  return std::to_string(gamma.size()) + "," +
         std::to_string(std::count(dead.begin(), dead.end(), true)) + "," +
         number_or_empty(variance_of(norm, *std::min_element(spread.begin(), spread.end()))) + "," +
         number_or_empty(sum / static_cast<double>(gamma.size())) + "," + number_or_empty(largest);
}

}  // namespace

const Schema<MeasureSettings>& MeasureSettings::schema() {
  static const Schema<MeasureSettings> schema = [] {
    Schema<MeasureSettings> s{
        "measure", "Gradient noise and the state of layers, written beside the learning curves."};
    s.add("every", &MeasureSettings::every)
        .unit("epochs")
        .at_least(1)
        .doc("Between measurements; the last epoch is always measured.");
    s.add("images", &MeasureSettings::images)
        .at_least(2)
        .doc(
            "Training images per measurement, in whole batches of train.batch; two batches at "
            "least.");
    return s;
  }();
  return schema;
}

void GradientNoise::add(std::span<const float> gradient) {
  sum_.resize(gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double g = gradient[i];
    sum_[i] += g;
    squares_ += g * g;
  }
  ++batches_;
}

double GradientNoise::mean_square() const { return squares_ / static_cast<double>(batches_); }

double GradientNoise::square_of_mean() const {
  const double m = static_cast<double>(batches_);
  return squared_norm(sum_) / (m * m);
}

double GradientNoise::C() const {
  OHMIC_ASSERT(batches_ > 1);
  const double m = static_cast<double>(batches_);
  return static_cast<double>(batch_) * m / (m - 1) * (mean_square() - square_of_mean());
}

double GradientNoise::squared_gradient() const {
  OHMIC_ASSERT(batches_ > 1);
  const double m = static_cast<double>(batches_);
  return (m * square_of_mean() - mean_square()) / (m - 1);
}

double GradientNoise::power(double learning_rate) const {
  return learning_rate * learning_rate * C() / static_cast<double>(batch_);
}

double GradientNoise::noise_scale() const {
  const double squared = squared_gradient();
  return squared > 0 ? C() / squared : std::numeric_limits<double>::quiet_NaN();
}

std::string theory_row(const GradientNoise& noise, std::int64_t epoch, double learning_rate,
                       std::int64_t batch) {
  return std::to_string(epoch) + "," + number_or_empty(learning_rate) + "," +
         std::to_string(batch) + "," + std::to_string(noise.images()) + "," +
         number_or_empty(noise.C()) + "," + number_or_empty(noise.squared_gradient()) + "," +
         number_or_empty(noise.power(learning_rate)) + "," + number_or_empty(noise.noise_scale()) +
         "\n";
}

std::string theory_layer_rows(const Graph& graph, const Weights& weights, std::int64_t epoch) {
  std::string rows;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::convolution && node.op != Op::dense) continue;
    const auto& kernel = weights.at(node.name + ".weight").values;
    const Node* norm = norm_after(graph, node.name);
    const std::vector<double> w(kernel.begin(), kernel.end());
    rows += std::to_string(epoch) + "," + node.name + "," +
            number_or_empty(std::sqrt(squared_norm(w))) + "," +
            number_or_empty(population_std(kernel)) + "," +
            (norm ? norm->name + "," + norm_columns(weights, *norm) : ",,,,,") + "\n";
  }
  return rows;
}

}  // namespace ohmic
