// Readers under files that were damaged on purpose. A target is one file NAME_test.cpp: a few small
// seeds, and what is done with the bytes. Each run changes a seed in a way that its number decides,
// so that a failure can be run again alone:
//
//   OHMIC_FUZZ_RUNS=1000000     runs per target (2000 otherwise)
//   OHMIC_FUZZ_FIRST=4711       the first run's number (0 otherwise)
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "simulator/error.hpp"

namespace ohmic::test {

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t run) : seeds_(seeds), random_(run) {}

  std::string bytes() {
    std::string s = seeds_[below(seeds_.size())];
    for (std::size_t n = 1 + below(6); n > 0; --n) change(s);
    return s;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  /// Overwrites some bytes with a number that readers stumble over.
  void put_number(std::string& s) {
    static constexpr std::uint64_t kNumbers[] = {0,          1,          0x7f,
                                                 0xff,       0x7fff,     0xffff,
                                                 0x7fffffff, 0xffffffff, 0x7fffffffffffffff,
                                                 ~0ull,      1ull << 40, 1ull << 62};
    const std::uint64_t value = kNumbers[below(std::size(kNumbers))];
    const std::size_t at = below(s.size()), n = std::size_t{1} << below(4);
    for (std::size_t i = 0; i < n && at + i < s.size(); ++i)
      s[at + i] = static_cast<char>(value >> (8 * i));
  }

  void change(std::string& s) {
    const std::size_t at = below(s.size() + 1), n = 1 + below(16);
    switch (below(8)) {
      case 0:
        if (at < s.size()) s[at] = static_cast<char>(s[at] ^ 1 << below(8));
        break;
      case 1:
        if (at < s.size()) s[at] = static_cast<char>(random_());
        break;
      case 2:
        put_number(s);
        break;
      case 3:
        s.erase(at, n);
        break;
      case 4:
        s.insert(at, s.substr(below(s.size() + 1), n));
        break;
      case 5:
        s.insert(at, std::string(n, static_cast<char>(random_())));
        break;
      case 6: {
        const std::string& other = seeds_[below(seeds_.size())];
        s.replace(at, n, other.substr(below(other.size() + 1), n));
        break;
      }
      case 7:
        if (below(4) == 0) s.resize(at);
        break;
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Calls `reader` with every seed, which it accepts, and with changed ones, which it may refuse
/// with an Error. Anything else fails, as does a crash.
template <class Reader>
void expect_no_surprise(const std::vector<std::string>& seeds, const Reader& reader) {
  for (const std::string& seed : seeds) EXPECT_NO_THROW(reader(seed));
  const std::uint64_t first = number_from_environment("OHMIC_FUZZ_FIRST", 0),
                      runs = number_from_environment("OHMIC_FUZZ_RUNS", 2000);
  for (std::uint64_t run = first; run < first + runs; ++run) {
    SCOPED_TRACE("OHMIC_FUZZ_RUNS=1 OHMIC_FUZZ_FIRST=" + std::to_string(run));
    try {
      reader(Mutator(seeds, run).bytes());
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()), "");
    } catch (const std::exception& error) {
      FAIL() << "not one of ohmic's errors: " << error.what();
    }
  }
}

}  // namespace ohmic::test
