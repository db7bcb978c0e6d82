#include "experiments/measure/fitting_metrics.hpp"

#include <optional>

#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// Whether answers have as many numbers as samples, and more than classes of two would have.
bool may_rebuild(const AnswerShape& answer, const ImageSet& set) {
  const std::int64_t numbers = element_count(answer.shape);
  return numbers > 2 && numbers == set.values();
}

std::vector<MetricChoice> candidates(bool rebuilds, bool has_labels) {
  std::vector<MetricChoice> all;
  const auto add = [&](const char* name, Against against = Against::labels) {
    all.push_back({name});
    all.back().against = against;
  };
  if (rebuilds && has_labels) add("auc");  // finds what it cannot rebuild
  if (rebuilds && !has_labels) add("mse", Against::samples);
  if (has_labels) {
    for (const char* name : {"accuracy", "mse"}) add(name);
    if (!rebuilds) add("auc");
    for (const char* name :
         {"top_k", "cross_entropy", "perplexity", "mae", "snr", "cosine_similarity"})
      add(name);
  }
  add("agreement");
  if (rebuilds && has_labels) add("mse", Against::samples);
  add("mse", Against::answers);
  return all;
}

}  // namespace

std::vector<MetricChoice> fitting_metrics(const AnswerShape& answer, const ImageSet& set,
                                          bool takes_numbers) {
  const bool has_labels = set.has_labels() || !set.targets.empty();
  std::optional<DataError> usual;
  std::vector<MetricChoice> fitting;
  for (const MetricChoice& choice :
       candidates(takes_numbers && may_rebuild(answer, set), has_labels)) {
    try {
      const Measure measure(choice, answer, set);
      if (!choice.uses_answers() || !has_labels || !fitting.empty()) fitting.push_back(choice);
    } catch (const DataError& error) {
      if (!usual && (choice.name == "accuracy" || choice.name == "agreement")) usual = error;
    }
  }
  if (fitting.empty() || answer.chosen)
    throw usual.value_or(DataError("no metric fits these answers and labels"));
  return fitting;
}

}  // namespace ohmic
