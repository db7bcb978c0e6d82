#include "nn/torch/label_counts.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace ohmic {

std::int64_t count_right(const std::vector<int>& answers, const ImageSet& set) {
  return std::transform_reduce(answers.begin(), answers.end(), set.labels.begin(), std::int64_t{0},
                               std::plus<>(), [](int a, std::int32_t l) { return a == l; });
}

Counted most_frequent(std::span<const int> values, int classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes), 0);
  for (const int v : values) ++counts.at(static_cast<std::size_t>(v));
  const auto most = std::max_element(counts.begin(), counts.end());
  return {static_cast<int>(most - counts.begin()), *most};
}

std::int64_t right_when_renamed(const std::vector<int>& answers, const ImageSet& set) {
  constexpr std::size_t kMostClasses = 2000;  // pairs of more take too much memory
  const auto K = static_cast<std::size_t>(set.classes);
  if (K > kMostClasses) return count_right(answers, set);
  std::vector<std::int64_t> met(K * K, 0);
  for (std::size_t i = 0; i < answers.size(); ++i)
    ++met[static_cast<std::size_t>(answers[i]) * K + static_cast<std::size_t>(set.labels[i])];
  std::vector<std::size_t> order(K * K);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return met[a] > met[b]; });
  std::vector<bool> used_answer(K), used_label(K);
  std::int64_t right = 0;
  for (const std::size_t pair : order) {
    if (used_answer[pair / K] || used_label[pair % K]) continue;
    used_answer[pair / K] = used_label[pair % K] = true;
    right += met[pair];
  }
  return right;
}

Counted best_shift(const std::vector<int>& answers, const ImageSet& set) {
  std::vector<int> shifts;
  for (std::size_t i = 0; i < answers.size(); ++i)
    shifts.push_back((set.labels[i] - answers[i] + set.classes) % set.classes);
  return most_frequent(shifts, set.classes);
}

}  // namespace ohmic
