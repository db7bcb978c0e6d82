// [budget.rare] on chips of a small network: against plain draws of another range, resumed, and
// refused.
#include "experiments/budget/rare.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/statistics/proportion.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

class BudgetOfRareChips : public test::BudgetRun {
 protected:
  double number(const std::string& name, const std::string& column, std::size_t row = 0) const {
    return std::stod(table(name).at(column).at(row));
  }
  std::vector<std::filesystem::path> logs() const {
    std::vector<std::filesystem::path> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "evaluations"))
      if (entry.path().extension() == ".draws") all.push_back(entry.path());
    return all;
  }
};

constexpr char kFew[] = R"(eta = 0.2
[budget]
limit = [0.85, 0.9]
[budget.rare]
chips = 30
repetitions = 4
moves = 2
)";

// 2,000 plain draws of another range at the same limits, each limit with an exact interval of
// 99.9 %; two such intervals that both hold the truth overlap: false alarm 2e-3 at most a limit.
TEST_F(BudgetOfRareChips, AgreesWithPlainDraws) {
  constexpr char kRare[] = R"(eta = 0.15
[budget]
confidence = 0.999
limit = [0.83, 0.85]
[budget.rare]
chips = 50
moves = 2
repetitions = 6
)";
  run(test::waves(kRare));
  const double share[] = {number("rare.csv", "share_lo", 0), number("rare.csv", "share_hi", 0),
                          number("rare.csv", "share_lo", 1), number("rare.csv", "share_hi", 1)};
  constexpr char kPlain[] = R"(eta = 0.15
[evaluation]
first_draw = 5000000
[budget]
limit = [0.83, 0.85]
[budget.yield]
draws = 2000
)";
  run(test::waves(kPlain));
  for (std::size_t row = 0; row < 2; ++row) {
    const auto good = static_cast<std::int64_t>(number("yield.csv", "good", row));
    const Estimate plain = proportion_estimate(2000 - good, 2000, 0.999);
    RecordProperty("plain" + std::to_string(row), std::to_string(plain.mean));
    RecordProperty("split" + std::to_string(row), std::to_string(number("rare.csv", "share", row)));
    EXPECT_LT(share[2 * row], plain.hi) << row;
    EXPECT_GT(share[2 * row + 1], plain.lo) << row;
    EXPECT_GT(plain.mean, 0.004) << row;  // it can be measured by both
    EXPECT_LT(plain.mean, 0.04) << row;
  }
}

// 20 chips in 5 populations; at 2 levels a move of 4 populations, and twice as many of the pilot.
TEST_F(BudgetOfRareChips, SaysBeforehandHowLongItMayTake) {
  class Listener : public Progress {
   public:
    void say(const std::string& line) override { said += line + "\n"; }
    std::string said;
  } listener;
  const Value root = test::waves(
      "eta = 0.2\n[budget]\nlimit = [0.85]\n[budget.rare]\nchips = 20\nrepetitions = 4\nmoves = "
      "1\nsmallest = 0.1\n");
  const BudgetOutcome outcome = run_budget(root, folder_, listener);
  EXPECT_NE(listener.said.find("up to about 340 passes over the test images (100 plain chips, then "
                               "2 levels down to a share of 0.1), "),
            std::string::npos)
      << listener.said;
  EXPECT_LE(outcome.new_draws, 340);
  listener.said.clear();
  run_budget(root, folder_, listener);  // of what is there it knows no speed
  EXPECT_EQ(listener.said.find("passes over the test images"), std::string::npos) << listener.said;
  EXPECT_NE(effort_text({}, 0.6).find("up to about 37100 passes"), std::string::npos);
  EXPECT_NE(effort_text({}, 0.6).find(", 6 h 11 min at the speed of the first"), std::string::npos)
      << effort_text({}, 0.6);
}

TEST_F(BudgetOfRareChips, IsKeptAndResumed) {
  const BudgetOutcome whole = run(test::waves(kFew));
  EXPECT_GT(whole.new_draws, 150);
  const std::string csv = content("rare.csv"), tail = content("rare_tail.csv");
  EXPECT_EQ(run(test::waves(kFew)).new_draws, 0);
  EXPECT_EQ(content("rare.csv"), csv);
  // As a kill leaves it: logs that end early, one of them within a line, and no answer.
  std::int64_t cut = 0;
  for (const std::filesystem::path& log : logs()) {
    const std::string text = read_whole(log);
    const std::size_t keep = text.find('\n', text.size() / 2);
    cut += std::count(text.begin() + static_cast<std::ptrdiff_t>(keep) + 1, text.end(), '\n');
    write_atomically(log, text.substr(0, keep + 1) + text.substr(keep + 1, 7));
  }
  std::filesystem::remove(folder_ / "rare.csv");
  EXPECT_EQ(run(test::waves(kFew)).new_draws, cut);
  EXPECT_EQ(content("rare.csv"), csv);
  EXPECT_EQ(content("rare_tail.csv"), tail);
}

