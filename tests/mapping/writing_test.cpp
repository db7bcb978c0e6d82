// Replicas, program and verify, and repair. Statistics: seed 5, draw 0 of a 256 x 512 layer
// (131,072 weights, two devices each); bounds are five standard errors (false alarm 6e-7 each).
#include "mapping/writing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mapping/mapped_layer.hpp"
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::moments;

const NoiseKey kKey = noise_key(5, 0);
constexpr int kRows = 256, kColumns = 512;
constexpr double kMin_S = 1e-6, kMax_S = 25e-6, kRange_S = kMax_S - kMin_S;
const std::string kRange = "g_min_S = 1e-6\n";

const std::vector<float>& weights() {
  static const std::vector<float> w = [] {
    std::vector<float> all(std::size_t{kRows} * kColumns);
    fill_normals(noise_key(5, 99), {Stream::initialization}, 0, std::span(all));
    for (float& x : all) x *= 0.05f;
    return all;
  }();
  return w;
}

MappedLayer mapped(const MappingSettings& s) {
  ConvGeometry g;
  g.in_channels = kRows;
  g.out_channels = kColumns;
  return {"dense", 3, g, weights(), s, kMin_S, kMax_S};
}

std::vector<double> errors(const MappingSettings& s, const DeviceModel& device) {
  const auto held = mapped(s).program_product(device, kKey, {}).weights;
  std::vector<double> e(held.size());
  for (std::size_t i = 0; i < e.size(); ++i) e[i] = double{held[i]} - weights()[i];
  return e;
}

double std_of(const std::vector<double>& values) { return moments(values).std; }

// --- replicas ---

TEST(Replicas, NoiseOfAWeightFallsWithTheRootOfTheirNumber) {
  const auto device = make_device("model = \"awgn\"\neta = 0.2\n" + kRange);
  const double n = kRows * kColumns, sigma_w = mapped({}).scale().sigma_w;
  for (const Fill fill : {Fill::equal, Fill::maximal})
    for (const int replicas : {1, 2, 4, 8}) {
      MappingSettings s;
      s.replicas = replicas;
      s.fill = fill;
      const double expected = 0.2 * sigma_w / std::sqrt(replicas);
      EXPECT_NEAR(std_of(errors(s, *device)), expected, 5 * expected / std::sqrt(2 * n));
    }
}

TEST(Replicas, TheFirstIsTheCellThatStoodAlone) {
  const auto device = make_device("model = \"awgn\"\neta = 0.2\n" + kRange);
  MappingSettings two;
  two.replicas = 2;
  for (int role = 0; role < 2; ++role)
    EXPECT_EQ(mapped(two).programmed_S(role, *device, kKey),
              mapped({}).programmed_S(role, *device, kKey));
  EXPECT_EQ(mapped(two).roles(), 4);
}

TEST(Replicas, ScalesAreThoseOfOneCell) {
  MappingSettings s;
  s.replicas = 4;
  EXPECT_DOUBLE_EQ(mapped(s).scale().weight_per_S, mapped({}).scale().weight_per_S);
  EXPECT_DOUBLE_EQ(mapped(s).scale().devices_per_weight, 2);
}

// Errors proportional to the state vanish at the ends of the range: filling as few devices as
// possible leaves one per weight between them.
TEST(Replicas, MaximalFillLeavesOneDeviceBetweenItsEnds) {
  MappingSettings s;
  s.replicas = 3;
  s.fill = Fill::maximal;
  const CellCode code(s, kMin_S, kMax_S);
  for (const double v : {-1.0, -0.7, -1. / 3, 0.0, 0.1, 0.5, 0.9, 1.0}) {
    int between = 0;
    for (const CellCode::Role& role : code.roles()) {
      double G_S = 0;
      code.targets(role, {&v, 1}, {&G_S, 1});
      between += G_S > kMin_S * (1 + 1e-9) && G_S < kMax_S * (1 - 1e-9);
    }
    const bool is_state = std::abs(std::remainder(3 * v, 1.0)) < 1e-9;
    EXPECT_EQ(between, is_state ? 0 : 1) << v;
  }
}

// --- program and verify ---

