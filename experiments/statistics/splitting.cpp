#include "experiments/statistics/splitting.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr double kSurvivors = 0.25;  // that a level aims at
constexpr double kAccepted = 0.35;   // that the pilot tunes moves to
constexpr double kLeastAnew = 0.02;  // std of what a move adds
constexpr double kFirstAnew = 0.5;
constexpr std::int64_t kPilotSweeps = 2;        // times the moves of a repetition
constexpr std::uint8_t kCoin = 2, kPlaces = 3;  // roles of Stream::resampling

double count_above(const std::vector<double>& badness, double value) {
  return static_cast<double>(
      std::ranges::count_if(badness, [value](double b) { return b > value; }));
}

struct Chip {
  NoisePath path;
  double badness = 0;
};

/// One population on its way.
class Population {
 public:
  Population(const SplittingSettings& settings, const Badness& badness, std::int64_t repetition)
      : settings_(settings), badness_(badness), repetition_(repetition) {
    for (std::int64_t i = 0; i < settings.chips; ++i) {
      const auto draw =
          settings.first_draw + static_cast<std::uint64_t>(repetition * settings.chips + i);
      chips_.push_back(evaluated(NoisePath::plain(draw)));
    }
  }

  SplittingStage stage() const {
    SplittingStage stage{above_, share_, {}, accepted_};
    for (const Chip& chip : chips_) stage.badness.push_back(chip.badness);
    std::ranges::sort(stage.badness);
    return stage;
  }
  double share() const { return share_; }
  std::int64_t evaluations() const { return evaluations_; }

  /// Copies those above the level in the place of the others; false where there are none.
  bool thin(double above) {
    std::vector<Chip> survivors;
    std::ranges::copy_if(chips_, std::back_inserter(survivors),
                         [above](const Chip& chip) { return chip.badness > above; });
    above_ = above;
    share_ *= static_cast<double>(survivors.size()) / static_cast<double>(chips_.size());
    accepted_ = Estimate::kNone;
    const std::size_t count = chips_.size();
    chips_.clear();
    if (survivors.empty()) return false;
    while (chips_.size() + survivors.size() <= count)
      chips_.insert(chips_.end(), survivors.begin(), survivors.end());
    for (const std::size_t place : some_of(survivors.size(), count - chips_.size()))
      chips_.push_back(survivors[place]);
    return true;
  }

  /// One move of every chip; the share that was accepted.
  double sweep(double kept) {
    double accepted = 0;
    for (Chip& chip : chips_) {
      Chip moved = evaluated(step_from(chip.path, kept));
      if (!(moved.badness > above_)) continue;
      chip = std::move(moved);
      ++accepted;
    }
    return accepted / static_cast<double>(chips_.size());
  }

  void move(double kept) {
    accepted_ = 0;
    for (std::int64_t m = 0; m < settings_.moves; ++m)
      accepted_ += sweep(kept) / static_cast<double>(settings_.moves);
  }

 private:
  Chip evaluated(NoisePath path) {
    ++evaluations_;
    const double badness = badness_(repetition_, path);
    return {std::move(path), badness};
  }

  /// Every second step also draws anew what MVMs draw, by a coin.
  NoisePath step_from(NoisePath path, double kept) {
    OHMIC_ASSERT(steps_ >> 36 == 0 && repetition_ >> 23 == 0);
    const std::uint64_t draw =
        kPlainDraws | static_cast<std::uint64_t>(repetition_) << 36 | steps_++;
    const NoiseKey key = noise_key(settings_.seed, draw);
    if (bits_at(key, {Stream::resampling, 0, kCoin}, 0) & 1u) path.reads = draw;
    if (kept == 0) path.steps.clear();
    path.steps.push_back({draw, kept});
    return path;
  }