TEST_F(BudgetOfRareChips, SaysWhatItRestsOn) {
  const std::string text = run(test::waves(kFew)).text;
  for (const char* said :
       {"Rare chips", "share of worse chips", "plain chips for it", "their 95 % interval",
        "4 independent repetitions of multilevel splitting"})
    EXPECT_NE(text.find(said), std::string::npos) << said << "\n" << text;
  EXPECT_EQ(table("rare.csv").at("plain_draws")[0], "150");
  EXPECT_EQ(table("rare_repetitions.csv").at("share").size(), 8u);
  // Shares fall from the mean of chips to the worst.
  const auto tail = table("rare_tail.csv");
  const auto& share = tail.at("share");
  for (std::size_t i = 1; i < share.size(); ++i)
    EXPECT_LE(std::stod(share[i]), std::stod(share[i - 1]) + 1e-12);
  // Beyond reach of a budget of 1e-1 there is an upper end, and it is said.
  const std::string beyond = run(test::waves(R"(eta = 0.02
[budget.rare]
target = 0.3
chips = 20
repetitions = 4
moves = 1
smallest = 0.1
)"))
                                 .text;
  EXPECT_NE(beyond.find("no repetition saw such a chip"), std::string::npos) << beyond;
  EXPECT_NE(beyond.find("below "), std::string::npos) << beyond;
  const std::string alike =
      run(test::waves("eta = 0.0\n[budget.rare]\ntarget = 0.9\nchips = 20\nrepetitions = 4\n"))
          .text;
  EXPECT_NE(alike.find("no level lies before it, and the share is that of the plain draws"),
            std::string::npos)
      << alike;
}

// Made up: no repetition saw a chip beyond 0.75, one saw some beyond 0.8, which lies beyond the
// only level: no more chips miss 0.75 than 0.8. No accuracy is below 0.
TEST(RareChipsFound, AreNoMoreThanThoseOfANearerLimit) {
  const BudgetRequest request =
      read_budget(test::waves("eta = 0.1\n[budget]\nlimit = [0.8, 0.75, 0.0]\n[budget.rare]\n"));
  RareChips chips{&request.points.front(), 0.95, {}, std::vector<double>(100, 0.94)};
  chips.found.levels = {{-0.9, 0.5}};
  for (const double few : {1.0, 2.0, 1.0, 2.0}) {
    std::vector<double> beyond(100, -0.85);
    std::fill_n(beyond.begin(), static_cast<int>(few), -0.78);
    chips.found.repetitions.push_back(
        {{{-std::numeric_limits<double>::infinity(), 1, std::vector<double>(100, -0.94)},
          {-0.9, 0.02, beyond}}});
  }
  for (const Target& target : chips.targets(request.settings))
    if (chips.can_miss(target.value)) chips.limits.push_back(chips.beyond(target.value));
  ASSERT_EQ(chips.limits.size(), 2u);
  const Estimate near = chips.share_missing(0.8, 0.95), far = chips.share_missing(0.75, 0.95),
                 never = chips.share_missing(0.0, 0.95);
  EXPECT_GT(near.mean, 0);
  EXPECT_EQ(far.mean, 0);
  EXPECT_EQ(far.hi, near.hi);
  EXPECT_LT(far.hi, 0.01);  // the level's is 0.02
  EXPECT_EQ(never.hi, 0);
}

// The pilot's moves are progress too.
TEST_F(BudgetOfRareChips, ProgressGrowsFromTheBeginning) {
  class Listener : public Progress {
   public:
    void update(double fraction, const std::string& what) override {
      if (what.starts_with("repetition 0/")) pilot.push_back(fraction);
      if (what.starts_with("repetition")) all.push_back(fraction);
    }
    std::vector<double> pilot, all;
  } listener;
  run_budget(test::waves(kFew), folder_, listener);
  ASSERT_GT(listener.pilot.size(), 2u);
  EXPECT_GT(listener.pilot.back(), 0);
  EXPECT_LE(listener.pilot.back(), 2.0 / 6);
  EXPECT_TRUE(std::ranges::is_sorted(listener.all));
  EXPECT_LE(listener.all.back(), 1);
}

TEST(BudgetOfRareChipsRequests, ThatCannotBeAnsweredAreRefused) {
  const auto expect = [](const std::string& more, const std::string& message) {
    const std::string error = test::budget_error(test::waves("eta = 0.1\n" + more));
    EXPECT_NE(error.find(message), std::string::npos) << error;
  };
  expect("[budget.rare]\ntarget = 90\n", "budget.rare.target: 90 is no value of accuracy");
  expect("[budget.rare]\nchips = 3\n", "budget.rare.chips: expected");
  expect("[budget.rare]\nmoves = 0\n", "budget.rare.moves: expected");
  expect("[budget.rare]\nrepetitions = 1\n", "budget.rare.repetitions: expected");
  expect("[budget.rare]\nsmallest = 0.5\n", "budget.rare.smallest: expected");
  expect("[budget.rare]\nparticles = 50\n", "budget.rare.particles: ");
  expect("[evaluation]\nestimator = \"per_batch\"\n[budget.rare]\n",
         "budget.rare: needs chips that see all images");
  expect("[evaluation]\nfirst_draw = 2305843009213693952\n[budget.rare]\n",
         "budget.rare: evaluation.first_draw is 2305843009213693952; expected at most 10^18");
}

}  // namespace
}  // namespace ohmic
