#include "nn/train/update.hpp"

#include <algorithm>

namespace ohmic {
namespace {

constexpr std::int64_t kBlock = 16384;

template <class Rule>
OHMIC_VECTOR_CLONES void update_range(const Rule& rule, const UpdateArguments& a,
                                      std::int64_t first, std::int64_t last) {
  float numbers[kUpdateNumbers];
  std::copy_n(a.numbers, kUpdateNumbers, numbers);
#pragma omp simd
  for (std::int64_t i = first; i < last; ++i) update_parameter(rule, a, i, numbers);
}

}  // namespace

void update_on_host(const UpdateRule& any, const UpdateArguments& a) {
  std::visit(
      [&](const auto& rule) {
#pragma omp parallel for schedule(static) if (a.size > kBlock)
        for (std::int64_t first = 0; first < a.size; first += kBlock)
          update_range(rule, a, first, std::min(first + kBlock, a.size));
      },
      any);
}

}  // namespace ohmic
