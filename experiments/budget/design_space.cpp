#include "experiments/budget/design_space.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "experiments/budget/dotted_leaves.hpp"
#include "experiments/study/words.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kMostDesigns = 1'000'000'000'000'000'000;

/// A whole table of devices stands for itself: parameters of another model would be left beside it.
bool replaces(const std::string& key, const Value& value) {
  return !value.is_table() || (key == "device" && value.at("model"));
}

KeyValues set_by(const DesignChoice& choice, const Value& value) {
  KeyValues keys;
  if (replaces(choice.key, value))
    keys.push_back({choice.key, value});
  else
    for_each_leaf(value.table(), [&](const std::string& key, const Value& leaf) {
      keys.push_back({choice.key + "." + key, leaf});
    });
  return keys;
}

}  // namespace

DesignSpace::DesignSpace(const std::vector<DesignChoice>& choices) : choices_(choices) {
  for (const DesignChoice& choice : choices_) {
    const std::uint64_t values = choice.values.size();
    size_ = size_ > kMostDesigns / values ? kMostDesigns : size_ * values;
  }
}

std::vector<std::size_t> DesignSpace::elements(std::uint64_t index) const {
  std::vector<std::size_t> at(choices_.size());
  for (std::size_t c = choices_.size(); c-- > 0; index /= choices_[c].values.size())
    at[c] = index % choices_[c].values.size();
  return at;
}

KeyValues DesignSpace::keys(std::uint64_t index) const {
  KeyValues all;
  const std::vector<std::size_t> at = elements(index);
  for (std::size_t c = 0; c < at.size(); ++c)
    for (auto& key : set_by(choices_[c], choices_[c].values[at[c]])) all.push_back(std::move(key));
  return all;
}

std::vector<std::uint64_t> DesignSpace::neighbours(std::uint64_t index) const {
  std::vector<std::uint64_t> all;
  const std::vector<std::size_t> at = elements(index);
  std::uint64_t stride = 1;
  for (std::size_t c = at.size(); c-- > 0; stride *= choices_[c].values.size())
    for (std::size_t v = 0; v < choices_[c].values.size(); ++v)
      if (v != at[c]) all.push_back(index - at[c] * stride + v * stride);
  return all;
}

std::vector<std::pair<std::string, std::string>> DesignSpace::values(std::uint64_t index) const {
  std::vector<std::pair<std::string, std::string>> all;
  const std::vector<std::size_t> at = elements(index);
  for (std::size_t c = 0; c < at.size(); ++c)
    all.emplace_back(choices_[c].shown(), choices_[c].texts.empty()
                                              ? plain_text(choices_[c].values[at[c]])
                                              : choices_[c].texts[at[c]]);
  return all;
}

std::vector<std::string> DesignSpace::keys_of(const DesignChoice& choice) const {
  std::vector<std::string> keys;
  for (const Value& value : choice.values)
    for (const auto& [key, set] : set_by(choice, value))
      if (std::ranges::count(keys, key) == 0) keys.push_back(key);
  return keys;
}

bool DesignSpace::sets(const DesignChoice& choice, const Value& value,
                       const std::string& key) const {
  return std::ranges::any_of(set_by(choice, value), [&](const auto& set) {
    return set.first == key || set.first.starts_with(key + ".");
  });
}

std::uint64_t number_below(std::uint64_t size, std::uint64_t seed, std::uint64_t place) {
  const Address address{Stream::resampling};
  const NoiseKey key = noise_key(seed, 0);
  const std::uint64_t high = bits_at(key, address, 2 * place),
                      low = bits_at(key, address, 2 * place + 1);
  return (high << 32 | low) % size;
}

std::vector<std::uint64_t> random_designs(std::uint64_t size, std::size_t count,
                                          std::uint64_t seed) {
  std::vector<std::uint64_t> chosen;
  if (count >= size) {
    chosen.resize(size);
    std::iota(chosen.begin(), chosen.end(), std::uint64_t{0});
    for (std::uint64_t i = size; i-- > 1;)
      std::swap(chosen[i], chosen[number_below(i + 1, seed, i)]);
    return chosen;
  }
  std::set<std::uint64_t> seen;
  for (std::uint64_t place = 0; chosen.size() < count; ++place)
    if (const std::uint64_t one = number_below(size, seed, place); seen.insert(one).second)
      chosen.push_back(one);
  return chosen;
}

}  // namespace ohmic
