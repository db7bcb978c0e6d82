#include "tests/fuzz/mutator.hpp"

#include <algorithm>

namespace ohmic::test {

std::string Mutator::bytes() {
  std::string s = some(target_.seeds);
  for (std::size_t n = 1 + below(6); n > 0; --n) {
    const auto part = target_.part && below(2) ? target_.part(s, random_) : std::nullopt;
    if (part) {
      std::string inside = part->bytes;
      change(inside);
      s = part->around(inside);
    } else {
      change(s);
    }
  }
  return s;
}

/// Overwrites some bytes with a number that readers stumble over.
void Mutator::put_number(std::string& s) {
  static constexpr std::uint64_t kNumbers[] = {0,          1,          0x7f,
                                               0xff,       0x7fff,     0xffff,
                                               0x7fffffff, 0xffffffff, 0x7fffffffffffffff,
                                               ~0ull,      1ull << 40, 1ull << 62};
  const std::uint64_t value = kNumbers[below(std::size(kNumbers))];
  const std::size_t at = below(s.size()), n = std::size_t{1} << below(4);
  for (std::size_t i = 0; i < n && at + i < s.size(); ++i)
    s[at + i] = static_cast<char>(value >> (8 * i));
}

/// The same for numbers in text.
void Mutator::put_digits(std::string& s) {
  static const std::vector<std::string> kNumbers{"0",
                                                 "-1",
                                                 "1",
                                                 "255",
                                                 "2147483648",
                                                 "4294967296",
                                                 "9223372036854775807",
                                                 "-9223372036854775808",
                                                 "18446744073709551616",
                                                 "1e308",
                                                 "1e400",
                                                 "-1e30",
                                                 "1e-320",
                                                 "0.1",
                                                 "nan",
                                                 "inf",
                                                 "-inf",
                                                 "1e9",
                                                 "1000001"};
  const std::size_t start = below(s.size());
  const std::size_t first = s.find_first_of("0123456789", start);
  if (first == std::string::npos) return;
  const std::size_t end = std::min(s.find_first_not_of("0123456789.eE+-", first), s.size());
  s.replace(first, end - first, some(kNumbers));
}

void Mutator::put_word(std::string& s, std::size_t at, std::size_t n) {
  if (target_.words.empty()) return;
  s.replace(at, below(2) ? n : 0, some(target_.words));
}

void Mutator::change(std::string& s) {
  const std::size_t at = below(s.size() + 1), n = 1 + below(16);
  switch (below(10)) {
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
      const std::string& other = some(target_.seeds);
      s.replace(at, n, other.substr(below(other.size() + 1), n));
      break;
    }
    case 7:
      if (below(4) == 0) s.resize(at);
      break;
    case 8:
      put_digits(s);
      break;
    case 9:
      put_word(s, at, n);
      break;
  }
}

}  // namespace ohmic::test
