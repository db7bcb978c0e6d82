#include "nn/analog/noise_settings.hpp"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

using Kinds = std::vector<std::string>;

Kinds perturbed(const NoiseSettings& settings) {
  Kinds names;
  for (const auto& [name, kind] : tensor_kinds())
    if (settings.perturbs(kind)) names.push_back(name);
  return names;
}

NoiseSettings read(const std::string& toml) {
  NoiseSettings settings;
  std::vector<Fault> faults;
  NoiseSettings::schema().read_into(parse_toml(toml, "test.toml"), "noise", settings, faults);
  if (!faults.empty()) throw ConfigError(faults);
  settings.validate();
  return settings;
}

std::string error_of(const std::string& toml) {
  try {
    read(toml);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(NoiseSettings, SemanticsNameTheTensorsOfThePaper) {
  EXPECT_EQ(perturbed(read("")), Kinds{"kernel"});
  EXPECT_EQ(perturbed(read("semantics = 'folded'")), Kinds{"kernel"});
  EXPECT_EQ(perturbed(read("semantics = 'trainable'")), (Kinds{"kernel", "bias", "gamma", "beta"}));
  EXPECT_EQ(perturbed(read("semantics = 'keras_get_weights'")),
            (Kinds{"kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"}));
}

TEST(NoiseSettings, ExplicitTensorsReplaceSemantics) {
  EXPECT_EQ(perturbed(read("semantics = 'trainable'\ntensors = ['gamma', 'moving_mean']")),
            (Kinds{"gamma", "moving_mean"}));
}

TEST(NoiseSettings, DigitalNoiseIsWhateverIsNoKernel) {
  EXPECT_FALSE(read("").perturbs_digital());
  EXPECT_FALSE(read("tensors = ['kernel']").perturbs_digital());
  EXPECT_TRUE(read("tensors = ['beta']").perturbs_digital());
}

TEST(NoiseSettings, ReadsEveryRuleForNegativeVariances) {
  EXPECT_EQ(read("").negative_variance, NegativeVariance::dead);
  EXPECT_EQ(read("negative_variance = 'nan'").negative_variance, NegativeVariance::nan);
  EXPECT_EQ(read("negative_variance = 'clamp0'").negative_variance, NegativeVariance::clamp0);
  EXPECT_EQ(read("negative_variance = 'abs'").negative_variance, NegativeVariance::abs);
}

TEST(NoiseSettings, NamesAKindThatDoesNotExist) {
  const std::string error = error_of("tensors = ['gama']");
  EXPECT_NE(error.find("noise.tensors"), std::string::npos) << error;
  EXPECT_NE(error.find("gama"), std::string::npos) << error;
  EXPECT_NE(error.find("gamma"), std::string::npos) << error;
}

TEST(NoiseSettings, FoldedLeavesNoOtherTensors) {
  const std::string error = error_of("semantics = 'folded'\ntensors = ['gamma']");
  EXPECT_NE(error.find("noise.tensors: semantics = \"folded\" leaves only folded kernels"),
            std::string::npos)
      << error;
}

}  // namespace
}  // namespace ohmic
