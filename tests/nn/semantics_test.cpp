// Which tensors are perturbed, by how much, and what the network then computes. The oracle for
// logits is literal_network.hpp on the raw noisy tensors, NaN included.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "nn/analog/analog_network.hpp"
#include "nn/analog/batch_norm.hpp"
#include "nn/analog/digital_noise.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

using test::LiteralNetwork;
using test::ReluOfNan;

constexpr std::uint64_t kSeed = 5;

NoiseSettings semantics(Semantics s, NegativeVariance rule = NegativeVariance::dead) {
  return {s, {}, rule};
}

NoiseSettings tensors(std::vector<std::string> kinds) {
  return {Semantics::kernels, std::move(kinds), NegativeVariance::dead};
}

std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> d(a.size());
  std::transform(a.begin(), a.end(), b.begin(), d.begin(), std::minus<>());
  return d;
}

TEST(DigitalNoise, NamesEveryTensorOnceInTheOrderOfNodes) {
  const Graph graph = test::small_resnet(true);
  const auto named = tensors_of(graph);
  EXPECT_EQ(named.size(), test::random_weights(graph).size());
  EXPECT_EQ(named[0].name, "conv1.weight");
  EXPECT_EQ(named[1].name, "conv1.bias");
  EXPECT_EQ(named[2].name, "bn1.weight");
  EXPECT_EQ(named[5].name, "bn1.running_var");
  EXPECT_EQ(named[5].kind, TensorKind::moving_variance);
  EXPECT_EQ(named[5].index, 5);
}

TEST(DigitalNoise, HasEtaTimesThePopulationStdOfEachTensor) {
  // One BatchNorm of 40,000 channels. Standard error of a std is 1/sqrt(2n) = 0.35 %, of a mean
  // 1/sqrt(n) = 0.5 % of it; five of them for six tensors: false alarm 3e-6 (seed 5, draw 0).
  constexpr int kChannels = 40000;
  test::GraphMaker g(1, kChannels);
  g.dense("linear", g.relu(g.norm("bn", 0)), 2);
  const Weights weights = test::random_weights(g.graph());
  const Weights noisy = perturbed_digital(
      g.graph(), weights, semantics(Semantics::keras_get_weights), 0.1, noise_key(kSeed, 0));
  // random_weights gives std 0.2 to gamma, beta and mean, sqrt(2) to the variance (0.2 + z^2).
  for (const auto& [name, sigma] : std::map<std::string, double>{
           {"weight", 0.2}, {"bias", 0.2}, {"running_mean", 0.2}, {"running_var", std::sqrt(2)}}) {
    const auto noise = difference(noisy.at("bn." + name).values, weights.at("bn." + name).values);
    double mean = 0, square = 0;
    for (const float v : noise) mean += v / kChannels, square += double{v} * v / kChannels;
    EXPECT_NEAR(std::sqrt(square) / (0.1 * sigma), 1, 0.03) << name;
    EXPECT_NEAR(mean / (0.1 * sigma), 0, 0.025) << name;
  }
}

TEST(DigitalNoise, LeavesTensorsThatAreNotNamed) {
  const Graph graph = test::small_resnet(true);
  const Weights weights = test::random_weights(graph);
  const Weights noisy =
      perturbed_digital(graph, weights, tensors({"gamma"}), 0.1, noise_key(kSeed, 0));
  for (const NamedTensor& t : tensors_of(graph)) {
    if (t.kind == TensorKind::kernel) {
      EXPECT_EQ(noisy.count(t.name), 0u);
    } else {
      EXPECT_EQ(noisy.at(t.name).values == weights.at(t.name).values, t.kind != TensorKind::gamma);
    }
  }
}