// An error e sigma is accepted with p = P(|xi| < tolerance / sigma); of `writes` tries all fail
// with (1 - p)^writes, and (1 - (1 - p)^writes) / p are made on average.
TEST(ProgramAndVerify, IsAGeometricSeries) {
  const double sigma = 0.04, tolerance = 0.03;
  const auto device =
      make_device("model = \"awgn\"\neta = 0.04\nreference = \"g_range\"\n" + kRange);
  const double p = std::erf(tolerance / sigma / std::sqrt(2.0)), n = 2.0 * kRows * kColumns;
  for (const int writes : {1, 2, 5, 20}) {
    MappingSettings s;
    s.writes = writes;
    s.write_tolerance = tolerance;
    const MappedLayer layer = mapped(s);
    std::size_t off = 0;
    for (int role = 0; role < 2; ++role) {
      const auto held_S = layer.programmed_S(role, *device, kKey);
      std::vector<double> target_S(held_S.size());
      layer.target_S(role, 0, target_S);
      for (std::size_t i = 0; i < held_S.size(); ++i)
        off += std::abs(held_S[i] - target_S[i]) > tolerance * kRange_S;
    }
    const double q = std::pow(1 - p, writes);
    EXPECT_NEAR(static_cast<double>(off), n * q, 5 * std::sqrt(n * q) + 1e-9) << writes;
    const double expected = (1 - q) / p;
    EXPECT_NEAR(layer.writes_per_device(*device, kKey), expected, 5 * expected / std::sqrt(n) * 2)
        << writes;
  }
}

TEST(ProgramAndVerify, LeavesErrorsOfTheAcceptedOnes) {
  const double sigma = 0.04, tolerance = 0.03, a = tolerance / sigma;
  const auto device =
      make_device("model = \"awgn\"\neta = 0.04\nreference = \"g_range\"\n" + kRange);
  MappingSettings s;
  s.writes = 60;  // (1 - p)^60 = 4e-17
  s.write_tolerance = tolerance;
  // Variance of a normal number cut at +-a, twice for a pair, in weights.
  const double density = std::exp(-a * a / 2) / std::sqrt(2 * M_PI);
  const double variance = 1 - 2 * a * density / std::erf(a / std::sqrt(2.0));
  const double expected = mapped({}).scale().w_max * sigma * std::sqrt(2 * variance);
  EXPECT_NEAR(std_of(errors(s, *device)), expected,
              5 * expected / std::sqrt(2.0 * kRows * kColumns));
}

TEST(ProgramAndVerify, StuckDevicesStayWhereTheyAre) {
  const std::string text = "model = \"stack\"\n" + kRange +
                           "models = [{ model = \"awgn\", eta = 0.04, reference = \"g_range\" }, "
                           "{ model = \"stuck\", max_rate = 0.05 }]\n";
  MappingSettings s;
  s.writes = 5;
  const auto once = mapped({}).programmed_S(0, *make_device(text), kKey);
  const auto verified = mapped(s).programmed_S(0, *make_device(text), kKey);
  std::vector<double> target_S(once.size());
  mapped({}).target_S(0, 0, target_S);
  std::size_t stuck = 0;
  for (std::size_t i = 0; i < once.size(); ++i)
    if (once[i] == kMax_S && target_S[i] < 0.5 * kMax_S) {
      ++stuck;
      EXPECT_EQ(verified[i], kMax_S);
    }
  EXPECT_GT(stuck, 1000u);
}

// Models whose drift begins at the target know in which round a device was written.
TEST(ProgramAndVerify, LastsWhileDevicesAge) {
  const std::string text = "model = \"stack\"\ntime_s = 3600\n" + kRange +
                           "models = [{ model = \"awgn\", eta = 0.04, reference = \"g_range\" }, "
                           "{ model = \"stuck\" }]\n";
  MappingSettings s;
  s.writes = 60;
  s.write_tolerance = 0.03;
  std::vector<double> target_S(weights().size());
  for (int role = 0; role < 2; ++role) {
    const auto aged_S = mapped(s).programmed_S(role, *make_device(text), kKey);
    mapped(s).target_S(role, 0, target_S);
    for (std::size_t i = 0; i < aged_S.size(); ++i)
      EXPECT_LE(std::abs(aged_S[i] - target_S[i]), 0.03 * kRange_S);
  }
}

// A device's own exponent is the same whatever the round: what drifts is what was written.
TEST(ProgramAndVerify, DriftsFromWhatWasWritten) {
  MappingSettings s;
  s.writes = 4;
  s.write_tolerance = 0.01;
  const std::string pcm = "model = \"pcm\"\n" + kRange;
  const auto at = [&](const MappingSettings& m, const std::string& more) {
    return mapped(m).programmed_S(0, *make_device(pcm + more), kKey);
  };
  const auto fresh = at({}, ""), verified = at(s, ""), old = at({}, "time_s = 3600"),
             verified_old = at(s, "time_s = 3600");
  int moved = 0;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    moved += fresh[i] != verified[i];
    EXPECT_NEAR(verified_old[i] * fresh[i], old[i] * verified[i], 1e-9 * kMax_S * kMax_S);
  }
  EXPECT_GT(moved, 1000);
}

// --- repair ---

const std::string kStuck =
    "model = \"stuck\"\nmin_rate = 0.04\nmax_rate = 0.03\nopen_rate = 0.02\n" + kRange;

