// The search against accuracies made up here, whose crossing is known.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "experiments/budget/grid.hpp"
#include "experiments/budget/search.hpp"

namespace ohmic {
namespace {

SearchSettings settings_of(std::size_t steps) {
  SearchSettings s;
  s.steps = steps;
  s.limit = 0.9;
  return s;
}

/// Replicates of one stratum.
Replicates replicates_of(const std::vector<double>& accuracies) {
  Replicates r{{1.0}, {}, 1.0 / 500};
  for (const double a : accuracies) r.values.push_back({a});
  return r;
}

/// What never varies.
MeasureAt exact(const std::function<double(std::size_t)>& accuracy) {
  return [accuracy](std::size_t index, std::int64_t draws) {
    return replicates_of(std::vector<double>(static_cast<std::size_t>(draws), accuracy(index)));
  };
}

/// Chips of 500 images: the accuracy of a draw is a smooth fall with a skewed spread that grows
/// with the noise, counted in whole images. All values share the draw's random number.
class Chips {
 public:
  Chips(unsigned seed, std::size_t steps, double crossing)
      : generator_(seed), steps_(static_cast<double>(steps)), crossing_(crossing) {}

  double mean_at(double index) const {
    return std::max(0.1, 0.9 + 0.1 * (1 - std::exp((index - crossing_) / steps_ * 6)));
  }

  Replicates operator()(std::size_t index, std::int64_t draws) {
    std::vector<double> accuracies;
    for (std::size_t d = 0; d < static_cast<std::size_t>(draws); ++d) {
      if (d == chips_.size()) chips_.push_back(1 - gamma_(generator_) / 4);
      const double mean = mean_at(static_cast<double>(index));
      const double loss = std::max(1 - mean, 0.0);
      accuracies.push_back(std::round(500 * (mean + 0.25 * loss * chips_[d])) / 500);
    }
    return replicates_of(accuracies);
  }

 private:
  std::mt19937 generator_;
  std::gamma_distribution<double> gamma_{4.0, 1.0};  // mean 4: a skewed loss
  std::vector<double> chips_;
  double steps_, crossing_;
};

TEST(BudgetSearch, FindsTheStepOfAnExactAccuracy) {
  for (std::size_t crossing = 0; crossing < 20; ++crossing) {
    const auto accuracy = [&](std::size_t i) { return i <= crossing ? 0.95 : 0.85; };
    const SearchResult r = search_crossing(settings_of(20), exact(accuracy));
    EXPECT_EQ(r.tolerated, crossing);
    EXPECT_EQ(r.not_tolerated, crossing + 1);
    EXPECT_LE(r.probes.size(), path_length(20));
    EXPECT_NEAR(crossing_estimate(r, settings_of(20)).value(), static_cast<double>(crossing) + 0.5,
                1e-9);
  }
}

TEST(BudgetSearch, SaysWhenAllOrNothingIsTolerated) {
  const SearchResult all = search_crossing(settings_of(20), exact([](auto) { return 0.95; }));
  EXPECT_EQ(all.tolerated, 20u);
  EXPECT_FALSE(all.not_tolerated);
  const SearchResult none = search_crossing(settings_of(20), exact([](auto) { return 0.85; }));
  EXPECT_FALSE(none.tolerated);
  EXPECT_EQ(none.not_tolerated, 0u);
  EXPECT_EQ(none.probes.size(), 1u);
}

TEST(BudgetSearch, OneDrawDecidesWhereNothingIsRandom) {
  SearchSettings s = settings_of(7);
  s.max_draws = 1;
  const auto accuracy = [](std::size_t i) { return 0.95 - 0.01 * static_cast<double>(i); };
  const SearchResult r = search_crossing(s, exact(accuracy));
  EXPECT_EQ(r.tolerated, 5u);  // exactly the limit
  EXPECT_EQ(r.not_tolerated, 6u);
}

// Draws of 0.88 and 0.92 alternate at indices 8 to 12: their mean is the limit itself.
TEST(BudgetSearch, LeavesOpenWhatDrawsCannotDecide) {
  const SearchResult r = search_crossing(settings_of(20), [](std::size_t i, std::int64_t draws) {
    std::vector<double> accuracies(static_cast<std::size_t>(draws), i < 8 ? 0.95 : 0.85);
    for (std::size_t d = 0; d < accuracies.size() && i >= 8 && i <= 12; ++d)
      accuracies[d] = d % 2 ? 0.88 : 0.92;
    return replicates_of(accuracies);
  });
  EXPECT_EQ(r.tolerated, 7u);
  EXPECT_EQ(r.not_tolerated, 13u);
}

TEST(BudgetSearch, SeesAnAccuracyThatRises) {
  const auto waves = [](std::size_t i, std::int64_t draws) {
    std::vector<double> accuracies;
    for (std::int64_t d = 0; d < draws; ++d)
      accuracies.push_back((i == 10 ? 0.99 : 0.95) + (d % 2 ? (i % 2 ? 0.001 : 0.002) : -0.001) -
                           (i > 10 ? 0.2 : 0));
    return replicates_of(accuracies);
  };
  const auto pair = rise(search_crossing(settings_of(20), waves), settings_of(20));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->second, 10u);
}

/// What a search looks at, upside down: an error that grows where an accuracy falls.
MeasureAt mirrored(const MeasureAt& measure) {
  return [measure](std::size_t index, std::int64_t draws) {
    Replicates r = measure(index, draws);
    for (auto& row : r.values)
      for (double& value : row) value = -value;
    return r;
  };
}

SearchSettings mirrored(SearchSettings s) {
  s.limit = -s.limit;
  s.better = Better::lower;
  return s;
}

TEST(BudgetSearch, AnswersAlikeWhereLowerIsBetter) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const SearchSettings s = settings_of(64);
    const SearchResult a = search_crossing(s, Chips(seed, 64, 20));
    const SearchResult b = search_crossing(mirrored(s), mirrored(MeasureAt(Chips(seed, 64, 20))));
    EXPECT_EQ(a.tolerated, b.tolerated);
    EXPECT_EQ(a.not_tolerated, b.not_tolerated);
    EXPECT_EQ(crossing_estimate(a, s), crossing_estimate(b, mirrored(s)));
    EXPECT_EQ(rise(a, s), rise(b, mirrored(s)));
  }
}

