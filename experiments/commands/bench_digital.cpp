#include "experiments/commands/bench_digital.hpp"

#include <fmt/format.h>

#include <cmath>
#include <exception>

namespace ohmic {
namespace {

const std::string kEager = "LibTorch, eager float forward";
const std::string kProduct = "float product of 1024 x 1024 matrices";
constexpr int kProducts = 2;  // a turn; one takes 20 ms

/// Pairs of an output and a place of the kernel that see an input, along one axis.
std::int64_t pairs_inside(int in, int out, int kernel, int stride, int pad, int dilation) {
  std::int64_t pairs = 0;
  for (int o = 0; o < out; ++o)
    for (int k = 0; k < kernel; ++k) {
      const int at = o * stride - pad + k * dilation;
      pairs += at >= 0 && at < in;
    }
  return pairs;
}

template <class Network>
void run(Network& network, const BenchSamples& samples) {
  samples.each_batch(
      [&](const float* x, std::int64_t, std::int64_t count) { network.logits(x, count); });
}

/// Per second.
double product_rate(const BenchClock& clock) {
  return kProducts * static_cast<double>(LargeProduct::kMultiplyAdds) /
         clock.median_of(kProduct).mean;
}

}  // namespace

double multiply_adds(const Graph& graph) {
  double sum = 0;
  for (const Node& node : graph.nodes) {
    if (!has_matrix(node)) continue;
    const ConvGeometry& g = node.conv;
    const std::int64_t pairs = pairs_inside(g.in_height, g.out_height(), g.kernel_height,
                                            g.stride_height, g.pad_top, g.dilation_height) *
                               pairs_inside(g.in_width, g.out_width(), g.kernel_width,
                                            g.stride_width, g.pad_left, g.dilation_width);
    const std::int64_t steps = node.op == Op::recurrent ? node.shape.front() : 1;
    sum += static_cast<double>(steps * pairs * (g.in_channels / g.groups) * g.columns());
  }
  return sum;
}

std::string why_unusable(const std::vector<float>& logits, const std::vector<float>& eager) {
  if (logits.size() != eager.size()) return "gives another number of answers than the eager run";
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < eager.size(); ++i) {
    const double distance = std::abs(double{logits[i]} - eager[i]);
    worst = std::isnan(distance) ? HUGE_VAL : std::max(worst, distance);
    largest = std::max(largest, std::abs(double{eager[i]}));
  }
  if (worst < 1e-4 * largest || worst == 0) return "";
  return fmt::format("answers otherwise than the eager run, by {:.1g} of the largest",
                     worst / largest);
}

DigitalRuns::DigitalRuns(const Graph& graph, const std::shared_ptr<const Weights>& weights,
                         std::shared_ptr<const BenchSamples> samples)
    : samples_(std::move(samples)),
      multiply_adds_(multiply_adds(graph) * static_cast<double>(samples_->count)),
      eager_(graph, *weights, "cpu") {
  frozen_.push_back({"LibTorch, frozen", {graph, weights, Freezing::frozen}});
  frozen_.push_back({"LibTorch, optimized for inference", {graph, weights, Freezing::optimized}});
  for (Frozen& f : frozen_) check(f);
}

void DigitalRuns::check(Frozen& f) {
  try {
    samples_->each_batch([&](const float* x, std::int64_t, std::int64_t count) {
      if (f.why_not.empty())
        f.why_not = why_unusable(f.network.logits(x, count), eager_.logits(x, count));
    });
  } catch (const std::exception& error) {
    f.why_not = error.what();
  }
}

void DigitalRuns::take_turn(BenchClock& clock) {
  clock.measure(kEager, [&] { run(eager_, *samples_); });
  for (Frozen& f : frozen_)
    if (f.why_not.empty()) clock.measure(f.name, [&] { run(f.network, *samples_); });
  clock.measure(kProduct, [&] {
    for (int i = 0; i < kProducts; ++i) product_.multiply();
  });
}

BenchBase DigitalRuns::eager(const BenchClock& clock) const {
  return {kEager, clock.median_of(kEager)};
}

BenchBase DigitalRuns::fastest(const BenchClock& clock) const {
  BenchBase fastest = eager(clock);
  for (const Frozen& f : frozen_) {
    if (!f.why_not.empty()) continue;
    const Estimate seconds = clock.median_of(f.name);
    if (seconds.mean < fastest.seconds.mean) fastest = {f.name, seconds};
  }
  return fastest;
}

double DigitalRuns::of_peak(const BenchClock& clock, double seconds) const {
  return multiply_adds_ / seconds / product_rate(clock);
}

std::vector<BenchRow> DigitalRuns::rows(const BenchClock& clock, int threads) const {
  std::vector<BenchRow> rows;
  const auto add = [&](const std::string& name) {
    const Estimate seconds = clock.median_of(name);
    rows.push_back(
        {name, threads, seconds, of_peak(clock, seconds.mean), eager(clock), fastest(clock)});
  };
  add(kEager);
  for (const Frozen& f : frozen_)
    if (f.why_not.empty())
      add(f.name);
    else
      rows.push_back({.what = f.name, .threads = threads, .note = f.why_not});
  rows.push_back({fmt::format("{}, {:.0f} GMAC/s", kProduct, 1e-9 * product_rate(clock)), threads,
                  clock.median_of(kProduct).scaled(1.0 / kProducts), 1.0});
  return rows;
}

}  // namespace ohmic
