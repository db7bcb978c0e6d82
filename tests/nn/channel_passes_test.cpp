// BatchNorm of a training with what follows it, against the definition computed in doubles and
// gradients by central differences of that.
#include "nn/channel_passes.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

using Doubles = std::vector<double>;

constexpr double kEpsilon = 1e-3;

struct Case {
  std::int64_t values, channels;
  bool adds, relu;
};

std::string name_of(const testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return std::to_string(c.values) + "x" + std::to_string(c.channels) + (c.adds ? "WithSum" : "") +
         (c.relu ? "WithRelu" : "");
}

/// Of one channel.
struct Channel {
  Doubles x, r;
  double gamma, beta;
};

Doubles literally(const Channel& c, bool relu) {
  const auto n = static_cast<double>(c.x.size());
  double mean = 0, variance = 0;
  for (const double x : c.x) mean += x / n;
  for (const double x : c.x) variance += (x - mean) * (x - mean) / n;
  Doubles y;
  for (std::size_t i = 0; i < c.x.size(); ++i) {
    const double v = c.gamma * (c.x[i] - mean) / std::sqrt(variance + kEpsilon) + c.beta + c.r[i];
    y.push_back(relu ? std::max(0.0, v) : v);
  }
  return y;
}

/// d sum(weights y)/d at, which is part of `c`.
double difference(Channel& c, double& at, const Doubles& weights, bool relu) {
  constexpr double kStep = 1e-6;
  const double before = at;
  double sums[2] = {};
  for (const int sign : {0, 1}) {
    at = before + (sign == 0 ? -kStep : kStep);
    const Doubles y = literally(c, relu);
    for (std::size_t i = 0; i < y.size(); ++i) sums[sign] += weights[i] * y[i];
  }
  at = before;
  return (sums[1] - sums[0]) / (2 * kStep);
}

/// What a training computes, forward and backward.
struct Batch {
  std::vector<float> x, r, of_y, gamma, beta, mean, rate;
  std::vector<float> y, of_r, of_x, of_gamma, of_beta;

  explicit Batch(const Case& c) {
    const auto numbers = static_cast<std::size_t>(c.values * c.channels);
    const auto channels = static_cast<std::size_t>(c.channels);
    x = test::normals(numbers, 1);
    r = test::normals(numbers, 2);
    of_y = test::normals(numbers, 3);
    gamma = test::normals(channels, 4);
    beta = test::normals(channels, 5);
    for (std::size_t i = 0; i < numbers; ++i) x[i] = 2 * x[i] + 3;
    if (!c.adds) r.assign(numbers, 0);
  }

  NormOfBatch norm(const Case& c) const {
    return {c.values, c.channels, mean.data(), rate.data(), gamma.data(), beta.data(), c.relu};
  }

  void compute(const Case& c) {
    const ChannelMoments moments = channel_moments(x.data(), c.values, c.channels);
    mean = moments.mean;
    rate.clear();
    for (const float v : moments.variance)
      rate.push_back(static_cast<float>(1 / std::sqrt(v + kEpsilon)));
    y.resize(x.size());
    of_r.resize(x.size());
    of_x.resize(x.size());
    of_gamma.resize(gamma.size());
    of_beta.resize(gamma.size());
    normalize(norm(c), x.data(), c.adds ? r.data() : nullptr, y.data());
    normalize_backward(norm(c), x.data(), c.adds && c.relu ? y.data() : nullptr, of_y.data(),
                       {of_x.data(), of_gamma.data(), of_beta.data(), of_r.data()});
  }

  Doubles channel_of(const std::vector<float>& values, std::size_t channel) const {
    Doubles of_channel;
    for (std::size_t i = channel; i < values.size(); i += gamma.size())
      of_channel.push_back(values[i]);
    return of_channel;
  }

  Channel channel(std::size_t c) const {
    return {channel_of(x, c), channel_of(r, c), gamma[c], beta[c]};
  }
};

class NormOfTraining : public testing::TestWithParam<Case> {};

TEST_P(NormOfTraining, IsTheDefinition) {
  Batch batch(GetParam());
  batch.compute(GetParam());
  for (std::size_t c = 0; c < batch.gamma.size(); ++c) {
    const Doubles wanted = literally(batch.channel(c), GetParam().relu);
    const Doubles got = batch.channel_of(batch.y, c);
    for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_NEAR(got[i], wanted[i], 4e-6);
  }
}

