// What every device model must do, asked of each one that is registered: a new model is tested here
// by being registered, nothing more. Statistical checks use key (11, 0) and 2^14 devices; bounds
// are five standard errors (false alarm 6e-7 each).
#include <gtest/gtest.h>

#include <algorithm>

#include "simulator/random/mixed_draw.hpp"
#include "simulator/random/normal.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::Moments;
using test::moments;
using test::Sample;
using test::sample;

constexpr std::size_t kDevices = std::size_t{1} << 14;
constexpr double kAges_s[] = {0, 1, 3600, 3.15e7};

// Parameters that are amplitudes: at 0 the effect they scale is off. Where 0 is the default, the
// battery switches them on.
constexpr const char* kAmplitudes[] = {"eta",          "programming_scale",
                                       "drift_scale",  "read_scale",
                                       "std_relative", "size",
                                       "amplitude",    "nu",
                                       "nu_std",       "min_rate",
                                       "max_rate",     "reads"};

class DeviceBattery : public ::testing::TestWithParam<std::string> {
 protected:
  const test::TemporaryFolder folder_;

  const DeviceKind& kind() const { return *find_device_kind(GetParam()); }
  bool has(const std::string& key) const { return kind().schema->find(key) != nullptr; }

  /// The model with its defaults, its effects switched on, and `more`.
  std::unique_ptr<DeviceModel> device(const std::string& more = "") const {
    std::string toml = "model = \"" + GetParam() + "\"\n" + more;
    const Value defaults = kind().schema->write(kind().schema->make_default().get());
    for (const char* key : kAmplitudes) {
      if (!has(key) || more.find(std::string(key) + " =") != std::string::npos) continue;
      if (std::get<double>(defaults.at(key)->data) == 0)
        toml += key + std::string(key == std::string("reads") ? " = 1e12\n" : " = 0.1\n");
    }
    if (const Parameter* file = kind().schema->find("file"); file && file->required)
      toml += "file = \"" + measured_table() + "\"\n";
    return make_device(toml);
  }

  /// A table of measurements for models that need one.
  std::string measured_table() const {
    return folder_.write("measured.csv",
                         "g_target_uS, g_mean_uS, g_std_uS, time_s\n"
                         "0, 0.1, 0.3, 1\n 25, 24, 1, 1\n0, 0.1, 0.4, 1e6\n25, 22, 2, 1e6\n");
  }

  /// Targets over the whole range of the model, 33 levels again and again.
  static std::vector<double> ramp(const DeviceModel& model, std::size_t n) {
    std::vector<double> targets(n);
    for (std::size_t i = 0; i < n; ++i)
      targets[i] =
          model.g_min_S + (model.g_max_S - model.g_min_S) * static_cast<double>(i % 33) / 32;
    return targets;
  }

  static DeviceBlock block(NoiseKey key = noise_key(11, 0), std::uint16_t layer = 2,
                           std::uint8_t role = 0, std::uint64_t first = 0) {
    return {key, layer, role, first};
  }

  /// Errors of the devices at mid-range, centred and scaled to unit std; zeros where there are
  /// none.
  static std::vector<double> errors(const DeviceModel& model, const DeviceBlock& where) {
    const double mid_S = 0.5 * (model.g_min_S + model.g_max_S);
    auto G_S = sample(model, std::vector<double>(kDevices, mid_S), 3600, where).G_S;
    const Moments m = moments(G_S);
    for (double& G : G_S) G = m.std > 0 ? (G - m.mean) / m.std : 0;
    return G_S;
  }
};

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum / static_cast<double>(a.size());
}

TEST_P(DeviceBattery, SaysWhatItIs) {
  EXPECT_FALSE(kind().schema->title.empty());
  EXPECT_FALSE(kind().schema->doc.empty());
  for (const Parameter& p : kind().schema->parameters()) EXPECT_FALSE(p.doc.empty()) << p.key;
}

TEST_P(DeviceBattery, StaysFinite) {
  const auto model = device();
  for (const double age_s : kAges_s) {
    const Sample s = sample(*model, ramp(*model, kDevices), age_s, block());
    for (std::size_t i = 0; i < kDevices; ++i) {
      ASSERT_TRUE(std::isfinite(s.G_S[i])) << s.target_S[i] << " S at " << age_s << " s";
      ASSERT_TRUE(std::isfinite(s.read_sigma_S[i]) && s.read_sigma_S[i] >= 0) << s.target_S[i];
    }
  }
}