TEST(DigitalNoise, IsTheSameWhateverElseIsPerturbed) {
  const Graph graph = test::small_resnet(true);
  const Weights weights = test::random_weights(graph);
  const auto noisy = [&](const NoiseSettings& settings) {
    return perturbed_digital(graph, weights, settings, 0.1, noise_key(kSeed, 3));
  };
  const Weights few = noisy(semantics(Semantics::trainable));
  const Weights many = noisy(semantics(Semantics::keras_get_weights));
  EXPECT_EQ(few.at("a.bn2.weight").values, many.at("a.bn2.weight").values);
  EXPECT_EQ(few.at("linear.bias").values, many.at("linear.bias").values);
  EXPECT_NE(few.at("a.bn2.running_var").values, many.at("a.bn2.running_var").values);
}

TEST(DigitalNoise, RefusesATensorThatIsNotFinite) {
  const Graph graph = test::small_resnet(false);
  Weights weights = test::random_weights(graph);
  weights.at("bn1.running_var").values[0] = std::nanf("");
  EXPECT_THROW(perturbed_digital(graph, weights, {}, 0, {}), DataError);
}

/// A small network on a chip with its noise, beside the literal computation of the same draw.
class NoisyNetwork : public testing::TestWithParam<bool> {
 protected:
  void check_against_literal(const NoiseSettings& noise, double eta, std::uint64_t draw) {
    test::Chip chip(graph, weights, noise, eta);
    LoadedNetwork& programmed = chip.network.program(kSeed, draw);
    const bool folded = noise.semantics == Semantics::folded;
    const Weights& mapped = folded ? fold_batch_norm(graph, weights) : weights;
    Weights raw = perturbed_digital(graph, mapped, noise, eta, noise_key(kSeed, draw));
    for (const auto& [name, tensor] : programmed.effective_weights()) raw.try_emplace(name, tensor);
    const auto got = programmed.logits(image.data(), 1, 0);
    const auto wanted = LiteralNetwork(graph, raw, ReluOfNan::zero).logits(image.data());
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 2e-5);
  }

  int rootless_channels(const NoiseSettings& noise, double eta, std::uint64_t draw) const {
    const Weights raw = perturbed_digital(graph, weights, noise, eta, noise_key(kSeed, draw));
    int count = 0;
    for (const NamedTensor& t : tensors_of(graph))
      if (t.kind == TensorKind::moving_variance)
        for (const float v : raw.at(t.name).values) count += v + 1e-3 <= 0;
    return count;
  }

  const Graph graph = test::small_resnet(GetParam());
  const Weights weights = test::random_weights(graph);
  const std::vector<float> image = test::normals(6 * 6 * 3, 901);
};

TEST_P(NoisyNetwork, KernelsComputeAsDefined) { check_against_literal({}, 0.2, 0); }

TEST_P(NoisyNetwork, TrainableComputesAsDefined) {
  check_against_literal(semantics(Semantics::trainable), 0.2, 1);
}

TEST_P(NoisyNetwork, FoldedComputesAsDefined) {
  check_against_literal(semantics(Semantics::folded), 0.2, 2);
}

TEST_P(NoisyNetwork, DeadChannelsComputeAsNanThroughReluToZero) {
  const NoiseSettings noise = semantics(Semantics::keras_get_weights);
  int dead = 0;
  for (std::uint64_t draw = 0; draw < 10; ++draw) {
    dead += rootless_channels(noise, 0.4, draw);
    check_against_literal(noise, 0.4, draw);
  }
  EXPECT_GT(dead, 10);
}

TEST_P(NoisyNetwork, NanRuleGivesClassZeroExactlyWhenAChannelHasNoRoot) {
  const auto noise = semantics(Semantics::keras_get_weights, NegativeVariance::nan);
  test::Chip chip(graph, weights, noise, 0.15);
  int lost = 0;
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    LoadedNetwork& programmed = chip.network.program(kSeed, draw);
    const bool rootless = rootless_channels(noise, 0.15, draw) > 0;
    lost += rootless;
    for (const float logit : programmed.logits(image.data(), 1, 0))
      EXPECT_EQ(std::isnan(logit), rootless);
  }
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, 40);
}

