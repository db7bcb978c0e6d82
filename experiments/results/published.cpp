#include "experiments/results/published.hpp"

#include <cmath>

namespace ohmic {
namespace {

std::vector<PublishedNumbers>& registered() {
  static std::vector<PublishedNumbers> all;
  return all;
}

}  // namespace

RegisterPublished::RegisterPublished(PublishedNumbers numbers) { registered().push_back(numbers); }

Published published_for(const Experiment& experiment) {
  for (const PublishedNumbers numbers : registered())
    if (Published published = numbers(experiment); !published.empty()) return published;
  return {};
}

std::optional<double> Published::at(double eta) const {
  for (const auto& [x, value] : curve)
    if (std::abs(x - eta) < 1e-9) return value;
  return std::nullopt;
}

}  // namespace ohmic
