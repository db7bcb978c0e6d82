#include "experiments/paper/regions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

constexpr double kTolerance = 0.01;

using Quantity = Estimate RateMeasure::*;

std::size_t best(const std::vector<RateMeasure>& rates, Quantity quantity) {
  std::size_t index = 0;
  for (std::size_t i = 1; i < rates.size(); ++i)
    if (!((rates[i].*quantity).mean <= (rates[index].*quantity).mean)) index = i;
  return index;
}

bool is_near(const Estimate& e, const Estimate& best) {
  const double reach = std::isnan(e.hi) ? 0.0 : e.hi - e.mean;
  return e.mean + std::max(reach, kTolerance) >= best.mean;
}

std::string rates_in(const Regions& r, int region) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < r.rates.size(); ++i)
    if (r.region_of(i) == region) rates.push_back(r.rates[i].rate);
  return rates.empty() ? "none" : fmt::format("{}", fmt::join(rates, ", "));
}

std::string gaps_in_sweet_spot(const Regions& r) {
  std::vector<double> gaps;
  for (std::size_t i = 0; i < r.rates.size(); ++i)
    if (r.region_of(i) == 2 && !r.good[i]) gaps.push_back(r.rates[i].rate);
  return gaps.empty() ? "" : fmt::format(" (though {} between them fails)", fmt::join(gaps, ", "));
}

}  // namespace

int Regions::region_of(std::size_t index) const {
  if (!sweet_spot) return 0;
  return index < sweet_spot->first ? 1 : index > sweet_spot->second ? 3 : 2;
}

Regions find_regions(std::vector<RateMeasure> rates) {
  std::sort(rates.begin(), rates.end(),
            [](const RateMeasure& a, const RateMeasure& b) { return a.rate < b.rate; });
  Regions r;
  r.rates = std::move(rates);
  r.best_baseline = best(r.rates, &RateMeasure::baseline);
  r.best_normalized = best(r.rates, &RateMeasure::normalized);
  for (std::size_t i = 0; i < r.rates.size(); ++i) {
    r.good.push_back(is_near(r.rates[i].baseline, r.rates[r.best_baseline].baseline) &&
                     is_near(r.rates[i].normalized, r.rates[r.best_normalized].normalized));
    if (r.good[i]) r.sweet_spot = {r.sweet_spot ? r.sweet_spot->first : i, i};
  }
  return r;
}

std::string regions_rule(const std::string& eta) {
  return fmt::format(
      "A rate is near the best where its value plus its half-width, or plus one percentage point "
      "if that is more, reaches the best value. Region 2, the sweet spot, goes from the lowest to "
      "the highest rate that is near the best both in a_o (interval over images) and in A at η = "
      "{} (interval over draws); region 1 lies below it, region 3 above. One network was trained "
      "per rate: what another training would change is in none of these intervals.",
      eta);
}

std::string describe(const Regions& r) {
  if (!r.sweet_spot)
    return fmt::format("No sweet spot: a_o is best at {}, A at {}, and no rate is near both.",
                       r.rates[r.best_baseline].rate, r.rates[r.best_normalized].rate);
  return fmt::format("Region 1: {}. Region 2: {}{}. Region 3: {}.", rates_in(r, 1), rates_in(r, 2),
                     gaps_in_sweet_spot(r), rates_in(r, 3));
}

}  // namespace ohmic
