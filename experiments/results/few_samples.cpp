#include "experiments/results/few_samples.hpp"

#include <fmt/format.h>

#include "experiments/statistics/proportion.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kFew = 1000;

}  // namespace

std::string few_samples_note(const Experiment& e, std::int64_t samples,
                             std::optional<std::int64_t> right, RightOf of) {
  if (samples >= kFew) return {};
  const std::string title = MetricWords(e).title();
  std::string moved = "every " + title;
  if (right)
    moved = fmt::format(
        "{} ± {:.1f} points ({:g} %)",
        of == RightOf::no_noise ? "the " + title + " without noise by some" : moved + " by up to",
        100 * proportion_estimate(*right, samples, e.evaluation.confidence).half_width(),
        100 * e.evaluation.confidence);
  return fmt::format(
      "There are {} test {}: another sample of as many would move {}, which no interval over draws "
      "shows.",
      samples, e.model.file.empty() ? "images" : "samples", moved);
}

}  // namespace ohmic
