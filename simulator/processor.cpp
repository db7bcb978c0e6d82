#include "simulator/processor.hpp"

namespace ohmic {

bool multiplies_bf16() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace ohmic