TEST_P(DeviceBattery, StaysInRangeWhenClipped) {
  if (!has("clip")) GTEST_SKIP() << "has no clip policy";
  const auto model = device("clip = \"range\"\n");
  for (const double age_s : kAges_s)
    for (const double G : sample(*model, ramp(*model, kDevices), age_s, block()).G_S) {
      ASSERT_GE(G, model->g_min_S);
      ASSERT_LE(G, model->g_max_S);
    }
}

TEST_P(DeviceBattery, IsTheIdentityWithItsNoiseOff) {
  std::string off;
  for (const char* amplitude : kAmplitudes)
    if (has(amplitude)) off += std::string(amplitude) + " = 0.0\n";
  const bool measured = has("file") && kind().schema->find("file")->required;
  if ((off.empty() && GetParam() != "ideal") || measured)
    GTEST_SKIP() << "has no amplitudes that make it exact at 0";
  const auto model = device(off);
  for (const double age_s : kAges_s) {
    const Sample s = sample(*model, ramp(*model, 330), age_s, block());
    for (std::size_t i = 0; i < s.G_S.size(); ++i) {
      ASSERT_DOUBLE_EQ(s.G_S[i], s.target_S[i]);
      ASSERT_EQ(s.read_sigma_S[i], 0);
    }
  }
}

TEST_P(DeviceBattery, GivesTheSameBitsForTheSameKey) {
  const auto model = device();
  const auto once = sample(*model, ramp(*model, 1000), 3600, block());
  const auto again = sample(*device(), ramp(*model, 1000), 3600, block());
  EXPECT_EQ(once.G_S, again.G_S);
  EXPECT_EQ(once.read_sigma_S, again.read_sigma_S);
}

TEST_P(DeviceBattery, DoesNotDependOnHowDevicesAreSplitIntoBlocks) {
  const auto model = device();
  const auto targets = ramp(*model, 322);
  const auto whole = sample(*model, targets, 3600, block()).G_S;
  std::size_t first = 0;
  for (const std::size_t n : {1u, 31u, 33u, 257u}) {
    const auto from = targets.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<double> part(from, from + static_cast<std::ptrdiff_t>(n));
    const auto G_S = sample(*model, part, 3600, block(noise_key(11, 0), 2, 0, first)).G_S;
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(G_S[i], whole[first + i]) << first + i;
    first += n;
  }
}

TEST_P(DeviceBattery, DrawsEachDeviceByItself) {
  const auto model = device();
  const auto base = errors(*model, block());
  const double bound = 5 / std::sqrt(static_cast<double>(kDevices));
  EXPECT_LT(std::abs(correlation(base, errors(*model, block(noise_key(11, 1))))), bound) << "draw";
  EXPECT_LT(std::abs(correlation(base, errors(*model, block(noise_key(12, 0))))), bound) << "seed";
  EXPECT_LT(std::abs(correlation(base, errors(*model, block(noise_key(11, 0), 3)))), bound)
      << "layer";
  EXPECT_LT(std::abs(correlation(base, errors(*model, block(noise_key(11, 0), 2, 1)))), bound)
      << "role";
  EXPECT_LT(std::abs(correlation(base, errors(*model, block(noise_key(11, 0), 2, 0, 1)))), bound)
      << "cell";
}

// Lists of effects and reads are all that a GPU knows of a model.
TEST_P(DeviceBattery, DoesWhatItsListsSay) {
  const auto model = device();
  if (!model->effects(test::kScale, 0)) GTEST_SKIP() << "has functions of its own";
  for (const double age_s : kAges_s) {
    const Sample s = sample(*model, ramp(*model, 1000), age_s, block());
    const auto effects = model->effects(test::kScale, age_s).value();
    const auto reads = model->reads(age_s);
    ASSERT_TRUE(reads || !model->reads_noisily());
    for (std::size_t i = 0; i < s.G_S.size(); ++i) {
      double target_S = s.target_S[i], G_S = target_S;
      std::uint8_t stage = 0;
      for (const DeviceEffect& effect : effects) {
        if (effect.stage != stage) target_S = G_S;
        stage = effect.stage;
        DeviceBlock where = block();
        where.stage = stage;
        const Address address = where.address(effect.stream(), 0);
        const double drawn = effect.draws_uniforms() ? uniform_of(bits_at(where.key, address, i))
                                                     : normal_at(where.key, address, i);
        G_S = effect.with([&](const auto& e) { return e.apply(target_S, G_S, drawn); });
      }
      ASSERT_EQ(G_S, s.G_S[i]) << i << " at " << age_s << " s";
      double variance_S2 = 0;
      for (const DeviceRead& read : reads.value_or(std::vector<DeviceRead>{})) {
        ASSERT_EQ(read.stage, 0);
        const double sigma_S =
            read.with([&](const auto& r) { return r.sigma_S(s.target_S[i], G_S); });
        variance_S2 += sigma_S * sigma_S;
      }
      ASSERT_EQ(std::sqrt(variance_S2), s.read_sigma_S[i]) << i << " at " << age_s << " s";
    }
  }
}

