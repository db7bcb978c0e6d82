#include "experiments/measure/influence.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kTried = 8;
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 24;  ///< of the largest value together
constexpr double kMoved = 0.01;

/// As many as there is room for.
std::int64_t count_of(const TrainedNetwork& network) {
  std::int64_t largest = 1;
  for (const Node& node : network.graph.nodes)
    largest = std::max(largest, std::int64_t{node.height} * node.width * node.channels);
  return std::min({kTried, network.data->test.size(), kMostNumbers / largest});
}

/// Samples whose answers differ by more than rounding: more than one in a hundred of their numbers.
/// Rounding moves single ones a whole class where an answer says which class a position has.
std::int64_t count_moved(const std::vector<float>& together, const std::vector<float>& alone,
                         std::int64_t samples) {
  double scale = 0;
  for (const float y : alone) scale = std::max(scale, std::abs(double{y}));
  const auto each = static_cast<std::ptrdiff_t>(alone.size()) / samples;
  std::int64_t moved = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    std::ptrdiff_t numbers = 0;
    for (std::ptrdiff_t k = i * each; k < (i + 1) * each; ++k) {
      const auto at = static_cast<std::size_t>(k);
      numbers += std::abs(double{alone[at]} - together[at]) > kMoved * scale;
    }
    moved += 100 * numbers > each;
  }
  return moved;
}

}  // namespace

void check_samples_stand_alone(const TrainedNetwork& network) {
  const ImageSet& test = network.data->test;
  const std::int64_t count = count_of(network);
  if (count < 2) return;
  TorchNetwork digital(network.graph, network.weights);
  const auto size = static_cast<std::size_t>(test.values());
  std::vector<float> x(size * static_cast<std::size_t>(count)), alone;
  for (std::int64_t k = 0; k < count; ++k) {
    float* const sample = x.data() + static_cast<std::size_t>(k) * size;
    normalized_batch(test, network.data->normalization, k * test.size() / count, 1, sample);
    const std::vector<float> y = digital.logits(sample, 1);
    alone.insert(alone.end(), y.begin(), y.end());
  }
  const std::int64_t moved = count_moved(digital.logits(x.data(), count), alone, count);
  if (2 * moved < count) return;
  throw DataError(network.label + ": of " + std::to_string(count) + " samples of data.test " +
                  std::to_string(moved) +
                  " are answered otherwise beside one another than alone; such a network cannot be "
                  "measured sample by sample");
}

}  // namespace ohmic
