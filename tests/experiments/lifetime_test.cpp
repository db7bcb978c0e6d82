// [budget.lifetime]: lives of made-up chips whose distribution is known, and of chips that drift
// against sweeps of the age that are run by themselves.
#include "experiments/budget/lifetime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "experiments/budget/recalibration.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/statistics/proportion.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

using Columns = std::map<std::string, std::vector<std::string>>;

constexpr char kAges[] = "[budget.lifetime]\ntimes_s = [1.0, 10.0]\n";

/// Chips of a point of accuracies, each good (1) until its life and bad (0) from then on.
class MadeUpChips {
 public:
  MadeUpChips() : points_(expand(test::waves("eta = 0.1\n"))) {}

  AgingChips of(const std::vector<double>& lives, const std::vector<double>& times_s) const {
    AgingChips chips{&points_.front(), "as given", 1.0, times_s, {}};
    for (const double age : times_s) {
      chips.at.push_back({{1.0}, {}, 0.0});
      for (const double life : lives) chips.at.back().values.push_back({life >= age ? 1.0 : 0.0});
    }
    return chips;
  }

 private:
  std::vector<Point> points_;
};

TEST(Lifetime, IsTheAgeUpToWhichTheShareIsGood) {
  // Of ten chips one fails before the first age, two between 10 and 100, the others never.
  const AgingChips chips =
      MadeUpChips().of({0.5, 20, 20, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9}, {1, 10, 100, 1000});
  EXPECT_EQ(chips.alive(0, 0.5), 9);
  EXPECT_EQ(chips.alive(1, 0.5), 9);
  EXPECT_EQ(chips.alive(3, 0.5), 7);
  EXPECT_EQ(lifetime_of(chips, 0.5, 0.7, 0.9).seen, 1000);
  EXPECT_EQ(lifetime_of(chips, 0.5, 0.8, 0.9).seen, 10);
  EXPECT_EQ(lifetime_of(chips, 0.5, 0.9, 0.9).seen, 10);
  EXPECT_EQ(lifetime_of(chips, 0.5, 0.95, 0.9).seen, 0);
}

TEST(Lifetime, EndsWhereAChipFirstFailsThoughItIsGoodAgain) {
  AgingChips chips = MadeUpChips().of({1e9, 1e9}, {1, 10, 100});
  chips.at[1].values[0][0] = 0;
  EXPECT_EQ(chips.alive(0, 0.5), 2);
  EXPECT_EQ(chips.alive(2, 0.5), 1);
  EXPECT_EQ(lifetime_of(chips, 0.5, 0.99, 0.9).seen, 1);
}

// Lives of 100 chips are exponential: a share q of all lives to -ln q. In 400 repetitions an
// interval of 90 % may miss it 40 times; more than 61 would be a chance of 3e-4.
TEST(Lifetime, IntervalHoldsThatOfAllChips) {
  const MadeUpChips made_up;
  constexpr double kShare = 0.8;
  const double truth = -std::log(kShare);
  std::vector<double> times_s;
  for (double age = 0.01; age < 3; age *= 1.1) times_s.push_back(age);
  std::mt19937_64 random(7);
  std::exponential_distribution<double> life(1.0);
  int missed = 0;
  double width = 0;
  for (int repetition = 0; repetition < 400; ++repetition) {
    std::vector<double> lives(100);
    for (double& l : lives) l = life(random);
    const Lifetime found = lifetime_of(made_up.of(lives, times_s), 0.5, kShare, 0.9);
    missed += !(found.at_least <= truth && truth <= found.at_most);
    EXPECT_LE(found.at_least, found.seen);
    EXPECT_LT(found.seen, found.at_most);
    width += std::log(found.at_most / found.at_least) / 400;
  }
  EXPECT_LE(missed, 61);
  // As wide as 100 chips leave it: 20 +- 6.6 failed ones, a factor of 2.3, and two steps of the
  // ages.
  EXPECT_LT(width, std::log(3.0));
}

// The bounds of k of n by hand: of 100 chips the second shortest life is below that of 95 % with
// 1 - 0.95^100 - 100 0.05 0.95^99 = 0.963, the third with 0.882: at 2.5 % in each tail only the
// first, 0.994, is shown; and of too few chips nothing is.
TEST(ReachedEstimate, HasTheOrderStatisticsOfTheBinomial) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  const Estimate e = reached_estimate(values, 0.95, 0.95);
  EXPECT_EQ(e.lo, 1);
  EXPECT_EQ(reached_estimate(values, 0.95, 0.9).lo, 2);
  EXPECT_EQ(e.mean, 6);  // 95 of the values are 6 or more
  // P(Bin(100, 0.05) >= 11) = 0.0115 and P(>= 10) = 0.028: the 11th is above with 97.5 %.
  EXPECT_EQ(e.hi, 11);
  const Estimate few = reached_estimate({1, 2, 3, 4, 5}, 0.95, 0.95);
  EXPECT_TRUE(std::isnan(few.lo));
  EXPECT_EQ(few.hi, 2);  // P(Bin(5, 0.05) >= 2) = 0.0226, P(>= 1) = 0.226
}