TEST_P(DeviceBattery, HasTheUniformSigmaThatItClaims) {
  const auto model = device();
  const LayerScale scale{0.05, 0.3, 0.3 / 25e-6, 2};
  const double claimed_S = model->uniform_sigma_S(scale);
  if (claimed_S < 0) GTEST_SKIP() << "its sigma depends on the state";
  for (int level = 0; level <= 4; ++level) {
    const double target_S = model->g_min_S + (model->g_max_S - model->g_min_S) * level / 4;
    const Moments m = moments(sample(*model, target_S, 0, kDevices).G_S);
    EXPECT_NEAR(m.mean, target_S, 5 * m.mean_error() + 1e-18);
    EXPECT_NEAR(m.std, claimed_S, 5 * claimed_S / std::sqrt(2.0 * kDevices) + 1e-18);
  }
}

// The same device of 2^12 plain chips and of 2^12 chips of paths, each of three steps: the largest
// distance between the two distributions (Kolmogorov and Smirnov) is above 2.8 sqrt(2/n) with a
// probability of 3e-7. Half of what a device was stays, so that most of them have moved.
TEST_P(DeviceBattery, HasTheLawOfDrawsOnPaths) {
  constexpr std::uint64_t kChips = 1 << 12;
  const auto model = device();
  const std::vector<double> target{0.5 * (model->g_min_S + model->g_max_S)};
  std::vector<double> plain_S, moved_S;
  std::size_t same = 0;
  for (std::uint64_t chip = 0; chip < kChips; ++chip) {
    NoisePath path = NoisePath::plain(chip);
    plain_S.push_back(sample(*model, target, 3600, block(noise_key(11, chip))).G_S[0]);
    const auto on_path = [&] {
      const MixedDraw mixed(11, path);
      return sample(*model, target, 3600, block(noise_key(11, mixed.number()))).G_S[0];
    };
    same += on_path() == plain_S.back();
    for (std::uint64_t s = 0; s < 3; ++s) path.steps.push_back({kChips + 3 * chip + s, 0.8});
    moved_S.push_back(on_path());
  }
  EXPECT_EQ(same, kChips);
  std::ranges::sort(plain_S);
  std::ranges::sort(moved_S);
  double farthest = 0;
  for (const double G : plain_S) {
    const auto below = [G](const std::vector<double>& all) {
      return static_cast<double>(std::ranges::upper_bound(all, G) - all.begin()) / kChips;
    };
    farthest = std::max(farthest, std::abs(below(plain_S) - below(moved_S)));
  }
  EXPECT_LT(farthest, 2.8 * std::sqrt(2.0 / kChips));
}

TEST_P(DeviceBattery, ReadsBackWhatItWrites) {
  const auto model = device();
  const Value table = write_device(GetParam(), *model);
  std::vector<Fault> faults;
  const auto copy = read_device(table, "device", faults);
  ASSERT_TRUE(faults.empty()) << ConfigError(faults).what();
  EXPECT_EQ(sample(*copy, ramp(*model, 330), 3600, block()).G_S,
            sample(*model, ramp(*model, 330), 3600, block()).G_S);
}

std::vector<std::string> registered_models() {
  std::vector<std::string> names;
  for (const DeviceKind& kind : device_kinds()) names.push_back(kind.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryModel, DeviceBattery, ::testing::ValuesIn(registered_models()),
                         [](const auto& info) { return info.param; });

TEST(DeviceBatteryList, IsNotEmpty) { EXPECT_GE(registered_models().size(), 2u); }

}  // namespace
}  // namespace ohmic
