#include <gtest/gtest.h>

#include "nn/train/trainer.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

TrainSettings of(const std::string& schedule, std::int64_t epochs) {
  TrainSettings settings;
  settings.learning_rate = 1;
  settings.schedule = schedule;
  settings.epochs = epochs;
  return settings;
}

TEST(Schedule, PaperStepsAfterTheNamedEpochOf200) {
  const TrainSettings s = of("paper", 200);
  for (const auto& [epoch, factor] : {std::pair{0, 1.0},
                                      {80, 1.0},
                                      {81, 1e-1},
                                      {120, 1e-1},
                                      {121, 1e-2},
                                      {160, 1e-2},
                                      {161, 1e-3},
                                      {180, 1e-3},
                                      {181, 0.5e-3},
                                      {199, 0.5e-3}})
    EXPECT_DOUBLE_EQ(s.rate_in(epoch), factor) << epoch;
}

TEST(Schedule, PaperScalesToFewerEpochs) {
  const TrainSettings s = of("paper", 100);
  EXPECT_DOUBLE_EQ(s.rate_in(40), 1);
  EXPECT_DOUBLE_EQ(s.rate_in(41), 1e-1);
  EXPECT_DOUBLE_EQ(s.rate_in(91), 0.5e-3);
}

TEST(Schedule, StepsAreTakenAsTheyStand) {
  TrainSettings s = of("steps", 36);
  s.schedule_epochs = {26, 31};
  s.schedule_factors = {0.1, 0.01};
  EXPECT_NO_THROW(s.validate());
  EXPECT_DOUBLE_EQ(s.rate_in(26), 1);
  EXPECT_DOUBLE_EQ(s.rate_in(27), 0.1);
  EXPECT_DOUBLE_EQ(s.rate_in(35), 0.01);
}

TEST(Schedule, ConstantNeverChanges) { EXPECT_DOUBLE_EQ(of("constant", 10).rate_in(9), 1); }

TEST(Schedule, ContradictionsAreRefused) {
  TrainSettings s = of("paper", 36);
  s.schedule_epochs = {27};
  EXPECT_THROW(s.validate(), ConfigError);
  s.schedule = "steps";
  EXPECT_THROW(s.validate(), ConfigError) << "no factor";
  s.schedule_factors = {0.1};
  EXPECT_NO_THROW(s.validate());
  s.schedule_epochs = {27, 20};
  s.schedule_factors = {0.1, 0.01};
  EXPECT_THROW(s.validate(), ConfigError) << "descending";
}

}  // namespace
}  // namespace ohmic
