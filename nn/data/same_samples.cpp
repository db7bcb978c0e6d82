#include "nn/data/same_samples.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "simulator/call_error.hpp"

namespace ohmic {
namespace {

/// The values of a sample as bytes.
template <class Values>
std::string_view sample_bytes(const Values& values, std::int64_t i, std::int64_t size) {
  return {reinterpret_cast<const char*>(values.data() + i * size),
          static_cast<std::size_t>(size) * sizeof(values[0])};
}

/// Whether samples are so short, and of so few different values, that some may be equal by chance:
/// with d values in n places there are d^n of them, and pairs of m samples are m^2.
template <class Values>
bool may_be_equal_by_chance(const Values& values, std::int64_t size, std::int64_t samples) {
  constexpr std::size_t kLooked = 4096;
  constexpr double kMargin = 1024;
  std::unordered_set<float> different;
  for (std::size_t i = 0; i < std::min<std::size_t>(kLooked, values.size()); ++i)
    different.insert(static_cast<float>(values[i]));
  const double pairs = 2 * std::log2(static_cast<double>(samples));
  return static_cast<double>(size) * std::log2(static_cast<double>(different.size())) <
         pairs + std::log2(kMargin);
}

/// Whether the labels are of several classes and those of each class lie in one piece.
bool lies_class_by_class(const ImageSet& set) {
  if (!set.has_labels()) return false;
  std::unordered_set<std::int32_t> met{set.labels.front()};
  for (std::size_t i = 1; i < set.labels.size(); ++i)
    if (set.labels[i] != set.labels[i - 1] && !met.insert(set.labels[i]).second) return false;
  return met.size() > 1;
}

}  // namespace

ImageSet first_of_all_classes(const ImageSet& set, std::int64_t count) {
  count = std::min(count, set.size());
  if (lies_class_by_class(set)) return spread_over(set, count);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return set.subset(rows);
}

NormalizedImages::NormalizedImages(const ImageSet& all, const Normalization& normalization,
                                   std::int64_t images) {
  require_call(images > 0 && all.size() > 0, "NormalizedImages: needs images");
  const ImageSet set = first_of_all_classes(all, images);
  count = set.size();
  x.resize(static_cast<std::size_t>(count * set.values()));
  normalized_batch(set, normalization, 0, count, x.data());
}

ImageSet spread_over(const ImageSet& set, std::int64_t most) {
  const std::int64_t count = std::min(most, set.size());
  std::vector<std::int64_t> rows;
  for (std::int64_t k = 0; k < count; ++k) rows.push_back(k * set.size() / count);
  return set.subset(rows);
}

ImageSet held(ImageSet set) {
  if (!set.source) return set;
  const auto size = static_cast<std::size_t>(set.values());
  std::vector<float> numbers(size * static_cast<std::size_t>(set.size()));
  for (std::int64_t i = 0; i < set.size(); ++i)
    set.sample(i, numbers.data() + static_cast<std::size_t>(i) * size);
  set.numbers = std::move(numbers);
  set.source = nullptr;
  set.places.clear();
  return set;
}

std::int64_t count_known(const ImageSet& set, const ImageSet& other) {
  if (set.shape != other.shape) return 0;
  const auto count = [&](const auto& values, const auto& among) {
    if (values.empty() || among.empty()) return std::int64_t{0};
    std::unordered_set<std::string_view> wanted, met;
    for (std::int64_t i = 0; i < set.size(); ++i)
      wanted.insert(sample_bytes(values, i, set.values()));
    for (std::int64_t i = 0; i < other.size(); ++i)
      if (const auto it = wanted.find(sample_bytes(among, i, set.values())); it != wanted.end())
        met.insert(*it);
    std::int64_t known = 0;
    for (std::int64_t i = 0; i < set.size(); ++i)
      known += met.contains(sample_bytes(values, i, set.values()));
    return known;
  };
  return count(set.pixels, other.pixels) + count(set.numbers, other.numbers);
}

std::int64_t count_repeated(const ImageSet& set) {
  std::unordered_set<std::string_view> met;
  const auto count = [&](const auto& values) {
    std::int64_t repeated = 0;
    if (values.empty() || may_be_equal_by_chance(values, set.values(), set.size())) return repeated;
    for (std::int64_t i = 0; i < set.size(); ++i)
      repeated += !met.insert(sample_bytes(values, i, set.values())).second;
    return repeated;
  };
  return set.pixels.empty() ? count(set.numbers) : count(set.pixels);
}

bool are_one(const ImageSet& set) {
  if (set.size() < 2) return false;
  std::vector<float> first(static_cast<std::size_t>(set.values())), next(first.size());
  set.sample(0, first.data());
  for (std::int64_t i = 1; i < set.size(); ++i) {
    set.sample(i, next.data());
    if (next != first) return false;
  }
  return true;
}

}  // namespace ohmic