class BudgetOfAges : public test::BudgetRun {
 protected:
  static Value drifting(const std::string& more) {
    Value root = test::waves(more);
    root.set("device.model", {std::string("pcm")});
    return root;
  }
};

constexpr char kAsked[] = R"(
[budget]
max_drop = 10
drop = "points"
[budget.lifetime]
times_s = [20.0, 3600.0, 86400.0]
share = 0.7
draws = 12
remedies = [{}, { mapping.compensation = "column" }]
)";

TEST_F(BudgetOfAges, FollowsTheChipsOfASweep) {
  const BudgetOutcome outcome = run(drifting(kAsked));
  const Columns chips = table("lifetime_chips.csv");
  const Columns swept = test::columns_of(
      swept_csv(drifting("[evaluation]\ndraws = 12\n[sweep]\nmapping.compensation = [\"none\", "
                         "\"column\"]\ndevice.time_s = [20.0, 3600.0, 86400.0]\n")));
  const Columns ages = table("lifetime_ages.csv");
  ASSERT_EQ(ages.at("accuracy").size(), 6u);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(std::stod(ages.at("accuracy")[i]), std::stod(swept.at("accuracy")[i]), 1e-12) << i;
  // Counted by hand from the chips' values.
  const double target = std::stod(table("lifetime.csv").at("target")[0]);
  for (std::size_t remedy = 0; remedy < 2; ++remedy)
    for (std::size_t age = 0; age < 3; ++age) {
      int alive = 0;
      for (std::size_t chip = 0; chip < 12; ++chip) {
        bool good = true;
        for (std::size_t a = 0; a <= age; ++a)
          good =
              good && std::stod(chips.at("accuracy")[36 * remedy + 3 * chip + a]) >= target - 1e-9;
        alive += good;
      }
      EXPECT_EQ(std::stoi(ages.at("alive")[3 * remedy + age]), alive) << remedy << " " << age;
    }
  const Columns lives = table("lifetime.csv");
  EXPECT_EQ(lives.at("remedy"), (std::vector<std::string>{"as given", "compensation = column"}));
  EXPECT_GE(std::stod(lives.at("until_s")[1]), std::stod(lives.at("until_s")[0]));
  EXPECT_EQ(outcome.text.find("mapping.compensation (needs"), std::string::npos) << outcome.text;
  EXPECT_EQ(run(drifting(kAsked)).new_draws, 0);
  EXPECT_EQ(run(parse_toml(content("resolved.toml"), "resolved.toml")).new_draws, 0);
}

// Made-up factors that hold for so many ages after the one at which they were read: all chips are
// good until then, and none afterwards.
std::vector<std::size_t> schedule(const std::vector<std::size_t>& holds_for, std::size_t ages) {
  return schedule_of(ages, 0.9, 0.95, [&](std::size_t age, std::size_t read) {
    return std::vector<bool>(100, age - read <= holds_for[read]);
  });
}

TEST(Recalibration, TakesNewFactorsWhereOldOnesDoNotHold) {
  using Schedule = std::vector<std::size_t>;
  EXPECT_EQ(schedule({9, 9, 9, 9, 9}, 5), (Schedule{0, 0, 0, 0, 0}));  // never
  // Those of the age before, where these hold on; else those of the age itself.
  EXPECT_EQ(schedule({2, 9, 3, 1, 1, 1}, 6), (Schedule{0, 0, 0, 2, 2, 2}));
  EXPECT_EQ(schedule({0, 0, 1, 0, 0}, 5), (Schedule{0, 1, 2, 2, 4}));
}

// A chip that was bad once counts as bad, whatever factors it gets: of 100 chips 3, then 3 others,
// then 9 more. 94 of 100 show no 90 % at 95 % (0.874), 97 do (0.915).
TEST(Recalibration, EndsWhereTheShareIsNotShown) {
  const auto good = [](std::size_t age, std::size_t) {
    std::vector<bool> chips(100, true);
    for (std::size_t chip = 3 * age; chip < 3 * age + 3; ++chip) chips[chip] = false;
    return chips;
  };
  EXPECT_EQ(schedule_of(4, 0.9, 0.95, good), std::vector<std::size_t>{0});
  EXPECT_EQ(schedule_of(4, 0.85, 0.95, good).size(), 2u);
  EXPECT_TRUE(schedule_of(4, 0.95, 0.95, good).empty());
}

