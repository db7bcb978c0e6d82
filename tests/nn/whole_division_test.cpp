// The smallest whole number divided by -1, at which processors stop a program.
#include <gtest/gtest.h>

#include <limits>

#include "tests/nn/operator_cases.hpp"

namespace ohmic {
namespace {

std::vector<std::int64_t> run(const std::string& op, std::vector<std::int64_t> a,
                              std::vector<std::int64_t> b,
                              std::map<std::string, Attribute> attributes = {}) {
  const auto n = std::ssize(a);
  const ModelNode node{op, op, {"a", "b"}, {"y"}, std::move(attributes)};
  const auto y = evaluate(node, 17, {test::wholes({n}, a), test::wholes({n}, b)});
  const auto* values = reinterpret_cast<const std::int64_t*>(y.at(0).data.get());
  return {values, values + n};
}

TEST(WholeDivision, ByMinusOneIsNoTrap) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  using Numbers = std::vector<std::int64_t>;
  EXPECT_EQ(run("Div", {kLeast, 7, -7, 7, -7}, {-1, -1, -1, 2, 2}),
            (Numbers{kLeast, -7, 7, 3, -3}));
  EXPECT_EQ(run("Mod", {kLeast, 7, -7, -7}, {-1, -1, 2, -2}), (Numbers{0, 0, 1, -1}));
  EXPECT_EQ(run("Mod", {kLeast, 7, -7}, {-1, -1, 2}, {{"fmod", std::int64_t{1}}}),
            (Numbers{0, 0, -1}));
}

}  // namespace
}  // namespace ohmic
