// Calls of reductions and of what finds places; values by hand.
#include "tests/nn/operator_cases.hpp"

namespace ohmic::test {
namespace {

using I = std::int64_t;

const ConstantTensor kRows = reals({2, 3}, {1, -2, 3, -4, 5, 0.5});

/// Over axis 1, which older opsets say in an attribute and newer ones in an input.
OperatorCase over_rows(const std::string& op, const std::vector<double>& y) {
  return {op, {{"axes", Shape{1}}, {"keepdims", I{0}}}, {kRows}, y, {2}, 12, true, true};
}

const RegisterCases kReductions{
    over_rows("ReduceSum", {2, 1.5}),
    over_rows("ReduceMean", {2. / 3, 0.5}),
    over_rows("ReduceProd", {-6, -10}),
    over_rows("ReduceMax", {3, 5}),
    over_rows("ReduceMin", {-2, -4}),
    over_rows("ReduceL1", {6, 9.5}),
    over_rows("ReduceL2", {3.741657386773941, 6.422616289332565}),
    over_rows("ReduceLogSum", {0.693147180559945, 0.405465108108164}),
    over_rows("ReduceLogSumExp", {3.132845233727576, 5.011169791308271}),
    over_rows("ReduceSumSquare", {14, 41.25}),
    {"ReduceSum", {}, {kRows, wholes({1}, {-1})}, {2, 1.5}, {2, 1}, 13, true, true},
    {"ReduceMean", {}, {kRows}, {3.5 / 6}, {1, 1}, 18, true},
    {"ReduceSum",
     {{"noop_with_empty_axes", I{1}}},
     {kRows, wholes({0}, {})},
     {1, -2, 3, -4, 5, 0.5},
     {2, 3}},
    {"ReduceMean", {}, {wholes({4}, {1, 2, 3, 5})}, {2}, {1}},
    {"ReduceProd", {{"keepdims", I{0}}}, {wholes({2, 2}, {1, 2, 3, 4})}, {24}},
    {"ReduceMax", {}, {reals({0, 2}, {}), wholes({1}, {0})}, {-1 / 0., -1 / 0.}, {1, 2}},
    {"ReduceMin", {}, {reals({0, 2}, {}), wholes({1}, {0})}, {1 / 0., 1 / 0.}, {1, 2}},
    {"ArgMax",
     {{"axis", I{1}}},
     {reals({2, 3}, {1, 3, 3, 2, 1, 2})},
     {1, 0},
     {2, 1},
     13,
     false,
     true},
    {"ArgMax",
     {{"axis", I{1}}, {"select_last_index", I{1}}, {"keepdims", I{0}}},
     {reals({2, 3}, {1, 3, 3, 2, 1, 2})},
     {2, 2},
     {2},
     13,
     false,
     true},
    {"ArgMin",
     {{"axis", I{-1}}},
     {reals({2, 3}, {1, 3, 1, 2, 1, 1})},
     {0, 1},
     {2, 1},
     13,
     false,
     true},
    {"TopK",
     {},
     {reals({2, 3}, {1, 3, 2, 6, 4, 5}), wholes({1}, {2})},
     {3, 2, 6, 5},
     {2, 2},
     20,
     true,
     true,
     2},
    {"TopK",
     {{"largest", I{0}}},
     {reals({2, 3}, {1, 3, 2, 6, 4, 5}), wholes({1}, {1})},
     {1, 4},
     {2, 1},
     11,
     true,
     true,
     2},
    {"TopK", {{"k", I{1}}}, {reals({2, 3}, {1, 3, 2, 6, 4, 5})}, {3, 6}, {2, 1}, 9, true, true, 2},
    {"CumSum",
     {},
     {reals({2, 3}, {1, 2, 3, 4, 5, 6}), wholes({}, {1})},
     {1, 3, 6, 4, 9, 15},
     {2, 3},
     20,
     true,
     true},
    {"CumSum",
     {{"exclusive", I{1}}, {"reverse", I{1}}},
     {reals({3}, {1, 2, 3}), wholes({}, {0})},
     {5, 3, 0},
     {3},
     20,
     true},
};

}  // namespace
}  // namespace ohmic::test