constexpr char kRecalibrated[] = R"(
[budget]
max_drop = 10
drop = "points"
[budget.lifetime]
times_s = [20.0, 40.0, 80.0, 86400.0]
share = 0.6
draws = 12
recalibrate = true
remedies = [{}, { mapping.compensation = "tile" }]
)";

// Ages that lie near each other do with one reading, and the answer is kept.
TEST_F(BudgetOfAges, NeedFewerReadingsThanAges) {
  const Value root = drifting(kRecalibrated);
  const BudgetOutcome outcome = run(root);
  const Columns found = table("lifetime_recalibration.csv");
  ASSERT_EQ(found.at("remedy"), std::vector<std::string>{"compensation = tile"}) << outcome.text;
  EXPECT_GE(std::stoi(found.at("readings")[0]), 1);
  EXPECT_LT(std::stoi(found.at("readings")[0]), 4) << "no saving: " << found.at("read_s")[0];
  EXPECT_EQ(run(root).new_draws, 0);
}

// One reading lasts, and chips with its factors are good by a run of their own.
TEST_F(BudgetOfAges, AreAsGoodAsARunWithTheSameFactors) {
  const std::string ages = "times_s = [20.0, 100.0]\n";
  run(drifting("[budget]\nmax_drop = 20\ndrop = \"points\"\n[budget.lifetime]\n" + ages +
               "share = 0.6\ndraws = 12\nrecalibrate = true\nremedies = [{ mapping.compensation = "
               "\"tile\" }]\n"));
  const Columns found = table("lifetime_recalibration.csv");
  EXPECT_EQ(found.at("read_s")[0], "20");  // for programs
  const double target = std::stod(found.at("target")[0]);
  const Columns swept = test::columns_of(swept_csv(drifting(
      "[evaluation]\ndraws = 12\nfirst_draw = 1000000\n[mapping]\ncompensation = \"tile\"\n"
      "compensation_s = 20.0\n[sweep]\ndevice.time_s = [20.0, 100.0]\n")));
  for (const std::string& mean : swept.at("accuracy")) EXPECT_GT(std::stod(mean), target);
  EXPECT_EQ(found.at("until_s")[0], "100");
}

// Every device once; with replicas all of them, with program and verify some more than once.
TEST_F(BudgetOfAges, CountWhatWritingAgainTakes) {
  const std::string asked =
      "[budget]\nmax_drop = 20\ndrop = \"points\"\n[budget.lifetime]\ntimes_s = [20.0]\nshare = "
      "0.6\ndraws = 12\nremedies = [{}, { mapping.replicas = 2 }, { mapping.writes = 4 }]\n";
  run(drifting(asked));
  const Columns t = table("lifetime.csv");
  const auto number = [&](const char* key, std::size_t row) { return std::stod(t.at(key)[row]); };
  EXPECT_EQ(number("writes", 1), 2 * number("writes", 0));
  EXPECT_GT(number("writes", 2), 1.2 * number("writes", 0));
  EXPECT_LE(number("writes", 2), 4 * number("writes", 0));
  ASSERT_EQ(number("until_s_lo", 0), 20);
  EXPECT_DOUBLE_EQ(number("rewrites_per_year", 0), 365.25 * 86400 / 20);
  EXPECT_DOUBLE_EQ(number("writes_per_year", 0),
                   number("writes", 0) * number("rewrites_per_year", 0));
}

// Factors that are read once are not said to be read at every age; where no age comes after, none
// has them; "at most" so often are chips rewritten that never fail here.
TEST_F(BudgetOfAges, SayWhoseFactorsAreReadOnce) {
  const std::string text =
      run(drifting(
              "[budget]\nmax_drop = 50\ndrop = \"points\"\n[budget.lifetime]\ntimes_s = [20.0, "
              "100.0]\nshare = 0.6\ndraws = 12\nremedies = [{ mapping.compensation = \"tile\", "
              "mapping.compensation_s = 20.0 }, { mapping.compensation = \"tile\", "
              "mapping.compensation_s = 1e9 }]\n"))
          .text;
  for (const char* said :
       {"compensation = tile, age of the factors = 20 s",
        "at every age, but for factors with mapping.compensation_s, which stay those of that age.",
        "age of the factors = 1000000000 s: no age has factors against drift: they are read at ",
        "and the ages end at 100 s", "at most 3.16e+05"})
    EXPECT_NE(text.find(said), std::string::npos) << said << "\n" << text;
  EXPECT_EQ(text.find("20 s: no age has factors"), std::string::npos) << text;
}

