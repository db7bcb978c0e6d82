// Changes to bytes that a number decides.
#pragma once

#include <random>
#include <string>

#include "tests/fuzz/target.hpp"

namespace ohmic::test {

class Mutator {
 public:
  Mutator(const Target& target, std::uint64_t run) : target_(target), random_(run) {}

  /// A seed with some changes, in its parts as often as in the whole.
  std::string bytes();

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  const std::string& some(const std::vector<std::string>& of) { return of[below(of.size())]; }
  void put_number(std::string&);
  void put_digits(std::string&);
  void put_word(std::string&, std::size_t at, std::size_t n);
  void change(std::string&);

  const Target& target_;
  std::mt19937_64 random_;
};

}  // namespace ohmic::test
