#include "nn/freed_memory.hpp"

#include <malloc.h>

#include <cstddef>

namespace ohmic {

void give_back_freed_memory() {
#ifdef __GLIBC__
  constexpr std::size_t kMuch = std::size_t{1} << 24;  // bytes
  if (::mallinfo2().fordblks > kMuch) ::malloc_trim(0);
#endif
}

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kKept = 1 << 30, kLargestOfOldLibraries = 1 << 25;  // bytes
  if (::mallopt(M_MMAP_THRESHOLD, kKept) == 0) ::mallopt(M_MMAP_THRESHOLD, kLargestOfOldLibraries);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

}  // namespace ohmic