// With too few chips nothing is shown of any schedule, and nobody followed one.
TEST_F(BudgetOfAges, FewChipsShowNoSchedule) {
  const std::string text =
      run(drifting("[budget]\nmax_drop = 50\ndrop = \"points\"\n[budget.lifetime]\ntimes_s = "
                   "[20.0]\nshare = 0.95\ndraws = 4\nrecalibrate = true\nremedies = [{ "
                   "mapping.compensation = \"tile\" }]\n"))
          .text;
  EXPECT_NE(text.find("nobody followed"), std::string::npos) << text;
  EXPECT_EQ(text.find("none of the ages"), std::string::npos) << text;
  EXPECT_EQ(text.find("every chip measures the same"), std::string::npos) << text;  // one age
  EXPECT_EQ(table("lifetime_recalibration.csv").at("until_s")[0], "");
}

// A panel of chips that are good for every limit, and limits in colours that no remedy has.
TEST_F(BudgetOfAges, DrawAllLimits) {
  const BudgetRequest request =
      read_budget(drifting("[budget]\nmax_drop = [1, 5]\ndrop = "
                           "\"points\"\n[budget.lifetime]\ntimes_s = [20.0, 40.0]\n"));
  AgingChips chips{&request.points.front(), "as given", 0.96, {20, 40}, {}};
  chips.at = {{{1.0}, {{0.95}, {0.94}}, 0}, {{1.0}, {{0.93}, {0.9}}, 0}};
  const std::string script = lifetime_result({chips}, {}, request.settings).figures.front().script;
  const auto has = [&](const char* part) {
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
  };
  has("good from 95.00");
  has("good from 91.00");
  has("#cc79a7");
}

TEST_F(BudgetOfAges, SaysWhereNothingAges) {
  const std::string text =
      run(test::waves("eta = 0.4\n" + (kAges + std::string("draws = 3\n")))).text;
  EXPECT_NE(text.find("as given: every chip measures the same at all ages: nothing here ages, or "
                      "nothing that these samples show."),
            std::string::npos)
      << text;
}

TEST(BudgetOfAgesRequests, ThatCannotBeAnsweredAreRefused) {
  const auto expect = [](const std::string& more, const std::string& message) {
    const std::string error = test::budget_error(test::waves("eta = 0.1\n" + more));
    EXPECT_NE(error.find(message), std::string::npos) << error;
  };
  const std::string ages = kAges;
  expect(ages +
             "remedies = [{ mapping.replicas = 2, mapping.fill = true }, { mapping.fill = true, "
             "mapping.replicas = 2 }]\n",
         "budget.lifetime.remedies: two remedies set the same, ");
  expect(ages + "remedies = [{ \"device.model\" = [\"pcm\"] }]\n",
         "budget.lifetime.remedies: device.model names another device, which is no remedy");
  expect("[budget.lifetime]\n", "budget.lifetime.times_s: missing; expected");
  expect("[budget.lifetime]\ntimes_s = []\n",
         "budget.lifetime.times_s: expected ages in ascending order");
  expect("[budget.lifetime]\ntimes_s = [10.0, 1.0]\n",
         "budget.lifetime.times_s: expected ages in ascending order");
  expect("[budget.lifetime]\ntimes_s = [0.0, 1.0]\n", "budget.lifetime.times_s: expected");
  expect(ages + "remedies = [\"column\"]\n",
         "budget.lifetime.remedies: expected a list of tables of what each remedy sets");
  for (const std::string key : {"train.epochs", "mapping.compensations", "evaluation.draws"})
    expect(ages + "remedies = [{ \"" + key + "\" = 1 }]\n",
           "budget.lifetime.remedies: \"" + key + "\" is no key of mapping, device, periphery or ");
  expect(ages + "remedies = [{ mapping.compensation = \"row\" }]\n",
         "budget.lifetime.remedies: mapping.compensation: expected one of none, tile, column");
  expect(ages + "remedies = [{ device.time_s = 5.0 }]\n",
         "budget.lifetime.remedies: device.time_s is an age, which lifetime.times_s gives");
  expect("[device.layers.\"*\"]\ntime_s = 5.0\n" + ages,
         "has an age of its own (5 s), which would stay");
  expect("time_s = 5.0\n[device.layers.\"*\"]\ntime_s = 5.0\n" + ages,
         "has an age of its own (5 s), which would stay");
  expect(ages + "recalibrate = true\n",
         "budget.lifetime.recalibrate: is about factors against drift, and neither the file nor a "
         "remedy has some; expected mapping.compensation = \"tile\" or \"column\"");
  expect(
      "[mapping]\ncompensation = \"tile\"\ncompensation_s = 3.0\n" + ages + "recalibrate = true\n",
      "budget.lifetime.recalibrate: looks for what mapping.compensation_s gives");
  expect("[evaluation]\nestimator = \"per_batch\"\n" + ages,
         "budget.lifetime: needs chips that see all images");
}

}  // namespace
}  // namespace ohmic