  /// `some` of `count` places, each as likely as the others.
  std::vector<std::size_t> some_of(std::size_t count, std::size_t some) {
    std::vector<std::uint32_t> order(count);
    const std::uint64_t draw = kPlainDraws | static_cast<std::uint64_t>(repetition_) << 36;
    fill_bits(noise_key(settings_.seed, draw), {Stream::resampling, 0, kPlaces, thinned_++}, 0,
              order);
    std::vector<std::size_t> places(count);
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::stable_sort(places, {}, [&](std::size_t i) { return order[i]; });
    places.resize(some);
    return places;
  }

  const SplittingSettings& settings_;
  const Badness& badness_;
  std::int64_t repetition_;
  std::vector<Chip> chips_;
  double above_ = -std::numeric_limits<double>::infinity(), share_ = 1;
  double accepted_ = Estimate::kNone;
  std::uint64_t steps_ = 0, thinned_ = 0;
  std::int64_t evaluations_ = 0;
};

/// Between two values of the population, below the limit, such that the share above comes closest
/// to kSurvivors; none where too few are.
std::optional<double> next_level(const std::vector<double>& sorted, double limit) {
  const auto count = static_cast<double>(sorted.size());
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  std::optional<double> best;
  double distance = kInfinite;
  for (std::size_t i = 1; i < sorted.size() && sorted[i] <= limit; ++i) {
    if (sorted[i - 1] == sorted[i]) continue;
    const double survivors = static_cast<double>(sorted.size() - i);
    if (survivors < std::max(2.0, count / 50)) break;
    const double from = std::abs(std::log(survivors / count / kSurvivors));
    if (from >= distance) continue;
    distance = from;
    best = std::min(std::midpoint(sorted[i - 1], sorted[i]), std::nextafter(sorted[i], -kInfinite));
  }
  return best;
}

/// Moves a population that was just thinned, tuned while it goes; what of the noise a move keeps.
double tuned(Population& population, const SplittingSettings& settings, double& anew) {
  for (std::int64_t sweep = 0; sweep < kPilotSweeps * settings.moves; ++sweep) {
    const double accepted = population.sweep(std::sqrt(1 - anew * anew));
    anew = std::clamp(anew * std::exp(accepted - kAccepted), kLeastAnew, 1.0);
  }
  return std::sqrt(1 - anew * anew);
}

/// Levels of a pilot population.
void find_levels(const SplittingSettings& settings, double limit, const Badness& badness,
                 SplittingAnswer& answer) {
  Population pilot(settings, badness, 0);
  double anew = kFirstAnew;
  while (true) {
    const SplittingStage stage = pilot.stage();
    const double beyond = count_above(stage.badness, limit);
    if (beyond >= kSurvivors * static_cast<double>(settings.chips)) break;
    const std::optional<double> level = next_level(stage.badness, limit);
    if (!level || pilot.share() < settings.smallest) break;
    pilot.thin(*level);
    answer.levels.push_back({*level, tuned(pilot, settings, anew)});
  }
  answer.evaluations += pilot.evaluations();
}

Splitting repeat(const SplittingSettings& settings, const std::vector<SplittingLevel>& levels,
                 const Badness& badness, std::int64_t repetition, std::int64_t& evaluations) {
  Population population(settings, badness, repetition);
  Splitting run{{population.stage()}};
  for (const SplittingLevel& level : levels) {
    const bool lives = population.thin(level.above);
    if (lives) population.move(level.kept);
    run.stages.push_back(population.stage());
    if (!lives) break;
  }
  evaluations += population.evaluations();
  return run;
}

/// Variance of the logarithms; of shares some of which are 0 that of a lognormal distribution with
/// their mean and variance.
double log_variance(const Replicates& shares, double mean) {
  Replicates logs = shares;
  for (std::vector<double>& value : logs.values) value[0] = std::log(value[0]);
  const bool all = std::ranges::all_of(
      logs.values, [](const std::vector<double>& value) { return std::isfinite(value[0]); });
  const double std = all ? std_between(logs) : std_between(shares) / mean;
  return all ? std * std : std::log1p(std * std);
}

}  // namespace

std::int64_t most_levels(const SplittingSettings& s) {
  return static_cast<std::int64_t>(std::ceil(std::log(s.smallest) / std::log(kSurvivors)));
}