TEST_P(NoisyNetwork, FoldedNoiseFollowsTheFoldedKernels) {
  test::Chip plain(graph, weights, {}, 0.1);
  test::Chip folded(graph, weights, semantics(Semantics::folded), 0.1);
  const auto mapped = fold_batch_norm(graph, weights).at("conv1.weight").values;
  double mean = 0, square = 0;
  for (const float w : mapped) {
    mean += w / static_cast<double>(mapped.size());
    square += double{w} * w / static_cast<double>(mapped.size());
  }
  EXPECT_NEAR(folded.network.layers()[0].scale().sigma_w, std::sqrt(square - mean * mean), 1e-7);
  EXPECT_NE(folded.network.layers()[0].scale().sigma_w, plain.network.layers()[0].scale().sigma_w);
}

TEST_P(NoisyNetwork, KernelsThatAreNotNamedStayExact) {
  test::Chip chip(graph, weights, tensors({"gamma"}), 0.3);
  const Weights effective = chip.network.program(kSeed, 0).effective_weights();
  for (std::size_t i = 0; i < effective.at("conv1.weight").values.size(); ++i)
    EXPECT_NEAR(effective.at("conv1.weight").values[i], weights.at("conv1.weight").values[i], 1e-6);
  EXPECT_NE(effective.at("bn1.weight").values, weights.at("bn1.weight").values);
}

/// The network with two dead filters: in a.conv1 and in b.conv2, whose sum has a shortcut.
Weights with_dead_filters(Weights weights) {
  weights.at("a.bn1.running_var").values[2] = 9e-7f;
  weights.at("b.bn2.running_var").values[5] = 0.0f;
  weights.at("b.bn2.running_var").values[6] = 1.1e-6f;
  return weights;
}

TEST_P(NoisyNetwork, SparedFiltersAreExactAndAllElseIsAsNoisyAsBefore) {
  const Weights dying = with_dead_filters(weights);
  NoiseSettings noise = semantics(Semantics::keras_get_weights, NegativeVariance::abs);
  const auto effective = [&] {
    test::Chip chip(graph, dying, noise, 0.3);
    return chip.network.program(kSeed, 4).effective_weights();
  };
  const Weights before = effective();
  noise.spare_dead_filters = true;
  const Weights after = effective();
  const std::map<std::string, std::size_t> dead = {
      {"a.conv1", 2}, {"a.bn1", 2}, {"b.conv2", 5}, {"b.bn2", 5}};
  for (const auto& [name, tensor] : dying) {
    const auto found = dead.find(name.substr(0, name.rfind('.')));
    const std::size_t filters = static_cast<std::size_t>(tensor.shape[0]);
    const std::size_t per_filter = tensor.values.size() / filters;
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const float got = after.at(name).values[i];
      if (found != dead.end() && i / per_filter == found->second)
        EXPECT_NEAR(got, tensor.values[i], 1e-7) << name << " " << i;
      else
        EXPECT_EQ(got, before.at(name).values[i]) << name << " " << i;
    }
  }
}

// gamma/sqrt(0 + 1e-3) = 31.6: what reaches the logits through the dead filter without sparing.
TEST_P(NoisyNetwork, SparingDeadFiltersComputesAsDefined) {
  const Weights dying = with_dead_filters(weights);
  NoiseSettings noise;
  noise.spare_dead_filters = true;
  test::Chip chip(graph, dying, noise, 0.3);
  LoadedNetwork& programmed = chip.network.program(kSeed, 0);
  const auto got = programmed.logits(image.data(), 1, 0);
  const auto wanted = LiteralNetwork(graph, programmed.effective_weights()).logits(image.data());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], wanted[i], 1e-4 * std::max(1.0, std::abs(wanted[i])));
}

TEST_P(NoisyNetwork, DigitalNoiseNeedsAFormFactor) {
  test::Chip chip(graph, weights, semantics(Semantics::trainable), 0.1, "reference = 'w_max'");
  try {
    chip.network.program(kSeed, 0);
    FAIL() << "programmed";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("noise.semantics: noise on biases or BatchNorm needs a "
                                         "device with a form factor eta"),
              std::string::npos)
        << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Semantics, NoisyNetwork, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Projection" : "OptionA");
});

}  // namespace
}  // namespace ohmic