// One broken chip makes the mean infinite, and no interval is needed to see it.
TEST(BudgetSearch, DoesNotTolerateWhatIsInfinite) {
  const auto breaks = [](std::size_t i, std::int64_t draws) {
    std::vector<double> errors(static_cast<std::size_t>(draws), 0.5);
    if (i >= 6) errors.front() = HUGE_VAL;
    return replicates_of(errors);
  };
  const SearchResult r = search_crossing(mirrored(settings_of(20)), [&](auto i, auto draws) {
    Replicates errors = breaks(i, draws);
    for (auto& row : errors.values) row.front() -= 1.6;  // limit -0.9
    return errors;
  });
  EXPECT_EQ(r.tolerated, 5u);
  EXPECT_EQ(r.not_tolerated, 6u);
  EXPECT_FALSE(crossing_estimate(r, mirrored(settings_of(20))));
}

// 400 searches, seeds 1 to 400, crossing drawn uniformly. The promise is at most 5 % misses; were
// it exactly 5 %, more than 35 would be seen with probability 4e-4 (binomial). What holds is far
// better, because looks and values split the error as if they were independent.
TEST(BudgetSearch, HoldsTheCrossingAsOftenAsPromised) {
  int missed = 0;
  double width = 0, draws = 0;
  constexpr std::size_t kSteps = 64;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    std::mt19937 generator(10000 + seed);
    const double crossing = std::uniform_real_distribution<double>(10, 50)(generator);
    const SearchResult r = search_crossing(settings_of(kSteps), Chips(seed, kSteps, crossing));
    const bool holds = r.tolerated && r.not_tolerated &&
                       static_cast<double>(*r.tolerated) <= crossing &&
                       crossing <= static_cast<double>(*r.not_tolerated);
    missed += !holds;
    width += static_cast<double>(r.not_tolerated.value_or(kSteps) - r.tolerated.value_or(0));
    for (const Probe& probe : r.probes) draws += static_cast<double>(probe.replicates.count());
  }
  RecordProperty("missed", missed);
  RecordProperty("mean_width", std::to_string(width / 400));
  RecordProperty("mean_draws", std::to_string(draws / 400));
  EXPECT_LE(missed, 35);
  EXPECT_LT(width / 400, 5);
}

TEST(BudgetGrid, RealsAreEvenlySpacedOnTheirScale) {
  FindSettings find;
  find.range = {0.01, 1};
  find.steps = 4;
  EXPECT_EQ(make_grid(find, false).values, (std::vector<double>{0.01, 0.03162, 0.1, 0.3162, 1}));
  find.scale = KnobScale::linear;
  find.range = {0, 1};
  EXPECT_EQ(make_grid(find, false).values, (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
}

TEST(BudgetGrid, WholeNumbersAreAllThereAndFewestStartsAtTheMost) {
  FindSettings find;
  find.range = {3, 6};
  find.scale = KnobScale::linear;
  find.tolerate = Tolerate::fewest;
  const Grid grid = make_grid(find, true);
  EXPECT_EQ(grid.values, (std::vector<double>{6, 5, 4, 3}));
  EXPECT_EQ(std::get<std::int64_t>(grid.value(1).data), 5);
  EXPECT_DOUBLE_EQ(grid.between(1.5, KnobScale::linear), 4.5);
}

}  // namespace
}  // namespace ohmic
