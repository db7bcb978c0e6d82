// LibTorch's own runs of a network, which its runs on crossbars are compared with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_row.hpp"
#include "nn/network/graph.hpp"
#include "nn/torch/frozen_network.hpp"
#include "nn/torch/large_product.hpp"
#include "nn/torch/torch_evaluation.hpp"

namespace ohmic {

/// In batches of 100.
struct BenchSamples {
  static constexpr std::int64_t kBatch = 100;
  std::int64_t count = 0;
  std::vector<float> x;  ///< as TorchNetwork::logits() takes them

  /// f(numbers, first sample, samples).
  template <class F>
  void each_batch(F&& f) const {
    const std::int64_t values = static_cast<std::int64_t>(x.size()) / count;
    for (std::int64_t i = 0; i < count; i += kBatch)
      f(x.data() + i * values, i, std::min(kBatch, count - i));
  }
};

/// Of one sample, by the layers that crossbars take. Those with zeros beyond an image's border,
/// which nobody has to compute, do not count.
double multiply_adds(const Graph&);

/// Why a run that answers `logits` where LibTorch's eager one answers `eager` is no base for a
/// ratio: it is off by 1e-4 of the largest or more. Empty where it is one.
std::string why_unusable(const std::vector<float>& logits, const std::vector<float>& eager);

class DigitalRuns {
 public:
  /// Runs everything once, and leaves out what does not answer as the eager run.
  DigitalRuns(const Graph&, const std::shared_ptr<const Weights>&,
              std::shared_ptr<const BenchSamples>);

  void take_turn(BenchClock&);
  BenchBase eager(const BenchClock&) const;
  /// Of the eager run and the frozen ones, the one that took least.
  BenchBase fastest(const BenchClock&) const;
  /// The layers' multiply-adds for all samples in so many seconds, as a fraction of those of the
  /// large product in that time.
  double of_peak(const BenchClock&, double seconds) const;
  /// One for each run and one for the product.
  std::vector<BenchRow> rows(const BenchClock&, int threads) const;

 private:
  struct Frozen {
    std::string name;
    FrozenNetwork network;
    std::string why_not = {};  ///< empty: it is measured
  };
  void check(Frozen&);

  std::shared_ptr<const BenchSamples> samples_;
  double multiply_adds_;  ///< of all samples
  TorchNetwork eager_;
  std::vector<Frozen> frozen_;
  LargeProduct product_;
};

}  // namespace ohmic
