// Property tests: a claim about many random cases, each of which can be run again alone. Choices
// are addressed random numbers, so a case is its number, on every machine.
//
//   OHMIC_TEST_CASES=1000     cases per property, instead of what the test says
//   OHMIC_TEST_FIRST=17       number of the first case (0 otherwise)
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "simulator/random/noise.hpp"

namespace ohmic::test {

class Choices {
 public:
  Choices(std::uint64_t seed, std::uint64_t number) : key_(noise_key(seed, number)) {}

  /// In [0, 1).
  double uniform() { return bits_at(key_, {Stream::resampling}, next_++) / 4294967296.0; }
  /// In [least, most].
  int whole(int least, int most) {
    return least + static_cast<int>(uniform() * (1.0 + most - least));
  }
  double real(double least, double most) { return least + uniform() * (most - least); }
  /// As often in one decade as in another.
  double decades(double least, double most) { return least * std::pow(most / least, uniform()); }
  bool toss(double probability = 0.5) { return uniform() < probability; }
  template <class T>
  T one_of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(whole(0, static_cast<int>(values.size()) - 1))];
  }
  /// Standard normals, others at each call.
  std::vector<float> normals(std::size_t size) {
    std::vector<float> z(size);
    fill_normals(key_, {Stream::synthetic_data, 0, 0, next_++}, 0, std::span<float>(z));
    return z;
  }
  NoiseKey key() const { return key_; }

 private:
  NoiseKey key_;
  std::uint64_t next_ = 0;
};

/// Calls `claim` with the choices of each case; stops at the first that fails and names it.
template <class Claim>
void for_all(std::uint64_t seed, std::uint64_t cases, const Claim& claim) {
  const auto given = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const std::uint64_t first = given("OHMIC_TEST_FIRST", 0),
                      end = first + given("OHMIC_TEST_CASES", cases);
  for (std::uint64_t number = first; number < end; ++number) {
    SCOPED_TRACE("OHMIC_TEST_CASES=1 OHMIC_TEST_FIRST=" + std::to_string(number));
    Choices choices(seed, number);
    claim(choices);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace ohmic::test
