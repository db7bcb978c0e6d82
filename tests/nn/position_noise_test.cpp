// Noise of reads of a dense layer that works at every position of a sequence: each position of each
// sample has its own, whoever computes it together with whom.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <set>

#include "nn/network/operator_node.hpp"
#include "simulator/backends/cuda/cuda_backend.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

constexpr int kTokens = 5, kIn = 6, kOut = 4, kSamples = 7;

/// One dense layer at every token, then all its numbers as logits.
Graph token_layer() {
  Graph graph;
  Node input;
  set_shape(input, {kTokens, kIn});
  Node dense;
  dense.op = Op::dense;
  dense.name = "projection";
  dense.inputs = {0};
  dense.conv.in_height = kTokens;
  dense.conv.in_channels = kIn;
  dense.conv.out_channels = kOut;
  set_shape(dense, {kTokens, kOut});
  graph.nodes = {input, dense};
  add_operator(graph, "Flatten", {1}, {kTokens * kOut});
  graph.classes = kTokens * kOut;
  return graph;
}

class PositionNoise : public testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Backend> backend() {
    if (GetParam() == "cuda")
      return std::make_unique<CudaBackend>(std::make_shared<test::EmulatedMachine>());
    return make_backend(GetParam());
  }

  /// All samples are the same token over and over.
  std::vector<float> logits(std::int64_t first, std::int64_t count) {
    const std::vector<float> token = test::normals(kIn, 41);
    std::vector<float> x;
    for (int i = 0; i < count * kTokens; ++i) x.insert(x.end(), token.begin(), token.end());
    return chip_.logits(x.data(), count, static_cast<std::uint64_t>(first));
  }

  std::unique_ptr<Backend> backend_ = backend();
  AnalogNetwork network_{{token_layer(),
                          test::random_weights(token_layer()),
                          {},
                          {},
                          {},
                          test::shared_device("model = 'pcm'\nprogramming_scale = 0.0")},
                         *backend_};
  LoadedNetwork& chip_ = network_.program(3, 0);
};

INSTANTIATE_TEST_SUITE_P(, PositionNoise, testing::Values("reference", "cpu", "cuda"),
                         [](const auto& info) { return info.param; });

TEST_P(PositionNoise, IsTheSameAloneInABatchAndOnAnyNumberOfThreads) {
  const std::vector<float> together = logits(0, kSamples);
  const int threads = omp_get_max_threads();
  for (const int others : {1, 3}) {
    omp_set_num_threads(others);
    std::vector<float> alone;
    for (int i = 0; i < kSamples; ++i) {
      const std::vector<float> one = logits(i, 1);
      alone.insert(alone.end(), one.begin(), one.end());
    }
    EXPECT_EQ(alone, together) << others << " threads";
  }
  omp_set_num_threads(threads);
  const std::vector<float> later = logits(2, kSamples - 2);
  EXPECT_EQ(later, std::vector<float>(together.begin() + 2 * kTokens * kOut, together.end()));
}

// Equal tokens would give equal outputs if any two shared their noise: 35 tokens on 4 outputs.
TEST_P(PositionNoise, IsEveryPositionsOwn) {
  const std::vector<float> y = logits(0, kSamples);
  for (int n = 0; n < kOut; ++n) {
    std::set<float> seen;
    for (int token = 0; token < kSamples * kTokens; ++token)
      seen.insert(y[static_cast<std::size_t>(token * kOut + n)]);
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kSamples * kTokens)) << "output " << n;
  }
}

}  // namespace
}  // namespace ohmic