TEST_P(NormOfTraining, HasTheGradientsOfTheDefinition) {
  constexpr std::size_t kLooks = 20;  // of each channel's values
  Batch batch(GetParam());
  batch.compute(GetParam());
  for (std::size_t c = 0; c < batch.gamma.size(); ++c) {
    Channel channel = batch.channel(c);
    const Doubles weights = batch.channel_of(batch.of_y, c);
    const auto wanted = [&](double& at) {
      return difference(channel, at, weights, GetParam().relu);
    };
    const double size = std::sqrt(static_cast<double>(channel.x.size()));
    EXPECT_NEAR(batch.of_gamma[c], wanted(channel.gamma), 1e-5 * size);
    EXPECT_NEAR(batch.of_beta[c], wanted(channel.beta), 1e-5 * size);
    const Doubles of_x = batch.channel_of(batch.of_x, c), of_r = batch.channel_of(batch.of_r, c);
    for (std::size_t i = 0; i < of_x.size(); i += 1 + of_x.size() / kLooks) {
      EXPECT_NEAR(of_x[i], wanted(channel.x[i]), 1e-5);
      if (GetParam().adds && GetParam().relu) {
        EXPECT_NEAR(of_r[i], wanted(channel.r[i]), 1e-5);
      }
    }
  }
}

TEST_P(NormOfTraining, IsTheSameBytesOnAnyNumberOfThreads) {
  const int all = omp_get_max_threads();
  std::vector<Batch> batches(3, Batch(GetParam()));
  for (int threads = 1; threads <= 3; ++threads) {
    omp_set_num_threads(threads);
    batches[static_cast<std::size_t>(threads - 1)].compute(GetParam());
  }
  omp_set_num_threads(all);
  for (const Batch& batch : batches) {
    EXPECT_EQ(batch.y, batches[0].y);
    EXPECT_EQ(batch.of_x, batches[0].of_x);
    EXPECT_EQ(batch.of_gamma, batches[0].of_gamma);
    EXPECT_EQ(batch.of_beta, batches[0].of_beta);
  }
}

TEST_P(NormOfTraining, IsNoNumberWhereAnInputIsNone) {
  Batch batch(GetParam());
  batch.x.back() = std::numeric_limits<float>::quiet_NaN();
  batch.compute(GetParam());
  const std::size_t channel = batch.gamma.size() - 1;
  for (const auto* values : {&batch.y, &batch.of_x})
    for (const double v : batch.channel_of(*values, channel)) ASSERT_TRUE(std::isnan(v));
  EXPECT_TRUE(std::isnan(batch.of_gamma[channel]));
  if (channel > 0) {
    EXPECT_FALSE(std::isnan(batch.y[0]));
  }
}

INSTANTIATE_TEST_SUITE_P(, NormOfTraining,
                         testing::Values(Case{2, 1, false, false}, Case{1000, 1, false, true},
                                         Case{35, 3, true, true}, Case{4225, 3, true, true},
                                         Case{1024, 16, false, true}, Case{1023, 16, true, true},
                                         Case{841, 17, true, true}, Case{841, 17, true, false},
                                         Case{49, 64, false, true}, Case{640, 64, true, true},
                                         Case{9, 1000, true, true}),
                         name_of);

TEST(ChannelMoments, AreMeanAndPopulationVariance) {
  const std::vector<float> x{1, 1000, 2, 1000, 6, 1003};
  const ChannelMoments moments = channel_moments(x.data(), 3, 2);
  EXPECT_EQ(moments.mean, (std::vector<float>{3, 1001}));
  EXPECT_FLOAT_EQ(moments.variance[0], 14.0f / 3);
  EXPECT_FLOAT_EQ(moments.variance[1], 2);
}

TEST(ChannelMoments, AreExactFarFromZero) {
  const std::vector<float> x{16777212, 16777214, 16777216};
  EXPECT_FLOAT_EQ(channel_moments(x.data(), 3, 1).variance[0], 8.0f / 3);
}

TEST(ChannelMoments, OfManyValuesFarFromZeroAreThoseOfTheDefinition) {
  std::vector<float> x = test::normals(100003 * 3, 7);
  for (float& v : x) v += 1000;
  const ChannelMoments moments = channel_moments(x.data(), 100003, 3);
  for (std::size_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t i = c; i < x.size(); i += 3) mean += x[i] / 100003.0;
    for (std::size_t i = c; i < x.size(); i += 3)
      variance += (x[i] - mean) * (x[i] - mean) / 100003;
    EXPECT_FLOAT_EQ(moments.mean[c], static_cast<float>(mean));
    EXPECT_NEAR(moments.variance[c], variance, 1e-6);
  }
}

}  // namespace
}  // namespace ohmic
