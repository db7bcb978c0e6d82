// The combinations of choices that [budget.design.choices] opens, by number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/budget/design_settings.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {

class DesignSpace {
 public:
  explicit DesignSpace(const std::vector<DesignChoice>&);

  /// Up to 10^18; more are not told apart from that.
  std::uint64_t size() const { return size_; }
  /// What a combination sets, the last choice being the fastest.
  KeyValues keys(std::uint64_t index) const;
  /// Combinations that differ in one choice.
  std::vector<std::uint64_t> neighbours(std::uint64_t index) const;
  /// Every choice with the value that it has, as text.
  std::vector<std::pair<std::string, std::string>> values(std::uint64_t index) const;
  /// The keys that a choice sets in any of its values.
  std::vector<std::string> keys_of(const DesignChoice&) const;
  /// Whether one of a choice's values sets `key` or something in it.
  bool sets(const DesignChoice&, const Value&, const std::string& key) const;
  const std::vector<DesignChoice>& choices() const { return choices_; }

 private:
  std::vector<std::size_t> elements(std::uint64_t index) const;

  std::vector<DesignChoice> choices_;
  std::uint64_t size_ = 1;
};

/// A number below `size`, of the random bits at `place`.
std::uint64_t number_below(std::uint64_t size, std::uint64_t seed, std::uint64_t place);

/// So many different numbers below `size`, at random but always the same, or all of them in order
/// at random.
std::vector<std::uint64_t> random_designs(std::uint64_t size, std::size_t count,
                                          std::uint64_t seed);

}  // namespace ohmic
