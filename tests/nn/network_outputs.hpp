// What an imported network answers, by every road, against what it should.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/analog/analog_network.hpp"
#include "nn/lowering/lower.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "tests/nn/chip.hpp"

namespace ohmic::test {

/// Samples as a Graph's memory has them: three axes, C x H x W, lie as H x W x C.
inline std::vector<float> in_memory(const std::vector<float>& x,
                                    const std::vector<std::int64_t>& sample) {
  if (sample.size() != 3) return x;
  const auto C = static_cast<std::size_t>(sample[0]);
  const auto pixels = static_cast<std::size_t>(sample[1] * sample[2]);
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t image = i / (C * pixels), c = i / pixels % C, p = i % pixels;
    y[(image * pixels + p) * C + c] = x[i];
  }
  return y;
}

/// No further apart than so much of the largest number.
inline void expect_near(const std::vector<float>& got, const std::vector<float>& wanted,
                        double relative) {
  ASSERT_EQ(got.size(), wanted.size());
  double largest = 0, worst = 0;
  for (const float v : wanted) largest = std::max(largest, std::abs(double{v}));
  for (std::size_t i = 0; i < got.size(); ++i)
    worst = std::isnan(got[i]) ? HUGE_VAL : std::max(worst, std::abs(double{got[i]} - wanted[i]));
  EXPECT_LE(worst, relative * largest);
}

/// LibTorch, layer by layer with exact weights, and crossbars of 256 x 256 tiles without noise.
inline void expect_outputs(const LoweredNetwork& network, const std::vector<float>& x,
                           const std::vector<float>& wanted, double relative) {
  const std::vector<float> memory = in_memory(x, network.sample);
  const auto n = static_cast<std::int64_t>(wanted.size()) / network.graph.classes;
  {
    SCOPED_TRACE("LibTorch");
    TorchNetwork torch(network.graph, network.weights, "cpu");
    expect_near(torch.logits(memory.data(), n), wanted, relative);
  }
  const auto backend = make_backend("cpu");
  MappingSettings mapping;
  mapping.tile = {256, 256};
  AnalogNetwork chip({network.graph, network.weights, mapping, {}, {}, awgn(0)}, *backend);
  {
    SCOPED_TRACE("digital layers");
    expect_near(chip.load_ideal().logits(memory.data(), n, 0), wanted, relative);
  }
  SCOPED_TRACE("crossbars");
  expect_near(chip.program(1, 0).logits(memory.data(), n, 0), wanted, relative);
}

}  // namespace ohmic::test