std::int64_t most_evaluations(const SplittingSettings& s) {
  const std::int64_t populations = s.repetitions + 1, sweeps = s.repetitions + kPilotSweeps;
  return s.chips * (populations + most_levels(s) * s.moves * sweeps);
}

double Splitting::share_above(double value) const {
  const SplittingStage* deepest = nullptr;
  for (const SplittingStage& stage : stages)
    if (!deepest || stage.above <= value) deepest = &stage;
  if (deepest->badness.empty()) return 0;
  return deepest->share * count_above(deepest->badness, value) /
         static_cast<double>(deepest->badness.size());
}

Estimate SplittingAnswer::share_above(double value, double confidence) const {
  Replicates shares{{1.0}, {}, 0};
  for (const Splitting& run : repetitions) shares.values.push_back({run.share_above(value)});
  const auto count = static_cast<double>(repetitions.size());
  Estimate e = mean_estimate(shares, confidence);
  if (e.mean == 0) {
    e.lo = 0;
    e.hi = Estimate::kNone;
    return e;
  }
  const double v = log_variance(shares, e.mean),
               error = std::sqrt(v / count + v * v / (2 * (count - 1))),
               factor = std::exp(student_t_quantile((1 + confidence) / 2, count - 1) * error);
  e.lo = e.mean / factor;
  e.hi = std::min(1.0, e.mean * factor);
  return e;
}

double SplittingAnswer::excess(double value) const {
  std::vector<double> shares, fractions;
  for (const Splitting& run : repetitions) shares.push_back(run.share_above(value));
  const auto count = static_cast<double>(shares.size());
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / count;
  if (mean == 0) return Estimate::kNone;
  double spread = 0;
  for (const double share : shares) spread += (share - mean) * (share - mean) / (count - 1);
  // Shares beyond each level, on average, then the value's among those beyond the last one.
  std::vector<double> beyond{1.0};
  for (const SplittingLevel& level : levels) {
    if (level.above > value) break;
    beyond.push_back(share_above(level.above, 0.5).mean);
  }
  beyond.push_back(mean);
  double ideal = 0;
  const auto chips = static_cast<double>(repetitions.front().stages.front().badness.size());
  for (std::size_t i = 1; i < beyond.size(); ++i) ideal += (beyond[i - 1] / beyond[i] - 1) / chips;
  return ideal > 0 ? spread / (mean * mean) / ideal : Estimate::kNone;
}

double SplittingAnswer::accepted_at(std::size_t level) const {
  double sum = 0, lived = 0;
  for (const Splitting& run : repetitions) {
    if (run.stages.size() <= level || run.stages[level].badness.empty()) continue;
    sum += run.stages[level].accepted;
    ++lived;
  }
  return lived > 0 ? sum / lived : Estimate::kNone;
}

double SplittingAnswer::least_accepted() const {
  double least = Estimate::kNone;
  for (std::size_t level = 1; level <= levels.size(); ++level)
    least = std::fmin(least, accepted_at(level));
  return least;
}

std::int64_t SplittingAnswer::without(double value) const {
  return std::ranges::count_if(
      repetitions, [value](const Splitting& run) { return run.share_above(value) == 0; });
}

SplittingAnswer split(const SplittingSettings& settings, double limit, const Badness& badness) {
  SplittingAnswer answer;
  find_levels(settings, limit, badness, answer);
  for (std::int64_t r = 1; r <= settings.repetitions; ++r)
    answer.repetitions.push_back(repeat(settings, answer.levels, badness, r, answer.evaluations));
  return answer;
}

double plain_draws_for(const Estimate& share, double confidence) {
  const double z = student_t_quantile((1 + confidence) / 2, 1e9);
  const double half = std::log(share.hi / share.lo) / 2;
  if (!(half > 0) || !std::isfinite(half)) return Estimate::kNone;
  return (1 - share.mean) / share.mean * (z / half) * (z / half);
}

}  // namespace ohmic