// The least error that one device of a pair leaves when the other is stuck, by trying.
double least_error(double v, double sign, double stuck_S) {
  double least = 1e9;
  for (int i = 0; i <= 2000; ++i) {
    const double other_S = kMin_S + kRange_S * i / 2000;
    least = std::min(least, std::abs(sign * (stuck_S - other_S) / kRange_S - v));
  }
  return least;
}

TEST(Repair, APartnerDoesWhatCanBeDone) {
  const auto device = make_device(kStuck);
  MappingSettings s;
  s.repair = Repair::partners;
  const MappedLayer layer = mapped(s);
  const auto e = errors(s, *device);
  const double w_max = layer.scale().w_max;
  const CellLayout layout{kRows, kColumns, 256, 256};
  std::vector<double> held_S[2];
  for (int role = 0; role < 2; ++role) {
    held_S[role].resize(e.size());
    device->stuck_S({kKey, 3, static_cast<std::uint8_t>(role), 0, nullptr, &layout}, held_S[role]);
  }
  int by_one = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const bool plus = !std::isnan(held_S[0][i]), minus = !std::isnan(held_S[1][i]);
    const double v = weights()[i] / w_max, error = std::abs(e[i]) / w_max;
    if (plus && minus) continue;
    if (!plus && !minus) {
      EXPECT_NEAR(error, 0, 1e-6);
      continue;
    }
    ++by_one;
    const double least = least_error(v, plus ? 1 : -1, plus ? held_S[0][i] : held_S[1][i]);
    EXPECT_NEAR(error, least, 1.0 / 4000 + 1e-6) << i;
  }
  EXPECT_GT(by_one, 10000);
}

// All devices of a cell together reach an interval; what is held is the number in it that is
// nearest.
TEST(Repair, CellsHoldTheNearestNumberThatTheirDevicesReach) {
  const auto device = make_device(kStuck);
  MappingSettings pairs, offset;
  pairs.replicas = 4;
  offset.encoding = Encoding::offset;
  offset.replicas = 3;
  for (MappingSettings s : {pairs, offset}) {
    s.repair = Repair::partners;
    const CellCode code(s, kMin_S, kMax_S);
    const CellCode::PlaneCode& plane = code.planes().front();
    const CellLayout layout{kRows, kColumns, 256, 256};
    const auto held = mapped(s).program_product(*device, kKey, {}).weights;
    const double w_max = mapped(s).scale().w_max;
    std::vector<double> low(held.size(), -plane.reference_S), high = low, stuck_S(held.size());
    for (std::size_t role = 0; role < code.roles().size(); ++role) {
      const double sign = code.roles()[role].sign;
      device->stuck_S({kKey, 3, static_cast<std::uint8_t>(role), 0, nullptr, &layout}, stuck_S);
      for (std::size_t i = 0; i < held.size(); ++i) {
        const bool works = std::isnan(stuck_S[i]);
        const double a = sign * (works ? kMin_S : stuck_S[i]),
                     b = sign * (works ? kMax_S : stuck_S[i]);
        low[i] += std::min(a, b);
        high[i] += std::max(a, b);
      }
    }
    int beyond = 0;
    for (std::size_t i = 0; i < held.size(); ++i) {
      const double v = weights()[i] / w_max, most = plane.value_per_S * high[i],
                   least = plane.value_per_S * low[i];
      beyond += v < least || v > most;
      EXPECT_NEAR(held[i] / w_max, std::clamp(v, least, most), 1e-6) << i;
    }
    EXPECT_GT(beyond, 0);
    EXPECT_LT(beyond, static_cast<int>(held.size()) / 20);
  }
}

TEST(Repair, SlicesHelpEachOther) {
  const auto device = make_device(kStuck);
  MappingSettings s;
  s.encoding = Encoding::bit_sliced;
  const double before = std_of(errors(s, *device));
  s.repair = Repair::partners;
  EXPECT_LT(std_of(errors(s, *device)), 0.6 * before);
}

TEST(Repair, DoesNotTouchColumnsThatAreSpared) {
  const auto device = make_device(kStuck);
  MappingSettings s;
  s.repair = Repair::partners;
  MappedLayer layer = mapped(s);
  std::vector<bool> spared(kColumns, true);
  layer.spare(spared);
  const auto held = layer.program_product(*device, kKey, {}).weights;
  for (std::size_t i = 0; i < held.size(); ++i) EXPECT_NEAR(held[i], weights()[i], 1e-7);
}

TEST(Repair, IsLeftToTheHost) {
  MappingSettings s;
  s.repair = Repair::partners;
  EXPECT_FALSE(mapped(s).plan(*make_device(kStuck), {}));
  EXPECT_TRUE(mapped({}).plan(*make_device(kStuck), {}));
}

}  // namespace
}  // namespace ohmic
