// Every optimiser against values worked out by hand: w = 1, gradients 1, -1/2, 1/4 and learning
// rate 0.1 throughout, b1 = 0.9, b2 = 0.999. The tables beside the expectations are the
// intermediate values of the published equations.
#include "nn/train/optimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"
#include "tests/nn/updated_parameters.hpp"

namespace ohmic {
namespace {

constexpr double kRate = 0.1;
constexpr float kGradients[] = {1.0f, -0.5f, 0.25f};

std::unique_ptr<Optimizer> named(const std::string& name) {
  TrainSettings settings;
  settings.optimizer = name;
  return make_optimizer(settings);
}

std::vector<float> path(Optimizer& optimizer) {
  std::vector<float> w{1.0f}, values;
  for (const float g : kGradients) {
    optimizer.step(w, std::span(&g, 1), kRate);
    values.push_back(w[0]);
  }
  return values;
}

void expect_path(const std::string& name, double w1, double w2, double w3) {
  const std::vector<float> w = path(*named(name));
  EXPECT_NEAR(w[0], w1, 1e-6) << name;
  EXPECT_NEAR(w[1], w2, 1e-6) << name;
  EXPECT_NEAR(w[2], w3, 1e-6) << name;
}

// 1 - 0.1;  0.9 + 0.05;  0.95 - 0.025
TEST(Optimizer, SgdFollowsTheGradient) { expect_path("sgd", 0.9, 0.95, 0.925); }

// v: -0.1;  -0.09 + 0.05 = -0.04;  -0.036 - 0.025 = -0.061;  w = 1 + sum of v
TEST(Optimizer, MomentumAddsItsVelocity) { expect_path("momentum", 0.9, 0.86, 0.799); }

// The same v; each step moves by 0.9 v - 0.1 g:
// -0.09 - 0.1 = -0.19;  -0.036 + 0.05 = 0.014;  -0.0549 - 0.025 = -0.0799
TEST(Optimizer, NesterovLooksAheadByOneVelocity) { expect_path("nesterov", 0.81, 0.824, 0.7441); }

// t  m      v            sqrt(1-b2^t)/(1-b1^t)     m/(sqrt(v) + 1e-7)
// 1  0.1    0.001        0.0316228/0.1 = 0.316228  0.1/0.0316229   = 3.162268
// 2  0.04   0.001249     0.0447102/0.19 = 0.235317 0.04/0.0353413  = 1.131822
// 3  0.061  0.001310251  0.0547449/0.271 = 0.202011 0.061/0.0361975 = 1.685199
TEST(Optimizer, AdamDividesByTheRootOfTheSecondMoment) {
  expect_path("adam", 0.9000003, 0.8733667, 0.8393239);
}

// g = 1e-6: m = 1e-7, sqrt(v) = 3.16228e-8, rate 0.0316228. With epsilon outside the bias
// correction the step is 0.0316228 * 1e-7 / (3.16228e-8 + 1e-7) = 0.0240253; inside it would be
// 0.1 * 1e-6 / (1e-6 + 1e-7) = 0.0909.
TEST(Optimizer, AdamKeepsEpsilonOutsideTheBiasCorrection) {
  std::vector<float> w{0.0f};
  const std::vector<float> g{1e-6f};
  named("adam")->step(w, g, kRate);
  EXPECT_NEAR(w[0], -0.0240253, 1e-6);
}

// mu_t = 0.9 (1 - 0.96^(0.004 t)/2): 0.4500735, 0.4501469, 0.4502204, 0.4502938
// prod mu: 0.4500735, 0.2025992, 0.0912143, 0.0410732
// t  g/(1 - prod_t)  m/(1 - prod_(t+1))  v/(1 - b2^t)  bar m = (1 - mu_t) g' + mu_(t+1) m'
// 1   1.8184247      0.1254074           1              0.5499265 * 1.8184247 + 0.4501469 *
// 0.1254074
//                                                       = 1.0000000 + 0.0564518 = 1.0564518
// 2  -0.6270372      0.0440148           0.6248124     -0.3447783 + 0.0198163 = -0.3249620
// 3   0.2750924      0.0636128           0.4371874      0.1512402 + 0.0286444 =  0.1798846
// w = 1 - 0.1056452 + 0.0411111 - 0.0272057
TEST(Optimizer, NadamFollowsKerasScheduleOfMomentum) {
  expect_path("nadam", 0.8943548, 0.9354658, 0.9082601);
}

// u: 1; max(0.999, 0.5); max(0.998001, 0.25).  Steps 0.1/0.1 * 0.1/1, 0.1/0.19 * 0.04/0.999,
// 0.1/0.271 * 0.061/0.998001
TEST(Optimizer, AdaMaxDividesByTheLargestRecentGradient) {
  expect_path("adamax", 0.9, 0.8789263, 0.8563720);
}

// lambda = 1/2: b1_t = 0.9, 0.45, 0.225
// t  m                            v            ((1 - b1_t)/(1 - b1_(t-1)))^2 u   u
// 1  0.1                          0.001                                          0.001
// 2  0.045 - 0.275 = -0.23        0.001249     (0.55/0.1)^2 * 0.001 = 0.03025    0.03025
// 3  -0.05175 + 0.19375 = 0.142   0.001310251  (0.775/0.55)^2 * 0.03025          0.0600625
// w = 1 - 0.1 (3.162267 - 1.322405 + 0.579411)
TEST(Optimizer, AdamXScalesTheMaximumByTheChangeOfBeta) {
  TrainSettings settings;
  settings.optimizer = "adamx";
  settings.beta1_decay = 0.5;
  const std::vector<float> w = path(*make_optimizer(settings));
  EXPECT_NEAR(w[0], 0.6837732, 1e-6);
  EXPECT_NEAR(w[1], 0.8160139, 1e-6);
  EXPECT_NEAR(w[2], 0.7580728, 1e-6);
}

// Gradients 1, then 0: v would fall from 0.001 to 0.000999, its maximum stays; m = 0.1, 0.09.
// Steps 0.1 * 0.1/0.0316229 and 0.1 * 0.09/0.0316229.
TEST(Optimizer, AdamXNeverForgetsALargeSecondMoment) {
  auto adamx = named("adamx");
  std::vector<float> w{0.0f};
  adamx->step(w, std::vector<float>{1.0f}, kRate);
  EXPECT_NEAR(w[0], -0.3162268, 1e-6);
  adamx->step(w, std::vector<float>{0.0f}, kRate);
  EXPECT_NEAR(w[0], -0.3162268 - 0.2846041, 1e-6);
}

/// What `steps` updates make of `size` parameters from `first` on of a long buffer: normal
/// parameters and gradients.
std::vector<float> updated(const std::string& name, std::uint64_t first, std::size_t size) {
  auto optimizer = named(name);
  std::vector<float> w(size), g(size);
  fill_normals(noise_key(3, 0), {Stream::initialization}, first, std::span<float>(w));
  for (std::uint64_t step = 0; step < 4; ++step) {
    fill_normals(noise_key(3, 0), {Stream::training_noise, 0, 0, step}, first, std::span<float>(g));
    optimizer->step(w, g, kRate);
  }
  return w;
}

// All parameters lie in one buffer and are updated at once: what becomes of a tensor does not
// depend on its neighbours, to the bit, wherever it lies and whatever vectors or threads it falls
// to.
TEST(Optimizer, OneBufferGivesTheBitsOfTensorsUpdatedOneByOne) {
  constexpr std::size_t kSizes[] = {432, 1, 16, 33, 36864, 7, 100000};
  for (const std::string& name : optimizer_names()) {
    std::vector<float> apart;
    for (const std::size_t size : kSizes) {
      const std::vector<float> w = updated(name, apart.size(), size);
      apart.insert(apart.end(), w.begin(), w.end());
    }
    EXPECT_TRUE(updated(name, 0, apart.size()) == apart) << name;
  }
}

TEST(Optimizer, ContinuesToTheSameBitsFromItsMoments) {
  for (const std::string& name : optimizer_names()) {
    const std::vector<float> whole = path(*named(name));
    auto before = named(name), after = named(name);
    std::vector<float> w{1.0f};
    before->step(w, std::span(kGradients, 1), kRate);
    after->restore(before->steps(), before->moments(), 1);
    after->step(w, std::span(kGradients + 1, 1), kRate);
    after->step(w, std::span(kGradients + 2, 1), kRate);
    EXPECT_EQ(w[0], whole[2]) << name;
  }
}

// LibTorch is the oracle of the loop: the same operations, one after the other. Those that take
// roots may differ by one rounding of w per update (w < 5), since PyTorch's wheels do not round
// roots correctly on a processor (MKL's vsSqrt: 0.75 units in the last place).
TEST(Optimizer, OneLoopGivesWhatLibTorchsOperationsGive) {
  for (const std::string& name : optimizer_names()) {
    const bool takes_roots = name == "adam" || name == "nadam" || name == "adamx";
    const std::vector<float> loop = test::updated_with_decay(name, Update::fused);
    const std::vector<float> tensors = test::updated_with_decay(name, Update::tensors);
    float difference = 0;
    for (std::size_t i = 0; i < loop.size(); ++i)
      difference = std::max(difference, std::abs(loop[i] - tensors[i]));
    EXPECT_LE(difference, takes_roots ? 3 * 4.8e-7f : 0.0f) << name;
  }
}

// Gradient 2 l2 w = 0.1 of the weight before it shrinks by 0.1 * 0.2: 1 - 0.02 - 0.1 * 0.1.
TEST(Optimizer, DecaysTheParametersThatItIsTold) {
  TrainSettings settings;
  settings.optimizer = "sgd";
  settings.l2 = 0.05;
  settings.weight_decay = 0.2;
  std::vector<float> w{1.0f, 1.0f};
  make_optimizer(settings)->step(w, std::vector<float>{0.0f, 0.0f}, kRate,
                                 std::vector<float>{1.0f, 0.0f});
  EXPECT_NEAR(w[0], 0.97, 1e-6);
  EXPECT_EQ(w[1], 1.0f);
}

TEST(Optimizer, ADivergedGradientIsNotHidden) {
  for (const std::string& name : optimizer_names()) {
    const auto optimizer = named(name);
    std::vector<float> w{1.0f, 1.0f};
    optimizer->step(w, std::vector<float>{std::nanf(""), 1.0f}, kRate);
    optimizer->step(w, std::vector<float>{1.0f, 1.0f}, kRate);
    EXPECT_TRUE(std::isnan(w[0])) << name;
    EXPECT_TRUE(std::isfinite(w[1])) << name;
  }
}

TEST(Optimizer, UnknownNameIsRefused) { EXPECT_THROW(named("adagrad"), ConfigError); }

}  // namespace
}  // namespace ohmic
