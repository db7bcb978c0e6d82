// mse, mae: how far the numbers of answers lie from those that were wanted. Numbers that are none
// are infinitely far.
#include <cmath>

#include "nn/metrics/metric.hpp"

namespace ohmic {
namespace {

template <class Distance>
Score sum(const Answer& a, const Distance& distance) {
  Score score{0, static_cast<double>(a.numbers.size())};
  for (std::size_t i = 0; i < a.numbers.size(); ++i)
    score.part += distance(static_cast<double>(a.numbers[i]) - static_cast<double>(a.wanted[i]));
  if (std::isnan(score.part)) score.part = std::numeric_limits<double>::infinity();
  return score;
}

Score squares(const Answer& a) {
  return sum(a, [](double d) { return d * d; });
}
Score sizes(const Answer& a) {
  return sum(a, [](double d) { return std::abs(d); });
}

Metric error(const char* name, const char* title, Score (*score)(const Answer&), const char* doc) {
  Metric m;
  m.name = name;
  m.title = title;
  m.better = Better::lower;
  m.least = 0;
  m.compares = Compares::numbers;
  m.score = score;
  m.doc = doc;
  return m;
}

const RegisterMetric kRegisterErrors{
    error("mse", "mean squared error", squares,
          "mean of (y - t)^2 over all numbers y of all answers, t what is wanted"),
    error("mae", "mean absolute error", sizes, "mean of |y - t| over all numbers")};

}  // namespace
}  // namespace ohmic
